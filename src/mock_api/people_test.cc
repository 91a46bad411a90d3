#include "mock_api/people.h"

#include <gtest/gtest.h>

#include "base/temporary_directory.h"
#include "mock_api/people_answer.h"

namespace leat::mock_api {
namespace {

// Odd spacing and number tokens that any reformatting would change.
constexpr std::string_view kAnswer = R"({"results":[
  {"gender": "female" , "n":1.50, "nat":"FR"},{"gender":"male","n":1e2,"nat":"DE"}  ,
  {"gender":"male","n":-0.0,"nat":"FR","login":{"uuid":"x"}}
],"info":{"seed":"abc","results":3,"page":1,"version":"1.4"}}
)";

class PeopleTest : public testing::Test {
 protected:
  Path write(std::string_view name, std::string_view content) {
    Path path = directory_.path() / name;
    EXPECT_TRUE(real_file_system().replace_file(path, content).ok());
    return path;
  }
  Result<People> load(std::initializer_list<Path> files) {
    return People::load(std::vector<Path>(files));
  }
  std::string error(std::string_view content) {
    const auto people = load({write("bad", content)});
    return people.ok() ? "" : people.error().message();
  }

  TemporaryDirectory directory_;
};

std::vector<std::string> bytes_of(const People& people) {
  std::vector<std::string> all;
  for (const Person& person : people.all()) all.emplace_back(person.bytes);
  return all;
}

TEST_F(PeopleTest, an_answer_keeps_its_bytes) {
  const auto people = load({write("a.json", kAnswer)});
  ASSERT_TRUE(people.ok()) << people.error().to_string();
  EXPECT_EQ(
      bytes_of(*people),
      (std::vector<std::string>{R"({"gender": "female" , "n":1.50, "nat":"FR"})",
                                R"({"gender":"male","n":1e2,"nat":"DE"})",
                                R"({"gender":"male","n":-0.0,"nat":"FR","login":{"uuid":"x"}})"}));
  EXPECT_EQ(people->version(), "1.4");
  EXPECT_EQ(people->recorded_seed(), "abc");
}

TEST_F(PeopleTest, lists_and_lines_of_any_value_are_joined) {
  const auto people =
      load({write("list.json", R"([ {"a": 1}, "text", 12.50 , null])"),
            write("lines.ndjson", "{\"a\": 2} \r\n\n  7\n{\"results\":1}\n\"end\"")});
  ASSERT_TRUE(people.ok()) << people.error().to_string();
  EXPECT_EQ(bytes_of(*people),
            (std::vector<std::string>{R"({"a": 1})", R"("text")", "12.50", "null", R"({"a": 2})",
                                      "7", R"({"results":1})", R"("end")"}));
  EXPECT_EQ(people->version(), "1.3");
}

TEST_F(PeopleTest, a_single_object_is_a_line) {
  const auto people = load({write("one.json", R"({"a": 1})")});
  ASSERT_TRUE(people.ok());
  EXPECT_EQ(bytes_of(*people), std::vector<std::string>{R"({"a": 1})"});
}

TEST_F(PeopleTest, files_that_hold_nobody_are_refused) {
  EXPECT_NE(error("").find("holds no records"), std::string::npos);
  EXPECT_NE(error("[]").find("holds no records"), std::string::npos);
  EXPECT_NE(error(R"({"results":[]})").find("holds no records"), std::string::npos);
  EXPECT_NE(error("{\"a\":1}\n{\"a\":").find("bad:2 is not JSON"), std::string::npos);
  EXPECT_NE(error("[1,2").find("bad:1 is not JSON"), std::string::npos);
  const auto missing = load({directory_.path() / "nowhere.json"});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
}

class PeopleAnswerTest : public PeopleTest {
 protected:
  void SetUp() override {
    auto loaded = load({write("a.json", kAnswer)});
    ASSERT_TRUE(loaded.ok());
    people_ = *std::move(loaded);
  }
  std::string answer(net::QueryMap query) { return people_answer(people_, query, "fresh"); }

  People people_;
};

TEST_F(PeopleAnswerTest, the_recorded_seed_is_the_recorded_order) {
  EXPECT_EQ(answer({{"seed", "abc"}, {"results", "2"}}),
            R"({"results":[{"gender": "female" , "n":1.50, "nat":"FR"},)"
            R"({"gender":"male","n":1e2,"nat":"DE"}],)"
            R"("info":{"seed":"abc","results":2,"page":1,"version":"1.4"}})");
}

TEST_F(PeopleAnswerTest, pages_are_slices_that_go_round) {
  EXPECT_EQ(answer({{"seed", "abc"}, {"results", "2"}, {"page", "2"}, {"inc", "n"}}),
            R"({"results":[{"n":-0.0},{"n":1.50}],)"
            R"("info":{"seed":"abc","results":2,"page":2,"version":"1.4"}})");
}

TEST_F(PeopleAnswerTest, a_seed_is_an_order) {
  EXPECT_EQ(answer({{"seed", "x"}, {"results", "3"}}), answer({{"seed", "x"}, {"results", "3"}}));
  EXPECT_EQ(answer({}), answer({{"seed", "fresh"}}));
  std::set<std::string> orders;
  for (int i = 0; i < 50; ++i) {
    orders.insert(answer({{"seed", std::to_string(i)}, {"results", "3"}, {"noinfo", ""}}));
  }
  EXPECT_EQ(orders.size(), 6u);
}

TEST_F(PeopleAnswerTest, fields_are_kept_or_dropped) {
  EXPECT_EQ(answer({{"seed", "abc"}, {"inc", "nat, N"}, {"noinfo", ""}}),
            R"({"results":[{"n":1.50,"nat":"FR"}]})");
  EXPECT_EQ(answer({{"seed", "abc"}, {"exc", "gender,nat"}, {"noinfo", ""}}),
            R"({"results":[{"n":1.50}]})");
  EXPECT_EQ(answer({{"seed", "abc"}, {"inc", "nothing"}, {"noinfo", ""}}), R"({"results":[{}]})");
}

TEST_F(PeopleAnswerTest, people_are_chosen) {
  EXPECT_EQ(
      answer({{"seed", "abc"}, {"results", "2"}, {"nat", "de,us"}, {"inc", "n"}, {"noinfo", ""}}),
      R"({"results":[{"n":1e2},{"n":1e2}]})");
  EXPECT_EQ(
      answer({{"seed", "abc"}, {"gender", "male"}, {"nat", "fr"}, {"inc", "n"}, {"noinfo", ""}}),
      R"({"results":[{"n":-0.0}]})");
  EXPECT_EQ(answer({{"seed", "abc"}, {"nat", "XX"}, {"inc", "n"}, {"noinfo", ""}}),
            R"({"results":[{"n":1.50}]})");
}

TEST_F(PeopleAnswerTest, numbers_that_are_none_count_as_one) {
  const std::string one = answer({{"seed", "abc"}});
  for (const char* results : {"0", "-1", "5001", "x", "1x", "", "99999999999999999999"}) {
    EXPECT_EQ(answer({{"seed", "abc"}, {"results", results}}), one) << results;
  }
  EXPECT_EQ(answer({{"seed", "abc"}, {"page", "0"}}), one);
  EXPECT_NE(answer({{"seed", "abc"}, {"results", "5000"}}).find(R"("results":5000)"),
            std::string::npos);
}

TEST_F(PeopleAnswerTest, the_seed_is_text) {
  EXPECT_NE(answer({{"seed", "a\"b"}}).find(R"("seed":"a\"b")"), std::string::npos);
}

TEST(Recording, the_shipped_people_are_served_byte_for_byte) {
  const Path file = "examples/users/randomuser_1000.json";
  const auto people = People::load(std::vector<Path>{file});
  ASSERT_TRUE(people.ok()) << people.error().to_string();
  auto recorded = real_file_system().read_file(file);
  ASSERT_TRUE(recorded.ok());
  while (recorded->ends_with('\n')) recorded->pop_back();
  EXPECT_TRUE(people_answer(*people, {{"seed", "abc"}, {"results", "1000"}}, "") == *recorded);
}

}  // namespace
}  // namespace leat::mock_api
