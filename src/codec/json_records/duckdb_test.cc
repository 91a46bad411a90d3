// What DuckDB itself makes of the decoder's vectors and of the schema's types.
#include <duckdb.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "base/text/json_text.h"
#include "codec/json/fault.h"
#include "codec/json/number.h"
#include "codec/json_records/test_chunk.h"

namespace leat::codec {
namespace {

class DuckDb : public testing::Test {
 protected:
  DuckDb() {
    duckdb_open(nullptr, &database_);
    duckdb_connect(database_, &connection_);
  }
  ~DuckDb() override {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }

  // The cells of the first column, a line each; or the error.
  std::string query(const std::string& sql) {
    duckdb_result result;
    std::string text;
    if (duckdb_query(connection_, sql.c_str(), &result) != DuckDBSuccess) {
      text = duckdb_result_error(&result);
    } else {
      for (idx_t row = 0; row < duckdb_row_count(&result); ++row) {
        char* cell = duckdb_value_varchar(&result, 0, row);
        text += std::string(text.empty() ? "" : "\n") + (cell == nullptr ? "NULL" : cell);
        duckdb_free(cell);
      }
    }
    duckdb_destroy_result(&result);
    return text;
  }

  void create_table(const Type& root) {
    std::string columns = root.duckdb_type().substr(std::string_view("STRUCT").size());
    ASSERT_EQ(query("CREATE OR REPLACE TABLE t " + columns), "");
  }
  void append(TestChunk& chunk, idx_t rows) {
    duckdb_data_chunk_set_size(chunk.chunk(), rows);
    duckdb_appender appender = nullptr;
    ASSERT_EQ(duckdb_appender_create(connection_, nullptr, "t", &appender), DuckDBSuccess);
    EXPECT_EQ(duckdb_append_data_chunk(appender, chunk.chunk()), DuckDBSuccess);
    EXPECT_EQ(duckdb_appender_destroy(&appender), DuckDBSuccess);
  }

  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

// A number that is decoded as text, and one that was a DOUBLE and becomes text in its table.
TEST_F(DuckDb, WritesNumbersAsNumberTextDoes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  std::vector<std::string> tokens{"0.5",    "1e15",
                                  "1e16",   "123456789012345678.5",
                                  "-0.0",   "1e-7",
                                  "5e-324", "1.7976931348623157e308",
                                  "100.0",  "9007199254740993.0"};
  for (int i = 0; i < 300; ++i) {
    const auto bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isfinite(value)) tokens.push_back(fmt::format("{:e}", value));
    tokens.push_back(fmt::format("{:.3f}", static_cast<double>(bits % 10'000'000) / 1000));
  }
  for (const std::string& token : tokens) {
    const std::string value = fmt::format("({}::DOUBLE)", token);
    EXPECT_EQ(query(fmt::format("SELECT CASE WHEN abs({0}) < 1e16 AND {0} = trunc({0}) THEN "
                                "{0}::BIGINT::VARCHAR ELSE {0}::VARCHAR END",
                                value)),
              number_text(token))
        << token;
  }
}

TEST_F(DuckDb, ReadsWhatWasDecoded) {
  TestChunk chunk(
      project({R"({"id":1,"o":{"x":{"y":"s"},"n":[1.5]},"l":[{"k":[true],"t":"x"}]})"}));
  create_table(chunk.projection().root);
  const std::string records[] = {
      R"({"id":0,"o":{"x":{"y":"a text that is longer than twelve"},"n":[0.5,null]},"l":[{"k":[true,false],"t":"twelve bytes"}]})",
      R"({"id":1,"o":null,"l":null})",
      R"({"id":2,"o":{"x":null,"n":[]},"l":[null,{"k":null,"t":"thirteen byte"}]})",
      R"({"id":"misfit","l":[{"k":[true,true,true]}]})",
      R"({"id":4,"o":{"x":{"y":"é\n"},"n":null},"l":[]})",
  };
  for (const std::string& record : records) (void)chunk.decode(record);
  append(chunk, std::size(records));
  EXPECT_EQ(query("SELECT to_json(t) FROM t WHERE id IS NOT NULL"),
            records[0] + "\n" + records[1] + "\n" + records[2] + "\n" + records[4]);
  EXPECT_EQ(query("SELECT count(*) FROM t WHERE id IS NULL AND o IS NULL AND l IS NULL"), "1");
  EXPECT_EQ(query("SELECT o.x.y IS NULL FROM t ORDER BY rowid"), "false\ntrue\ntrue\ntrue\nfalse");
  EXPECT_EQ(query("SELECT sum(len(l)) FROM t"), "3");
}

TEST_F(DuckDb, TakesTheNamesOfASchema) {
  const Type root =
      inferred({R"({"a.b":2,"q\"t":{"new\nline":[{"é":1,"É":2,"select":3}]},"'":5,"Ab":6,"aB":7})"})
          .root;
  create_table(root);
  EXPECT_EQ(query("INSERT INTO t VALUES (1, {'new\nline': [{'é': 1, 'É': 2, 'select': 3}]}, 2, 3)"),
            "1");
  EXPECT_EQ(query("SELECT \"q\"\"t\".\"new\nline\"[1].\"É\" FROM t"), "2");
  duckdb_logical_type type = make_logical_type(root);
  EXPECT_EQ(duckdb_get_type_id(type), DUCKDB_TYPE_STRUCT);
  EXPECT_EQ(duckdb_struct_type_child_count(type), root.fields.size());
  duckdb_destroy_logical_type(&type);
}

// Valid is what a strict parser says. DuckDB's json_valid also takes a comma before a closing
// bracket, Infinity and NaN, but what it rejects is rejected here.
TEST_F(DuckDb, AgreesOnWhatIsJson) {
  std::vector<std::string> texts = {
      R"({"a":"\u0000"})",
      R"({"a":"\ud83d\ude00"})",
      R"({"a":"\ud83d"})",
      R"({"a":"\udc00\ud800"})",
      R"({"a":1.})",
      R"({"a":.5})",
      R"({"a":1e})",
      R"({"a":1e+5})",
      R"({"a":-})",
      R"({"a":+1})",
      R"({"a":0x10})",
      R"({"a":00})",
      R"({"a":-0.0E-0})",
      R"({"a":Infinity})",
      R"({"a":'x'})",
      R"({"a":TRUE})",
      R"({"a":nulll})",
      R"({"a":1/*c*/})",
      R"({"a":1}//c)",
      R"({"a"})",
      R"({"a":})",
      R"({:1})",
      R"({,})",
      R"([,1])",
      R"({"a":[1}])",
      R"({"a":1 "b":2})",
      R"({"a" "b"})",
      R"({"a"::1})",
      R"({"\/":"\/"})",
      R"({"\v":1})",
      R"(["a":1])",
      "\t{}\r\n ",
      "[1e99]",
      "\"\"",
      "-1",
      "tru",
      "{}{}",
      "[]]",
      "[[]",
      "{]",
  };
  const std::string seed =
      R"({"a":[1,-2.5e3,{"b":null,"c":"x\n\u00e9"}],"d":true,"e":{},"f":[[]]})";
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string text = seed;
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      const size_t at = random() % text.size();
      const char c = "{}[]:,\"\\ 0e-.nu\t1"[random() % 18];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1);
      }
    }
    texts.push_back(text);
  }
  TestChunk all(project({seed}));
  TestChunk none(Projection{});
  duckdb_prepared_statement statement = nullptr;
  ASSERT_EQ(duckdb_prepare(connection_, "SELECT json_valid(?)", &statement), DuckDBSuccess);
  size_t valid_texts = 0;
  for (const std::string& text : texts) {
    duckdb_bind_varchar_length(statement, 1, text.data(), text.size());
    duckdb_result result;
    ASSERT_EQ(duckdb_execute_prepared(statement, &result), DuckDBSuccess);
    const bool duckdb_valid = duckdb_value_boolean(&result, 0, 0);
    duckdb_destroy_result(&result);
    const bool valid = nlohmann::json::accept(text);
    valid_texts += valid ? 1 : 0;
    EXPECT_TRUE(duckdb_valid || !valid) << text;
    EXPECT_EQ(!find_json_fault(text), valid) << text;
    const bool object = text[text.find_first_not_of(" \t\r\n")] == '{';
    EXPECT_EQ(none.decode(text, 0).status != DecodeStatus::kMalformed, valid && object) << text;
    EXPECT_EQ(all.decode(text, 0).status != DecodeStatus::kMalformed, valid && object) << text;
  }
  duckdb_destroy_prepare(&statement);
  EXPECT_GT(valid_texts, 100);
}

TEST(JsonText, WritesLiterals) {
  const auto literal = [](std::string_view text) {
    std::string out = "x";
    append_json_string(out, text);
    return out.substr(1);
  };
  EXPECT_EQ(literal(""), R"("")");
  EXPECT_EQ(literal("a\"\\/\n\r\t\b\x1f\x7f"), "\"a\\\"\\\\/\\n\\r\\t\\u0008\\u001f\x7f\"");
  EXPECT_EQ(literal(std::string_view("\0é😀", 7)), R"("\u0000é😀")");
  EXPECT_EQ(literal("a\xff\xc3"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_FALSE(find_json_fault(literal("\xed\xa0\x80\n\"")));
}

}  // namespace
}  // namespace leat::codec
