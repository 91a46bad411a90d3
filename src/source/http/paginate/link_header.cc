#include "source/http/paginate/link_header.h"

#include "base/text/lower_case.h"

namespace leat::source {
namespace {

// Reads a field from its beginning; every take_… leaves what it did not understand.
class LinkScanner {
 public:
  explicit LinkScanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  void skip_space() {
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view take_until(std::string_view ends) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  // After the opening quote; backslash escapes one character. An unclosed string ends the field.
  std::string take_quoted() {
    std::string text;
    while (!rest_.empty() && !take('"')) {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    return text;
  }

  // To the comma that ends this link.
  void skip_link() {
    while (!rest_.empty() && rest_.front() != ',') {
      if (take('"')) {
        take_quoted();
      } else {
        rest_.remove_prefix(1);
      }
    }
  }

 private:
  std::string_view rest_;
};

void add_relations(std::string_view value, Link& link) {
  while (!value.empty()) {
    const size_t begin = value.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return;
    value.remove_prefix(begin);
    link.relations.emplace_back(value.substr(0, value.find_first_of(" \t")));
    value.remove_prefix(link.relations.back().size());
  }
}

// `; name=value` or `; name="value"` or `; name`, as long as there are any.
void take_parameters(LinkScanner& scanner, Link& link) {
  bool has_relation = false;
  for (;;) {
    scanner.skip_space();
    if (!scanner.take(';')) return;
    scanner.skip_space();
    const std::string_view name = scanner.take_until("=;, \t");
    scanner.skip_space();
    std::string value;
    if (scanner.take('=')) {
      scanner.skip_space();
      value = scanner.take('"') ? scanner.take_quoted() : std::string(scanner.take_until(";, \t"));
    }
    if (same_in_lower_case(name, "rel") && !has_relation) {
      has_relation = true;  // section 3.3: further ones are ignored
      add_relations(value, link);
    } else if (same_in_lower_case(name, "anchor")) {
      link.has_anchor = true;
    }
  }
}

}  // namespace

std::vector<Link> parse_link_header(std::string_view field) {
  std::vector<Link> links;
  LinkScanner scanner(field);
  while (!scanner.at_end()) {
    scanner.skip_space();
    if (scanner.take('<')) {
      Link link{std::string(scanner.take_until(">")), {}, false};
      if (scanner.take('>')) {
        take_parameters(scanner, link);
        links.push_back(std::move(link));
      }
    }
    scanner.skip_link();
    scanner.take(',');
  }
  return links;
}

}  // namespace leat::source
