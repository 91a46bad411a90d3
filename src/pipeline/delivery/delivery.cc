#include "pipeline/delivery/delivery.h"

#include <algorithm>
#include <utility>

#include "pipeline/dead_letter/letter_store.h"
#include "pipeline/delivery/recovery.h"
#include "pipeline/epoch/refused_rows.h"

namespace leat::pipeline {
namespace {

DeliveryFault of_target(Error error) { return {.error = std::move(error), .of_target = true}; }
DeliveryFault of_ours(Error error) { return {.error = std::move(error), .of_target = false}; }

}  // namespace

Delivery::Delivery(DeliveryContext context, std::string name, std::unique_ptr<sink::Sink> sink,
                   EpochRowsAgain again, std::unique_ptr<store::Connection> connection,
                   SinkCounts counts)
    : context_(std::move(context)),
      name_(std::move(name)),
      sink_(std::move(sink)),
      connection_(std::move(connection)),
      again_(std::move(again)),
      outbox_(*connection_),
      news_("stream " + context_.stream, context_.clock),
      counts_(counts),
      known_(context_.committed) {}

Result<std::vector<OutboxEntry>> Delivery::oldest(size_t limit) {
  return outbox_.load(context_.stream, name_, limit);
}

std::optional<DeliveryFault> Delivery::deliver(const OutboxEntry& entry, const EpochRows* rows) {
  const std::string doing = fmt::format("delivering epoch {} of the stream {} to {}", entry.epoch,
                                        context_.stream, name_);
  at(DeliveryStep::kBefore);
  std::optional<EpochRows> computed;
  if (rows == nullptr) {
    auto again = again_.of(context_.stream, entry, *connection_);
    if (!again.ok()) {
      again_.forget();
      return of_ours(std::move(again).error().during(doing));
    }
    computed.emplace(*std::move(again));
    rows = &*computed;
  }
  sink::Delivery delivery;
  if (rows->rows.row_count() + rows->rows.deletes.size() > 0) {
    auto handed = hand_over(entry, *rows);
    if (!handed.ok()) {
      prepared_.clear();
      contacted_ = false;
      return of_target(std::move(handed).error().during(doing));
    }
    delivery = *std::move(handed);
  }
  at(DeliveryStep::kDelivered);
  if (auto remembered = remember(entry, *rows, delivery); !remembered.ok()) {
    return of_ours(std::move(remembered).error().during(doing));
  }
  at(DeliveryStep::kDone);
  return std::nullopt;
}

Result<sink::Delivery> Delivery::hand_over(const OutboxEntry& entry, const EpochRows& rows) {
  if (!contacted_) {
    LEAT_ASSIGN(const auto newest, sink_->newest_epoch());
    LEAT_TRY(first_delivery(newest, known_, entry.epoch));
    contacted_ = true;
  }
  if (prepared_ != rows.rows.columns) {
    LEAT_TRY(sink_->prepare(rows.rows.columns));
    prepared_ = rows.rows.columns;
  }
  sink::EpochIdentity identity{.store_id = context_.store_id,
                               .pipeline = context_.pipeline,
                               .stream = context_.stream,
                               .epoch = entry.epoch,
                               .write_time = entry.write_time,
                               .topic = context_.topic,
                               .topic_id = context_.topic_id};
  for (const auto& [partition, from] : entry.from) {
    identity.offsets[partition] = {.from = from, .to = entry.to.at(partition)};
  }
  known_ = std::max(known_, entry.epoch);
  return sink_->deliver(identity, rows.rows);
}

Result<std::vector<StreamLetter>> Delivery::letters_of(const OutboxEntry& entry,
                                                       const EpochRows& rows,
                                                       const sink::Delivery& delivery) {
  const Micros now = entry.redriven ? context_.clock.now() : entry.now;
  std::vector<StreamLetter> letters = rows.failed;
  for (auto& letter : letters) letter.at = now;
  if (delivery.refused.empty()) return letters;
  LEAT_ASSIGN(const auto bytes, again_.bytes_of(rows.input, records_of(delivery, rows.rows)));
  auto refused = refused_letters({.stream = context_.stream,
                                  .topic = context_.topic,
                                  .now = now,
                                  .write_time = entry.write_time},
                                 name_, rows.input, bytes, rows.rows, delivery);
  for (size_t i = 0; i < refused.size(); ++i) {
    const auto place = place_of(delivery.refused[i], rows.rows);
    const auto only = rows.only_row.find(place.input);
    if (only != rows.only_row.end()) refused[i].row = only->second;
  }
  std::ranges::move(refused, std::back_inserter(letters));
  return letters;
}

Result<void> Delivery::remember(const OutboxEntry& entry, const EpochRows& rows,
                                const sink::Delivery& delivery) {
  LEAT_ASSIGN(const auto letters, letters_of(entry, rows, delivery));
  SinkCounts next = counts_;
  next.emitted -= rows.left_out + delivery.passed_over;
  next.dead_lettered += static_cast<int64_t>(letters.size());
  next.delivered += static_cast<int64_t>(rows.rows.row_count() + rows.rows.deletes.size() -
                                         delivery.refused.size() - delivery.passed_over);
  LEAT_TRY(connection_->begin());
  auto written = [&]() -> Result<void> {
    LEAT_TRY(LetterStore(*connection_).add(letters));
    LEAT_TRY(outbox_.remove(context_.stream, entry));
    LEAT_TRY(outbox_.save_counts(context_.stream, name_, next));
    return connection_->commit();
  }();
  if (!written.ok()) {
    connection_->rollback();
    return written;
  }
  counts_ = next;
  for (const auto& letter : letters) {
    news_.add(fmt::format("{}-{}@{} for {}", letter.topic, letter.partition, letter.offset, name_),
              letter.error);
  }
  return {};
}

std::optional<DeliveryFault> Delivery::flush() {
  if (auto flushed = sink_->flush(); !flushed.ok()) {
    return of_target(std::move(flushed).error().during(fmt::format("flushing {}", name_)));
  }
  return std::nullopt;
}

std::optional<DeliveryFault> Delivery::flush_due(std::optional<std::chrono::milliseconds>& next) {
  auto due = sink_->flush_due();
  if (!due.ok()) {
    return of_target(std::move(due).error().during(fmt::format("flushing {}", name_)));
  }
  next = *due;
  return std::nullopt;
}

}  // namespace leat::pipeline
