#include "net/http/headers.h"

#include <gtest/gtest.h>

namespace leat::net {
namespace {

TEST(Headers, NamesHaveNoCase) {
  Headers headers{{"Link", "a"}, {"link", "b"}};
  EXPECT_EQ(*headers.find("LINK"), "a");
  headers.set("LINK", "c");
  EXPECT_EQ(headers.size(), 1u);
  EXPECT_EQ(*headers.find("link"), "c");
  EXPECT_EQ(headers.find("Lin"), nullptr);
}

TEST(Headers, ARuleTakesThemAway) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"A", "3"}};
  headers.remove_if([](const Header& header) { return header.name == "A"; });
  ASSERT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers[0].value, "2");
}

TEST(CheckHeader, RefusesWhatGoesOnAsAnotherHeader) {
  EXPECT_TRUE(check_header({"X-Api_Key", "a\tb é"}).ok());
  EXPECT_TRUE(check_header({"Accept", ""}).ok());
  for (const char* name : {"", "A B", "A:", "Ä", "A\r\nB"}) {
    EXPECT_FALSE(check_header({name, "x"}).ok()) << name;
  }
  for (const char* value : {"x\r\nB: y", "x\n", "x\x01", "\x7F"}) {
    const auto checked = check_header({"A", value});
    ASSERT_FALSE(checked.ok()) << value;
    EXPECT_EQ(checked.error().message().find('x'), std::string::npos) << "the value may be secret";
  }
}

TEST(BasicAuthorization, IsBase64) {
  // RFC 7617, section 2.
  const Header header = basic_authorization("Aladdin", "open sesame");
  EXPECT_EQ(header.name, "Authorization");
  EXPECT_EQ(header.value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_authorization("a", "").value, "Basic YTo=");
  EXPECT_EQ(basic_authorization("", "ab").value, "Basic OmFi");
}

}  // namespace
}  // namespace leat::net
