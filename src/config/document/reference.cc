#include <deque>

#include "config/check/scalar_check.h"
#include "config/pipeline.h"
#include "config/plan/frame.h"

namespace leat::config {
namespace {

constexpr const char* kValues = R"(A key that is not listed is an error.

| value | how it is written |
| --- | --- |
| duration | `500ms`, `2s`, `10m`, `1h30m`, `1d`, `1w` |
| size | `1048576`, `64KiB`, `10MB` (1000s), `10MiB` (1024s) |
| JSONPath | `results[*]`, `$.links.next`, `login.uuid`, `['a name'][0]` |
| timetable | `@once`, `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`, five cron fields, or `{every: 60s}`; UTC |
| list | a single value stands for a list of one |

Any value may hold `${NAME}` (environment, or `--set NAME=…`), `${NAME:-default}` and
`${secret:NAME}` (a file in the secrets folder, or the environment); `$$` is a `$`.
)";

std::string in_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

class ReferenceWriter {
 public:
  explicit ReferenceWriter(const ConnectorCatalogue& connectors) : connectors_(connectors) {}

  std::string document() {
    out_ = kValues;
    pending_.push_back({"The file", pipeline_description(connectors_)});
    while (!pending_.empty()) {
      const Section section = pending_.front();
      pending_.pop_front();
      write(section);
    }
    write_targets();
    return std::move(out_);
  }

 private:
  struct Section {
    std::string path;
    DescriptionPtr description;
  };

  std::string path_under(const std::string& path, const std::string& key) const {
    return path == "The file" ? key : path + "." + key;
  }

  void write(const Section& section) {
    const Description& description = *section.description;
    out_ +=
        section.path == "The file" ? "\n## The file\n" : fmt::format("\n## `{}`\n", section.path);
    if (!description.doc.empty()) out_ += "\n" + description.doc + "\n";
    if (!description.exactly_one.empty()) {
      out_ += "\nExactly one of";
      for (const auto& name : description.exactly_one) out_ += " `" + name + "`";
      out_ += ".\n";
    }
    write_table(description.keys, section.path);
    if (!description.example.empty()) out_ += "\n```yaml\n" + description.example + "\n```\n";
  }

  void write_table(const std::vector<Key>& keys, const std::string& path) {
    out_ += "\n| key | value | default | |\n| --- | --- | --- | --- |\n";
    std::string later;
    for (const auto& key : keys) {
      if (!key.unsupported.empty()) {
        later += " `" + key.name + "`";
        continue;
      }
      const std::string default_cell = key.required               ? "required"
                                       : key.default_text.empty() ? ""
                                                                  : "`" + key.default_text + "`";
      out_ += fmt::format("| `{}` | {} | {} | {} |\n", key.name, in_cell(value_text(key)),
                          in_cell(default_cell), in_cell(key.doc));
      if (key.value) follow(*key.value, key.value, path_under(path, key.name));
    }
    if (!later.empty()) out_ += "\nNot built yet, refused by name:" + later + ".\n";
  }

  // Sections for the mappings inside a value.
  void follow(const Description& description, const DescriptionPtr& shared,
              const std::string& path) {
    if (description.kind == ValueKind::kMap) {
      follow(*description.element, description.element, path + ".NAME");
    } else if (description.kind == ValueKind::kList) {
      follow(*description.element, description.element, path);
    } else if (description.kind == ValueKind::kMapping || description.kind == ValueKind::kOneOf) {
      pending_.push_back({path, shared});
      if (description.element) follow(*description.element, description.element, path);
    } else if (description.kind == ValueKind::kTimetable && path == "schedule") {
      pending_.push_back({path, timetable_description()});
    }
  }

  static std::string value_text(const Key& key) {
    if (!key.choices.empty()) {
      std::string out;
      for (const auto& choice : key.choices) out += (out.empty() ? "`" : ", `") + choice + "`";
      return out;
    }
    return key.value ? kind_text(*key.value) : "text";
  }

  static std::string kind_text(const Description& description) {
    switch (description.kind) {
      case ValueKind::kText:
        return "text";
      case ValueKind::kInteger:
        return "whole number";
      case ValueKind::kNumber:
        return "number";
      case ValueKind::kBoolean:
        return "`true`, `false`";
      case ValueKind::kDuration:
        return "duration";
      case ValueKind::kBytes:
        return "size";
      case ValueKind::kJsonPath:
        return "JSONPath";
      case ValueKind::kSql:
        return "SQL";
      case ValueKind::kTimetable:
        return "timetable";
      case ValueKind::kAny:
        return "any value";
      case ValueKind::kMapping:
        return "mapping";
      case ValueKind::kMap:
        return "names to " + kind_text(*description.element);
      case ValueKind::kList:
        if (&description == into_description(TargetOwner::kTask).get() ||
            &description == into_description(TargetOwner::kStream).get()) {
          return "target, or a list of targets";
        }
        return "list of " + kind_text(*description.element);
      case ValueKind::kOneOf: {
        std::string out = "mapping with one key";
        if (description.element) out += ", or " + kind_text(*description.element);
        return out;
      }
    }
    return "";
  }

  void write_targets() {
    out_ +=
        "\n## Targets: the entries of `into`\n\nEach has one key that names the target: a type "
        "from below, or a connection of the file.\n";
    for (const auto& name : connectors_.target_names()) {
      const TargetKind& kind = *connectors_.target(name);
      const auto description = target_description(kind, name, TargetOwner::kStream);
      out_ += fmt::format("\n### `{}`\n", name);
      if (!kind.key.doc.empty()) out_ += "\n" + kind.key.doc + "\n";
      write_table(description->keys, "into." + name);
      while (!pending_.empty()) {
        const Section section = pending_.front();
        pending_.pop_front();
        write(section);
      }
    }
    out_ += "\nOf a task's targets, `key` holds JSONPaths in the record instead of columns.\n";
  }

  const ConnectorCatalogue& connectors_;
  std::string out_;
  std::deque<Section> pending_;
};

}  // namespace

std::string pipeline_reference(const ConnectorCatalogue& connectors) {
  return ReferenceWriter(connectors).document();
}

}  // namespace leat::config
