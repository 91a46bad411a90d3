// The keys of a batch's deletes, which come as text, as values of the key's columns.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "store/rows.h"

namespace leat::sink {

// One row for each delete of the batch, in their order, with the columns of the key: `key` are
// indexes of rows.columns. The text of a single column is cast; of several it is a JSON array of
// such texts. A NULL stands where a text is no value of its column. Errors: internal.
Result<std::vector<store::DataChunk>> typed_deletes(store::Connection& connection,
                                                    const store::RowBatch& rows,
                                                    std::span<const size_t> key);

// Why a row whose key has a NULL, or the delete of that index, is refused.
std::string null_key_message(const store::RowBatch& rows, std::span<const size_t> key);
std::string wrong_delete_message(const store::RowBatch& rows, std::span<const size_t> key,
                                 size_t index);

}  // namespace leat::sink
