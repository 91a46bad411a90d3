// Random records through a stream, with crashes, failing deliveries and epochs of random sizes in
// between, beside a slow and obvious model. The seed is printed; LEAT_TEST_SEED repeats a run.
#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "pipeline/running/stream_for_test.h"

namespace leat::pipeline {
namespace {

constexpr int kSteps = 100;
constexpr int32_t kPartitions = 3;
constexpr size_t kKeys = 12;

class StreamModelTest : public test::StreamTest {
 protected:
  StreamModelTest() {
    const char* const given = std::getenv("LEAT_TEST_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    random_.seed(seed_);
    topic_ = "people";
    log_.make_topic(topic_, kPartitions);
    stream_.sql = "SELECT id, n::INTEGER AS n, note FROM people WHERE coalesce(id, 0) >= 0";
    into("table", "last", {"id"});
    into("table", "every");
    into("hdfs", "out");
  }

  size_t up_to(size_t limit) { return random_() % limit; }
  bool once_in(size_t times) { return up_to(times) == 0; }

  // What the stream must make of a record.
  void expect_row(size_t id, const std::string& row) {
    last_[id] = row;
    every_.push_back(row);
  }
  void expect_letter(int32_t partition, int64_t offset, const std::string& stage) {
    letters_.push_back(fmt::format("{}@{} {}", partition, offset, stage));
  }

  void produce_one() {
    const size_t id = up_to(kKeys);
    const auto partition = static_cast<int32_t>(id % kPartitions);
    const std::string key = std::to_string(id);
    const auto number = static_cast<int>(++counter_);
    // A field whose type changes on the way, and which is often not there.
    std::string note = "NULL";
    std::string note_json;
    if (once_in(3)) {
      note = counter_ < 60 || once_in(2) ? std::to_string(up_to(9)) : "text";
      note_json = note == "text" ? R"(,"note":"text")" : R"(,"note":)" + note;
    }
    const auto produce = [&](const std::string& json) {
      return log_.produce(topic_, json, key, partition);
    };
    switch (up_to(12)) {
      case 0:  // a tombstone
        log_.produce(topic_, std::nullopt, key, partition);
        last_.erase(id);
        return;
      case 1:
        expect_letter(partition, produce(fmt::format(R"({{"id":{},"n":)", id)), "decode");
        return;
      case 2:
        expect_letter(partition, produce(fmt::format(R"({{"id":{},"n":"many"}})", id)), "query");
        return;
      case 3:
        produce(fmt::format(R"({{"id":-1,"n":{}}})", number));
        return;
      case 4:  // a row, but none that a table with a key can hold
        expect_letter(partition, produce(fmt::format(R"({{"n":{}{}}})", number, note_json)),
                      "sink");
        every_.push_back(fmt::format("NULL|{}|{}", number, note));
        return;
      default:
        produce(fmt::format(R"({{"id":{},"n":{}{}}})", id, number, note_json));
        expect_row(id, fmt::format("{}|{}|{}", id, number, note));
    }
  }

  // The next process, or the same one beginning again.
  void begin_again() {
    limits_.records = 1 + up_to(9);
    limits_.slice_bytes = 1 + up_to(300);
    limits_.worth_ahead = once_in(3) ? 100 : 1 + static_cast<int64_t>(up_to(9));
    if (once_in(2)) restart();
    outside_["out"].fail(0);
    open();
  }

  // An outside system that is down for a moment; it may have taken the rows all the same.
  void disturb() {
    const auto failures = static_cast<int>(up_to(4));
    const bool takes_before = once_in(2);
    outside_["out"].fail(failures, takes_before, once_in(2) ? Retry::kYes : Retry::kNo);
  }

  void step() {
    for (size_t records = up_to(6); records > 0; --records) produce_one();
    if (once_in(4)) disturb();
    if (once_in(6)) begin_again();
    for (size_t epochs = up_to(3); epochs > 0; --epochs) {
      const auto more = runner_->run_epoch();
      if (more.ok()) continue;
      if (once_in(2)) {
        begin_again();
      } else {
        outside_["out"].fail(0);
        const auto resumed = runner_->resume();
        ASSERT_TRUE(resumed.ok()) << resumed.error().to_string();
      }
    }
  }

  std::vector<std::string> found_letters() {
    std::vector<std::string> found;
    for (const auto& letter : letters()) {
      found.push_back(fmt::format("{}@{} {}", letter.partition, letter.offset, letter.stage));
    }
    return found;
  }

  uint64_t seed_ = 0;
  std::mt19937_64 random_;
  size_t counter_ = 0;
  std::map<size_t, std::string> last_;
  std::vector<std::string> every_;
  std::vector<std::string> letters_;
};

TEST_F(StreamModelTest, TablesFilesLettersAndCountsAreThoseOfTheModel) {
  std::cout << "seed " << seed_ << '\n';
  begin_again();
  for (int i = 0; i < kSteps && !HasFatalFailure(); ++i) step();
  ASSERT_FALSE(HasFatalFailure());
  begin_again();
  drain();

  std::vector<std::string> last;
  for (const auto& [id, row] : last_) last.push_back(row);
  EXPECT_EQ(rows("FROM last ORDER BY id"), last);
  EXPECT_THAT(rows("FROM every"), testing::UnorderedElementsAreArray(every_));
  EXPECT_THAT(outside_["out"].rows(), testing::UnorderedElementsAreArray(every_));
  EXPECT_THAT(found_letters(), testing::UnorderedElementsAreArray(letters_));
  EXPECT_EQ(outbox(), 0U);
  expect_reconciled();
}

}  // namespace
}  // namespace leat::pipeline
