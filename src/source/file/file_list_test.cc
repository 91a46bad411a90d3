#include "source/file/file_list.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/temporary_directory.h"

namespace leat::source {
namespace {

TEST(Glob, Matches) {
  const std::vector<std::tuple<std::string, std::string, bool>> cases = {
      {"*.csv", "a.csv", true},
      {"*.csv", ".csv", false},
      {"*.csv", "a.csv.gz", false},
      {"*", "", true},
      {"?", "a", true},
      {"?", "", false},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "aXbYbZ", false},
      {"[a-c]1", "b1", true},
      {"[!a-c]1", "b1", false},
      {"[!a-c]1", "d1", true},
      {"[]x]", "]", true},
      {"[a", "[a", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"a-[0-9][0-9]", "a-07", true},
      {"a-[0-9]", "a-x", false},
      {".*", ".hidden", true},
      {"**", "abc", true},
      {"[a-]", "-", true},
      {"*a*a*a*b", std::string(60, 'a'), false},
  };
  for (const auto& [pattern, name, matches] : cases) {
    EXPECT_EQ(glob_matches(pattern, name), matches) << pattern << ' ' << name;
  }
}

TEST(ListFiles, SortsGlobsAndKeepsTheOrderOfTheList) {
  const TemporaryDirectory directory;
  FileSystem& files = real_file_system();
  for (const char* name : {"b.csv", "a.csv", "z[1].csv", "d/x.csv", "d/e/x.csv", "d/.h/x.csv"}) {
    ASSERT_TRUE(files.create_directories((directory.path() / name).parent_path()).ok());
    ASSERT_TRUE(files.replace_file(directory.path() / name, "").ok());
  }
  const auto list = [&](std::vector<std::string> patterns) {
    return list_files(files, directory.path(), patterns).value();
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(list({"*.csv"}), (Names{"a.csv", "b.csv", "z[1].csv"}));
  EXPECT_EQ(list({"b.csv", "*.csv"}), (Names{"b.csv", "a.csv", "z[1].csv"}));
  EXPECT_EQ(list({"z[1].csv"}), Names{"z[1].csv"});
  EXPECT_EQ(list({"**/x.csv"}), (Names{"d/e/x.csv", "d/x.csv"}));
  EXPECT_EQ(list({"d/**/x.csv"}), (Names{"d/e/x.csv", "d/x.csv"}));
  EXPECT_EQ(list({"?/*/x.csv"}), Names{"d/e/x.csv"});
  const std::string absolute = (directory.path() / "a.*").string();
  EXPECT_EQ(list({absolute}), Names{(directory.path() / "a.csv").string()});
  const auto none = list_files(files, directory.path(), Names{"a.csv", "*.json"});
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message().find("*.json"), std::string::npos);
}

TEST(ListFiles, LinksInACircleGiveEachFileOnce) {
  const TemporaryDirectory directory;
  namespace fs = std::filesystem;
  const Path root = directory.path();
  fs::create_directories(root / "a/b");
  fs::create_directories(root / "z");
  for (const char* name : {"top.csv", "a/one.csv", "a/b/two.csv", "z/three.csv"})
    ASSERT_TRUE(real_file_system().open(root / name, OpenMode::kCreate).ok());
  fs::create_directory_symlink(root, root / "a/b/up");
  fs::create_directory_symlink("..", root / "a/parent");
  fs::create_directory_symlink(root / "z", root / "a/again");
  fs::create_directory_symlink("self", root / "self");
  fs::create_symlink(root / "z/three.csv", root / "link.csv");
  const std::vector<std::string> pattern = {"**/*.csv"};
  const auto found = list_files(real_file_system(), root, pattern);
  ASSERT_TRUE(found.ok()) << found.error().to_string();
  // A link to a file is a name of its own.
  EXPECT_EQ(*found, (std::vector<std::string>{"a/b/two.csv", "a/one.csv", "link.csv", "top.csv",
                                              "z/three.csv"}));
  const std::vector<std::string> twice = {"**/b/**/*.csv"};
  EXPECT_EQ(list_files(real_file_system(), root, twice)->front(), "a/b/two.csv");
  // What only a link leads to is found.
  const TemporaryDirectory elsewhere;
  ASSERT_TRUE(real_file_system().open(elsewhere.path() / "far.csv", OpenMode::kCreate).ok());
  fs::create_directory_symlink(elsewhere.path(), root / "a/far");
  EXPECT_EQ(list_files(real_file_system(), root, pattern)->at(1), "a/far/far.csv");
}

}  // namespace
}  // namespace leat::source
