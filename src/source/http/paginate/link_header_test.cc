#include "source/http/paginate/link_header.h"

#include <gtest/gtest.h>

namespace leat::source {
namespace {

using Links = std::vector<Link>;

TEST(LinkHeader, ReadsWhatGitHubSends) {
  EXPECT_EQ(parse_link_header("<https://api.github.com/r/1/issues?page=2>; rel=\"next\", "
                              "<https://api.github.com/r/1/issues?page=5>; rel=\"last\""),
            (Links{{"https://api.github.com/r/1/issues?page=2", {"next"}},
                   {"https://api.github.com/r/1/issues?page=5", {"last"}}}));
}

TEST(LinkHeader, Table) {
  const std::vector<std::pair<std::string, Links>> cases = {
      {"", {}},
      {"</a>", {{"/a", {}}}},
      {"<>;rel=next", {{"", {"next"}}}},
      {"</a>;rel=next", {{"/a", {"next"}}}},
      {"  </a> ; REL = next ", {{"/a", {"next"}}}},
      {"</a>; rel=\"prev  next\"", {{"/a", {"prev", "next"}}}},
      {"</a>; rel=prev; rel=next", {{"/a", {"prev"}}}},
      {"</a,b;c>; rel=next", {{"/a,b;c", {"next"}}}},
      {"</a>; title=\"x, <y>; rel=\\\"next\\\"\"; rel=up", {{"/a", {"up"}}}},
      {"</a>; crossorigin; rel=next", {{"/a", {"next"}}}},
      {"</a>; anchor=\"#foo\"; rel=next", {{"/a", {"next"}, true}}},
      {"</a>; rel=next,</b>; rel=last,", {{"/a", {"next"}}, {"/b", {"last"}}}},
      {",, </a>; rel=next", {{"/a", {"next"}}}},
      {"nonsense; rel=next, </b>; rel=last", {{"/b", {"last"}}}},
      {"</a", {}},
      {"</a>; rel=\"next", {{"/a", {"next"}}}},
      {"</a>; rel=", {{"/a", {}}}},
      {"</a>; rel=next garbage, </b>; rel=last", {{"/a", {"next"}}, {"/b", {"last"}}}},
  };
  for (const auto& [field, links] : cases) EXPECT_EQ(parse_link_header(field), links) << field;
}

}  // namespace
}  // namespace leat::source
