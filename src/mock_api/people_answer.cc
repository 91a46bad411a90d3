#include "mock_api/people_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/text/lower_case.h"
#include "mock_api/dice.h"

namespace leat::mock_api {
namespace {

constexpr size_t kMostResults = 5000;
constexpr size_t kMostPages = 1'000'000;

size_t number_of(const net::QueryMap& query, std::string_view name, size_t most) {
  const auto found = query.find(name);
  if (found == query.end()) return 1;
  const std::string& text = found->second;
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number >= 1 && number <= most ? number : 1;
}

std::vector<std::string> list_of(const net::QueryMap& query, std::string_view name) {
  std::vector<std::string> list;
  const auto found = query.find(name);
  if (found == query.end()) return list;
  std::string_view rest = found->second;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) list.emplace_back(item);
  }
  return list;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::ranges::any_of(
      list, [item](const std::string& one) { return same_in_lower_case(one, item); });
}

// Keeps the people whose property is in the list; all, when nobody's is.
void choose(const std::vector<Person>& people, std::string_view Person::* property,
            const std::vector<std::string>& list, std::vector<size_t>& chosen) {
  std::vector<size_t> kept;
  std::ranges::copy_if(chosen, std::back_inserter(kept),
                       [&](size_t i) { return contains(list, people[i].*property); });
  if (!kept.empty()) chosen = std::move(kept);
}

void shuffle(std::vector<size_t>& order, std::string_view seed) {
  Dice dice(seed, 0);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[dice.below(i)]);
}

void append_person(std::string& into, const Person& person, const std::vector<std::string>& inc,
                   const std::vector<std::string>& exc) {
  if (person.fields.empty() || (inc.empty() && exc.empty())) {
    into += person.bytes;
    return;
  }
  into += '{';
  bool first = true;
  for (const auto& [name, value] : person.fields) {
    if (inc.empty() ? contains(exc, name) : !contains(inc, name)) continue;
    into += fmt::format("{}\"{}\":{}", first ? "" : ",", name, value);
    first = false;
  }
  into += '}';
}

}  // namespace

std::string people_answer(const People& people, const net::QueryMap& query,
                          std::string_view fresh_seed) {
  const std::vector<Person>& all = people.all();
  const size_t results = number_of(query, "results", kMostResults);
  const size_t page = number_of(query, "page", kMostPages);
  const auto given = query.find("seed");
  const std::string seed(given == query.end() || given->second.empty() ? fresh_seed
                                                                       : given->second);
  std::vector<size_t> order(all.size());
  std::iota(order.begin(), order.end(), 0);
  choose(all, &Person::nat, list_of(query, "nat"), order);
  choose(all, &Person::gender, list_of(query, "gender"), order);
  if (seed != people.recorded_seed()) shuffle(order, seed);

  const auto inc = list_of(query, "inc");
  const auto exc = list_of(query, "exc");
  std::string answer = R"({"results":[)";
  for (size_t i = 0; i < results; ++i) {
    if (i > 0) answer += ',';
    append_person(answer, all[order[((page - 1) * results + i) % order.size()]], inc, exc);
  }
  answer += ']';
  if (!query.contains("noinfo")) {
    const auto text = [](const std::string& value) {
      return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    };
    answer += fmt::format(R"(,"info":{{"seed":{},"results":{},"page":{},"version":{}}})",
                          text(seed), results, page, text(people.version()));
  }
  return answer + '}';
}

}  // namespace leat::mock_api
