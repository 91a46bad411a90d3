// `field::TYPE` reads the token of the record, wherever the cast stands and whatever else the query
// takes of the field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "stream/query.h"
#include "stream/stream_fixture.h"

namespace leat::stream {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;

class TextUses : public testing::Test {
 protected:
  std::vector<std::string> rows(const std::string& sql, const TestRecords& records) {
    const auto query = Query::parse(sql, *database_.connection);
    if (!query.ok()) return failed(sql, query.error());
    const auto planned = plan(*query, records.inferred(), *database_.connection);
    if (!planned.ok()) return failed(sql, planned.error());
    for (const store::Column& column : planned->columns) {
      EXPECT_THAT(column.name + " " + column.type, Not(HasSubstr("::text"))) << sql;
      EXPECT_THAT(column.name, Not(HasSubstr("__leat"))) << sql;
    }
    auto executor = Executor::create(*planned, *database_.connection);
    if (!executor.ok()) return failed(sql, executor.error());
    auto result = run_batch(**executor, records.records());
    if (!result.ok()) return failed(sql, result.error());
    for (const std::string& failure : failures_of(*result)) ADD_FAILURE() << sql << ": " << failure;
    return rows_of(result->rows);
  }
  std::vector<std::string> rows(const std::string& sql) { return rows(sql, records_); }

  static std::vector<std::string> failed(const std::string& sql, const Error& error) {
    ADD_FAILURE() << sql << ": " << error.to_string();
    return {};
  }

  TestDatabase database_;
  const TestRecords records_{
      {R"({"id":1,"total":883406386745030.7,"a":{"b": 1.50,"c":{"d":"x"}},"prices":[1.005,2],)"
       R"("items":[{"sku":"a","price":1.005,"parts":[{"w":0.10}]},)"
       R"({"sku":"b","price":883406386745030.3,"parts":[]}]})"}};
};

TEST_F(TextUses, StandBesideAnyOtherUse) {
  EXPECT_THAT(rows("SELECT a.b, a::VARCHAR AS raw FROM t"),
              ElementsAre(R"(1.5|{"b": 1.50,"c":{"d":"x"}})"));
  EXPECT_THAT(rows("SELECT a, a.b::VARCHAR AS b FROM t"),
              ElementsAre("{'b': 1.5, 'c': {'d': x}}|1.50"));
  EXPECT_THAT(
      rows("SELECT * EXCLUDE (items, prices), a::VARCHAR AS raw, total::VARCHAR AS t FROM t"),
      ElementsAre("1|883406386745030.8|{'b': 1.5, 'c': {'d': x}}|"
                  R"({"b": 1.50,"c":{"d":"x"}}|883406386745030.7)"));
  EXPECT_THAT(rows("SELECT a.c.d, a.c::VARCHAR AS c, a::VARCHAR AS a, a::JSON AS j FROM t"),
              ElementsAre(R"(x|{"d":"x"}|{"b": 1.50,"c":{"d":"x"}}|{"b": 1.50,"c":{"d":"x"}})"));
  EXPECT_THAT(rows("SELECT a.b * 2 AS b, a.b::VARCHAR AS t FROM t WHERE a.b > 1"),
              ElementsAre("3.0|1.50"));
  EXPECT_THAT(rows("SELECT prices, prices[1]::DECIMAL(10,2) AS p, prices::VARCHAR AS t FROM t"),
              ElementsAre("[1.005, 2.0]|1.01|[1.005,2]"));
  EXPECT_THAT(rows("SELECT {'x': a.b, 'y': a.b::VARCHAR, 'z': a} AS s FROM t"),
              ElementsAre("{'x': 1.5, 'y': 1.50, 'z': {'b': 1.5, 'c': {'d': x}}}"));
  EXPECT_THAT(rows("SELECT * EXCLUDE (items, prices, a) REPLACE (total::DECIMAL(16,1) AS total) "
                   "FROM t"),
              ElementsAre("1|883406386745030.7"));
}

TEST_F(TextUses, AreThoseOfWhatTakesAWholeObject) {
  const TestRecords records(
      {R"({"m":{"k":1.50},"l":[{"k":1}],"s":"12"})", R"({"m":{"z":5},"l":[{"z":2}]})"});
  EXPECT_THAT(
      rows("SELECT m::MAP(VARCHAR, VARCHAR) AS m, to_json(m) AS j, to_json(m.k) AS k FROM t",
           records),
      ElementsAre(R"({k=1.50}|{"k":1.50}|1.50)", R"({z=5}|{"z":5}|NULL)"));
  EXPECT_THAT(rows("SELECT m, to_json(m) AS j FROM t", records),
              ElementsAre(R"({'k': 1.5, 'z': NULL}|{"k":1.50})", R"({'k': NULL, 'z': 5}|{"z":5})"));
  EXPECT_THAT(
      rows("SELECT to_json(unnest(l)) AS j, l[1]::MAP(VARCHAR, INTEGER) AS m FROM t", records),
      ElementsAre(R"({"k":1}|{k=1})", R"({"z":2}|{z=2})"));
  EXPECT_THAT(rows("SELECT list_transform(l, i -> to_json(i)) AS j FROM t", records),
              ElementsAre(R"(['{"k":1}'])", R"(['{"z":2}'])"));
  EXPECT_THAT(
      rows("WITH x AS (SELECT m AS o FROM t) SELECT to_json(o) AS j, json_keys(o) AS k, o.z "
           "FROM x",
           records),
      ElementsAre(R"({"k":1.50}|[k]|NULL)", R"({"z":5}|[z]|5)"));
  EXPECT_THAT(rows("SELECT s::JSON AS j, s, to_json(s) AS t FROM t", records),
              ElementsAre(R"("12"|12|"12")", "NULL|NULL|NULL"));
}

TEST_F(TextUses, AnObjectIsNotComparedAsAWhole) {
  const TestRecords records({R"({"m":{"k":1},"n":{"z":5}})"});
  for (const char* const sql :
       {"SELECT m = n AS same FROM t", "SELECT m FROM t WHERE m <> {'k': 1}",
        "SELECT struct_keys(m) AS k FROM t"}) {
    const auto query = Query::parse(sql, *database_.connection);
    ASSERT_TRUE(query.ok()) << sql;
    const auto planned = plan(*query, records.inferred(), *database_.connection);
    ASSERT_FALSE(planned.ok()) << sql;
    EXPECT_THAT(planned.error().message(), HasSubstr("`m` is an object, and which members it has"));
  }
}

TEST_F(TextUses, GoThroughCtesAndDerivedTables) {
  const char* const kTotal = "883406386745030.7";
  for (const char* const sql : {
           "WITH x AS (SELECT id, total FROM t) SELECT total::DECIMAL(16,1) AS a FROM x",
           "WITH x AS (SELECT * FROM t) SELECT total::DECIMAL(16,1) AS a FROM x",
           "WITH x AS (SELECT total AS y FROM t), z AS (SELECT y AS w FROM x WHERE y > 0) "
           "SELECT CAST(w AS DECIMAL(16,1)) AS a FROM z",
           "SELECT TRY_CAST(q.n AS DECIMAL(16,1)) AS a FROM (SELECT total, id FROM t) AS q(n, m)",
           "SELECT total::DECIMAL(16,1) AS a FROM (SELECT * FROM t) WHERE total > 0",
           "WITH x(i, n) AS (SELECT id, total FROM t) SELECT n::DECIMAL(16,1) AS a FROM x",
           "SELECT total::DECIMAL(16,1) AS a FROM t WHERE total::DECIMAL(16,1) = 883406386745030.7",
           "SELECT total AS n, n::DECIMAL(16,1) AS a FROM t",
           "SELECT CASE WHEN total > 0 THEN total::DECIMAL(16,1) END AS a FROM t",
       }) {
    const auto found = rows(sql);
    ASSERT_EQ(found.size(), 1U) << sql;
    EXPECT_THAT(found[0], testing::EndsWith(kTotal)) << sql;
  }
  EXPECT_THAT(rows("WITH x AS (SELECT a FROM t) SELECT a.b, a::VARCHAR AS raw, a FROM x"),
              ElementsAre(R"(1.5|{"b": 1.50,"c":{"d":"x"}}|{'b': 1.5, 'c': {'d': x}})"));
  EXPECT_THAT(rows("WITH x AS (SELECT a, total FROM t) SELECT *, a.b::VARCHAR AS raw FROM x"),
              ElementsAre("{'b': 1.5, 'c': {'d': x}}|883406386745030.8|1.50"));
}

TEST_F(TextUses, FailWithTheFieldsName) {
  const TestRecords records({R"({"n":300})"});
  const auto query =
      Query::parse("SELECT n + 1 AS m, n::TINYINT AS s FROM t", *database_.connection);
  const auto planned = plan(*query, records.inferred(), *database_.connection);
  ASSERT_TRUE(planned.ok()) << planned.error().to_string();
  auto executor = Executor::create(*planned, *database_.connection);
  ASSERT_TRUE(executor.ok());
  const auto result = run_batch(**executor, records.records());
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->failed.size(), 1U);
  EXPECT_THAT(result->failed[0].message, testing::EndsWith("when casting from source column n"));
}

TEST_F(TextUses, StandBesideAnAliasOfTheFieldsName) {
  const auto query = Query::parse("SELECT a::VARCHAR AS a, a.b AS b FROM t", *database_.connection);
  const auto planned = plan(*query, {}, *database_.connection);
  EXPECT_TRUE(planned.ok()) << planned.error().to_string();
  EXPECT_THAT(rows("SELECT a::VARCHAR AS a, a.b AS b FROM t"),
              ElementsAre(R"({"b": 1.50,"c":{"d":"x"}}|1.5)"));
}

TEST_F(TextUses, GoThroughUnionAll) {
  EXPECT_THAT(rows("WITH x AS (SELECT total AS n FROM t UNION ALL SELECT a.b FROM t) "
                   "SELECT n, n::VARCHAR AS a FROM x"),
              testing::UnorderedElementsAre("883406386745030.8|883406386745030.7", "1.5|1.50"));
  EXPECT_THAT(rows("WITH x AS (SELECT total AS n FROM t UNION ALL SELECT 0 FROM t) "
                   "SELECT n::DECIMAL(16,1) AS a FROM x"),
              testing::UnorderedElementsAre("883406386745030.7", "0.0"));
  EXPECT_THAT(rows("WITH x AS (SELECT * FROM t UNION ALL SELECT * FROM t) "
                   "SELECT total::DECIMAL(16,1) AS a, a.b::VARCHAR AS b FROM x"),
              ElementsAre("883406386745030.7|1.50", "883406386745030.7|1.50"));
}

TEST_F(TextUses, GoThroughLists) {
  const std::vector<std::string> prices = {"1.005", "883406386745030.300"};
  for (const char* const sql : {
           "WITH x AS (SELECT unnest(items) AS item FROM t) "
           "SELECT item.price::DECIMAL(18,3) AS p FROM x",
           "SELECT unnest(items).price::DECIMAL(18,3) AS p FROM t",
           "SELECT item.price::DECIMAL(18,3) AS p FROM t, unnest(items) AS u(item)",
           "SELECT item.price::DECIMAL(18,3) AS p FROM t, (SELECT unnest(items) AS item) AS u",
           "SELECT unnest(list_transform(items, i -> i.price::DECIMAL(18,3))) AS p FROM t",
           "SELECT unnest(list_transform(items, i -> i.price::DECIMAL(18,3) + i.price * 0)) "
           "::DECIMAL(18,3) AS p FROM t WHERE id = 2 UNION ALL "
           "SELECT unnest([i.price::DECIMAL(18,3) for i in items]) AS p FROM t",
       }) {
    auto found = rows(sql);
    std::ranges::sort(found);
    EXPECT_THAT(found, ElementsAreArray(prices)) << sql;
  }
  EXPECT_THAT(rows("WITH x AS (SELECT id, unnest(items) AS item FROM t) SELECT item, "
                   "item.price::VARCHAR AS p, item.price > 2 AS g, item::VARCHAR AS raw FROM x "
                   "WHERE item.sku = 'a'"),
              ElementsAre("{'sku': a, 'price': 1.005, 'parts': [{'w': 0.1}]}|1.005|false|"
                          R"({"sku":"a","price":1.005,"parts":[{"w":0.10}]})"));
  EXPECT_THAT(rows("SELECT item.sku, item::VARCHAR AS raw, item.price FROM t, "
                   "unnest(items) AS u(item) WHERE item.sku = 'a'"),
              ElementsAre(R"(a|{"sku":"a","price":1.005,"parts":[{"w":0.10}]}|1.005)"));
  EXPECT_THAT(rows("SELECT items[2].price::DECIMAL(18,3) AS a, items[1]['price']::VARCHAR AS b, "
                   "list_extract(items, 1).price::VARCHAR AS c, items[1] AS d FROM t"),
              ElementsAre("883406386745030.300|1.005|1.005|"
                          "{'sku': a, 'price': 1.005, 'parts': [{'w': 0.1}]}"));
  EXPECT_THAT(
      rows("SELECT items[1].parts[1].w::VARCHAR AS a, "
           "list_transform(items, i -> list_transform(i.parts, p -> p.w::VARCHAR)) AS b, "
           "list_transform(items, i -> i.price > 2 AND i.price::VARCHAR <> '1') AS c FROM t"),
      ElementsAre("0.10|[[0.10], []]|[false, true]"));
  EXPECT_THAT(rows("WITH x AS (SELECT unnest(items) AS item FROM t), "
                   "y AS (SELECT item.sku AS sku, unnest(item.parts) AS part FROM x) "
                   "SELECT sku, part.w::VARCHAR AS w, part FROM y"),
              ElementsAre("a|0.10|{'w': 0.1}"));
  EXPECT_THAT(rows("SELECT part.w::VARCHAR AS w, part FROM t, unnest(items) AS u(item), "
                   "unnest(item.parts) AS v(part)"),
              ElementsAre("0.10|{'w': 0.1}"));
  EXPECT_THAT(rows("SELECT (SELECT sum(i.price::DECIMAL(18,3)) FROM unnest(items) AS u(i)) AS s, "
                   "(SELECT max(i.price) FROM unnest(items) AS u(i)) AS m FROM t"),
              ElementsAre("883406386745031.305|883406386745030.2"));
  EXPECT_THAT(rows("SELECT unnest(prices) AS p, unnest(prices)::VARCHAR AS q FROM t"),
              ElementsAre("1.005|1.005", "2.0|2"));
  EXPECT_THAT(
      rows("SELECT list_filter(items, i -> i.sku = 'b')[1].price::DECIMAL(18,3) AS p FROM t"),
      ElementsAre("883406386745030.300"));
  EXPECT_THAT(rows("SELECT * EXCLUDE (id, total, a, prices, items), item.price::VARCHAR AS p "
                   "FROM t, unnest(items) AS u(item) WHERE item.sku = 'a'"),
              ElementsAre("{'sku': a, 'price': 1.005, 'parts': [{'w': 0.1}]}|1.005"));
}

// Random records, and for each path that leads to a value its token, found by a walk of its own.
class RandomRecord {
 public:
  explicit RandomRecord(std::mt19937& random) : random_(random) {}

  struct Token {
    std::string path;  // as a query spells it
    std::string text;
    char kind;  // n: number, s: string, o: object, l: list
  };
  std::vector<Token> tokens;

  std::string text() { return object("", 0); }

 private:
  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  std::string space() { return std::string(static_cast<size_t>(pick(4) / 3), ' '); }

  // The members of an object at `path`; the names are those of its depth.
  std::string object(const std::string& path, int depth) {
    std::string text = "{";
    const auto add = [&](const std::string& name, const std::string& value) {
      text += (text.size() > 1 ? "," : "") + space() + '"' + name + "\":" + space() + value;
    };
    const std::string prefix = path.empty() ? "" : path + ".";
    if (depth == 0) add("id", keep("id", std::to_string(pick(1000)), 'n'));
    add("n", keep(prefix + "n", number(), 'n'));
    add("s", '"' + keep(prefix + "s", "text " + std::to_string(pick(9)), 's') + '"');
    add("l", list(prefix + "l", false));
    if (depth < 2) {
      add("o", keep(prefix + "o", object(prefix + "o", depth + 1), 'o'));
      add("m", list(prefix + "m", true));
    }
    return text + space() + "}";
  }

  std::string list(const std::string& path, bool of_objects) {
    std::string text = "[";
    const int size = 1 + pick(3);
    for (int i = 1; i <= size; ++i) {
      const std::string element = path + "[" + std::to_string(i) + "]";
      if (i > 1) text += "," + space();
      text += of_objects ? keep(element, object(element, 2), 'o') : keep(element, number(), 'n');
    }
    return keep(path, text + "]", 'l');
  }

  std::string number() {
    std::string digits = std::to_string(1 + pick(9));
    for (int i = pick(18); i > 0; --i) digits += static_cast<char>('0' + pick(10));
    return digits + "." + std::to_string(pick(10)) + std::to_string(pick(100));
  }

  std::string keep(const std::string& path, std::string text, char kind) {
    tokens.push_back({path, text, kind});
    return text;
  }

  std::mt19937& random_;
};

// A query of random columns over one record, and what each text column must be.
TEST_F(TextUses, AreTheTokensInRandomQueries) {
  for (unsigned seed = 0; seed < 80; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](size_t n) {
      return std::uniform_int_distribution<size_t>(0, n - 1)(random);
    };
    RandomRecord record(random);
    TestRecords records;
    records.add(record.text());

    std::string list;
    std::string expected;
    const size_t columns = 1 + pick(8);
    for (size_t i = 0; i < columns; ++i) {
      const RandomRecord::Token& token = record.tokens[pick(record.tokens.size())];
      const std::string name = "c" + std::to_string(i);
      std::string expression = token.path;
      std::string value;
      const size_t use = pick(4);
      if (use == 0) {  // as it is: only its type is checked
        expression =
            "(" + token.path + ") IS NOT NULL AND typeof(" + token.path + ") NOT LIKE '%::text%'";
        value = "true";
      } else if (use == 1 && token.kind == 'n') {
        auto cast = database_.connection->prepare("SELECT CAST($1 AS DECIMAL(38,6))::VARCHAR");
        cast->bind(1, token.text);
        value = cast->execute()->texts().value().at(0).at(0).value();
        expression = "CAST(" + token.path + " AS DECIMAL(38,6))";
      } else {
        value = token.text;
        expression = token.path + "::VARCHAR";
      }
      list += (i > 0 ? ", " : "") + expression + " AS " + name;
      expected += (i > 0 ? "|" : "") + value;
    }
    static constexpr const char* kFrom[] = {
        "t", "(SELECT * FROM t)", "(SELECT id, n, s, l, o, m FROM t WHERE n > 0)",
        "(SELECT * FROM (SELECT m, l, o, s, n, id FROM t))",
        "(SELECT * FROM t UNION ALL SELECT * FROM t WHERE n < 0)"};
    const std::string sql = "SELECT " + list + " FROM " + kFrom[pick(std::size(kFrom))];
    EXPECT_THAT(rows(sql, records), ElementsAre(expected)) << "seed " << seed << ": " << sql;
    if (HasFailure()) return;

    // The same behind the elements of a list.
    std::vector<std::string> elements;
    for (const RandomRecord::Token& token : record.tokens) {
      if (!token.path.starts_with("m[") || !token.path.ends_with("]") || token.kind != 'o')
        continue;
      for (const RandomRecord::Token& inner : record.tokens) {
        if (inner.path == token.path + ".n") elements.push_back(inner.text + "|" + token.text);
      }
    }
    static constexpr const char* kItems[] = {
        "(SELECT unnest(m) AS item FROM t)", "t, unnest(m) AS u(item)",
        "(SELECT item FROM (SELECT * FROM t), unnest(m) AS u(item))"};
    auto found = rows("SELECT item.n::VARCHAR || '|' || item::VARCHAR AS a, item AS whole FROM " +
                          std::string(kItems[pick(std::size(kItems))]),
                      records);
    for (std::string& row : found) row.resize(row.find("|{'"));
    EXPECT_THAT(found, testing::UnorderedElementsAreArray(elements)) << "seed " << seed;
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace leat::stream
