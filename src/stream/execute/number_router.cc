#include "stream/execute/number_router.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "store/column_type.h"
#include "stream/execute/output_rows.h"

namespace leat::stream {
namespace {

// Those of the last batches are kept. A batch may need more: one for each combination of types.
constexpr size_t kMaxKept = 32;

int64_t* row_ids(duckdb_data_chunk chunk) {
  const idx_t last = duckdb_data_chunk_get_column_count(chunk) - 1;
  return static_cast<int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, last)));
}

store::LogicalType column_type(const store::RowBatch& rows, size_t column) {
  return store::LogicalType(duckdb_vector_get_column_type(
      duckdb_data_chunk_get_vector(rows.chunks.front().get(), column)));
}

// What a route calls its n-th record is record inputs[n] of the batch.
void rename_inputs(BatchResult& result, const std::vector<uint32_t>& inputs) {
  for (auto& failed : result.failed) failed.input = inputs[failed.input];
  for (auto& removed : result.rows.deletes) removed.input = inputs[removed.input];
  for (uint32_t& input : result.rows.inputs) input = inputs[input];
  for (const store::DataChunk& chunk : result.rows.chunks) {
    int64_t* const ids = row_ids(chunk.get());
    const idx_t size = duckdb_data_chunk_get_size(chunk.get());
    for (idx_t row = 0; row < size; ++row) ids[row] = inputs[static_cast<size_t>(ids[row])];
  }
}

template <class T>
void append(std::vector<T>& all, std::vector<T>&& more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// What tells the numbers of a record from those for which the stream is planned.
codec::Projection for_numbers_of(codec::Projection projection, const codec::TopicSchema& types,
                                 const codec::TopicSchema& bound) {
  codec::differing_numbers(types.root, bound.root, "", projection.required);
  return projection;
}

}  // namespace

Result<std::unique_ptr<NumberRouter>> NumberRouter::create(const Query& query,
                                                           const codec::TopicSchema& types,
                                                           const Plan& plan,
                                                           const codec::BindingRules& rules,
                                                           store::Connection& connection) {
  LEAT_ASSIGN(auto scan, store::ChunkScan::create("__leat_routed", connection));
  std::unique_ptr<NumberRouter> router(
      new NumberRouter(query, plan, rules, connection, std::move(scan)));
  auto route = std::make_unique<Route>();
  route->types = types;
  LEAT_ASSIGN(route->executor, Executor::create(plan, connection));
  router->routes_.push_back(std::move(route));
  return router;
}

void NumberRouter::begin(const ExecuteOptions& options) {
  options_ = options;
  ++batches_;
  records_ = 0;
  several_ = false;
  failed_.clear();
  for (const auto& route : routes_) route->in_batch = false;
  if (routes_.size() > kMaxKept) {
    std::sort(routes_.begin() + 1, routes_.end(),
              [](const auto& a, const auto& b) { return a->used > b->used; });
    routes_.resize(kMaxKept);
  }
  current_ = nullptr;
  use(*routes_.front());
}

void NumberRouter::use(Route& route) {
  if (!route.in_batch) {
    route.in_batch = true;
    route.used = batches_;
    route.inputs.clear();
    route.executor->begin(options_);
  }
  if (current_ != nullptr && current_ != &route && !several_) {
    several_ = true;
    current_->inputs.resize(records_);
    std::iota(current_->inputs.begin(), current_->inputs.end(), 0U);
    failed_ = current_->executor->failed();
  }
  current_ = &route;
}

// The current route has taken the next records of the batch.
void NumberRouter::took(size_t records) {
  if (several_) {
    for (size_t i = 0; i < records; ++i) {
      current_->inputs.push_back(records_ + static_cast<uint32_t>(i));
    }
  }
  records_ += static_cast<uint32_t>(records);
}

std::optional<Misfitting> NumberRouter::add(std::span<const InputRecord> records, Misfit misfit) {
  size_t done = 0;
  while (true) {
    const size_t failures = current_->executor->failed().size();
    const auto found = current_->executor->add(records.subspan(done), Misfit::kReport);
    const size_t added = found ? found->added : records.size() - done;
    took(added);
    done += added;
    if (several_) {
      const auto& failed = current_->executor->failed();
      for (size_t i = failures; i < failed.size(); ++i) {
        failed_.push_back(failed[i]);
        failed_.back().input = current_->inputs[failed[i].input];
      }
    }
    if (!found) return std::nullopt;
    codec::TopicSchema numbers = routes_.front()->types;
    const auto outcome =
        plan_.format->bind(numbers, &plan_.projection, rules_, *records[done].value, &numbers);
    Route* route = nullptr;
    if (outcome.binding == codec::Binding::kNone) {
      auto made = route_of(std::move(numbers));
      if (made.ok()) route = *made;
    }
    if (route != nullptr && route != current_) {
      use(*route);
      continue;
    }
    if (misfit == Misfit::kReport) {
      const std::string& message =
          outcome.binding == codec::Binding::kRefused ? outcome.message : found->message;
      return Misfitting{.added = done, .message = message};
    }
    fail(found->message);
    if (++done == records.size()) return std::nullopt;
  }
}

Result<NumberRouter::Route*> NumberRouter::route_of(codec::TopicSchema types) {
  for (const auto& route : routes_) {
    if (route->types == types) return route.get();
  }
  LEAT_ASSIGN(Plan made, plan(query_, types, connection_, Unseen::kNull, plan_.quick.options));
  made.format = plan_.format;
  made.projection = for_numbers_of(std::move(made.projection), types, routes_.front()->types);
  auto route = std::make_unique<Route>();
  LEAT_ASSIGN(route->executor, Executor::create(made, connection_));
  route->types = std::move(types);
  routes_.push_back(std::move(route));
  return routes_.back().get();
}

void NumberRouter::fail(std::string message) {
  current_->executor->fail(std::move(message));
  took(1);
  if (!several_) return;
  failed_.push_back(current_->executor->failed().back());
  failed_.back().input = records_ - 1;
}

const std::vector<FailedRecord>& NumberRouter::failed() const {
  return several_ ? failed_ : current_->executor->failed();
}

Result<BatchResult> NumberRouter::finish() {
  if (!several_) return current_->executor->finish();
  std::vector<BatchResult> results;
  std::vector<const Route*> routes;
  for (const auto& route : routes_) {
    if (!route->in_batch) continue;
    LEAT_ASSIGN(results.emplace_back(), route->executor->finish());
    routes.push_back(route.get());
  }
  LEAT_ASSIGN(const std::vector<std::string> types, common_types(results));
  BatchResult all;
  all.rows.columns = results.front().rows.columns;
  for (size_t i = 0; i < types.size(); ++i) all.rows.columns[i].type = types[i];
  for (size_t i = 0; i < results.size(); ++i) {
    BatchResult& result = results[i];
    LEAT_TRY(convert(result.rows, types));
    rename_inputs(result, routes[i]->inputs);
    append(all.rows.chunks, std::move(result.rows.chunks));
    append(all.rows.inputs, std::move(result.rows.inputs));
    append(all.rows.deletes, std::move(result.rows.deletes));
    append(all.failed, std::move(result.failed));
    all.used += result.used;
    all.filtered += result.filtered;
    codec::add_left_out(all.left_out, result.left_out);
  }
  sort_by_input(all.rows);
  std::ranges::sort(all.rows.deletes, {}, &store::KeyDelete::input);
  std::ranges::sort(all.failed, {}, &FailedRecord::input);
  return all;
}

// For each column the least type that holds what all routes give, without a loss.
Result<std::vector<std::string>> NumberRouter::common_types(
    const std::vector<BatchResult>& results) {
  std::vector<std::string> types;
  const size_t columns = results.front().rows.columns.size();
  const auto merged = [&](size_t column, store::Doubles doubles) -> Result<std::string> {
    std::optional<std::string> common;
    for (const BatchResult& result : results) {
      if (result.rows.chunks.empty()) continue;
      const std::string& type = result.rows.columns[column].type;
      if (!common || *common == type) {
        common = type;
        continue;
      }
      LEAT_ASSIGN(const auto before, store::type_called(connection_, *common));
      const auto wider =
          store::merged_type(before.get(), column_type(result.rows, column).get(), doubles);
      common = wider.value_or("VARCHAR");
    }
    return common.value_or(results.front().rows.columns[column].type);
  };
  for (size_t column = 0; column < columns; ++column) {
    LEAT_ASSIGN(std::string type, merged(column, store::Doubles::kHoldNumbers));
    types.push_back(std::move(type));
  }
  for (size_t column = 0; column < columns; ++column) {
    bool rounded = false;
    for (const BatchResult& result : results) {
      LEAT_ASSIGN(const bool here, is_rounded(result.rows, types, column));
      rounded = rounded || here;
    }
    if (!rounded) continue;
    LEAT_ASSIGN(types[column], merged(column, store::Doubles::kHoldTheirOwn));
  }
  return types;
}

Result<bool> NumberRouter::is_rounded(const store::RowBatch& rows,
                                      const std::vector<std::string>& types, size_t column) {
  if (rows.chunks.empty() || rows.columns[column].type == types[column]) return false;
  store::LogicalType from = column_type(rows, column);
  LEAT_ASSIGN(const auto to, store::type_called(connection_, types[column]));
  const std::string condition = store::rounded_by("c", from.get(), to.get());
  if (condition.empty()) return false;
  std::vector<store::ScanColumn> columns;
  columns.push_back({"c", std::move(from)});
  scan_->set_columns(std::move(columns));
  scan_->clear();
  for (const store::DataChunk& chunk : rows.chunks) scan_->add(chunk.get(), {&column, 1});
  auto found = connection_.query(
      fmt::format("SELECT 1 FROM {}() WHERE {} LIMIT 1", scan_->function(), condition));
  scan_->clear();
  if (!found.ok()) return std::move(found).error();
  LEAT_ASSIGN(const auto cells, found->texts());
  return !cells.empty();
}

Result<void> NumberRouter::convert(store::RowBatch& rows, const std::vector<std::string>& types) {
  if (rows.chunks.empty()) return {};
  std::vector<store::ScanColumn> columns;
  std::vector<size_t> sources;
  std::string sql = "SELECT ";
  bool same = true;
  for (size_t i = 0; i < types.size(); ++i) {
    store::LogicalType from = column_type(rows, i);
    LEAT_ASSIGN(const auto to, store::type_called(connection_, types[i]));
    const std::string name = fmt::format("c{}", i);
    sql += store::converted(name, from.get(), to.get()) + ", ";
    same = same && rows.columns[i].type == types[i];
    columns.push_back({name, std::move(from)});
    sources.push_back(i);
  }
  if (same) return {};
  columns.push_back({"id", column_type(rows, types.size())});
  sources.push_back(types.size());
  scan_->set_columns(std::move(columns));
  scan_->clear();
  for (const store::DataChunk& chunk : rows.chunks) scan_->add(chunk.get(), sources);
  auto converted = connection_.query(sql + "id FROM " + scan_->function() + "()");
  scan_->clear();
  if (!converted.ok()) return std::move(converted).error();
  rows.chunks.clear();
  rows.inputs.clear();
  while (store::DataChunk chunk = converted->next_chunk()) append_chunk(rows, std::move(chunk));
  return {};
}

}  // namespace leat::stream
