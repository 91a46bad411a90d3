// File names of a Parquet directory: which epochs of which stream a file holds.
//
//   visible  part-000000000001-000000000007+<pipeline>+<stream>+<store id>.parquet
//   pending  _pending/ the same, from = to
//
// Readers (Hadoop, Spark, DuckDB's glob of *.parquet) pass over names that start with `_` or `.`.
// Characters of pipeline and stream other than letters, digits, `.`, `_` and `-` are %XX.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leat::sink {

struct PartName {
  uint64_t from = 0;  // epochs, both inclusive
  uint64_t to = 0;
  std::string pipeline;
  std::string stream;
  std::string store_id;

  std::string to_string() const;
  static std::optional<PartName> parse(std::string_view name);
};

// Whether the names of pipeline and stream leave room for the rest of a file's name.
bool fits_part_names(const std::string& pipeline, const std::string& stream);

}  // namespace leat::sink
