#include "log/transaction/transaction_record.h"

#include <gtest/gtest.h>

namespace leat::log {
namespace {

TEST(TransactionRecord, IsReadAsItWasWritten) {
  const TransactionRecord record{
      .producer_id = 7,
      .producer_epoch = 3,
      .status = TransactionStatus::kPrepareCommit,
      .partitions = {{{"people", 2}, 1'000'000'000'000, 1'000'000'000'200}, {{"t", 0}, 0, 1}},
      .committed = {{{"people", 1}, 5, 9}}};
  const std::string bytes = encode_transaction_record(record);
  const auto read = decode_transaction_record(bytes);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(*read, record);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = decode_transaction_record(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(cut.ok()) << size;
    EXPECT_EQ(cut.error().code(), ErrorCode::kCorrupt) << size;
  }
  EXPECT_FALSE(decode_transaction_record(bytes + '\0').ok());
}

TEST(TransactionRecord, TheFirstVersionIsRead) {
  const std::string_view bytes(
      "\0\1"
      "\0\0\0\0\0\0\0\7"
      "\0\3"
      "\2"
      "\0\0\0\1"
      "\0\1t\0\0\0\4\0\0\0\0\0\0\0\11",
      2 + 8 + 2 + 1 + 4 + 2 + 1 + 4 + 8);
  const auto read = decode_transaction_record(bytes);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(*read, (TransactionRecord{.producer_id = 7,
                                      .producer_epoch = 3,
                                      .status = TransactionStatus::kPrepareCommit,
                                      .partitions = {{{"t", 4}, 0, 9}},
                                      .committed = {},
                                      .after_its_records = true}));
}

TEST(TransactionRecord, AClientsIsReadAsItWasWritten) {
  for (const auto status : {TransactionStatus::kEmpty, TransactionStatus::kOngoing,
                            TransactionStatus::kPrepareCommit, TransactionStatus::kPrepareAbort}) {
    const TransactionRecord record{.producer_id = 7,
                                   .producer_epoch = 3,
                                   .status = status,
                                   .partitions = {{{"t", 1}, 0, 0}},
                                   .committed = {},
                                   .after_its_records = true,
                                   .of_client = true,
                                   .timeout_ms = 60'000,
                                   .started_ms = 1'700'000'000'000};
    const std::string bytes = encode_transaction_record(record);
    const auto read = decode_transaction_record(bytes);
    ASSERT_TRUE(read.ok()) << read.error().to_string();
    EXPECT_EQ(*read, record);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_transaction_record(std::string_view(bytes).substr(0, size)).ok());
    }
  }
  TransactionRecord own{.status = TransactionStatus::kOngoing, .partitions = {}, .committed = {}};
  EXPECT_FALSE(decode_transaction_record(encode_transaction_record(own)).ok());
}

TEST(TransactionRecord, ANewerVersionIsRefused) {
  std::string bytes = encode_transaction_record({.partitions = {}, .committed = {}});
  bytes[1] = 4;
  const auto read = decode_transaction_record(bytes);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace leat::log
