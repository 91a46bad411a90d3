// A connection for people's queries, with what is asked before each of them planned once.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/console/query_watch.h"
#include "store/database.h"

namespace leat::store {

// Not thread-safe.
class ConsoleSession {
 public:
  // `catalogue_version` is the instance's, and lives as long as the connection.
  static Result<std::unique_ptr<ConsoleSession>> open(
      std::unique_ptr<Connection> connection, const std::atomic<uint64_t>& catalogue_version);

  Connection& connection() { return *connection_; }
  // Begins a transaction that only reads, with every schema that has tables on the search path. One
  // for all that a query needs: each beginning waits for a commit of a stream that is under
  // way.
  Result<void> begin();
  void end() { connection_->rollback(); }
  // Whether two tables had one name, in whatever schemas, when the transaction began.
  bool any_name_is_shared() const { return any_name_is_shared_; }
  // Whether a table or view of any schema had this name, in small letters, then.
  bool is_table(const std::string& name) const { return names_.contains(name); }

 private:
  ConsoleSession(std::unique_ptr<Connection> connection, Statement tables,
                 const std::atomic<uint64_t>& catalogue_version)
      : connection_(std::move(connection)),
        tables_(std::move(tables)),
        catalogue_version_(catalogue_version) {}

  Result<void> look_at_tables();

  std::unique_ptr<Connection> connection_;
  Statement tables_;  // planned once
  const std::atomic<uint64_t>& catalogue_version_;
  std::optional<uint64_t> known_version_;  // of the catalogue when its tables were looked at
  bool any_name_is_shared_ = false;
  std::set<std::string> names_;
  std::string search_path_;
};

// Sessions between two queries. Thread-safe.
class ConsoleSessions {
 public:
  std::unique_ptr<ConsoleSession> take();  // null: there is none
  void give_back(std::unique_ptr<ConsoleSession> session);
  QueryWatch& watch() { return watch_; }

 private:
  QueryWatch watch_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<ConsoleSession>> idle_;
};

}  // namespace leat::store
