// Records/s of JsonDecoder into DuckDB vectors, beside simdjson's on-demand parser reading the same
// fields of the same records and keeping nothing, and checking nothing of what it skips.
//
//   json_decoder_bench ANSWER.json [ROUNDS]    an answer of randomuser.me, recorded
#include <duckdb.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "codec/json_records/json_decoder.h"
#include "codec/json_select.h"
#include "codec/logical_type.h"

namespace leat::codec {
namespace {

constexpr size_t kPadding = 64;

struct Records {
  std::string buffer;
  std::vector<std::string_view> views;
};

Records split(const std::string& answer) {
  std::string padded = answer + std::string(kPadding, '\0');
  const auto values =
      select(*JsonPath::parse("results[*]"), std::string_view(padded).substr(0, answer.size()));
  if (!values.ok()) {
    fmt::print(stderr, "{}\n", values.error().to_string());
    std::exit(1);
  }
  Records records;
  for (const auto& value : *values) records.buffer.append(value.bytes).append(kPadding, '\0');
  size_t at = 0;
  for (const auto& value : *values) {
    records.views.push_back(std::string_view(records.buffer).substr(at, value.bytes.size()));
    at += value.bytes.size() + kPadding;
  }
  return records;
}

Type text() { return {.kind = TypeKind::kVarchar}; }
Type object(std::vector<Field> fields) {
  return {.kind = TypeKind::kStruct, .fields = std::move(fields)};
}

// What the query of examples/user_automation.yaml names.
Projection users_projection() {
  return {
      .root = object({
          {"gender", text()},
          {"name", object({{"first", text()}, {"last", text()}})},
          {"location",
           object({{"street", object({{"number", {.kind = TypeKind::kBigint}}, {"name", text()}})},
                   {"postcode", text()}})},
          {"email", text()},
          {"login", object({{"uuid", text()}, {"username", text()}})},
          {"dob", object({{"date", text()}})},
          {"registered", object({{"date", text()}})},
          {"phone", text()},
          {"picture", object({{"medium", text()}})},
      })};
}

class ChunkDecoder {
 public:
  ChunkDecoder() : projection_(users_projection()), decoder_(projection_, &texts_) {
    std::vector<duckdb_logical_type> types;
    for (const Field& field : projection_.root.fields) {
      types.push_back(make_logical_type(field.type));
    }
    chunk_ = duckdb_create_data_chunk(types.data(), types.size());
    for (idx_t i = 0; i < types.size(); ++i) {
      duckdb_destroy_logical_type(&types[i]);
      vectors_.push_back(duckdb_data_chunk_get_vector(chunk_, i));
    }
  }
  ~ChunkDecoder() { duckdb_destroy_data_chunk(&chunk_); }
  ChunkDecoder(const ChunkDecoder&) = delete;
  ChunkDecoder& operator=(const ChunkDecoder&) = delete;

  bool take(std::string_view record) {
    if (rows_ == duckdb_vector_size()) {
      duckdb_data_chunk_reset(chunk_);
      texts_.clear();
      rows_ = 0;
    }
    return decoder_.decode(record, vectors_, rows_++).status == DecodeStatus::kDecoded;
  }

 private:
  Projection projection_;
  TextArena texts_;
  JsonDecoder decoder_;
  duckdb_data_chunk chunk_ = nullptr;
  std::vector<duckdb_vector> vectors_;
  idx_t rows_ = 0;
};

// The same fields as users_projection(), by one pass in the order of the text, as simdjson advises.
class OnDemandReader {
 public:
  bool take(std::string_view record) {
    try {
      auto document = parser_.iterate(record.data(), record.size(), record.size() + kPadding);
      for (auto field : document.get_object()) {
        const std::string_view key = field.unescaped_key();
        if (key == "gender" || key == "email" || key == "phone") {
          keep(field.value());
        } else if (key == "name") {
          members(field.value(), "first", "last");
        } else if (key == "location") {
          location(field.value());
        } else if (key == "login") {
          members(field.value(), "uuid", "username");
        } else if (key == "dob" || key == "registered") {
          members(field.value(), "date", "");
        } else if (key == "picture") {
          members(field.value(), "medium", "");
        }
      }
      return true;
    } catch (const simdjson::simdjson_error&) {
      return false;
    }
  }
  size_t kept() const { return kept_; }

 private:
  using Value = simdjson::simdjson_result<simdjson::ondemand::value>;
  void keep(Value value) { kept_ += std::string_view(value.get_string()).size(); }
  void members(Value value, std::string_view a, std::string_view b) {
    for (auto field : value.get_object()) {
      const std::string_view key = field.unescaped_key();
      if (key == a || key == b) keep(field.value());
    }
  }
  void location(Value value) {
    for (auto field : value.get_object()) {
      const std::string_view key = field.unescaped_key();
      if (key == "postcode") {
        kept_ += std::string_view(field.value().raw_json_token()).size();
      } else if (key == "street") {
        for (auto inner : field.value().get_object()) {
          const std::string_view inner_key = inner.unescaped_key();
          if (inner_key == "number") {
            kept_ += static_cast<size_t>(int64_t(inner.value().get_int64()));
          } else if (inner_key == "name") {
            keep(inner.value());
          }
        }
      }
    }
  }

  simdjson::ondemand::parser parser_;
  size_t kept_ = 0;
};

double seconds(const Records& records, int rounds,
               const std::function<bool(std::string_view)>& take) {
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < rounds; ++round) {
    for (const std::string_view record : records.views) {
      if (!take(record)) {
        fmt::print(stderr, "refused: {}\n", record);
        std::exit(1);
      }
    }
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int run(const char* file, int rounds) {
  const auto answer = real_file_system().read_file(file);
  if (!answer.ok()) {
    fmt::print(stderr, "{}\n", answer.error().to_string());
    return 1;
  }
  const Records records = split(*answer);
  ChunkDecoder chunk;
  OnDemandReader reader;
  // The faster of several alternating turns each: what disturbs one does not count.
  double decoder = 1e9;
  double on_demand = 1e9;
  for (int turn = 0; turn < 5; ++turn) {
    decoder = std::min(decoder, seconds(records, rounds, [&](auto r) { return chunk.take(r); }));
    on_demand =
        std::min(on_demand, seconds(records, rounds, [&](auto r) { return reader.take(r); }));
  }
  const double count = static_cast<double>(records.views.size()) * rounds;
  const double megabytes = static_cast<double>(records.buffer.size()) * rounds / 1e6;
  fmt::print("{} records of {} bytes, {} fields, simdjson {}\n", records.views.size(),
             records.buffer.size() / records.views.size() - kPadding, 13,
             simdjson::get_active_implementation()->name());
  fmt::print("decoder into vectors  {:9.0f} records/s  {:6.0f} MB/s\n", count / decoder,
             megabytes / decoder);
  fmt::print("on-demand alone       {:9.0f} records/s  {:6.0f} MB/s  (kept {})\n",
             count / on_demand, megabytes / on_demand, reader.kept());
  fmt::print("ratio (time of the decoder : time of on-demand) {:.2f}\n", decoder / on_demand);
  return 0;
}

}  // namespace
}  // namespace leat::codec

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: json_decoder_bench ANSWER.json [ROUNDS]\n");
    return 2;
  }
  return leat::codec::run(argv[1], argc > 2 ? std::atoi(argv[2]) : 200);
}
