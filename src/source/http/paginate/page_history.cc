#include "source/http/paginate/page_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

namespace leat::source {
namespace {

constexpr size_t kMarkDigits = 32;

__extension__ using Uint128 = unsigned __int128;

constexpr uint64_t kFactor = 0x9E3779B97F4A7C15;  // 2^64 divided by the golden ratio
constexpr uint64_t kOther = 0xD6E8FEB86659FD93;

// Both halves of the product: every bit of the input reaches every bit of the outcome.
uint64_t mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<Uint128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// At most eight bytes, little-endian.
uint64_t word(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

std::string digits_of(const PageMark& mark) {
  return fmt::format("{:016x}{:016x}", mark.request, mark.content);
}

template <class Number>
bool read_number(std::string_view text, int base, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<PageMark> mark_of(std::string_view digits) {
  PageMark mark;
  if (digits.size() != kMarkDigits || !read_number(digits.substr(0, 16), 16, mark.request) ||
      !read_number(digits.substr(16), 16, mark.content)) {
    return std::nullopt;
  }
  return mark;
}

}  // namespace

uint64_t fingerprint(std::string_view text, uint64_t seed) {
  uint64_t state = mix(seed ^ kOther, text.size() ^ kFactor);
  for (; text.size() >= 8; text.remove_prefix(8)) {
    state = mix(state ^ word(text.substr(0, 8)), kFactor);
  }
  return mix(state ^ word(text), kOther);
}

void PageHistory::add(PageMark page) {
  ++pages_;
  if (std::has_single_bit(static_cast<uint64_t>(pages_))) {
    older_ = page;
    older_number_ = pages_;
  }
  recent_.push_back(page);
  if (recent_.size() > kRecent) recent_.pop_front();
}

template <class Same>
std::optional<int64_t> PageHistory::find(const Same& same) const {
  for (size_t i = recent_.size(); i-- > 0;) {
    if (same(recent_[i])) return pages_ - static_cast<int64_t>(recent_.size() - i) + 1;
  }
  if (older_number_ > 0 && same(older_)) return older_number_;
  return std::nullopt;
}

std::optional<int64_t> PageHistory::page_asked(uint64_t request) const {
  return find([request](const PageMark& page) { return page.request == request; });
}

std::optional<int64_t> PageHistory::page_with(uint64_t content) const {
  if (content == 0) return std::nullopt;
  return find([content](const PageMark& page) { return page.content == content; });
}

std::string PageHistory::text() const {
  std::string text;
  if (older_number_ > 0) text = fmt::format("{}:{}", older_number_, digits_of(older_));
  for (const PageMark& page : recent_) text += digits_of(page);
  return text;
}

PageHistory PageHistory::parse(std::string_view text, int64_t pages) {
  PageHistory history;
  history.pages_ = pages;
  PageHistory read = history;
  if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    const auto older = mark_of(text.substr(colon + 1, kMarkDigits));
    if (!older || !read_number(text.substr(0, colon), 10, read.older_number_)) return history;
    read.older_ = *older;
    text.remove_prefix(colon + 1 + kMarkDigits);
  }
  for (; !text.empty(); text.remove_prefix(std::min(kMarkDigits, text.size()))) {
    const auto mark = mark_of(text.substr(0, kMarkDigits));
    if (!mark || read.recent_.size() == kRecent) return history;
    read.recent_.push_back(*mark);
  }
  return read;
}

}  // namespace leat::source
