#include "config/plan/sql_sources.h"

#include <algorithm>
#include <cctype>

namespace leat::config {
namespace {

struct Token {
  enum class Kind : char { kEnd, kWord, kQuotedName, kOther } kind = Kind::kEnd;
  std::string text;  // kOther: one character
};

class Tokens {
 public:
  explicit Tokens(std::string_view sql) : sql_(sql) {}

  Token next() {
    skip_space_and_comments();
    if (at_ >= sql_.size()) return {};
    const char c = sql_[at_];
    if (c == '"') return {Token::Kind::kQuotedName, quoted_text('"')};
    if (c == '\'') {
      quoted_text('\'');
      return {Token::Kind::kOther, "'"};
    }
    const size_t begin = at_;
    while (at_ < sql_.size() && is_word(sql_[at_])) ++at_;
    if (at_ > begin) return {Token::Kind::kWord, std::string(sql_.substr(begin, at_ - begin))};
    ++at_;
    return {Token::Kind::kOther, std::string(1, c)};
  }

 private:
  static bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
           (static_cast<unsigned char>(c) & 0x80) != 0;
  }

  void skip_space_and_comments() {
    while (at_ < sql_.size()) {
      if (std::isspace(static_cast<unsigned char>(sql_[at_])) != 0) {
        ++at_;
      } else if (sql_.substr(at_, 2) == "--") {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (sql_.substr(at_, 2) == "/*") {
        const size_t end = sql_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? sql_.size() : end + 2;
      } else {
        return;
      }
    }
  }

  // The text between two quotes; a doubled one stands for itself.
  std::string quoted_text(char quote) {
    std::string out;
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == quote) {
        if (at_ + 1 >= sql_.size() || sql_[at_ + 1] != quote) break;
        ++at_;
      }
      out += sql_[at_];
    }
    ++at_;
    return out;
  }

  std::string_view sql_;
  size_t at_ = 0;
};

bool is_keyword(const Token& token, std::string_view word) {
  return token.kind == Token::Kind::kWord &&
         std::equal(
             token.text.begin(), token.text.end(), word.begin(), word.end(),
             [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
}

bool is_name(const Token& token) {
  return token.kind == Token::Kind::kWord || token.kind == Token::Kind::kQuotedName;
}

bool is_mark(const Token& token, char mark) {
  return token.kind == Token::Kind::kOther && token.text[0] == mark;
}

}  // namespace

std::vector<std::string> sql_sources(std::string_view sql) {
  std::vector<std::string> names;
  Tokens tokens(sql);
  Token token = tokens.next();
  while (token.kind != Token::Kind::kEnd) {
    if (!is_keyword(token, "FROM") && !is_keyword(token, "JOIN")) {
      token = tokens.next();
      continue;
    }
    // One name, perhaps with an alias, and more after commas.
    do {
      token = tokens.next();
      if (!is_name(token)) break;
      names.push_back(token.text);
      token = tokens.next();
      while (is_mark(token, '.')) {  // topics have dots, schemas too
        token = tokens.next();
        if (!is_name(token)) break;
        names.back() += "." + token.text;
        token = tokens.next();
      }
      if (is_mark(token, '(')) {
        token = tokens.next();
        if (is_name(token)) names.back() = token.text;
        break;
      }
      if (is_keyword(token, "AS")) token = tokens.next();
      if (is_name(token) && !is_keyword(token, "FROM") && !is_keyword(token, "JOIN") &&
          !is_keyword(token, "WHERE")) {
        token = tokens.next();
      }
    } while (is_mark(token, ','));
  }
  return names;
}

}  // namespace leat::config
