// Collects the mistakes of one file.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/pipeline.h"
#include "config/text/source_text.h"

namespace leat::config {

// Not thread-safe.
class ProblemList {
 public:
  explicit ProblemList(std::shared_ptr<const SourceText> source) : source_(std::move(source)) {}

  void add(const Location& location, std::string message);
  bool empty() const { return problems_.empty(); }
  size_t size() const { return problems_.size(); }
  const SourceText& source() const { return *source_; }

  // In the order of the file, each once; at most 100, the last of which says how many more.
  std::vector<Problem> take();

 private:
  std::shared_ptr<const SourceText> source_;
  std::vector<Problem> problems_;
};

// `text` between backticks for a message: control characters escaped, cut at 60 characters.
std::string backticked(std::string_view text);
// "a, b and c", "a, b or c".
std::string joined(const std::vector<std::string>& names, std::string_view last_word);

}  // namespace leat::config
