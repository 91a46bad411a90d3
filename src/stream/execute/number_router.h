// Numbers as they are in each record: whole and fractional ones are one kind, but what DuckDB makes
// of them depends on their types (x // 3, x || ''). So each record is computed with the types that
// its own numbers have, and the rows come together again in the order of the records.
//
// A record whose numbers are of other types than those that the stream has bound goes to an
// executor of a plan of its own. These are kept for the next batches; who has only met one type of
// each number has only one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/bound_types.h"
#include "store/function/chunk_scan.h"
#include "stream/query.h"

namespace leat::stream {

class NumberRouter final : public Executor {
 public:
  // `plan` is the query's with `types`. REQUIRES: no transaction is open on `connection`.
  static Result<std::unique_ptr<NumberRouter>> create(const Query& query,
                                                      const codec::TopicSchema& types,
                                                      const Plan& plan,
                                                      const codec::BindingRules& rules,
                                                      store::Connection& connection);

  void begin(const ExecuteOptions& options) override;
  std::optional<Misfitting> add(std::span<const InputRecord> records, Misfit misfit) override;
  void fail(std::string message) override;
  const std::vector<FailedRecord>& failed() const override;
  Result<BatchResult> finish() override;

 private:
  // An executor for records with numbers of certain types.
  struct Route {
    codec::TopicSchema types;
    std::unique_ptr<Executor> executor;
    bool in_batch = false;
    std::vector<uint32_t> inputs;  // of the batch, by the index that the executor has for them
    uint64_t used = 0;             // the batch in which it was used last
  };

  NumberRouter(const Query& query, const Plan& plan, const codec::BindingRules& rules,
               store::Connection& connection, std::unique_ptr<store::ChunkScan> scan)
      : query_(query),
        plan_(plan),
        rules_(rules),
        connection_(connection),
        scan_(std::move(scan)) {}

  void use(Route& route);
  void took(size_t records);
  Result<Route*> route_of(codec::TopicSchema types);
  Result<std::vector<std::string>> common_types(const std::vector<BatchResult>& results);
  Result<bool> is_rounded(const store::RowBatch& rows, const std::vector<std::string>& types,
                          size_t column);
  Result<void> convert(store::RowBatch& rows, const std::vector<std::string>& types);

  const Query query_;
  const Plan plan_;
  const codec::BindingRules rules_;
  store::Connection& connection_;
  std::unique_ptr<store::ChunkScan> scan_;
  std::vector<std::unique_ptr<Route>> routes_;  // the first one: with the types that are bound
  ExecuteOptions options_;
  Route* current_ = nullptr;
  bool several_ = false;  // routes are in the batch
  uint32_t records_ = 0;
  uint64_t batches_ = 0;
  std::vector<FailedRecord> failed_;  // with several
};

}  // namespace leat::stream
