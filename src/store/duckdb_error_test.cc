#include "store/duckdb_error.h"

#include <gtest/gtest.h>

namespace leat::store {
namespace {

TEST(DuckdbError, TooLittleMemoryNamesTheFlag) {
  const Error error = error_from_duckdb(
      R"x({"exception_type":"Out of Memory","exception_message":"failed to pin block of size 256.0 KiB )x"
      R"x((1023.7 MiB/1.0 GiB used)\n\nPossible solutions:\n* Reducing the number of threads (SET threads=X)"})x");
  EXPECT_EQ(error.domain(), ErrorDomain::kExternal);
  EXPECT_EQ(error.message(),
            "failed to pin block of size 256.0 KiB (1023.7 MiB/1.0 GiB used); DuckDB may take more "
            "memory with a larger --memory (or LEAT_MEMORY)");
}

TEST(DuckdbError, AFailedSyncIsTheMachines) {
  const Error error =
      error_from_duckdb(R"({"exception_type":"FATAL","exception_message":"fsync failed!"})");
  EXPECT_EQ(error.domain(), ErrorDomain::kExternal);
  EXPECT_EQ(error.retry(), Retry::kNo);
  EXPECT_EQ(error.message(), "cannot sync: Input/output error");
}

TEST(DuckdbError, AfterAFatalErrorTheFirstOneIsNamed) {
  const std::string invalidated =
      "Failed: database has been invalidated because of a previous fatal error. The database must "
      "be restarted prior to being used again.\\nOriginal error: \\\"";
  for (const auto& [first, shown] :
       {std::pair("fsync failed!", "cannot sync: Input/output error"),
        std::pair("IO Error: No space left on device", "IO Error: No space left on device")}) {
    const Error error = error_from_duckdb(R"({"exception_type":"FATAL","exception_message":")" +
                                          invalidated + first + R"(\""})");
    EXPECT_EQ(error.domain(), ErrorDomain::kExternal);
    EXPECT_EQ(error.retry(), Retry::kNo);  // only a new start helps
    EXPECT_EQ(error.code(), ErrorCode::kUnspecified);
    EXPECT_EQ(error.message(),
              std::string("DuckDB takes nothing more until the next start: ") + shown);
  }
}

TEST(DuckdbError, AFullDiskMayBeTriedAgain) {
  const Error error = error_from_duckdb(
      R"({"exception_type":"IO","exception_message":"Could not write all bytes to file \"x\": No space left on device"})");
  EXPECT_EQ(error.code(), ErrorCode::kNoSpace);
  EXPECT_EQ(error.retry(), Retry::kYes);
}

}  // namespace
}  // namespace leat::store
