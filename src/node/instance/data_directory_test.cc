#include "node/instance/data_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/temporary_directory.h"

namespace leat::node {
namespace {

std::string said(const Path& path) {
  const auto checked = check_data_directory(path);
  return checked.ok() ? "" : checked.error().message();
}

TEST(DataDirectory, WhatCannotBecomeOneIsTold) {
  const TemporaryDirectory directory;
  const Path& at = directory.path();
  ASSERT_TRUE(real_file_system().replace_file(at / "file", "x").ok());
  std::filesystem::create_symlink(at / "nowhere", at / "dangling");
  std::filesystem::create_symlink(at, at / "link");
  EXPECT_EQ(said(at), "");
  EXPECT_EQ(said(at / "link"), "");
  EXPECT_EQ(said(at / "not-yet"), "");
  EXPECT_EQ(said(at / "file"),
            (at / "file").string() + " is not a directory: name the data directory with --data");
  EXPECT_EQ(said(at / "dangling"), "the data directory " + (at / "dangling").string() +
                                       " is a link to " + (at / "nowhere").string() +
                                       ", which is not there: name another with --data");
}

}  // namespace
}  // namespace leat::node
