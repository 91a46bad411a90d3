#include "stream/execute/failure_checks.h"

#include <duckdb.h>

#include <algorithm>
#include <iterator>
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
void take_out(const std::vector<uint32_t>& failing, std::vector<uint32_t>& rows) {
  std::vector<uint32_t> rest;
  std::ranges::set_difference(rows, failing, std::back_inserter(rest));
  rows = std::move(rest);
}

bool is_plain(const std::string& text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

}  // namespace

Result<void> FailureChecks::take_out_failing(PartRun& part, PartRun::Rows& rows) {
  messages_.clear();
  around_a_text_.clear();
  const size_t all = rows.size();
  if (plan_.quick.cast_check) LEAT_TRY(take_out_failing_casts(part, rows));
  if (rows.size() < all && !rows.empty()) {
    auto failure = part.run(rows);
    if (failure && !failure->of_a_row) return std::move(failure->error);
    if (!failure) rows.clear();
  }
  if (rows.empty() || plan_.quick.probe_sql.empty()) return {};
  return take_out_what_try_finds(part, rows);
}

Result<void> FailureChecks::take_out_failing_casts(PartRun& part, PartRun::Rows& rows) {
  LEAT_ASSIGN(std::vector<CastFailure> failures, failing_casts(part));
  LEAT_ASSIGN(const bool shared, nothing_else_fails(part, failures));
  PartRun::Rows failing;
  for (CastFailure& failure : failures) {
    if (!shared) failure.text.reset();
    LEAT_ASSIGN(auto message, message_of(part, failure));
    if (!message) continue;
    part.fail(failure.row, std::move(*message));
    failing.push_back(failure.row);
  }
  take_out(failing, rows);
  return {};
}

Result<void> FailureChecks::take_out_what_try_finds(PartRun& part, PartRun::Rows& rows) {
  store::Statement* const probe = prepared(probe_, plan_.quick.probe_sql);
  if (probe == nullptr) return {};
  LEAT_ASSIGN(auto found, part.ask(*probe, rows, kProbedRows));
  if (!found) return {};
  std::ranges::sort(found->inputs);
  PartRun::Rows failing;
  for (const uint32_t input : found->inputs) {
    const uint32_t row = part.row_of(input);
    LEAT_ASSIGN(auto message, part.failure_of(row));
    if (!message) continue;
    part.fail(row, std::move(*message));
    failing.push_back(row);
  }
  take_out(failing, rows);
  return {};
}

// None where the check itself fails: something else than a cast does.
Result<std::vector<FailureChecks::CastFailure>> FailureChecks::failing_casts(PartRun& part) {
  std::vector<CastFailure> failures;
  store::Statement* const check = prepared(check_, plan_.quick.cast_check->sql);
  if (check == nullptr) return failures;
  LEAT_ASSIGN(const auto found, part.ask(*check, std::nullopt));
  if (!found) return failures;
  for (const store::DataChunk& chunk : found->chunks) {
    const auto vector = [&](idx_t i) { return duckdb_data_chunk_get_vector(chunk.get(), i); };
    const auto* casts = static_cast<const int32_t*>(duckdb_vector_get_data(vector(0)));
    const auto* counts = static_cast<const int32_t*>(duckdb_vector_get_data(vector(1)));
    const idx_t size = duckdb_data_chunk_get_size(chunk.get());
    for (idx_t i = 0; i < size; ++i) {
      const auto cast = static_cast<size_t>(casts[i]);
      CastFailure one{part.row_of(found->inputs[failures.size()]), cast, std::nullopt};
      const bool only = counts[i] == 1 && plan_.quick.cast_check->casts[cast].of_text;
      if (only && !is_null(vector(2), i)) one.text = text_at(vector(2), i);
      failures.push_back(std::move(one));
    }
  }
  std::ranges::sort(failures, {}, &CastFailure::row);
  return failures;
}

// Whether these rows pass where every cast may give NULL. Then it is the cast that fails each of
// them, and rows with the same text in it fail alike.
Result<bool> FailureChecks::nothing_else_fails(PartRun& part,
                                               const std::vector<CastFailure>& failures) {
  if (failures.size() < 2) return false;
  PartRun::Rows rows;
  for (const CastFailure& failure : failures) rows.push_back(failure.row);
  store::Statement* const lenient = prepared(lenient_, plan_.lenient_sql);
  if (lenient == nullptr) return false;
  LEAT_ASSIGN(const auto dropped, part.ask(*lenient, rows));
  return dropped.has_value();
}

// nullopt: the row passes after all.
Result<std::optional<std::string>> FailureChecks::message_of(PartRun& part,
                                                             const CastFailure& failure) {
  if (auto known = known_message(failure)) return known;
  std::optional<std::string> message;
  OneColumn* const alone = failure.text ? &one_column_[failure.cast] : nullptr;
  if (alone != nullptr && alone->says_the_same) {
    LEAT_ASSIGN(message, part.failure_of(failure.row, *alone->statement));
  }
  if (!message) {
    LEAT_ASSIGN(message, part.failure_of(failure.row));
    if (!message) return message;
    if (alone != nullptr && !std::exchange(alone->compared, true)) {
      LEAT_TRY(compare_one_column(part, failure, *message));
    }
  }
  remember_message(failure, *message);
  return message;
}

Result<void> FailureChecks::compare_one_column(PartRun& part, const CastFailure& failure,
                                               const std::string& message) {
  OneColumn& alone = one_column_[failure.cast];
  const std::string& sql = plan_.quick.cast_check->casts[failure.cast].sql;
  store::Statement* const statement = prepared(alone.statement, sql);
  if (statement == nullptr) return {};
  LEAT_ASSIGN(const auto said, part.failure_of(failure.row, *statement));
  alone.says_the_same = said == message;
  return {};
}

std::optional<std::string> FailureChecks::known_message(const CastFailure& failure) const {
  if (!failure.text) return std::nullopt;
  if (const auto found = messages_.find({failure.cast, *failure.text}); found != messages_.end()) {
    return found->second;
  }
  const auto around_it = around_a_text_.find(failure.cast);
  if (around_it == around_a_text_.end() || !is_plain(*failure.text)) return std::nullopt;
  return around_it->second.first + *failure.text + around_it->second.second;
}

void FailureChecks::remember_message(const CastFailure& failure, const std::string& message) {
  if (!failure.text) return;
  messages_.emplace(std::pair(failure.cast, *failure.text), message);
  if (!plan_.quick.cast_check->casts[failure.cast].one_message || !is_plain(*failure.text)) return;
  if (auto parts = around(message, *failure.text)) {
    around_a_text_.emplace(failure.cast, std::move(*parts));
  }
}

// Null where DuckDB does not prepare it, as it may after a change of its settings.
store::Statement* FailureChecks::prepared(std::optional<store::Statement>& statement,
                                          const std::string& sql) {
  if (!statement) {
    auto made = engine_.prepare(sql);
    if (!made.ok()) return nullptr;
    statement = std::move(*made);
  }
  return &*statement;
}

}  // namespace leat::stream
