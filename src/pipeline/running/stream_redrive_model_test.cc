// Random records, redrives with queries that mend some letters and break other records, discards,
// failing deliveries and restarts, beside a slow and obvious model. The seed is printed;
// LEAT_TEST_SEED repeats a run.
#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "pipeline/running/stream_for_test.h"

namespace leat::pipeline {
namespace {

constexpr int kSteps = 60;
constexpr int32_t kPartitions = 2;
constexpr size_t kKeys = 6;
constexpr int kLevels = 4;  // a record is bad up to a level of the query

enum class State : uint8_t { kUnread, kApplied, kLetter, kDiscarded };

struct Record {
  size_t id = 0;
  int number = 0;
  int bad = 0;
  bool has_id = true;
  bool is_delete = false;
  State state = State::kUnread;
  bool sink_letter = false;  // its row in the table with a key
};

// Whether the table's key is the record's: else any later record may have written a row.
class StreamRedriveModelTest : public test::StreamTest, public testing::WithParamInterface<bool> {
 protected:
  using Place = std::pair<int32_t, int64_t>;

  StreamRedriveModelTest() {
    const char* const given = std::getenv("LEAT_TEST_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    random_.seed(seed_);
    topic_ = "people";
    log_.make_topic(topic_, kPartitions);
    into("table", "last", {"id"});
    into("table", "every");
    into("hdfs", "out");
    outside_["out"].retry = Retry::kNo;
  }

  size_t up_to(size_t limit) { return random_() % limit; }
  bool once_in(size_t times) { return up_to(times) == 0; }

  void produce_one() {
    Record record{.id = up_to(kKeys), .number = ++counter_};
    const auto partition = static_cast<int32_t>(record.id % kPartitions);
    record.is_delete = once_in(8);
    record.bad = once_in(2) ? 0 : 1 + static_cast<int>(up_to(kLevels));
    record.has_id = !once_in(8);
    std::optional<std::string> value;
    if (!record.is_delete) {
      value = fmt::format(R"({{"n":{},"bad":{}{}}})", record.number, record.bad,
                          record.has_id ? fmt::format(R"(,"id":{})", record.id) : "");
    }
    const auto key = record.has_id || record.is_delete ? std::to_string(record.id) : "none";
    records_[{partition, log_.produce(topic_, value, key, partition)}] = record;
  }

  void query_of_level(int level) {
    level_ = level;
    stream_.sql = fmt::format(
        "SELECT {} AS id, n, (CASE WHEN bad > {} THEN 'bad' ELSE '0' END)::INTEGER AS zero FROM "
        "people",
        GetParam() ? "id" : "id + 0", level);
  }

  // The next process, with the query that it had, which delivers what is outstanding; then with
  // another one.
  void begin_again() {
    outside_["out"].fail(0);
    limits_.records = 1 + up_to(9);
    letter_limits_ = {.letters = 1 + up_to(5), .bytes = once_in(3) ? size_t{40} : size_t{8} << 20};
    if (once_in(2)) restart();
    open();
    if (HasFatalFailure() || once_in(2)) return;
    query_of_level(static_cast<int>(up_to(kLevels + 1)));
    open();
  }

  void disturb() {
    const auto failures = static_cast<int>(up_to(2));
    outside_["out"].fail(failures, once_in(2), Retry::kNo);
  }

  bool fails(const Record& record) const { return !record.is_delete && record.bad > level_; }

  void apply(Record& record) {
    record.state = State::kApplied;
    record.sink_letter = !record.is_delete && !record.has_id;
  }

  void read_to_where_the_stream_is() {
    for (auto& [place, record] : records_) {
      if (record.state != State::kUnread) continue;
      if (place.second >= progress().offsets.at(place.first)) continue;
      fails(record) ? void(record.state = State::kLetter) : apply(record);
    }
  }

  // Whether a later record that is applied would be lost under this one's row.
  bool is_blocked(const Place& place, const Record& record) const {
    for (const auto& [later_place, later] : records_) {
      if (later_place.first != place.first || later_place.second <= place.second) continue;
      if (later.state != State::kApplied || !fails(later)) continue;
      const bool same_key = later.has_id == record.has_id && later.id == record.id;
      const bool both_without = !later.has_id && !record.has_id;
      if (!GetParam() || same_key || both_without) return true;
    }
    return false;
  }

  std::vector<Place> some_letters(bool of_sink) {
    std::vector<Place> places;
    for (const auto& [place, record] : records_) {
      const bool is_letter = of_sink ? record.sink_letter : record.state == State::kLetter;
      if (is_letter && !once_in(3)) places.push_back(place);
    }
    return places;
  }
  static std::string name_of(const Place& place, bool of_sink) {
    return fmt::format("s/people-{}@{}{}", place.first, place.second,
                       of_sink ? "/table:last/0" : "");
  }

  void redrive_some() {
    // Those of the table with a key fail again: they have no key in any query.
    LetterFilter filter{.owner = "s"};
    std::vector<Place> places;
    if (once_in(2)) {
      for (const auto& [place, record] : records_) {
        if (record.state == State::kLetter) places.push_back(place);
      }
    } else {
      places = some_letters(false);
      for (const auto& place : places) filter.names.push_back(name_of(place, false));
      for (const auto& place : some_letters(true)) filter.names.push_back(name_of(place, true));
      if (filter.names.empty()) return;
    }
    if (once_in(3)) disturb();
    const auto before = progress().counts;
    const bool done = try_redrive(filter).ok();
    // Where a delivery failed, what was redriven is committed: which were done is to be seen in
    // what is left.
    std::set<std::string> left;
    for (const auto& letter : letters()) left.insert(letter.name());
    // The later ones first, so that none of these counts as applied for those before it.
    std::vector<Place> taken;
    for (const auto& place : places) {
      auto& record = records_.at(place);
      const bool may = !fails(record) && !is_blocked(place, record);
      const bool gone = !left.contains(name_of(place, false));
      if (done) {
        EXPECT_EQ(gone, may) << name_of(place, false);
      }
      EXPECT_TRUE(may || !gone) << name_of(place, false);
      if (gone) taken.push_back(place);
    }
    for (const auto& place : taken) apply(records_.at(place));
    EXPECT_EQ(before.read, progress().counts.read);
    if (!done) begin_again();
  }

  void discard_some() {
    LetterFilter filter{.owner = "s"};
    for (const auto& place : some_letters(false)) {
      if (!once_in(4)) continue;
      records_.at(place).state = State::kDiscarded;
      filter.names.push_back(name_of(place, false));
    }
    for (const auto& place : some_letters(true)) {
      if (!once_in(4)) continue;
      records_.at(place).sink_letter = false;
      filter.names.push_back(name_of(place, true));
    }
    if (filter.names.empty()) return;
    const auto discarded = runner_->discard(filter, "the model says so");
    ASSERT_TRUE(discarded.ok()) << discarded.error().to_string();
    EXPECT_EQ(*discarded, static_cast<int64_t>(filter.names.size()));
  }

  void step() {
    for (size_t records = up_to(6); records > 0; --records) produce_one();
    if (once_in(4)) begin_again();
    if (once_in(5)) disturb();
    for (size_t epochs = up_to(4); epochs > 0; --epochs) {
      const bool done = runner_->run_epoch().ok();
      if (done) continue;
      ASSERT_TRUE(runner_->resume().ok() || runner_->resume().ok());
    }
    outside_["out"].fail(0);
    read_to_where_the_stream_is();
    if (once_in(2)) redrive_some();
    if (once_in(3)) discard_some();
    check_letters();
  }

  void check_letters() {
    std::vector<std::string> expected;
    std::vector<std::string> found;
    for (const auto& [place, record] : records_) {
      if (record.state == State::kLetter) expected.push_back(name_of(place, false));
      if (record.sink_letter) expected.push_back(name_of(place, true));
    }
    for (const auto& letter : letters()) found.push_back(letter.name());
    EXPECT_THAT(found, testing::UnorderedElementsAreArray(expected));
  }

  uint64_t seed_ = 0;
  std::mt19937_64 random_;
  int counter_ = 0;
  int level_ = 0;
  std::map<Place, Record> records_;
};

TEST_P(StreamRedriveModelTest, EachRecordIsARowALetterOrDiscardedOnce) {
  std::cout << "seed " << seed_ << '\n';
  // The key's type is known from the first row on.
  records_[{0, log_.produce(topic_, R"({"n":0,"bad":0,"id":0})", "0", 0)}] = {};
  query_of_level(0);
  open();
  for (int i = 0; i < kSteps && !HasFailure(); ++i) step();
  ASSERT_FALSE(HasFailure());
  begin_again();
  drain();
  read_to_where_the_stream_is();
  check_letters();

  std::map<size_t, std::string> last;
  std::vector<std::string> every;
  for (const auto& [place, record] : records_) {
    if (record.state != State::kApplied) continue;
    if (record.is_delete) {
      last.erase(record.id);
      continue;
    }
    const auto row =
        fmt::format("{}|{}|0", record.has_id ? std::to_string(record.id) : "NULL", record.number);
    every.push_back(row);
    if (record.has_id) last[record.id] = row;
  }
  std::vector<std::string> last_rows;
  for (const auto& [id, row] : last) last_rows.push_back(row);
  EXPECT_EQ(rows("FROM last ORDER BY id"), last_rows);
  EXPECT_THAT(rows("FROM every"), testing::UnorderedElementsAreArray(every));
  EXPECT_THAT(outside_["out"].rows(), testing::UnorderedElementsAreArray(every));
  EXPECT_EQ(outbox(), 0U);
  expect_reconciled();
}

INSTANTIATE_TEST_SUITE_P(Keys, StreamRedriveModelTest, testing::Bool(), [](const auto& info) {
  return info.param ? "AgreeWithTheRecords" : "OfTheirOwn";
});

}  // namespace
}  // namespace leat::pipeline
