#include "base/secrets.h"

#include <gtest/gtest.h>

#include "base/logging.h"

namespace leat {
namespace {

std::string logged;

TEST(Secrets, AreInNoMessage) {
  remember_secret("open");
  remember_secret("open sesame");
  remember_secret("abc");
  remember_secret("");
  EXPECT_EQ(without_secrets("open sesame, open, abc"), "***, ***, abc");
  set_log_sink([](LogLevel, std::string_view line) { logged = line; });
  log_error("the query `{}`", "open sesame");
  set_log_sink(nullptr);
  EXPECT_NE(logged.find("the query `***`"), std::string::npos) << logged;
}

}  // namespace
}  // namespace leat
