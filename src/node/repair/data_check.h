// Everything in a data directory that is damaged.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/damage.h"
#include "node/repair/misplaced.h"

namespace leat::node {

// Holds the directory's locks while it lives. Not thread-safe.
class DataCheck {
 public:
  // Reads all of the log and of the databases; changes nothing but the locks. Errors: kNotFound
  // (no data directory), kInUse, kUnsupported for files of a newer version, the file system's.
  static Result<std::unique_ptr<DataCheck>> run(const Path& data);

  const CheckReport& report() const { return report_; }

 private:
  std::optional<OwnFiles> files_;  // that the damages refer to
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<FileLock> log_lock_;
  CheckReport report_;
};

}  // namespace leat::node
