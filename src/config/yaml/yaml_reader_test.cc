#include "config/yaml/yaml_reader.h"

#include <gtest/gtest.h>

#include "config/node_data.h"

namespace leat::config {
namespace {

struct Read {
  Node root;
  std::vector<std::string> messages;
};

Read read(std::string text, const std::map<std::string, std::string>& variables = {}) {
  const auto source = std::make_shared<SourceText>(std::move(text), "f.yaml");
  ProblemList problems(source);
  Read result;
  result.root =
      read_yaml(source, {.set = &variables, .environment = {}, .secrets_directory = {}}, problems);
  for (const auto& problem : problems.take()) {
    result.messages.push_back(problem.location.to_string() + ": " + problem.message);
  }
  return result;
}

using Messages = std::vector<std::string>;

TEST(YamlReader, ShapesAndPlaces) {
  const auto [root, messages] = read("a: 1\nb:\n  - x\n  - {c: \"é\", d: ~}\ne:\nf: null\n");
  EXPECT_EQ(messages, Messages{});
  EXPECT_EQ(root.json(), R"({"a":1,"b":["x",{"c":"é","d":null}],"e":null,"f":null})");
  EXPECT_EQ(root.location().to_string(), "f.yaml:1:1");
  EXPECT_EQ(root["a"].location().to_string(), "f.yaml:1:4");
  EXPECT_EQ(root["b"].items()[1]["d"].location().to_string(), "f.yaml:4:17");  // in characters
  EXPECT_EQ(root["e"].location().to_string(), "f.yaml:5:1");                   // its key's
  EXPECT_EQ(root["e"].text(), "");
  EXPECT_EQ(root["f"].text(), "null");
}

TEST(YamlReader, JsonKeepsTheKindOfScalars) {
  const auto root =
      read("[1, 1.5e3, true, null, \"1\", 'true', 01, .5, yes, -0, 1e, \"a\\n\\\"b\"]").root;
  EXPECT_EQ(root.json(), R"([1,1.5e3,true,null,"1","true","01",".5","yes",-0,"1e","a\n\"b"])");
}

TEST(YamlReader, AliasesAreTheAnchorsValue) {
  const auto [root, messages] = read("a: &x {b: 1}\nc: *x\nd: &y !!str 5\ne: *y\n");
  EXPECT_EQ(messages, Messages{});
  EXPECT_EQ(root.json(), R"({"a":{"b":1},"c":{"b":1},"d":"5","e":"5"})");
  EXPECT_EQ(root["d"].location().to_string(), "f.yaml:3:13");
}

TEST(YamlReader, AnAliasInsideItsAnchor) {
  EXPECT_EQ(read("a: &x [1, *x]\n").messages,
            Messages{"f.yaml:1:11: an alias stands inside the value that it names"});
}

TEST(YamlReader, AnAliasWithoutAnchor) { EXPECT_EQ(read("a: [*x]\n").messages.size(), 1); }

TEST(YamlReader, ABombOfAliasesIsRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  const auto [root, messages] = read(text);
  EXPECT_FALSE(root);
  ASSERT_EQ(messages.size(), 1);
  EXPECT_NE(messages[0].find("more than 100000 values"), std::string::npos) << messages[0];
}

TEST(YamlReader, ManyCopiesOfALongTextAreRefused) {
  std::string text = "a: &a " + std::string(100'000, 'x') + "\nb: [";
  for (int i = 0; i < 1000; ++i) text += "*a, ";
  EXPECT_EQ(read(text + "]\n").messages.size(), 1);
  std::string variables = "a: [";
  for (int i = 0; i < 1000; ++i) variables += "\"${A}\", ";
  EXPECT_EQ(read(variables + "]\n", {{"A", std::string(100'000, 'x')}}).messages.size(), 1);
}

TEST(YamlReader, DeepNestingIsRefused) {
  const auto nested = [](int depth) {
    return read(std::string(static_cast<size_t>(depth), '[') +
                std::string(static_cast<size_t>(depth), ']'));
  };
  EXPECT_EQ(nested(64).messages, Messages{});
  EXPECT_EQ(nested(65).messages, Messages{"f.yaml:1:65: values are nested more than 64 deep"});
  EXPECT_EQ(nested(100'000).messages.size(), 1);
  EXPECT_EQ(read(std::string(100'000, '{')).messages.size(), 1);
  std::string block;
  for (size_t i = 0; i < 600; ++i) block += std::string(i, ' ') + "a:\n";
  EXPECT_EQ(read(block).messages.size(), 1);
}

TEST(YamlReader, HugeFilesAreRefused) {
  const SourceText source("a: " + std::string(kMaxFileBytes, 'x'), "f.yaml");
  const auto good = source.check();
  ASSERT_FALSE(good.ok());
  EXPECT_EQ(good.error().message(), "the file has 1048579 bytes; a pipeline file may have 1048576");
}

TEST(YamlReader, EncodingIsChecked) {
  const auto ok = [](std::string text) { return SourceText(std::move(text), "f").check().ok(); };
  EXPECT_TRUE(
      ok("\xEF\xBB\xBF"
         "a: é€😀\r\n\tb"));
  EXPECT_FALSE(ok("\xC0\xAF"));          // overlong
  EXPECT_FALSE(ok("\xED\xA0\x80"));      // a surrogate
  EXPECT_FALSE(ok("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(ok("\xE2\x82"));          // cut off
  EXPECT_FALSE(ok(std::string(1, '\0')));
  EXPECT_FALSE(ok("\x7F"));
}

TEST(YamlReader, KeysAreNotSubstituted) {
  const auto [root, messages] = read("${A}: ${A}\n", {{"A", "b"}});
  EXPECT_EQ(messages, Messages{});
  EXPECT_EQ(root.json(), R"({"${A}":"b"})");
}

TEST(YamlReader, ASubstitutedNumberIsANumber) {
  const auto root = read("a: ${A}\nb: \"${A}\"\n", {{"A", "5"}}).root;
  EXPECT_EQ(root.json(), R"({"a":5,"b":"5"})");
}

TEST(YamlReader, MistakesInReferencesHaveTheirPlace) {
  EXPECT_EQ(read("a: |\n  one\n  two ${B}\n").messages,
            Messages{"f.yaml:3:7: `B` is not set: set it in the environment, pass --set B=…, or "
                     "write ${B:-default}"});
}

TEST(YamlReader, DuplicateAndOddKeys) {
  EXPECT_EQ(read("a: 1\n\"a\": 2\n[x]: 3\n~: 4\n").messages,
            (Messages{"f.yaml:2:1: the key `a` is given twice; the first is at f.yaml:1:1",
                      "f.yaml:3:1: a key must be a plain text",
                      "f.yaml:4:1: a key must be a plain text"}));
}

}  // namespace
}  // namespace leat::config
