#include "mock_api/people.h"

#include "mock_api/json_slice.h"

namespace leat::mock_api {

namespace ondemand = simdjson::ondemand;

struct People::File {
  simdjson::padded_string text;
};

namespace {

std::string_view trimmed(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r\n") + 1 - start);
}

// A part of a padded text is padded too: by what follows it.
simdjson::padded_string_view padded(std::string_view part, const simdjson::padded_string& whole) {
  const char* const end = whole.data() + whole.size() + simdjson::SIMDJSON_PADDING;
  return simdjson::padded_string_view(part.data(), part.size(),
                                      static_cast<size_t>(end - part.data()));
}

// A field's name as it stands between its quotes.
std::string_view name_of(ondemand::raw_json_string key) {
  const char* const start = key.raw();
  const char* end = start;
  while (*end != '"') end += *end == '\\' ? 2 : 1;
  return {start, static_cast<size_t>(end - start)};
}

Person person_of(std::string_view bytes, const simdjson::padded_string& whole,
                 ondemand::parser& parser) {
  Person person;
  person.bytes = bytes;
  if (!bytes.starts_with('{')) return person;
  ondemand::document document = parser.iterate(padded(bytes, whole));
  for (auto field : document.get_object()) {
    const std::string_view name = name_of(field.key());
    std::string_view value = slice_of(field.value());
    person.fields.emplace_back(name, value);
    if (value.size() < 2 || value.front() != '"') continue;
    value = value.substr(1, value.size() - 2);
    if (name == "nat") person.nat = value;
    if (name == "gender") person.gender = value;
  }
  return person;
}

struct Answer {
  std::vector<std::string_view> records;
  std::string seed;
  std::string version;
};

void add_records(ondemand::array list, Answer& answer) {
  for (auto value : list) answer.records.push_back(slice_of(value.value()));
}

// A list, or {"results": […], "info": {…}}; false for JSON that is neither.
bool read_answer(ondemand::document& document, Answer& answer) {
  if (document.type().value() == ondemand::json_type::array) {
    add_records(document.get_array(), answer);
    return true;
  }
  if (document.type().value() != ondemand::json_type::object) return false;
  ondemand::array results;
  if (document["results"].get_array().get(results) != simdjson::SUCCESS) return false;
  add_records(results, answer);
  ondemand::object info;
  if (document["info"].get_object().get(info) != simdjson::SUCCESS) return true;
  for (auto field : info) {
    const std::string_view name = name_of(field.key());
    std::string_view text;
    if (field.value().get_string().get(text) != simdjson::SUCCESS) continue;
    if (name == "seed") answer.seed = text;
    if (name == "version") answer.version = text;
  }
  return true;
}

Result<void> read_lines(const simdjson::padded_string& whole, const Path& path, Answer& answer) {
  size_t number = 0;
  for (std::string_view rest = whole; !rest.empty();) {
    const size_t newline = rest.find('\n');
    const std::string_view line = trimmed(rest.substr(0, newline));
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    ++number;
    if (line.empty()) continue;
    LEAT_TRY(check_json(padded(line, whole), fmt::format("{}:{}", path.native(), number)));
    answer.records.push_back(line);
  }
  return {};
}

}  // namespace

Result<void> People::add(const Path& path) {
  LEAT_ASSIGN(auto loaded, load_file(path));
  const auto file = std::make_shared<const File>(File{std::move(loaded)});
  files_.push_back(file);
  const simdjson::padded_string_view text = padded(trimmed(file->text), file->text);

  Answer answer;
  ondemand::parser parser;
  bool is_answer = false;
  if (check_json(text, path.native()).ok()) {
    ondemand::document document = parser.iterate(text);
    is_answer = read_answer(document, answer);
  }
  if (!is_answer) LEAT_TRY(read_lines(file->text, path, answer));
  if (answer.records.empty()) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid, "{} holds no records",
                       path.native());
  }
  for (const std::string_view bytes : answer.records) {
    people_.push_back(person_of(bytes, file->text, parser));
  }
  if (recorded_seed_.empty()) recorded_seed_ = answer.seed;
  if (version_.empty()) version_ = answer.version;
  return {};
}

Result<People> People::load(std::span<const Path> files) {
  People people;
  for (const Path& path : files) {
    try {
      LEAT_TRY(people.add(path));
    } catch (const simdjson::simdjson_error& thrown) {
      return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid, "{}: {}", path.native(),
                         thrown.what());
    }
  }
  if (people.version_.empty()) people.version_ = "1.3";
  return people;
}

}  // namespace leat::mock_api
