// How fast records become the rows of the users example, in records per second of CPU: whole
// batches (decode, execute, collect), of decoding alone, of simdjson finding the same fields, and
// of batches in which one record in a hundred fails, or each one.
//   stream_bench [records per batch, 10000] [batches, 50]
#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "codec/logical_type.h"
#include "codec/record_format.h"
#include "stream/query.h"

namespace leat::stream {
namespace {

constexpr const char* kSql = R"(
  SELECT login.uuid::UUID AS id, name.first AS first_name, name.last AS last_name, gender,
         location.street.number || ' ' || location.street.name AS address,
         location.postcode::VARCHAR AS post_code, email, login.username AS username,
         dob.date::TIMESTAMPTZ AS dob, registered.date::TIMESTAMPTZ AS registered_date, phone,
         picture.medium AS picture
  FROM users_created)";

// A record of randomuser.me's shape and size (1.1 KB).
std::string person(size_t i, const std::string& first_of_uuid, const std::string& born) {
  return fmt::format(
      R"({{"gender":"female","name":{{"title":"Mrs","first":"Jennie{0}","last":"Nichols"}},"location":)"
      R"({{"street":{{"number":{0},"name":"Valwood Pkwy"}},"city":"Billings","state":"Michigan",)"
      R"("country":"United States","postcode":{1},"coordinates":{{"latitude":"-69.8246","longitude":)"
      R"("134.8719"}},"timezone":{{"offset":"+9:30","description":"Adelaide, Darwin"}}}},"email":)"
      R"("jennie.nichols{0}@example.com","login":{{"uuid":"{2}a95b7-3cd2-4c35-8e6b-{0:012}",)"
      R"("username":"yellowpeacock{0}","password":"addison","salt":"sld1yGtd","md5":)"
      R"("ab54ac4c0be9480ae8fa5e9e2a5196a3","sha1":"edcf2ce613cbdea349133c52dc2f3b83168dc51b",)"
      R"("sha256":"48df5229235ada28389b91e60a935e4f9b73eb4bdb855ef9258a1751f10bdc5d"}},"dob":)"
      R"({{"date":"{3}","age":30}},"registered":{{"date":)"
      R"("2007-07-09T05:51:59.390Z","age":14}},"phone":"(272) 790-0888","cell":"(489) 330-2385",)"
      R"("id":{{"name":"SSN","value":"405-88-3636"}},"picture":{{"large":)"
      R"("https://randomuser.me/api/portraits/men/75.jpg","medium":)"
      R"("https://randomuser.me/api/portraits/med/men/75.jpg","thumbnail":)"
      R"("https://randomuser.me/api/portraits/thumb/men/75.jpg"}},"nat":"US"}})",
      i, i % 10 == 0 ? "\"SW1A 1AA\"" : "63104", first_of_uuid, born);
}

enum class Bad : uint8_t { kNothing, kUuid, kTimestamp };

struct Batch {
  explicit Batch(size_t size, Bad what = Bad::kNothing, size_t bad_every = 1) {
    for (size_t i = 0; i < size; ++i) {
      const Bad bad = i % bad_every == bad_every / 2 ? what : Bad::kNothing;
      texts.push_back(person(
          i, bad == Bad::kUuid ? "nop" : "7a0",
          bad == Bad::kTimestamp ? fmt::format("{} days ago", i) : "1992-03-08T15:13:16.688Z"));
      texts.back().reserve(texts.back().size() + simdjson::SIMDJSON_PADDING);
      InputRecord record;
      record.offset = static_cast<int64_t>(i);
      record.value = texts.back();
      records.push_back(record);
      values.push_back(texts.back());
    }
  }
  std::deque<std::string> texts;
  std::vector<InputRecord> records;
  std::vector<std::string_view> values;
};

struct Way {
  const char* what;
  int batches;
  std::function<void()> run;  // one batch
  std::vector<double> seconds = {};
};

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The ways take turns, batch by batch, as a machine is not equally fast all the time. The last one
// is what the others are compared with.
void report(std::vector<Way>& ways, size_t records) {
  int rounds = 0;
  for (const Way& way : ways) rounds = std::max(rounds, way.batches);
  for (Way& way : ways) way.run();  // warm
  for (int round = 0; round < rounds; ++round) {
    for (Way& way : ways) {
      if (round >= way.batches) continue;
      const std::clock_t begin = std::clock();
      way.run();
      way.seconds.push_back(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    }
  }
  const double limit = median(ways.back().seconds);
  for (Way& way : ways) {
    const double took = median(way.seconds);
    fmt::print("{:<24} {:>8.0f} k records/s of CPU {:>8.2f} ms a batch {:>7.2f} times {}\n",
               way.what, static_cast<double>(records) / took / 1e3, took * 1e3, took / limit,
               ways.back().what);
  }
}

template <class T>
T must(Result<T> result) {
  if (result.ok()) return std::move(*result);
  fmt::print(stderr, "{}\n", result.error().to_string());
  std::exit(1);
}

// Added in parts that the CPU's cache holds, as a stream adds them.
BatchResult run_batch(Executor& executor, const std::vector<InputRecord>& records) {
  constexpr size_t kPart = 1000;
  executor.begin({});
  for (size_t at = 0; at < records.size(); at += kPart) {
    const auto part = std::span(records).subspan(at, std::min(kPart, records.size() - at));
    if (executor.add(part, Misfit::kReport)) std::exit(1);
  }
  return must(executor.finish());
}

size_t fields_with_simdjson(simdjson::ondemand::parser& parser, std::string_view json) {
  auto document =
      parser.iterate(simdjson::padded_string_view(json, json.size() + simdjson::SIMDJSON_PADDING));
  size_t bytes = 0;
  const auto text = [&](auto value) { bytes += std::string_view(value.get_string()).size(); };
  text(document["gender"]);
  text(document["name"]["first"]);
  text(document["name"]["last"]);
  auto location = document["location"];
  bytes += static_cast<size_t>(int64_t(location["street"]["number"]));
  text(location["street"]["name"]);
  bytes += std::string_view(location["postcode"].raw_json_token()).size();
  text(document["email"]);
  text(document["login"]["uuid"]);
  text(document["login"]["username"]);
  text(document["dob"]["date"]);
  text(document["registered"]["date"]);
  text(document["phone"]);
  text(document["picture"]["medium"]);
  return bytes;
}

void bench(size_t size, int batches) {
  const auto database = must(store::Database::open(""));
  const auto connection = must(database->connect());
  must(connection->query("SET threads = 1"));
  const Batch batch(size);
  codec::TopicSchema schema;
  codec::default_format().infer(schema, batch.values);
  const Query query = must(Query::parse(kSql, *connection));
  const Plan planned = must(plan(query, schema, *connection));
  const auto executor = must(Executor::create(planned, *connection));
  fmt::print("{} records of {} bytes a batch\n", size, batch.texts[0].size());

  std::vector<Way> ways;
  ways.push_back({"12 columns", batches, [&] {
                    const BatchResult result = run_batch(*executor, batch.records);
                    if (result.used != batch.records.size()) std::exit(1);
                  }});
  std::deque<Batch> failing;
  const auto add_failing = [&](const char* what, Bad bad, size_t every) {
    const Batch& bad_ones = failing.emplace_back(size, bad, every);
    ways.push_back({what, 5, [&executor, &bad_ones, every] {
                      const BatchResult result = run_batch(*executor, bad_ones.records);
                      if (result.failed.size() != bad_ones.records.size() / every) std::exit(1);
                    }});
  };
  add_failing("12 columns, 1 % no UUID", Bad::kUuid, 100);
  add_failing("12 columns, 1 % no time", Bad::kTimestamp, 100);
  add_failing("12 columns, all no UUID", Bad::kUuid, 1);
  add_failing("12 columns, all no time", Bad::kTimestamp, 1);

  codec::TextArena texts;
  const auto decoder = planned.format->decoder(planned.projection, &texts);
  std::vector<duckdb_logical_type> types;
  for (const auto& field : planned.projection.root.fields) {
    types.push_back(codec::make_logical_type(field.type));
  }
  store::DataChunk chunk(duckdb_create_data_chunk(types.data(), types.size()));
  for (duckdb_logical_type& type : types) duckdb_destroy_logical_type(&type);
  std::vector<duckdb_vector> vectors;
  for (idx_t i = 0; i < types.size(); ++i) {
    vectors.push_back(duckdb_data_chunk_get_vector(chunk.get(), i));
  }
  ways.push_back({"decode into vectors", batches, [&] {
                    idx_t row = duckdb_vector_size();
                    for (const std::string_view value : batch.values) {
                      if (row == duckdb_vector_size()) {
                        duckdb_data_chunk_reset(chunk.get());
                        texts.clear();
                        row = 0;
                      }
                      if (decoder->decode(value, vectors, row++).status !=
                          codec::DecodeStatus::kDecoded) {
                        std::exit(1);
                      }
                    }
                  }});

  simdjson::ondemand::parser parser;
  size_t bytes = 0;
  ways.push_back({"simdjson alone", batches, [&] {
                    for (const std::string_view value : batch.values)
                      bytes += fields_with_simdjson(parser, value);
                  }});
  report(ways, batch.records.size());
  if (bytes == 0) std::exit(1);
}

}  // namespace
}  // namespace leat::stream

int main(int argc, char** argv) {
  leat::stream::bench(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10000,
                      argc > 2 ? std::atoi(argv[2]) : 50);
}
