#include <cstddef>
#include <cstdint>

#include "codec/json_select.h"
#include "source/format/csv_reader.h"

// Every record is valid JSON, and parts of one row each end where one big part does.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leat::source;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const auto whole = make_csv_reader(make_memory_stream(content), {}, {})->read({1 << 30, 1 << 30});
  if (!whole.ok()) return 0;
  if (!whole->end) __builtin_trap();
  for (const SourceRecord& record : whole->records) {
    if (!leat::codec::checked_value(record.value).ok()) __builtin_trap();
  }
  size_t records = 0;
  size_t rejected = 0;
  ReadPosition at;
  for (bool end = false; !end;) {
    const auto part = make_csv_reader(make_memory_stream(content), {}, at)->read({1 << 20, 1});
    if (!part.ok() || (!part->end && part->next == at)) __builtin_trap();
    records += part->records.size();
    rejected += part->rejected.size();
    at = part->next;
    end = part->end;
  }
  if (records != whole->records.size() || rejected != whole->rejected.size()) __builtin_trap();
  return 0;
}
