// Input: lines of records. For each: the decoder and find_json_fault agree on what is JSON; a
// misfit is a change that infer_json() makes, after which the record decodes; and what was decoded
// before stays.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/json/fault.h"
#include "codec/json_records/test_chunk.h"

using namespace leat::codec;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

bool take(TopicSchema& schema, std::string_view record) {
  const Padded padded(record);
  const std::string_view view = padded.view();
  return infer_json(schema, {&view, 1});
}

// Decodes `record` with the schema as it is, and when it does not fit with what it becomes.
void decode(TopicSchema& schema, std::string_view record) {
  const bool valid = !find_json_fault(record);
  for (int attempt = 0;; ++attempt) {
    TestChunk chunk({.root = schema.root, .whole = {""}});
    const DecodeOutcome outcome = chunk.decode(record);
    (void)chunk.last();
    if (outcome.status == DecodeStatus::kDecoded) {
      check(valid);
      check(!take(schema, record));
      return;
    }
    check(!outcome.message.empty());
    if (outcome.status == DecodeStatus::kMalformed) {
      check(!valid || outcome.message == "the record is not a JSON object");
      check(!take(schema, record));
      return;
    }
    check(valid && attempt == 0);
    check(take(schema, record));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  TopicSchema schema;
  while (!input.empty()) {
    const size_t end = std::min(input.find('\n'), input.size());
    decode(schema, input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  const auto again = TopicSchema::from_json(schema.to_json());
  check(again.ok() && *again == schema);
  return 0;
}
