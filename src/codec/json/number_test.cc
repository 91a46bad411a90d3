#include "codec/json/number.h"

#include <gtest/gtest.h>

namespace leat::codec {
namespace {

TEST(CanonicalNumber, ValuesThatAreEqualHaveOneText) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> same = {
      {"0", {"0", "-0", "0.0", "-0.00", "0e5", "0E-7", "-0e99999999999999999999"}},
      {"1", {"1", "1.0", "1e0", "1E+0", "10e-1", "0.1e1", "1.000", "100000e-5"}},
      {"-1", {"-1", "-1.0", "-10e-1"}},
      {"100", {"100", "1e2", "1.00e2", "10E1", "100.0"}},
      {"1.5", {"1.5", "1.50", "15e-1", "0.15e1", "150E-2"}},
      {"-0.05", {"-0.05", "-5e-2", "-0.0500"}},
      {"0.000001", {"0.000001", "1e-6", "10e-7"}},
      {"1e-7", {"1e-7", "0.0000001", "10E-8"}},
      {"-1.25e-10", {"-1.25e-10", "-125e-12", "-0.000000000125"}},
      {"1700000000000000001", {"1700000000000000001", "1700000000000000001.0"}},
      {"1.2e50", {"12e49", "1.2E+50", "120000000000000000000000000000000000000000000000000"}},
      {"1e400", {"1e400", "10e399"}},
  };
  for (const auto& [text, tokens] : same) {
    for (const std::string& token : tokens) EXPECT_EQ(canonical_number(token), text) << token;
    EXPECT_EQ(canonical_number(text), text);
  }
}

TEST(CanonicalNumber, NoDigitIsRounded) {
  for (const char* token :
       {"1700000000000000001", "1700000000000000002", "0.1", "0.10000000000000000000000001",
        "883406386745030.7", "99999999999999999999999999999999999999.99999999999999999999"}) {
    EXPECT_EQ(canonical_number(token), token);
  }
  EXPECT_EQ(canonical_number("123456789012345678901234567890123456789012345"),
            "1.23456789012345678901234567890123456789012345e44");
}

// No column holds it: that it is not one text for all is no harm, and its size is none.
TEST(CanonicalNumber, AnEndlessExponentStaysAsItIs) {
  EXPECT_EQ(canonical_number("1e99999999999999999999"), "1e99999999999999999999");
  EXPECT_EQ(canonical_number("1e9223372036854775807"), "1e9223372036854775807");
  EXPECT_EQ(canonical_number("1e-9223372036854775807"), "1e-9223372036854775807");
}

TEST(CanonicalNumber, WhatIsSurelyCanonicalIs) {
  for (const char* token : {"0", "7", "-7", "100", "1.5", "-10.25", "1700000000000000001"}) {
    EXPECT_TRUE(is_surely_canonical(token)) << token;
    EXPECT_EQ(canonical_number(token), token);
  }
  for (const char* token : {"-0", "1.0", "1.50", "1e2", "0.5", "", "-", "x", "1.",
                            "12345678901234567890123456789012345678901"}) {
    EXPECT_FALSE(is_surely_canonical(token)) << token;
  }
}

}  // namespace
}  // namespace leat::codec
