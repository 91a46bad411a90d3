#include "mock_api/json_slice.h"

namespace leat::mock_api {

std::string_view slice_of(simdjson::ondemand::value value) {
  std::string_view slice;
  switch (value.type().value()) {
    case simdjson::ondemand::json_type::object:
      slice = value.get_object().value().raw_json().value();
      break;
    case simdjson::ondemand::json_type::array:
      slice = value.get_array().value().raw_json().value();
      break;
    default:
      slice = value.raw_json_token();
  }
  // simdjson's slices reach to the next token.
  return slice.substr(0, slice.find_last_not_of(" \t\r\n") + 1);
}

Result<simdjson::padded_string> load_file(const Path& path) {
  simdjson::padded_string text;
  if (simdjson::padded_string::load(path.native()).get(text) != simdjson::SUCCESS) {
    return coded_error(ErrorDomain::kUser, ErrorCode::kNotFound, "cannot read {}", path.native());
  }
  return text;
}

Result<void> check_json(simdjson::padded_string_view text, std::string_view where) {
  simdjson::dom::parser parser;
  const auto error = parser.parse(text.data(), text.size(), false).error();
  if (error == simdjson::SUCCESS) return {};
  return coded_error(ErrorDomain::kUser, ErrorCode::kInvalid, "{} is not JSON: {}", where,
                     simdjson::error_message(error));
}

}  // namespace leat::mock_api
