// The log against the disk and memory under it: each figure also as a ratio to what checksum, write
// and fdatasync of the same bytes cost by themselves in the same run.
//
//   log_bench [directory]
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "base/temporary_directory.h"
#include "log/batch/crc32c.h"
#include "log/log.h"

namespace {

using namespace leat;
using namespace leat::log;
using Seconds = std::chrono::duration<double>;

constexpr size_t kTotalBytes = 1 << 30;
constexpr size_t kCallBytes = 1 << 20;  // of one append
constexpr size_t kInFlight = 8;         // appends before the oldest is waited for
constexpr int kCommits = 1'000;

template <class T>
T need(Result<T> result) {
  if (!result.ok()) {
    fmt::print(stderr, "{}\n", result.error().to_string());
    std::exit(1);
  }
  return std::move(result).value();
}
void need(Result<void> result) {
  if (result.ok()) return;
  fmt::print(stderr, "{}\n", result.error().to_string());
  std::exit(1);
}

template <class Work>
double seconds(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return Seconds(std::chrono::steady_clock::now() - begin).count();
}

// kTotalBytes in writes of 8 MiB, each with its checksum and fdatasync: as if every group were
// full.
double physical_append(const Path& directory) {
  const std::string chunk(8 << 20, 'x');
  const Path path = directory / "physical";
  auto file = need(real_file_system().open(path, OpenMode::kCreate));
  need(file->preallocate(kTotalBytes));
  uint32_t sum = 0;
  const double time = seconds([&] {
    for (size_t at = 0; at < kTotalBytes; at += chunk.size()) {
      sum ^= crc32c(as_bytes(chunk));
      need(file->write_at(at, as_bytes(chunk)));
      need(file->sync());
    }
  });
  need(real_file_system().remove(path));
  return sum == 1 ? 0 : time;
}

double physical_commit(const Path& directory) {
  const std::string block(4'096, 'x');
  auto file = need(real_file_system().open(directory / "commits", OpenMode::kCreate));
  need(file->preallocate(16 << 20));
  std::vector<double> times;
  for (int i = 0; i < kCommits; ++i) {
    times.push_back(seconds([&] {
      need(file->write_at(static_cast<uint64_t>(i) * block.size(), as_bytes(block)));
      need(file->sync());
    }));
  }
  std::nth_element(times.begin(), times.begin() + kCommits / 2, times.end());
  return times[kCommits / 2];
}

double bench_append(Log& log, const TopicPartition& partition, size_t record_bytes) {
  const std::string value(record_bytes, 'v');
  const std::vector<NewRecord> records(kCallBytes / record_bytes,
                                       {.key = std::nullopt, .value = value, .timestamp_ms = 1});
  return seconds([&] {
    std::deque<Log::Appended> in_flight;
    for (size_t done = 0; done < kTotalBytes; done += kCallBytes) {
      in_flight.push_back(need(log.append(partition, records)));
      if (in_flight.size() < kInFlight) continue;
      need(log.wait_durable({&in_flight.front(), 1}));
      in_flight.pop_front();
    }
    need(log.wait_durable(std::vector(in_flight.begin(), in_flight.end())));
  });
}

struct Fetched {
  double time = 0;
  size_t records = 0;
};
Fetched bench_fetch(Log& log, const TopicPartition& partition) {
  Fetched result;
  const OffsetRange range = need(log.offsets(partition));
  result.time = seconds([&] {
    for (int64_t offset = range.start; offset < range.end;) {
      const FetchedRecords fetched = need(log.fetch(partition, offset, {}));
      result.records += fetched.records.size();
      offset = fetched.next_offset;
    }
  });
  return result;
}

double bench_commit(Log& log, int partitions) {
  auto writer = need(log.open_writer("bench"));
  const std::string value(1'000, 'v');
  const NewRecord record{.key = "k", .value = value};
  std::vector<double> times;
  for (int i = 0; i < kCommits; ++i) {
    need(writer->begin());
    for (int32_t p = 0; p < partitions; ++p) need(writer->append({"small", p}, {&record, 1}));
    times.push_back(seconds([&] { need(writer->commit()); }));
  }
  std::nth_element(times.begin(), times.begin() + kCommits / 2, times.end());
  return times[kCommits / 2];
}

void run(const Path& directory) {
  auto log = need(Log::open(directory / "log", real_file_system(), system_clock()));
  need(log->ensure_topic("small", {.partitions = 4}));
  for (const size_t record_bytes : {size_t{100}, size_t{1024}}) {
    const TopicPartition partition{fmt::format("records_{}", record_bytes), 0};
    need(log->ensure_topic(partition.topic, {}));
    const double physical = physical_append(directory);
    const double append = bench_append(*log, partition, record_bytes);
    const Fetched fetch = bench_fetch(*log, partition);
    fmt::print(
        "append, {} B records, durable: {:.2f} M records/s, {:.0f} MB/s; {:.2f} of the physical "
        "limit ({:.0f} MB/s)\n",
        record_bytes, static_cast<double>(kTotalBytes / record_bytes) / append / 1e6,
        kTotalBytes / append / 1e6, physical / append, kTotalBytes / physical / 1e6);
    fmt::print("fetch,  {} B records, page cache: {:.2f} M records/s, {:.0f} MB/s\n", record_bytes,
               static_cast<double>(fetch.records) / fetch.time / 1e6,
               kTotalBytes / fetch.time / 1e6);
  }
  const double physical = physical_commit(directory);
  for (const int partitions : {1, 4}) {
    const double commit = bench_commit(*log, partitions);
    fmt::print(
        "commit of a transaction over {} partition(s): median {:.0f} us; {:.1f} times a 4 KiB "
        "write and fdatasync ({:.0f} us)\n",
        partitions, commit * 1e6, commit / physical, physical * 1e6);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    run(argv[1]);
    return 0;
  }
  const TemporaryDirectory directory;
  run(directory.path());
}
