// For tests: a source that asks a scripted server.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time/fake_clock.h"
#include "net/http/scripted_server_for_test.h"
#include "source/http/http_source.h"
#include "source/testing/pipeline_node.h"

namespace leat::source {

using net::respond;
using net::ScriptedReply;
using net::ScriptedServer;

class ScriptedSourceTest : public testing::Test {
 protected:
  // A source for `yaml`, where SERVER stands for the server's address.
  std::unique_ptr<Source> source(std::string yaml,
                                 const std::map<std::string, std::string>& secrets = {}) {
    for (size_t at; (at = yaml.find("SERVER")) != std::string::npos;) {
      yaml.replace(at, 6, server_.url(""));
    }
    auto made = make_http_source(node_of("http", yaml, secrets), clock_);
    EXPECT_TRUE(made.ok()) << made.error().to_string();
    return std::move(*made);
  }

  void serve(const std::vector<ScriptedReply>& replies) {
    for (const ScriptedReply& reply : replies) server_.add(reply);
  }

  ScriptedServer server_{{}};
  FakeClock clock_;
};

}  // namespace leat::source
