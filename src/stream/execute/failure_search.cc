#include "stream/execute/failure_search.h"

#include <duckdb.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string_view>

namespace leat::stream {
namespace {

// TRY evaluates a chunk in which a row fails again, row by row: small chunks have few neighbours.
constexpr uint32_t kProbedRows = 16;

std::string text_at(duckdb_vector vector, idx_t row) {
  duckdb_string_t text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector))[row];
  return {duckdb_string_t_data(&text), duckdb_string_t_length(text)};
}

bool is_null(duckdb_vector vector, idx_t row) {
  uint64_t* const validity = duckdb_vector_get_validity(vector);
  return validity != nullptr && !duckdb_validity_row_is_valid(validity, row);
}

// What stands before and behind the text in a message "… string 'TEXT' to INT32 …".
std::optional<std::pair<std::string, std::string>> around(const std::string& message,
                                                          const std::string& text) {
  constexpr std::string_view kBefore = "Conversion Error: Could not convert string ";
  const size_t at = kBefore.size() + 1;  // behind a quote, ' or "
  if (!message.starts_with(kBefore) || message.size() <= at + text.size()) return std::nullopt;
  const char quote = message[kBefore.size()];
  if (message.compare(at, text.size(), text) != 0) return std::nullopt;
  if (message[at + text.size()] != quote) return std::nullopt;
  return std::pair(message.substr(0, at), message.substr(at + text.size()));
}

// Both ascend.
void leave_out(const std::vector<uint32_t>& failing, std::vector<uint32_t>& rows) {
  std::vector<uint32_t> rest;
  std::ranges::set_difference(rows, failing, std::back_inserter(rest));
  rows = std::move(rest);
}

bool is_plain(const std::string& text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

}  // namespace

Result<void> FailureSearch::run(const InputBatch& part, store::Statement& statement,
                                const ExecuteOptions& options, BatchResult& result) {
  part_ = &part;
  statement_ = &statement;
  now_ = options.now;
  result_ = &result;
  messages_.clear();
  sentences_.clear();
  Rows rows(part.inputs().size());
  std::iota(rows.begin(), rows.end(), 0U);

  if (!options.null_on_error) {
    const size_t all = rows.size();
    if (plan_.cast_check) LEAT_TRY(leave_out_failing_casts(rows));
    if (rows.empty()) return {};
    if (rows.size() < all) {
      const auto failure = attempt(rows);
      if (!failure) return {};
      if (!failure->of_a_row) return failure->error;
    }
    const size_t left = rows.size();
    if (!plan_.probe_sql.empty()) LEAT_TRY(leave_out_what_try_tells(rows));
    if (rows.size() < left) return bisect(rows);
  }
  // As a whole they have just failed.
  return rows.size() == 1 ? bisect(rows) : split(rows);
}

Result<void> FailureSearch::leave_out_failing_casts(Rows& rows) {
  LEAT_ASSIGN(std::vector<CastFailure> failures, failing_casts());
  LEAT_ASSIGN(const bool shared, nothing_else_fails(failures));
  Rows failing;
  for (CastFailure& failure : failures) {
    if (!shared) failure.text.reset();
    LEAT_ASSIGN(auto message, message_of(failure));
    if (!message) continue;
    fail(failure.row, std::move(*message));
    failing.push_back(failure.row);
  }
  leave_out(failing, rows);
  return {};
}

Result<void> FailureSearch::leave_out_what_try_tells(Rows& rows) {
  store::Statement* const probe = prepared(probe_, plan_.probe_sql);
  if (probe == nullptr) return {};
  store::RowBatch found;
  scan_.read(part_->chunks(), rows, kProbedRows);
  const auto failure = engine_.execute(*probe, now_, found);
  if (failure && !failure->of_a_row) return failure->error;
  if (failure) return {};
  std::ranges::sort(found.inputs);
  Rows failing;
  for (const uint32_t input : found.inputs) {
    const uint32_t row = row_of(input);
    LEAT_ASSIGN(auto message, judge(row, *statement_));
    if (!message) continue;
    fail(row, std::move(*message));
    failing.push_back(row);
  }
  leave_out(failing, rows);
  return {};
}

// None where the check itself fails: something else than a cast does.
Result<std::vector<FailureSearch::CastFailure>> FailureSearch::failing_casts() {
  std::vector<CastFailure> failures;
  store::Statement* const check = prepared(check_, plan_.cast_check->sql);
  if (check == nullptr) return failures;
  store::RowBatch found;
  scan_.read(part_->chunks(), std::nullopt);
  const auto failure = engine_.execute(*check, now_, found);
  if (failure && !failure->of_a_row) return failure->error;
  if (failure) return failures;
  for (const store::DataChunk& chunk : found.chunks) {
    const auto vector = [&](idx_t i) { return duckdb_data_chunk_get_vector(chunk.get(), i); };
    const auto* casts = static_cast<const int32_t*>(duckdb_vector_get_data(vector(0)));
    const auto* counts = static_cast<const int32_t*>(duckdb_vector_get_data(vector(1)));
    const idx_t size = duckdb_data_chunk_get_size(chunk.get());
    for (idx_t i = 0; i < size; ++i) {
      const auto cast = static_cast<size_t>(casts[i]);
      CastFailure one{row_of(found.inputs[failures.size()]), cast, std::nullopt};
      const bool only = counts[i] == 1 && plan_.cast_check->casts[cast].of_text;
      if (only && !is_null(vector(2), i)) one.text = text_at(vector(2), i);
      failures.push_back(std::move(one));
    }
  }
  std::ranges::sort(failures, {}, &CastFailure::row);
  return failures;
}

// Whether these rows pass where every cast may give NULL. Then it is the cast that fails each of
// them, and rows with the same text in it fail alike.
Result<bool> FailureSearch::nothing_else_fails(const std::vector<CastFailure>& failures) {
  if (failures.size() < 2) return false;
  Rows rows;
  for (const CastFailure& failure : failures) rows.push_back(failure.row);
  store::Statement* const lenient = prepared(lenient_, plan_.lenient_sql);
  if (lenient == nullptr) return false;
  store::RowBatch dropped;
  scan_.read(part_->chunks(), rows);
  const auto failure = engine_.execute(*lenient, now_, dropped);
  if (failure && !failure->of_a_row) return failure->error;
  return !failure;
}

// nullopt: the row passes after all.
Result<std::optional<std::string>> FailureSearch::message_of(const CastFailure& failure) {
  if (auto known = known_message(failure)) return known;
  std::optional<std::string> message;
  Alone* const alone = failure.text ? &alone_[failure.cast] : nullptr;
  if (alone != nullptr && alone->says_the_same) {
    LEAT_ASSIGN(message, judge(failure.row, *alone->statement));
  }
  if (!message) {
    LEAT_ASSIGN(message, judge(failure.row, *statement_));
    if (!message) return message;
    if (alone != nullptr && !std::exchange(alone->compared, true)) {
      LEAT_TRY(compare(failure, *message));
    }
  }
  learn(failure, *message);
  return message;
}

Result<void> FailureSearch::compare(const CastFailure& failure, const std::string& message) {
  Alone& alone = alone_[failure.cast];
  const std::string& sql = plan_.cast_check->casts[failure.cast].sql;
  store::Statement* const statement = prepared(alone.statement, sql);
  if (statement == nullptr) return {};
  LEAT_ASSIGN(const auto said, judge(failure.row, *statement));
  alone.says_the_same = said == message;
  return {};
}

std::optional<std::string> FailureSearch::known_message(const CastFailure& failure) const {
  if (!failure.text) return std::nullopt;
  if (const auto found = messages_.find({failure.cast, *failure.text}); found != messages_.end()) {
    return found->second;
  }
  const auto sentence = sentences_.find(failure.cast);
  if (sentence == sentences_.end() || !is_plain(*failure.text)) return std::nullopt;
  return sentence->second.first + *failure.text + sentence->second.second;
}

void FailureSearch::learn(const CastFailure& failure, const std::string& message) {
  if (!failure.text) return;
  messages_.emplace(std::pair(failure.cast, *failure.text), message);
  if (!plan_.cast_check->casts[failure.cast].one_message || !is_plain(*failure.text)) return;
  if (auto sentence = around(message, *failure.text)) {
    sentences_.emplace(failure.cast, std::move(*sentence));
  }
}

// Why a row fails when it runs alone; nullopt when it does not.
Result<std::optional<std::string>> FailureSearch::judge(uint32_t row, store::Statement& statement) {
  store::RowBatch dropped;
  scan_.read(part_->chunks(), std::span(&row, 1));
  auto failure = engine_.execute(statement, now_, dropped);
  if (!failure) return std::optional<std::string>();
  if (!failure->of_a_row) return std::move(failure->error);
  return std::optional(std::move(failure->message));
}

// Runs rows for good.
std::optional<Failure> FailureSearch::attempt(std::span<const uint32_t> rows) {
  scan_.read(part_->chunks(), rows);
  return engine_.execute(*statement_, now_, result_->rows);
}

Result<void> FailureSearch::bisect(std::span<const uint32_t> rows) {
  if (rows.empty()) return {};
  auto failure = attempt(rows);
  if (!failure) return {};
  if (!failure->of_a_row) return std::move(failure->error);
  if (rows.size() > 1) return split(rows);
  fail(rows[0], std::move(failure->message));
  return {};
}

Result<void> FailureSearch::split(std::span<const uint32_t> rows) {
  LEAT_TRY(bisect(rows.first(rows.size() / 2)));
  return bisect(rows.subspan(rows.size() / 2));
}

void FailureSearch::fail(uint32_t row, std::string message) {
  result_->failed.push_back({part_->inputs()[row], "query", std::move(message)});
}

// REQUIRES: the record gave a row of the part.
uint32_t FailureSearch::row_of(uint32_t input) const {
  const auto& inputs = part_->inputs();
  return static_cast<uint32_t>(std::ranges::lower_bound(inputs, input) - inputs.begin());
}

// Null where DuckDB does not prepare it, as it may after a change of its settings.
store::Statement* FailureSearch::prepared(std::optional<store::Statement>& statement,
                                          const std::string& sql) {
  if (!statement) {
    auto made = engine_.prepare(sql);
    if (!made.ok()) return nullptr;
    statement = std::move(*made);
  }
  return &*statement;
}

}  // namespace leat::stream
