// Random records, whose fields have now this type and now another, through random queries: the rows
// and the letters are the same however the records are cut into epochs and slices, and the same in
// any order where the query casts. The seed is printed; LEAT_TEST_SEED repeats a run.
#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "pipeline/running/stream_for_test.h"

namespace leat::pipeline {
namespace {

constexpr int kRounds = 3;

const std::vector<std::string> kQueries = {
    "SELECT id, n, s FROM {}",
    "SELECT id, n + 1 AS more, n // 2 AS half, n || '' AS text FROM {}",
    "SELECT id, o.x AS x, len(l) AS count FROM {} WHERE n < 100",
    "SELECT id, unnest(l) AS e, upper(s) AS u FROM {}",
    "SELECT id, coalesce(n, 0) AS n, s FROM {}",
    "SELECT id, s, o.x + 1 AS y FROM {}",
    "SELECT id, l[1] AS head, list_sum(l) AS total FROM {}",
    "SELECT id, n, n::VARCHAR AS raw, o::VARCHAR AS object FROM {}",
    "SELECT id, CASE WHEN n > 0 THEN n ELSE o.x END AS v FROM {}",
};

// Of these no record decides what another one means.
const std::vector<std::string> kCasts = {
    "SELECT id::BIGINT AS id, n::VARCHAR AS n, TRY_CAST(s AS DATE) AS s, l::VARCHAR AS l FROM {}",
    "SELECT id::BIGINT AS id, n::DECIMAL(18,3) AS n, o::VARCHAR AS o FROM {}",
};

class StreamTypesModelTest : public test::StreamTest {
 protected:
  StreamTypesModelTest() {
    const char* const given = std::getenv("LEAT_TEST_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    random_.seed(seed_);
    std::cout << "seed " << seed_ << '\n';
  }

  size_t up_to(size_t limit) { return random_() % limit; }
  bool once_in(size_t times) { return up_to(times) == 0; }
  std::string one_of(const std::vector<std::string>& texts) { return texts[up_to(texts.size())]; }

  std::string number() {
    if (once_in(12)) return one_of({"9007199254740993", "18446744073709551616", "1e400", "-0.0"});
    return once_in(3) ? fmt::format("{}.5", up_to(200)) : std::to_string(up_to(200));
  }
  std::string odd() {
    return one_of({"null", "true", R"("text")", R"("7")", "7", "7.0", "[]", "[1]", "{}",
                   R"({"x":"a","z":[1]})", R"([{"x":1}])", "1700000000000000001"});
  }
  std::string value(const std::string& usual) { return once_in(7) ? odd() : usual; }
  std::string list() {
    std::string text;
    for (size_t i = up_to(3); i > 0; --i) text += (text.empty() ? "" : ",") + value(number());
    return "[" + text + "]";
  }
  std::string object() {
    std::string text = R"({"x":)" + value(number());
    if (once_in(3)) text += R"(,"y":)" + value(R"("y")");
    return text + "}";
  }
  std::vector<std::string> records() {
    std::vector<std::string> made;
    for (size_t id = 1; id <= 30; ++id) {
      std::string record = fmt::format(R"({{"id":{})", id);
      if (!once_in(4)) record += R"(,"n":)" + value(number());
      if (!once_in(4)) record += R"(,"s":)" + value(R"("2026-01-01")");
      if (!once_in(4)) record += R"(,"l":)" + value(list());
      if (!once_in(4)) record += R"(,"o":)" + value(object());
      if (once_in(8)) record += fmt::format(R"(,"f{}":)", up_to(4)) + value("1");
      made.push_back(record + "}");
    }
    return made;
  }

  std::string produced(const std::vector<std::string>& values) {
    const std::string topic = fmt::format("t{}", ++topics_);
    log_.make_topic(topic);
    for (const auto& record : values) log_.produce(topic, record);
    return topic;
  }

  struct Outcome {
    std::vector<std::string> rows;
    std::vector<std::string> letters;
    bool operator==(const Outcome&) const = default;
  };
  // A stream of its own over all records of the topic.
  Outcome run(const std::string& query, const std::string& topic, bool keyed) {
    stream_.name = fmt::format("s{}", ++streams_);
    stream_.sql = fmt::format(fmt::runtime(query), topic);
    stream_.into.clear();
    into("table", "x" + stream_.name,
         keyed ? std::vector<std::string>{"id"} : std::vector<std::string>{});
    limits_.records = once_in(2) ? 1 + up_to(9) : 1000;
    limits_.slice_bytes = once_in(2) ? 1 + up_to(400) : 1UL << 20;
    limits_.worth_ahead = once_in(2) ? 1 : 1000;
    topic_ = topic;
    Outcome outcome;
    const auto opened = try_open();
    EXPECT_TRUE(opened.ok()) << opened.error().to_string();
    if (!opened.ok()) return outcome;
    const auto drained = try_drain();
    EXPECT_TRUE(drained.ok()) << stream_.sql << ": " << drained.error().to_string();
    EXPECT_TRUE(progress().counts.reconciles());
    if (progress().counts.used > 0) outcome.rows = rows("FROM x" + stream_.name);
    std::ranges::sort(outcome.rows);
    for (const auto& letter : letters()) {
      if (letter.stream != stream_.name) continue;
      outcome.letters.push_back(
          fmt::format("{} {}: {}", *letter.value, letter.stage, letter.error));
    }
    std::ranges::sort(outcome.letters);
    return outcome;
  }

  static std::string shown(const std::vector<std::string>& records) {
    return fmt::format("{}", fmt::join(records, "\n"));
  }

  uint64_t seed_ = 0;
  std::mt19937_64 random_;
  int topics_ = 0;
  int streams_ = 0;
};

TEST_F(StreamTypesModelTest, CutsDoNotMatter) {
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    const auto values = records();
    const std::string topic = produced(values);
    for (const std::string& query : kQueries) {
      const bool keyed = query.find("unnest") == std::string::npos && once_in(2);
      const Outcome first = run(query, topic, keyed);
      for (int again = 0; again < 2; ++again) {
        const Outcome other = run(query, topic, keyed);
        EXPECT_EQ(other.rows, first.rows) << query << '\n' << shown(values);
        EXPECT_EQ(other.letters, first.letters) << query << '\n' << shown(values);
        if (HasFailure()) return;
      }
    }
  }
}

TEST_F(StreamTypesModelTest, OrderDoesNotMatterWhereTheQueryCasts) {
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    auto values = records();
    for (const std::string& query : kCasts) {
      const Outcome first = run(query, produced(values), false);
      std::ranges::shuffle(values, random_);
      const Outcome other = run(query, produced(values), false);
      EXPECT_EQ(other.rows, first.rows) << query << '\n' << shown(values);
      EXPECT_EQ(other.letters, first.letters) << query << '\n' << shown(values);
    }
  }
}

}  // namespace
}  // namespace leat::pipeline
