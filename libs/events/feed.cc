#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/events/events.h"
#include "libs/events/maintenance.h"
#include "libs/events/page.h"
#include "libs/faults/faults.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"

namespace cloudpos::events {
namespace {

using base::ErrorCode;
using common::v1::PullRequest;
using common::v1::PullResponse;
using common::v1::SnapshotRequest;
using common::v1::SnapshotResponse;

constexpr size_t kConsumerNameMax = 64;
constexpr int kShards = 64;
constexpr int kEventTypesMax = 32;
// A consumer that reads on is written down this often, and one that stands still: partitions of 14
// days ago can wait for it.
constexpr absl::Duration kAckMovedEvery = absl::Seconds(10);
constexpr absl::Duration kAckEvery = absl::Minutes(1);
constexpr std::chrono::seconds kGuardEvery{1};
constexpr absl::Duration kPartitionsEvery = absl::Hours(1);
constexpr absl::Duration kPartitionsAgain = absl::Minutes(1);  // a lock was not to be had

constexpr pg::Query kUpsertAck{"events_upsert_ack", R"sql(
  INSERT INTO consumer_acks (consumer, cursor, seen_at) VALUES ($1, $2, $3)
  ON CONFLICT (consumer) DO UPDATE SET cursor = excluded.cursor, seen_at = excluded.seen_at)sql"};

constexpr pg::Query kRaiseGeneration{"events_raise_generation",
                                     "SELECT outbox_raise_generation() AS generation"};

absl::Status CheckConsumer(const std::string& consumer) {
  if (consumer.empty()) return base::Fail(ErrorCode::FIELD_REQUIRED, "consumer", "is required");
  if (consumer.size() > kConsumerNameMax || !base::IsPrintableText(consumer)) {
    return base::Fail(ErrorCode::INVALID_ARGUMENT, "consumer", "is not a name of 64 characters");
  }
  return absl::OkStatus();
}

absl::StatusOr<PageRequest> ParsePull(const PullRequest& request, const Cursor& cursor) {
  CLOUDPOS_RETURN_IF_ERROR(CheckConsumer(request.consumer()));
  if (request.limit() < 0 || request.limit() > kPageEvents) {
    return base::Fail(ErrorCode::OUT_OF_RANGE, "limit", "must be 0..200");
  }
  PageRequest page{.after = cursor.at, .shards = std::nullopt, .events = kPageEvents};
  if (request.limit() > 0) page.events = request.limit();
  for (const int32_t shard : request.shards()) {
    if (shard < 0 || shard >= kShards) {
      return base::Fail(ErrorCode::OUT_OF_RANGE, "shards", "must be 0..63");
    }
    if (!page.shards) page.shards.emplace();
    page.shards->push_back(shard);
  }
  if (request.event_types_size() > kEventTypesMax) {
    return base::Fail(ErrorCode::OUT_OF_RANGE, "eventTypes", "must be 32 at most");
  }
  page.types.assign(request.event_types().begin(), request.event_types().end());
  return page;
}

/// Splits what a producer sends at once into messages of a page's size.
absl::Status SendInPages(std::vector<Event> events,
                         const std::function<absl::Status(const SnapshotResponse&)>& send) {
  SnapshotResponse message;
  size_t bytes = 0;
  for (Event& event : events) {
    const size_t size = event.ByteSizeLong();
    if (message.events_size() > 0 &&
        (bytes + size > kPageBytes || message.events_size() >= kPageEvents)) {
      CLOUDPOS_RETURN_IF_ERROR(send(message));
      FAIL_POINT("snapshot.middle");
      message.clear_events();
      bytes = 0;
    }
    *message.add_events() = std::move(event);
    bytes += size;
  }
  return message.events_size() > 0 ? send(message) : absl::OkStatus();
}

}  // namespace

struct Feed::Impl {
  explicit Impl(FeedOptions o)
      : options(std::move(o)),
        maintenance(options.producer, options.pool, options.clock),
        served(metrics::Counter("cloudpos_" + options.producer + "_events_served_total",
                                "Events handed to consumers, repeats included.")),
        lost(metrics::Counter("cloudpos_" + options.producer + "_event_cursors_lost_total",
                              "Pulls refused with CURSOR_LOST.")) {
    if (options.has_guard_thread) thread = std::thread([this] { Run(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    if (thread.joinable()) thread.join();
  }

  void Run();
  absl::Status Acknowledge(const PullRequest& request, const Position& at, absl::Time deadline);
  absl::Status ServePull(const PullRequest& request, absl::Time deadline, PullResponse* response);
  absl::Status ServeSnapshot(absl::Time deadline,
                             const std::function<absl::Status(const SnapshotResponse&)>& send);
  absl::Status Replay(pg::Tx& tx, const std::function<absl::Status(const SnapshotResponse&)>& send);

  absl::Status PullCall(rpc::CallContext& ctx, const PullRequest& request, PullResponse* response) {
    return ServePull(request, ctx.deadline(), response);
  }
  absl::Status SnapshotCall(rpc::CallContext& ctx, const SnapshotRequest& request,
                            rpc::StreamWriter& writer) {
    CLOUDPOS_RETURN_IF_ERROR(CheckConsumer(request.consumer()));
    return ServeSnapshot(ctx.deadline(), [&writer](const SnapshotResponse& message) {
      return writer.Write(message) ? absl::OkStatus()
                                   : base::Fail(ErrorCode::CANCELLED, "the consumer went away");
    });
  }

  struct Ack {
    Position at;
    absl::Time written;
  };

  const FeedOptions options;
  Maintenance maintenance;
  prometheus::Counter& served;
  prometheus::Counter& lost;
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::map<std::string, Ack> acks;  // what this process wrote last, to write less
  std::thread thread;
};

void Feed::Impl::Run() {
  absl::Time partitions_due = absl::InfinitePast();
  bool was_ok = true;
  std::unique_lock lock(mutex);
  while (!stopping) {
    lock.unlock();
    absl::Status status = maintenance.Guard();
    const absl::Time now = options.clock->Now();
    if (status.ok() && now >= partitions_due) {
      status = maintenance.MaintainPartitions();
      partitions_due = now + (status.ok() ? kPartitionsEvery : kPartitionsAgain);
    }
    if (!status.ok() && was_ok) {
      log::Warn("the event log is not maintained",
                {{"producer", options.producer}, {"error", status.ToString()}});
    }
    was_ok = status.ok();
    lock.lock();
    wake.wait_for(lock, kGuardEvery, [this] { return stopping; });
  }
}

// A cursor that went back, of a consumer restored from a copy, is written at once: what it has
// still to read must not be dropped.
absl::Status Feed::Impl::Acknowledge(const PullRequest& request, const Position& at,
                                     absl::Time deadline) {
  const absl::Time now = options.clock->Now();
  {
    const std::lock_guard lock(mutex);
    const auto known = acks.find(request.consumer());
    if (known != acks.end() && known->second.at <= at &&
        absl::AbsDuration(now - known->second.written) <
            (known->second.at == at ? kAckEvery : kAckMovedEvery)) {
      return absl::OkStatus();
    }
  }
  CLOUDPOS_RETURN_IF_ERROR(options.pool
                               ->Exec({.tenant = {}, .deadline = deadline}, kUpsertAck,
                                      request.consumer(), pg::Bytes{request.cursor()}, now)
                               .status());
  const std::lock_guard lock(mutex);
  acks[request.consumer()] = {at, now};
  return absl::OkStatus();
}

absl::Status Feed::Impl::ServePull(const PullRequest& request, absl::Time deadline,
                                   PullResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Cursor cursor, DecodeCursor(request.cursor()));
  CLOUDPOS_ASSIGN_OR_RETURN(PageRequest wanted, ParsePull(request, cursor));
  const Runner run = RunOn(options.pool, deadline);
  CLOUDPOS_ASSIGN_OR_RETURN(const LogState state, ReadLogState(run, cursor));
  if (absl::Status status = CheckCursor(state, cursor); !status.ok()) {
    lost.Increment();
    log::Error("a consumer's cursor is lost", {{"producer", options.producer},
                                               {"consumer", request.consumer()},
                                               {"reason", status.ToString()}});
    return status;
  }
  CLOUDPOS_RETURN_IF_ERROR(Acknowledge(request, cursor.at, deadline));
  CLOUDPOS_ASSIGN_OR_RETURN(Page page, ReadPage(run, options, wanted));
  if (!page.events.empty()) FAIL_POINT("feed.after_page");

  if (page.events.empty() && page.more) {
    wanted.after = page.last.at;
    CLOUDPOS_ASSIGN_OR_RETURN(const Skipped skipped, SkipUnwanted(run, wanted));
    if (!(skipped.last == Cursor{})) page.last = skipped.last;
    page.more = skipped.more;
  }

  Cursor next = page.last == Cursor{} ? cursor : page.last;
  // One that takes few shards must not stay behind for want of events of its own.
  if (const Position end{state.generation, state.horizon, 0};
      wanted.shards && !page.more && next.at < end) {
    next = {end, 0};
  }
  if (!(next == Cursor{})) response->set_cursor(EncodeCursor(next));
  response->set_more(page.more);
  response->set_horizon(state.horizon);
  response->set_head(state.head);
  served.Increment(static_cast<double>(page.events.size()));
  for (Event& event : page.events) *response->add_events() = std::move(event);
  if (response->events_size() > 0) FAIL_POINT("feed.before_reply");
  return absl::OkStatus();
}

// The whole log as it stood when the transaction began: its horizon does not move within it.
absl::Status Feed::Impl::Replay(pg::Tx& tx,
                                const std::function<absl::Status(const SnapshotResponse&)>& send) {
  PageRequest wanted;
  while (true) {
    CLOUDPOS_ASSIGN_OR_RETURN(Page page, ReadPage(RunIn(&tx), options, wanted));
    wanted.after = page.last.at;
    const bool more = page.more;
    CLOUDPOS_RETURN_IF_ERROR(SendInPages(std::move(page.events), send));
    if (!more) return absl::OkStatus();
  }
}

absl::Status Feed::Impl::ServeSnapshot(
    absl::Time deadline, const std::function<absl::Status(const SnapshotResponse&)>& send) {
  // Before the transaction: a read-only one could not raise the generation.
  CLOUDPOS_RETURN_IF_ERROR(maintenance.Guard());
  const pg::TxOptions tx_options{.tenant = {},
                                 .deadline = deadline,
                                 .read_only = true,
                                 .repeatable_read = true,
                                 .attempts = 1};  // what was sent cannot be taken back
  return pg::TransactRaw(*options.pool, tx_options, [&](pg::Tx& tx) -> absl::Status {
    CLOUDPOS_ASSIGN_OR_RETURN(LogState state, ReadSnapshotState(RunIn(&tx)));
    FAIL_POINT("snapshot.begun");
    if (SEEDED_BUG("snapshot_cursor_late")) {
      CLOUDPOS_ASSIGN_OR_RETURN(state, ReadSnapshotState(RunOn(options.pool, deadline)));
    }
    SnapshotResponse first;
    first.set_cursor(EncodeCursor({{state.generation, state.horizon, 0}, 0}));
    CLOUDPOS_RETURN_IF_ERROR(send(first));
    if (!options.snapshot) return Replay(tx, send);
    return options.snapshot(
        tx, [&send](std::vector<Event> events) { return SendInPages(std::move(events), send); });
  });
}

Feed::Feed(FeedOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Feed::~Feed() = default;

rpc::MethodTable Feed::Methods() {
  rpc::MethodTable table("cloudpos.common.v1.EventFeed");
  table.Unary("Pull", impl_.get(), &Impl::PullCall);
  table.Stream("Snapshot", impl_.get(), &Impl::SnapshotCall);
  return table;
}

absl::Status Feed::RaiseGeneration() {
  return impl_->options.pool->Exec({}, kRaiseGeneration).status();
}

absl::Status Feed::Pull(const PullRequest& request, absl::Time deadline, PullResponse* response) {
  return impl_->ServePull(request, deadline, response);
}

absl::Status Feed::Snapshot(const SnapshotRequest& request, absl::Time deadline,
                            const std::function<absl::Status(const SnapshotResponse&)>& send) {
  CLOUDPOS_RETURN_IF_ERROR(CheckConsumer(request.consumer()));
  return impl_->ServeSnapshot(deadline, send);
}

absl::Status Feed::Guard() { return impl_->maintenance.Guard(); }
absl::Status Feed::MaintainPartitions() { return impl_->maintenance.MaintainPartitions(); }

}  // namespace cloudpos::events
