#include "base/spool.h"

#include <algorithm>
#include <span>

#include "base/uuid.h"

namespace leat {
namespace {

constexpr size_t kInMemory = 4 << 20;
constexpr size_t kPiece = 1 << 20;

}  // namespace

Result<void> Spool::append(std::string_view bytes) {
  memory_ += bytes;
  return memory_.size() <= kInMemory ? Result<void>() : write_out();
}

Result<void> Spool::write_out() {
  if (!file_) {
    LEAT_TRY(files_.create_directories(directory_));
    const Path path = directory_ / ("answer-" + random_uuid());
    LEAT_ASSIGN(file_, files_.open(path, OpenMode::kCreateNew));
    LEAT_TRY(files_.remove(path));
  }
  LEAT_TRY(file_->write_at(in_file_, std::as_bytes(std::span(memory_))));
  in_file_ += memory_.size();
  memory_.clear();
  return {};
}

Result<std::string> Spool::read() {
  std::string piece;
  if (read_ < in_file_) {
    piece.resize(std::min<uint64_t>(kPiece, in_file_ - read_));
    LEAT_ASSIGN(const size_t got, file_->read_at(read_, std::as_writable_bytes(std::span(piece))));
    if (got != piece.size()) return internal_error("a spooled answer is shorter than it was");
  } else {
    piece = memory_.substr(std::min<uint64_t>(read_ - in_file_, memory_.size()), kPiece);
  }
  read_ += piece.size();
  return piece;
}

Result<bool> SpoolLines::next(std::string& line) {
  line.clear();
  while (true) {
    const size_t end = piece_.find('\n', at_);
    line.append(piece_, at_, end == std::string::npos ? end : end - at_);
    if (end != std::string::npos) {
      at_ = end + 1;
      return true;
    }
    LEAT_ASSIGN(piece_, spool_.read());
    at_ = 0;
    if (piece_.empty()) return !line.empty();
  }
}

}  // namespace leat
