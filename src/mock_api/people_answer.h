// What randomuser.me answers, from recorded people.
#pragma once

#include <string>
#include <string_view>

#include "mock_api/people.h"
#include "net/http/url.h"

namespace leat::mock_api {

// The answer to `?results=&page=&seed=&nat=&gender=&inc=&exc=&noinfo`, in the API's envelope:
//   {"results":[…],"info":{"seed":"abc","results":2,"page":1,"version":"1.3"}}
//
// - A seed is an order of the recorded people; the recording's own seed is the order of the file.
// Page
//   p of r results is the p-th slice of r people. Beyond the last person the order starts again: a
//   repeated person is the same bytes, the same login.uuid. A request without a seed gets
//   `fresh_seed`.
// - results is 1 to 5000 and page at least 1; anything else counts as 1.
// - nat and gender choose among the people; a value that nobody has is ignored.
// - inc keeps the named fields in the recorded order, exc drops them; else a person is byte for
//   byte as recorded.
// REQUIRES: people.all() is not empty
std::string people_answer(const People& people, const net::QueryMap& query,
                          std::string_view fresh_seed);

}  // namespace leat::mock_api
