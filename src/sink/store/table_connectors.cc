#include "sink/store/table_connectors.h"

#include <string>
#include <utility>

#include "config/plan/names.h"

namespace leat::sink {
namespace {

config::TargetKind table_kind(std::string name, std::string connection) {
  return {.key = {.name = std::move(name)},
          .place = config::TargetPlace::kTable,
          .connection = std::move(connection),
          .named = "table name",
          .wrong_with = config::wrong_with_table_name,
          .takes_mode = true};
}

}  // namespace

std::vector<Connector> table_connectors() {
  Connector table{.target = table_kind("table", "")};
  Connector postgres{.target = table_kind("postgres", "postgres"),
                     .connection = config::ConnectionKind{.name = "postgres",
                                                          .shown = "PostgreSQL",
                                                          .schemes = {"postgres", "postgresql"},
                                                          .embedded = "the embedded store"}};
  Connector cassandra{.target = table_kind("cassandra", "cassandra"),
                      .connection = config::ConnectionKind{.name = "cassandra",
                                                           .shown = "Cassandra",
                                                           .schemes = {"cassandra"},
                                                           .embedded = "the embedded store"}};
  cassandra.target.needs_key = "a Cassandra table";
  return {std::move(table), std::move(postgres), std::move(cassandra)};
}

}  // namespace leat::sink
