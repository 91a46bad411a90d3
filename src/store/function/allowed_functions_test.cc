#include "store/function/allowed_functions.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/text/lower_case.h"
#include "store/database.h"

namespace leat::store {
namespace {

// Looked at and refused.
const std::set<std::string> kRefusedInExpression = {"combine",
                                                    "currval",
                                                    "current_setting",
                                                    "finalize",
                                                    "get_block_size",
                                                    "getvariable",
                                                    "nextval",
                                                    "parse_duckdb_log_message",
                                                    "pg_sleep",
                                                    "setseed",
                                                    "json_serialize_plan",
                                                    "sleep_ms",
                                                    "variant_bytes_to_variant",
                                                    "write_log"};
const std::set<std::string> kRefusedInFrom = {"arrow_scan",
                                              "arrow_scan_dumb",
                                              "check_peg_parser",
                                              "checkpoint",
                                              "disable_logging",
                                              "disable_peg_parser",
                                              "disable_profiling",
                                              "duckdb_approx_database_count",
                                              "duckdb_connection_count",
                                              "duckdb_coordinate_systems",
                                              "duckdb_extensions",
                                              "duckdb_external_file_cache",
                                              "duckdb_log_contexts",
                                              "duckdb_logs",
                                              "duckdb_logs_parsed",
                                              "duckdb_optimizers",
                                              "duckdb_prepared_statements",
                                              "duckdb_profiling_settings",
                                              "duckdb_secret_types",
                                              "duckdb_secrets",
                                              "duckdb_settings",
                                              "duckdb_table_sample",
                                              "duckdb_variables",
                                              "enable_logging",
                                              "enable_peg_parser",
                                              "enable_profiling",
                                              "force_checkpoint",
                                              "histogram",
                                              "histogram_values",
                                              "json_execute_serialized_sql",
                                              "pragma_metadata_info",
                                              "pragma_user_agent",
                                              "query",
                                              "query_table",
                                              "read_duckdb",
                                              "seq_scan",
                                              "sql_auto_complete",
                                              "summary",
                                              "test_all_types",
                                              "test_vector_types",
                                              "truncate_duckdb_logs",
                                              "which_secret"};

std::set<std::string> functions_of_duckdb(const std::string& types) {
  auto database = Database::open({});
  auto connection = (*database)->connect();
  auto result =
      (*connection)
          ->query("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN (" +
                  types + ")");
  const auto rows = result->texts();
  std::set<std::string> names;
  for (const auto& row : *rows) names.insert(lower_case(row[0].value_or("")));
  return names;
}

TEST(AllowedFunctions, EveryFunctionInAnExpressionWasLookedAt) {
  const auto names = functions_of_duckdb("'scalar', 'aggregate', 'macro'");
  ASSERT_GT(names.size(), 500u);
  for (const std::string& name : names) {
    const bool refused = kRefusedInExpression.contains(name) || name.starts_with("__internal_");
    EXPECT_NE(is_allowed_in_expression(name), refused) << name;
  }
}

TEST(AllowedFunctions, EveryFunctionInFromWasLookedAt) {
  const auto names = functions_of_duckdb("'table', 'table_macro'");
  ASSERT_GT(names.size(), 50u);
  for (const std::string& name : names) {
    const int lists = static_cast<int>(is_allowed_in_from(name)) +
                      static_cast<int>(reads_files(name)) +
                      static_cast<int>(kRefusedInFrom.contains(name));
    EXPECT_EQ(lists, 1) << name;
  }
}

}  // namespace
}  // namespace leat::store
