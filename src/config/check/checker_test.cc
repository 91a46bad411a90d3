#include "config/check/checker.h"

#include <gtest/gtest.h>

#include "config/check/json_path_syntax.h"
#include "config/check/quantity.h"
#include "config/yaml/yaml_reader.h"

namespace leat::config {
namespace {

using std::chrono::milliseconds;

struct Outcome {
  Node node;
  std::vector<std::string> messages;
};

Outcome check(const char* yaml, const DescriptionPtr& description) {
  const auto source = std::make_shared<SourceText>(yaml, "f.yaml");
  ProblemList problems(source);
  const Node raw = read_yaml(source, {}, problems);
  Outcome outcome;
  outcome.node = checked(raw, *description, {"the value", raw.location()}, problems);
  for (const auto& problem : problems.take()) outcome.messages.push_back(problem.message);
  return outcome;
}

using Messages = std::vector<std::string>;

TEST(Checker, TypedScalars) {
  const auto description = mapping({{.name = "i", .value = scalar(ValueKind::kInteger)},
                                    {.name = "n", .value = scalar(ValueKind::kNumber)},
                                    {.name = "b", .value = scalar(ValueKind::kBoolean)},
                                    {.name = "d", .value = scalar(ValueKind::kDuration)},
                                    {.name = "s", .value = scalar(ValueKind::kBytes)},
                                    {.name = "t", .value = scalar(ValueKind::kText)}});
  const auto [node, messages] =
      check("{i: -42, n: 2.5e1, b: true, d: 1h30m, s: 64KiB, t: 007}", description);
  EXPECT_EQ(messages, Messages{});
  EXPECT_EQ(node["i"].integer(), -42);
  EXPECT_EQ(node["i"].number(), -42.0);
  EXPECT_EQ(node["n"].number(), 25.0);
  EXPECT_TRUE(node["b"].boolean());
  EXPECT_EQ(node["d"].duration(), std::chrono::minutes(90));
  EXPECT_EQ(node["s"].bytes(), 65536);
  EXPECT_EQ(node["t"].text(), "007");
  EXPECT_EQ(node["i"].text(), "-42");
  EXPECT_FALSE(node["absent"]);
}

TEST(Checker, NumbersOutOfRange) {
  const auto number = [](const char* text, ValueKind kind) {
    return check(text, scalar(kind)).messages.empty();
  };
  EXPECT_TRUE(number("9223372036854775807", ValueKind::kInteger));
  EXPECT_FALSE(number("9223372036854775808", ValueKind::kInteger));
  EXPECT_FALSE(number("1.0", ValueKind::kInteger));
  EXPECT_FALSE(number("inf", ValueKind::kNumber));
  EXPECT_FALSE(number("1e999", ValueKind::kNumber));
  EXPECT_FALSE(number("1x", ValueKind::kNumber));
}

TEST(Checker, DefaultsAreFilledIn) {
  const auto description = mapping(
      {{.name = "a", .value = scalar(ValueKind::kInteger), .default_text = "7"},
       {.name = "p", .value = scalar(ValueKind::kJsonPath), .default_text = "results[*]"},
       {.name = "l", .value = list_of(scalar(ValueKind::kInteger)), .default_text = "[1, 2]"},
       {.name = "m",
        .value = mapping({{.name = "x", .value = scalar(ValueKind::kText), .default_text = "y"}}),
        .default_text = "{}"},
       {.name = "none", .value = scalar(ValueKind::kText)}});
  const auto [node, messages] = check("{}", description);
  EXPECT_EQ(messages, Messages{});
  EXPECT_EQ(node["a"].integer(), 7);
  EXPECT_EQ(node["p"].text(), "results[*]");
  ASSERT_EQ(node["l"].items().size(), 2);
  EXPECT_EQ(node["l"].items()[1].integer(), 2);
  EXPECT_EQ(node["m"]["x"].text(), "y");
  EXPECT_FALSE(node["none"]);
  EXPECT_EQ(node["a"].location_of(0).to_string(), "f.yaml:1:1");
}

TEST(Checker, ASingleValueIsAListOfOne) {
  const auto [node, messages] = check("x", list_of(scalar(ValueKind::kText)));
  EXPECT_EQ(messages, Messages{});
  ASSERT_EQ(node.items().size(), 1);
  EXPECT_EQ(node.items()[0].text(), "x");
  EXPECT_TRUE(node.is_sequence());
}

TEST(Checker, AKeyWithoutValueIsAnEmptyMapping) {
  const auto description =
      mapping({{.name = "m",
                .value = mapping(
                    {{.name = "x", .value = scalar(ValueKind::kText), .default_text = "y"}})}});
  EXPECT_EQ(check("m:", description).node["m"]["x"].text(), "y");
}

TEST(Checker, OneOfOrElse) {
  const auto description = one_of({{.name = "bearer", .value = scalar(ValueKind::kText)},
                                   {.name = "basic", .value = scalar(ValueKind::kText)}},
                                  scalar(ValueKind::kText));
  EXPECT_EQ(check("{bearer: t}", description).node["bearer"].text(), "t");
  EXPECT_EQ(check("t", description).node.text(), "t");
  EXPECT_EQ(check("{bearer: t, basic: u}", description).messages,
            Messages{"the value has `bearer` and `basic`; it may have one of them"});
  EXPECT_EQ(check("[t]", description).messages, Messages{"the value must be a text, not a list"});
}

TEST(Checker, NullAsAChoice) {
  const auto description = mapping({{.name = "on_error",
                                     .value = scalar(ValueKind::kText),
                                     .choices = {"dead_letter", "null"}}});
  EXPECT_EQ(check("on_error: null", description).node["on_error"].text(), "null");
  EXPECT_EQ(check("on_error: \"null\"", description).node["on_error"].text(), "null");
  EXPECT_EQ(check("on_error:", description).messages,
            Messages{"`on_error` must be dead_letter or null, not nothing"});
}

TEST(Checker, AnyKeepsTheValue) {
  EXPECT_EQ(check("{a: [1, {b: c}]}", scalar(ValueKind::kAny)).node.json(),
            R"({"a":[1,{"b":"c"}]})");
}

TEST(Checker, UnsupportedKeysAreRefusedByName) {
  const auto description = mapping(
      {{.name = "x", .value = scalar(ValueKind::kText), .unsupported = "not built yet; use y"},
       {.name = "y", .value = scalar(ValueKind::kText)}});
  EXPECT_EQ(check("x: {any: thing}", description).messages, Messages{"`x`: not built yet; use y"});
  EXPECT_EQ(check("z: 1", description).messages, Messages{"unknown key `z`; known here are y"});
}

TEST(Checker, StrangeTextIsShownSafely) {
  EXPECT_EQ(check("\"a\\e[31m\\nb\"", scalar(ValueKind::kInteger)).messages,
            Messages{"the value must be a whole number, not `a\\x1b[31m\\nb`"});
  EXPECT_EQ(check(std::string(200, 'x').c_str(), scalar(ValueKind::kInteger)).messages,
            Messages{"the value must be a whole number, not `" + std::string(60, 'x') + "…`"});
}

TEST(Quantity, Durations) {
  const auto ms = [](std::string_view text) {
    const auto parsed = parse_duration(text);
    return parsed ? parsed->count() : -1;
  };
  EXPECT_EQ(ms("0"), 0);
  EXPECT_EQ(ms("500ms"), 500);
  EXPECT_EQ(ms("2s"), 2000);
  EXPECT_EQ(ms("1h30m"), 5'400'000);
  EXPECT_EQ(ms("1w2d3h4m5s6ms"), 788'645'006);
  for (const auto* text : {"", "5", "s", "-1s", "1.5s", "1s1h", "1s1s", "1x", "1s ",
                           "99999999999999999999s", "99999999999w", "520000w520000w"}) {
    EXPECT_EQ(ms(text), -1) << text;
  }
}

TEST(Quantity, DurationTexts) {
  for (const auto* text : {"0s", "500ms", "2s", "1h30m", "1d", "8d1ms"}) {
    EXPECT_EQ(duration_text(*parse_duration(text)), text);
  }
  EXPECT_EQ(duration_text(milliseconds(90'061'000)), "1d1h1m1s");
}

TEST(Quantity, Sizes) {
  const auto bytes = [](std::string_view text) {
    const auto parsed = parse_bytes(text);
    return parsed ? *parsed : 12345;
  };
  EXPECT_EQ(bytes("0"), 0);
  EXPECT_EQ(bytes("1048576"), 1048576);
  EXPECT_EQ(bytes("10kB"), 10'000);
  EXPECT_EQ(bytes("10MB"), 10'000'000);
  EXPECT_EQ(bytes("10mib"), 10U << 20);
  EXPECT_EQ(bytes("2TiB"), 2ULL << 40);
  for (const auto* text :
       {"", "MB", "-1", "1.5MB", "1 MB", "1PB", "18446744073709551616", "99999999TiB"}) {
    EXPECT_EQ(bytes(text), 12345) << text;
  }
}

TEST(JsonPathSyntax, Good) {
  for (const auto* path : {"$", "a", "results[*]", "$.links.next", "login.uuid", "[0].id", "$[0]",
                           "a[-1]", "['a b'][\"c\"].d", "a['it\\'s']", "naïve.é", "_a-b:c"}) {
    EXPECT_TRUE(check_json_path(path).ok()) << path;
  }
  EXPECT_TRUE(names_many("a[*].b"));
  EXPECT_FALSE(names_many("a['*']"));
}

TEST(JsonPathSyntax, Bad) {
  const std::pair<const char*, size_t> bad[] = {
      {"", 0},     {".a", 0},     {"a.", 2},    {"a..b", 2}, {"a[", 2},
      {"a[x]", 2}, {"a[1", 3},    {"a['b]", 5}, {"a b", 1},  {"a]", 1},
      {"$a", 1},   {"a['b\\", 6}, {"a[-]", 3},  {"*", 0},    {"a[?(@)]", 2}};
  for (const auto& [path, position] : bad) {
    const auto result = check_json_path(path);
    ASSERT_FALSE(result.ok()) << path;
    EXPECT_EQ(result.error().position(), position) << path;
  }
}

}  // namespace
}  // namespace leat::config
