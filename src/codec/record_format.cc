#include "codec/record_format.h"

#include "codec/json_records/json_decoder.h"
#include "codec/json_records/json_types.h"

namespace leat::codec {
namespace {

class JsonFormat final : public RecordFormat {
 public:
  std::unique_ptr<RecordDecoder> decoder(const Projection& projection,
                                         TextArena* texts) const override {
    return std::make_unique<JsonDecoder>(projection, texts);
  }
  BindingOutcome bind(TopicSchema& types, const Projection* projection, const BindingRules& rules,
                      std::string_view record, TopicSchema* numbers) const override {
    return bind_json(types, projection, rules, record, numbers);
  }
  bool infer(TopicSchema& schema, std::span<const std::string_view> records) const override {
    return infer_json(schema, records);
  }
};

}  // namespace

const RecordFormat& default_format() {
  static const JsonFormat format;
  return format;
}

}  // namespace leat::codec
