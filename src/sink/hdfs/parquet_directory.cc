#include "sink/hdfs/parquet_directory.h"

#include <algorithm>
#include <utility>

namespace leat::sink {
namespace {

constexpr std::string_view kTemporary = ".tmp";

}  // namespace

ParquetDirectory::ParquetDirectory(Path directory, const EpochIdentity& origin,
                                   ParquetDirectoryOptions options, const Clock& clock,
                                   FileSystem& files)
    : directory_(std::move(directory)),
      pending_directory_(directory_ / "_pending"),
      options_(std::move(options)),
      clock_(clock),
      files_(files),
      name_{0, 0, origin.pipeline, origin.stream, origin.store_id} {}

Result<void> ParquetDirectory::prepare(const std::vector<store::Column>& columns) {
  if (columns != columns_) LEAT_TRY(flush());
  columns_ = columns;
  return {};
}

// Also of files that wait: they are as durable.
Result<std::optional<uint64_t>> ParquetDirectory::newest_epoch() {
  auto read = recover();
  if (!read) {
    recovered_ = false;
    return std::move(read).error();
  }
  std::optional<uint64_t> newest;
  for (const PartName& part : visible_) newest = std::max(newest.value_or(0), part.to);
  for (const Pending& one : pending_) newest = std::max(newest.value_or(0), one.epoch);
  return newest;
}

Result<Delivery> ParquetDirectory::deliver(const EpochIdentity& epoch,
                                           const store::RowBatch& rows) {
  auto delivery = deliver_once(epoch, rows);
  if (!delivery) recovered_ = false;
  return delivery;
}

Result<Delivery> ParquetDirectory::deliver_once(const EpochIdentity& epoch,
                                                const store::RowBatch& rows) {
  LEAT_TRY(recover());
  Delivery delivery{.refused = {}, .passed_over = static_cast<uint32_t>(rows.deletes.size())};
  if (rows.row_count() == 0 || is_visible(epoch.epoch)) return delivery;
  LEAT_TRY(write_pending(epoch.epoch, rows));
  const bool old = time_left() <= std::chrono::milliseconds(0);
  if (pending_bytes_ >= options_.target_bytes || old) LEAT_TRY(publish());
  return delivery;
}

Result<void> ParquetDirectory::flush() {
  auto published = recover();
  if (published) published = publish();
  if (!published) recovered_ = false;
  return published;
}

Result<std::optional<std::chrono::milliseconds>> ParquetDirectory::flush_due() {
  // What an earlier process or an error has left does not wait for more.
  if (recovered_ && pending_.empty()) return std::optional<std::chrono::milliseconds>();
  const auto left = time_left();
  if (recovered_ && left > std::chrono::milliseconds(0)) return std::optional(left);
  LEAT_TRY(flush());
  return std::optional<std::chrono::milliseconds>();
}

std::chrono::milliseconds ParquetDirectory::time_left() const {
  // Rounded up: who sleeps so long finds it due.
  const auto age = clock_.steady_now() - oldest_;
  return std::chrono::ceil<std::chrono::milliseconds>(options_.max_age - age);
}

Result<void> ParquetDirectory::close() { return flush(); }

Result<void> ParquetDirectory::recover() {
  if (recovered_) return {};
  if (!writer_) {
    LEAT_ASSIGN(writer_, ParquetWriter::open(options_.compression));
  }
  visible_.clear();
  pending_.clear();
  pending_bytes_ = 0;
  LEAT_TRY(files_.create_directories(pending_directory_));
  LEAT_TRY(take_visible());
  LEAT_TRY(take_pending());
  recovered_ = true;
  // Their columns are not known: they do not wait for more.
  return publish();
}

bool ParquetDirectory::is_mine(const PartName& part) const {
  return part.pipeline == name_.pipeline && part.stream == name_.stream;
}

std::string ParquetDirectory::name_of(uint64_t from, uint64_t to) const {
  PartName name = name_;
  name.from = from;
  name.to = to;
  return name.to_string();
}

Result<void> ParquetDirectory::take_visible() {
  LEAT_ASSIGN(const auto names, files_.list(directory_));
  for (const std::string& name : names) {
    auto part = PartName::parse(name);
    if (!part || !is_mine(*part)) continue;
    if (part->store_id != name_.store_id) {
      return user_error(
          "{} holds rows of stream {} from another store ({}): they would be there twice. Remove "
          "its files, or give the stream another path",
          directory_.string(), name_.stream, name);
    }
    visible_.push_back(std::move(*part));
  }
  return {};
}

Result<void> ParquetDirectory::take_pending() {
  LEAT_ASSIGN(const auto names, files_.list(pending_directory_));
  for (const std::string& name : names) {
    std::string_view stem = name;
    const bool temporary = stem.ends_with(kTemporary);
    if (temporary) stem.remove_suffix(kTemporary.size());
    const auto part = PartName::parse(stem);
    if (!part || !is_mine(*part) || part->store_id != name_.store_id) continue;
    if (temporary || is_visible(part->from)) {
      LEAT_TRY(files_.remove(pending_directory_ / name));
      continue;
    }
    LEAT_ASSIGN(const auto file, files_.open(pending_directory_ / name, OpenMode::kRead));
    LEAT_ASSIGN(const uint64_t bytes, file->size());
    pending_.push_back({part->from, bytes});  // in order: list() sorts, numbers have 12 digits
    pending_bytes_ += bytes;
  }
  return {};
}

bool ParquetDirectory::is_visible(uint64_t epoch) const {
  return std::any_of(visible_.begin(), visible_.end(), [epoch](const PartName& part) {
    return part.from <= epoch && epoch <= part.to;
  });
}

Result<void> ParquetDirectory::write_pending(uint64_t epoch, const store::RowBatch& rows) {
  const Path file = pending_directory_ / name_of(epoch, epoch);
  Path temporary = file;
  temporary += kTemporary;
  LEAT_TRY(writer_->write(temporary, rows));
  LEAT_TRY(sync_and_rename(temporary, file));
  LEAT_ASSIGN(const auto written, files_.open(file, OpenMode::kRead));
  LEAT_ASSIGN(const uint64_t bytes, written->size());
  if (pending_.empty()) oldest_ = clock_.steady_now();
  std::erase_if(pending_, [&](const Pending& one) {
    if (one.epoch == epoch) pending_bytes_ -= one.bytes;
    return one.epoch == epoch;
  });
  const auto after = std::find_if(pending_.begin(), pending_.end(),
                                  [epoch](const Pending& one) { return one.epoch > epoch; });
  pending_.insert(after, {epoch, bytes});
  pending_bytes_ += bytes;
  return {};
}

// The visible name covers every epoch from the first pending to the last: one that is missing
// between them had no rows.
Result<void> ParquetDirectory::publish() {
  if (pending_.empty()) return {};
  const uint64_t from = pending_.front().epoch;
  const uint64_t to = pending_.back().epoch;
  const std::string name = name_of(from, to);
  std::vector<Path> parts;
  for (const Pending& one : pending_) {
    parts.push_back(pending_directory_ / name_of(one.epoch, one.epoch));
  }
  if (parts.size() == 1) {
    LEAT_TRY(sync_and_rename(parts[0], directory_ / name));
    parts.clear();
  } else {
    const Path temporary = pending_directory_ / (name + std::string(kTemporary));
    LEAT_TRY(writer_->merge(temporary, parts));
    LEAT_TRY(sync_and_rename(temporary, directory_ / name));
  }
  visible_.push_back(name_);
  visible_.back().from = from;
  visible_.back().to = to;
  pending_.clear();
  pending_bytes_ = 0;
  for (const Path& part : parts) LEAT_TRY(files_.remove(part));
  return {};
}

Result<void> ParquetDirectory::sync_and_rename(const Path& from, const Path& to) {
  LEAT_ASSIGN(const auto file, files_.open(from, OpenMode::kReadWrite));
  LEAT_TRY(file->sync());
  LEAT_TRY(files_.rename(from, to));
  return files_.sync_directory(to.parent_path());
}

}  // namespace leat::sink
