#include "source/format/csv_options.h"

namespace leat::source {
namespace {

using config::Node;
using config::ValueKind;

Result<char> one_character(const Node& node, std::string_view key) {
  const std::string& text = node.text();
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() == 1 && text[0] != '\n' && text[0] != '\r') return text[0];
  return user_error("{}: `{}` must be one ASCII character or \"tab\", not \"{}\"",
                    node.location().to_string(), key, text);
}

}  // namespace

config::Key csv_key() {
  using config::scalar;
  return {
      .name = "csv",
      .value = config::mapping(
          {{.name = "delimiter",
            .value = scalar(ValueKind::kText),
            .doc = "The character between fields, or `tab`.",
            .default_text = ","},
           {.name = "quote",
            .value = scalar(ValueKind::kText),
            .doc = "The character around fields that hold delimiters, quotes or line ends.",
            .default_text = "\""},
           {.name = "header",
            .value = scalar(ValueKind::kBoolean),
            .doc = "Whether the first row names the columns.",
            .default_text = "true"},
           {.name = "columns",
            .value = config::list_of(scalar(ValueKind::kText)),
            .doc = "The columns' names when there is no header row (else column1, column2, …)."},
           {.name = "null",
            .value = scalar(ValueKind::kText),
            .doc = "An unquoted field of this text is null; an empty one always is."}},
          "", "csv: {delimiter: \";\", \"null\": NA}"),
      .doc =
          "How CSV is written. Rows become JSON objects: unquoted numbers, true and false stay "
          "as they are, everything else is a string, an empty field is null. LF, CRLF and CR end a "
          "row. A column without a name is column1, column2, …; names that differ in case only "
          "get a number, and the run says so."};
}

Result<CsvOptions> parse_csv_options(const Node& node) {
  CsvOptions options;
  if (!node.present()) return options;
  if (const Node delimiter = node["delimiter"]) {
    LEAT_ASSIGN(options.delimiter, one_character(delimiter, "delimiter"));
  }
  if (const Node quote = node["quote"]) {
    LEAT_ASSIGN(options.quote, one_character(quote, "quote"));
  }
  if (options.quote == options.delimiter) {
    return user_error("{}: `quote` and `delimiter` are the same character",
                      node.location().to_string());
  }
  if (const Node header = node["header"]) options.header = header.boolean();
  if (const Node columns = node["columns"]) {
    if (options.header) {
      return user_error("{}: `columns` needs `header: false`: else the first row names them",
                        columns.location().to_string());
    }
    for (const Node& column : columns.items()) options.columns.push_back(column.text());
  }
  if (const Node null = node["null"]) options.null = null.text();
  return options;
}

}  // namespace leat::source
