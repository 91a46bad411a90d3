#include "source/http/content/content_coding.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "net/http/scripted_server_for_test.h"

namespace leat::source {
namespace {

using namespace std::string_literals;

constexpr uint64_t kMost = 1'000'000;
constexpr int kGzip = 31;
constexpr int kZlib = 15;
constexpr int kRaw = -15;

std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in(text);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

// The decoded body, or the error with its retry in front.
std::string decoded(std::string body, const std::string& coding, const std::string& type = "",
                    uint64_t most = kMost) {
  net::HttpResponse response;
  response.memory = std::make_shared<const std::string>(std::move(body));
  response.body = *response.memory;
  if (!coding.empty()) response.headers.add("content-encoding", coding);
  if (!type.empty()) response.headers.add("Content-Type", type);
  const auto done = decode_content(response, most);
  if (done.ok()) return std::string(response.body);
  return (done.error().retry() == Retry::kYes ? "again: " : "error: ") + done.error().message();
}

const std::string kText = R"([{"id":1,"name":"Jürgen"},{"id":2,"name":"Jürgen"}])";
const std::string kNul(1, '\0');

TEST(ContentCoding, WhatServersCallCompressed) {
  const std::string gzip = deflated(kText, kGzip);
  const std::vector<std::pair<std::string, std::string>> same = {
      {gzip, "gzip"},
      {gzip, "x-gzip"},
      {gzip, ""},  // undeclared
      {gzip, "identity"},
      {gzip, "utf-8"},
      {kText, "gzip"},  // declared, and is not
      {kText, "deflate"},
      {kText, "zstd"},
      {kText, "utf-8"},
      {kText, ""},
      {deflated(kText, kZlib), "deflate"},  // RFC 1950
      {deflated(kText, kRaw), "deflate"},   // RFC 1951
      {gzip, "deflate"},
      {zstd(kText), "zstd"},
      {zstd(kText), ""},
      {deflated(gzip, kGzip), "gzip, gzip"},
      {deflated(zstd(kText), kGzip), "zstd,gzip"},
      {deflated(gzip, kGzip), "gzip"},
      {deflated(kText.substr(0, 20), kGzip) + deflated(kText.substr(20), kGzip), "gzip"},
      {gzip + std::string(512, '\0'), "gzip"},  // padding
  };
  for (size_t i = 0; i < same.size(); ++i)
    EXPECT_EQ(decoded(same[i].first, same[i].second), kText) << i << ' ' << same[i].second;
}

TEST(ContentCoding, WhatIsDamagedIsToldAndAskedForAgain) {
  const std::string gzip = deflated(kText, kGzip);
  const auto begins = [](const std::string& text, const std::string& with) {
    EXPECT_EQ(text.substr(0, with.size()), with);
  };
  begins(decoded(gzip.substr(0, gzip.size() - 1), "gzip"),
         "again: the response is damaged: the gzip");
  std::string wrong = gzip;
  wrong[wrong.size() - 6] ^= 1;  // its checksum
  begins(decoded(wrong, "gzip"), "again: the response is damaged: not valid gzip data");
  begins(decoded(gzip + gzip.substr(0, 12), "gzip"), "again: the response is damaged: the gzip");
  // What may have been a second member.
  for (const std::string& rest : {"garbage"s, "\x1F"s, "\x1Fx"s, std::string(10, '\0') + "x"}) {
    const std::string answer = decoded(gzip + rest, "gzip");
    begins(answer, "again: the response is damaged: ");
    EXPECT_NE(answer.find(fmt::format("at byte {}", gzip.size() + rest.find_first_not_of('\0') +
                                                        (rest == "\x1F" ? 1 : 0))),
              std::string::npos)
        << answer;
  }
  begins(decoded(deflated(kText, kZlib) + "x", "deflate"), "again: the response is damaged");
  begins(decoded(zstd(kText) + "garbage", "zstd"),
         "again: the response is damaged: not valid zstd data behind byte");
  begins(decoded(deflated(kText, kRaw).substr(0, 30), "deflate"), "again: the response is damaged");
  begins(decoded(zstd(kText).substr(0, 20), "zstd"), "again: the response is damaged: the zstd");
  begins(decoded(kText, "br"), "error: the response is encoded as br");
  begins(decoded(deflated(std::string(kMost + 1, ' '), kGzip), "gzip"),
         "error: the response is larger than max_response_bytes");
}

TEST(ContentCoding, CharactersBecomeUtf8) {
  const std::string latin1 = "[\"J\xFCrgen \x80\"]";
  const std::string as_utf8 = "[\"Jürgen €\"]";
  EXPECT_EQ(decoded(latin1, "", "application/json; charset=ISO-8859-1"), as_utf8);
  EXPECT_EQ(decoded(latin1, "", "text/csv; charset=\"windows-1252\"; header=present"), as_utf8);
  EXPECT_EQ(decoded(deflated(latin1, kGzip), "gzip", "text/csv;charset=latin1"), as_utf8);
  // It says latin-1, and is not.
  EXPECT_EQ(decoded(kText, "", "application/json; charset=iso-8859-1"), kText);
  // Nobody says what it is.
  EXPECT_EQ(decoded(latin1, "", "application/json"), latin1);
  EXPECT_EQ(decoded(latin1, "", "application/json; charset=utf-8"), latin1);
  const std::string little("[\0\xFC\0\x3D\xD8\x00\xDE]\0", 10);
  EXPECT_EQ(decoded("\xFF\xFE" + little, ""), "[ü😀]");
  EXPECT_EQ(decoded(little, "", "application/json; charset=utf-16le"), "[ü😀]");
  EXPECT_EQ(decoded("\xFE\xFF" + kNul + "[" + kNul + "]", ""), "[]");
  EXPECT_EQ(decoded(std::string("\xFF\xFE\x00\xDC[", 5), ""), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

Result<net::HttpResponse> get(const net::ScriptedServer& server, uint64_t most) {
  const auto client = make_decoding_client(net::make_curl_client({}), most);
  return client->send({.url = server.url()}, {});
}

TEST(DecodingClient, ReadsCompressedBodies) {
  const std::string text(100'000, 'x');
  const net::ScriptedServer packed(
      {net::respond(200, deflated(text, kGzip), "Content-Encoding: gzip\r\n")});
  EXPECT_EQ(get(packed, kMost).value().body, text);
}

TEST(DecodingClient, NeverUnpacksFurtherThanTheLimit) {
  // 50 MB in 50 KB.
  const net::ScriptedServer bomb({net::respond(200, deflated(std::string(50'000'000, '\0'), kGzip),
                                               "Content-Encoding: gzip\r\n")});
  const auto bombed = get(bomb, kMost);
  ASSERT_FALSE(bombed.ok());
  EXPECT_NE(bombed.error().message().find("max_response_bytes"), std::string::npos)
      << bombed.error().message();
}

TEST(DecodingClient, AFailureIsShownAsItCame) {
  const net::ScriptedServer failing({net::respond(500, "oh no", "Content-Encoding: br\r\n")});
  const auto failed = get(failing, kMost);
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->body, "oh no");
}

}  // namespace
}  // namespace leat::source
