#include "config/yaml/yaml_reader.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>

#include "config/node_data.h"

namespace leat::config {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxValues = 100'000;
constexpr size_t kMaxBytes = 16 << 20;

// Ends the parse from inside a callback of the parser; caught in read_yaml().
struct Abandoned {
  size_t offset;
  std::string message;
};

// A value and what it costs with its aliases expanded.
struct Counted {
  std::shared_ptr<Node::Data> data;
  size_t values = 1;
  size_t bytes = 0;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const SourceText> source, const VariableScope& scope,
              ProblemList& problems)
      : source_(std::move(source)), scope_(scope), problems_(problems) {}

  Node root() const { return root_ ? Node(root_) : Node(); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) throw Abandoned{offset(mark), "a pipeline file holds one YAML document"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto data = begin(Shape::kNull, mark);
    data->text = written_null(data->start);
    if (data->text.empty() && !open_.empty() && open_.back().key) {
      data->location = open_.back().key->location;  // the parser is already at the next key
    }
    finish({data}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Abandoned{offset(mark), "an alias stands inside the value that it names"};
    }
    count(found->second.values, found->second.bytes, mark);
    add(found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto data = begin(Shape::kScalar, mark);
    check_tag(tag, data->location);
    const char style = data->start < text().size() ? text()[data->start] : '\0';
    data->quoted = tag != "?" || style == '"' || style == '\'' || style == '|' || style == '>';
    data->text = value;
    const bool is_key = !open_.empty() && open_.back().expects_key();
    if (!is_key && value.find('$') != std::string::npos) substitute_references(*data);
    const size_t bytes = data->text.size();
    count(0, bytes, mark);
    finish({data, 1, bytes}, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Shape::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Shape::kMapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Counted value;
    YAML::anchor_t anchor = 0;
    std::shared_ptr<Node::Data> key;     // of the entry whose value comes next
    std::map<std::string, size_t> seen;  // key → index of its entry
    bool expects_key() const { return value.data->shape == Shape::kMapping && !key; }
  };

  const std::string& text() const { return source_->text(); }
  size_t offset(const YAML::Mark& mark) const {
    return mark.pos < 0 ? text().size() : static_cast<size_t>(mark.pos);
  }

  std::shared_ptr<Node::Data> begin(Shape shape, const YAML::Mark& mark) {
    count(1, 0, mark);
    auto data = std::make_shared<Node::Data>();
    data->shape = shape;
    data->source = source_;
    data->start = without_properties(offset(mark));
    data->location = source_->location(data->start);
    return data;
  }

  // The parser's mark is that of a tag or anchor before the value.
  size_t without_properties(size_t at) const {
    while (at < text().size() && (text()[at] == '&' || text()[at] == '!')) {
      at = std::min(text().find_first_of(" \t\r\n,]}", at), text().size());
      at = std::min(text().find_first_not_of(" \t\r\n", at), text().size());
    }
    return at;
  }

  std::string written_null(size_t at) const {
    for (const std::string_view word : {"null", "Null", "NULL", "~"}) {
      if (text().compare(at, word.size(), word) != 0) continue;
      const size_t next = text().find_first_not_of(" \t\r", at + word.size());
      if (next == std::string::npos ||
          std::string_view("\n,]}#").find(text()[next]) != std::string_view::npos) {
        return std::string(word);
      }
    }
    return "";
  }

  void check_tag(const std::string& tag, const Location& location) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
    problems_.add(location, fmt::format("the YAML tag {} has no meaning in a pipeline file", tag));
  }

  void count(size_t values, size_t bytes, const YAML::Mark& mark) {
    values_ += values;
    bytes_ += bytes;
    if (values_ > kMaxValues || bytes_ > kMaxBytes) {
      throw Abandoned{offset(mark),
                      fmt::format("the file holds more than {} values or {} MiB with its aliases "
                                  "expanded",
                                  kMaxValues, kMaxBytes >> 20)};
    }
  }

  void substitute_references(Node::Data& data) {
    auto result = substitute(data.text, scope_, kMaxBytes);
    if (!result) {
      const auto place = Node(std::make_shared<Node::Data>(data))
                             .location_of(result.error().position().value_or(0));
      problems_.add(place, result.error().to_string());
      data.unresolved = true;
      return;
    }
    data.text = result->text;
    data.substituted = std::move(result).value();
  }

  void open(Shape shape, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth) {
      throw Abandoned{offset(mark), fmt::format("values are nested more than {} deep", kMaxDepth)};
    }
    auto data = begin(shape, mark);
    check_tag(tag == "!" ? "" : tag, data->location);
    open_.push_back({{data}, anchor, nullptr, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    finish(done.value, done.anchor);
  }

  void finish(const Counted& value, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = value;
    add(value);
  }

  void add(const Counted& value) {
    if (open_.empty()) {
      root_ = value.data;
      return;
    }
    Open& parent = open_.back();
    parent.value.values += value.values;
    parent.value.bytes += value.bytes;
    if (parent.value.data->shape == Shape::kSequence) {
      parent.value.data->items.push_back(Node(value.data));
    } else if (!parent.key) {
      parent.key = value.data;
    } else {
      add_entry(parent, value);
    }
  }

  void add_entry(Open& parent, const Counted& value) {
    const auto key = std::move(parent.key);
    parent.key = nullptr;
    if (key->shape != Shape::kScalar) {
      problems_.add(key->location, "a key must be a plain text");
      return;
    }
    if (key->text == "<<" && !key->quoted) {
      problems_.add(key->location, "merge keys (<<) are not supported; write the keys out");
      return;
    }
    auto& map = *parent.value.data;
    const auto [first, added] = parent.seen.emplace(key->text, map.entries.size());
    if (!added) {
      problems_.add(key->location, fmt::format("the key {} is given twice; the first is at {}",
                                               backticked(key->text),
                                               map.key_locations[first->second].to_string()));
      return;
    }
    map.entries.emplace_back(key->text, Node(value.data));
    map.key_locations.push_back(key->location);
  }

  std::shared_ptr<const SourceText> source_;
  const VariableScope& scope_;
  ProblemList& problems_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Counted> anchors_;
  std::shared_ptr<Node::Data> root_;
  size_t values_ = 0;
  size_t bytes_ = 0;
};

// The parser's own messages are about tokens; the usual slips deserve the remedy.
void add_syntax_problem(const YAML::ParserException& error, ProblemList& problems) {
  const auto& source = problems.source();
  const bool placed = !error.mark.is_null();
  Location place = source.location(placed ? static_cast<size_t>(error.mark.pos) : 0);
  const auto line = source.line(place.line);
  const auto column = placed ? static_cast<size_t>(error.mark.column) : line.size();
  const auto at = [&](size_t i) { return i < line.size() ? line[i] : '\0'; };
  const char* must_be_quoted = "a text that begins with `{0}` must be quoted: \"{0}…\"";

  const size_t tab = line.find('\t');
  if (tab < line.find_first_not_of(" \t")) {
    place.column = static_cast<int>(tab) + 1;
    problems.add(place, "YAML does not indent with tabs; use spaces");
    return;
  }
  const size_t colon = line.find(':');
  const size_t value = line.find_first_not_of(" \t-", colon == std::string::npos ? 0 : colon + 1);
  if (at(column) == '@' || at(column) == '`' || at(column) == '%') {
    problems.add(place, fmt::format(fmt::runtime(must_be_quoted), at(column)));
  } else if (at(value) == '*' || at(value) == '&') {
    problems.add(place, fmt::format(fmt::runtime(must_be_quoted), at(value)));
  } else if (error.msg.find("flow") != std::string::npos) {
    problems.add(place, fmt::format("not valid YAML: {}; inside {{ }} or [ ] a text that holds one "
                                    "of {{ }} [ ] , must be quoted",
                                    error.msg));
  } else {
    problems.add(place, fmt::format("not valid YAML: {}", error.msg));
  }
}

}  // namespace

Node read_yaml(const std::shared_ptr<const SourceText>& source, const VariableScope& scope,
               ProblemList& problems) {
  const auto at = [&](size_t offset) { return source->location(offset); };
  try {
    TreeBuilder builder(source, scope, problems);
    std::istringstream stream(source->text());
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    const Node root = builder.root();
    if (!root) problems.add({.file = source->file()}, "the file is empty");
    return root;
  } catch (const Abandoned& abandoned) {
    problems.add(at(abandoned.offset), abandoned.message);
  } catch (const YAML::DeepRecursion&) {
    problems.add({.file = source->file()}, "values are nested too deeply");
  } catch (const YAML::ParserException& error) {
    add_syntax_problem(error, problems);
  } catch (const std::exception& error) {
    problems.add({.file = source->file()}, fmt::format("not valid YAML: {}", error.what()));
  }
  return {};
}

}  // namespace leat::config
