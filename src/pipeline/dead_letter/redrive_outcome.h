// What became of dead letters that were run again.
#pragma once

namespace leat::pipeline {

struct RedriveOutcome {
  int redriven = 0;
  int failed_again = 0;  // the same letters, with the new error

  RedriveOutcome& operator+=(const RedriveOutcome& other) {
    redriven += other.redriven;
    failed_again += other.failed_again;
    return *this;
  }
};

}  // namespace leat::pipeline
