#include "source/format/ndjson_reader.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "codec/json_select.h"
#include "source/format/input_buffer.h"

namespace leat::source {
namespace {

class NdjsonReader final : public RecordReader {
 public:
  NdjsonReader(std::unique_ptr<ByteStream> stream, ReadPosition from,
               std::optional<codec::JsonPath> key)
      : input_(std::move(stream)), at_(from), key_(std::move(key)) {}

  Result<RecordPart> read(const PartLimits& limits) override {
    if (!positioned_) {
      LEAT_TRY(input_.skip(at_.byte));
      positioned_ = true;
    }
    size_t wanted = limits.bytes;
    LEAT_TRY(input_.fill(wanted));
    if (at_.byte == 0) LEAT_TRY(refuse_utf16(input_.unused()));
    size_t complete = complete_lines();
    while (complete == 0 && !input_.at_end() && wanted < kMaxRecordBytes) {
      wanted = std::min(wanted * 2, kMaxRecordBytes);
      LEAT_TRY(input_.fill(wanted));
      complete = complete_lines();
    }
    if (complete == 0 && !input_.at_end()) return reject_oversized();
    return take_lines(complete, limits.records);
  }

 private:
  // How many of the unused bytes are whole lines.
  size_t complete_lines() const {
    const std::string_view unused = input_.unused();
    if (input_.at_end()) return unused.size();
    const size_t last = unused.rfind('\n');
    return last == std::string_view::npos ? 0 : last + 1;
  }

  RecordPart take_lines(size_t complete, size_t max_records) {
    auto memory = std::make_shared<std::string>(input_.unused().substr(0, complete));
    memory->append(kRecordPadding, '\0');
    const std::string_view content = std::string_view(*memory).substr(0, complete);
    RecordPart part;
    size_t begin = 0;
    while (begin < complete && part.records.size() + part.rejected.size() < max_records) {
      const size_t newline = content.find('\n', begin);
      const size_t end = newline == std::string_view::npos ? complete : newline;
      add_line(content.substr(begin, end - begin), part);
      const size_t next = newline == std::string_view::npos ? complete : newline + 1;
      at_.byte += next - begin;
      ++at_.line;
      begin = next;
    }
    input_.consume(begin);
    part.memory = std::move(memory);
    part.next = at_;
    part.end = input_.at_end() && input_.unused().empty();
    return part;
  }

  void add_line(std::string_view line, RecordPart& part) {
    if (at_.byte == 0 && line.starts_with(kByteOrderMark))
      line.remove_prefix(kByteOrderMark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    const auto value = codec::checked_value(line, key_ ? &*key_ : nullptr);
    ++at_.record;
    if (value.ok()) {
      part.records.push_back({value->bytes, value->text});
    } else {
      part.rejected.push_back({std::string(line), fmt::format("line {}: not valid JSON: {}",
                                                              at_.line, value.error().message())});
    }
  }

  Result<RecordPart> reject_oversized() {
    RecordPart part;
    part.rejected.push_back(
        {std::string(input_.unused().substr(0, kRejectedBytes)),
         fmt::format("line {}: longer than {} bytes", at_.line, kMaxRecordBytes)});
    for (;;) {
      const std::string_view unused = input_.unused();
      const size_t newline = unused.find('\n');
      const size_t passed = newline == std::string_view::npos ? unused.size() : newline + 1;
      input_.consume(passed);
      at_.byte += passed;
      if (newline != std::string_view::npos || input_.at_end()) break;
      LEAT_TRY(input_.fill(1 << 20));
    }
    ++at_.line;
    ++at_.record;
    part.next = at_;
    part.end = input_.at_end() && input_.unused().empty();
    return part;
  }

  InputBuffer input_;
  ReadPosition at_;
  const std::optional<codec::JsonPath> key_;
  bool positioned_ = false;
};

}  // namespace

std::unique_ptr<RecordReader> make_ndjson_reader(std::unique_ptr<ByteStream> stream,
                                                 ReadPosition from,
                                                 std::optional<codec::JsonPath> key) {
  return std::make_unique<NdjsonReader>(std::move(stream), from, std::move(key));
}

}  // namespace leat::source
