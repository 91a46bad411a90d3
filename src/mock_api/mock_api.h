// `leat mock-api`: a server that answers like randomuser.me from recordings, and like any other API
// from fixed routes, and that misbehaves on request. For examples, tests and demos; the rest of the
// program does not know it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "mock_api/misbehaviour.h"

namespace leat::mock_api {

struct MockApiOptions {
  std::vector<Path> records;  // people, see people.h; served at / and /api/
  std::vector<Path> routes;   // fixed answers, see routes.h; they win over people
  uint16_t port = 0;          // of 127.0.0.1; 0: any free one
  // With the same seed and the same sequence of requests every run gives the same answers.
  std::string seed = "leat";
  double rate_limit = 0;  // requests per second, beyond: 429; 0: none
  Misbehaviour misbehaviour;
};

// Thread-safe.
class MockApi {
 public:
  // Errors: user, for files that cannot be read or no file at all; kInUse for the port.
  static Result<std::unique_ptr<MockApi>> start(MockApiOptions options);
  ~MockApi();  // stops
  MockApi(const MockApi&) = delete;
  MockApi& operator=(const MockApi&) = delete;

  uint16_t port() const;
  // Requests answered or failed so far.
  uint64_t requests() const;
  void stop();

 private:
  struct Impl;
  explicit MockApi(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Starts, prints "listening on http://127.0.0.1:PORT" to `out`, and serves until SIGINT or SIGTERM.
// Returns the exit code: 0; 2 for files or options that are wrong, 1 for the rest, with the message
// on standard error. REQUIRES: no other thread that takes these signals.
int run_mock_api(MockApiOptions options, std::FILE* out = stdout);

}  // namespace leat::mock_api
