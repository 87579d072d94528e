#pragma once

// Events between services (architecture section 7): the outbox table is the log, PostgreSQL keeps
// it, gRPC carries it, Redis only rings the bell.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cloudpos/common/v1/event_feed.pb.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/pg/migrate.h"
#include "libs/pg/pg.h"
#include "libs/redis/redis.h"
#include "libs/rpc/client.h"
#include "libs/rpc/server.h"

namespace cloudpos::events {

using common::v1::Event;

/// Tables every service has: outbox (partitioned by day), feed_generation, consumer_acks (producer)
/// and consumer_cursors, dead_letter (consumer). First in a service's list of sets. Their names are
/// written without schema here: every role's search_path is its service's schema.
const pg::MigrationSet& Migrations();

// --- producer ---

struct NewEvent {
  base::Uuid event_id;
  base::Uuid tenant;
  std::string aggregate_type;
  std::string aggregate_id;
  std::string event_type;  // full name of the payload message
  std::string payload;     // serialised payload
  std::string traceparent = {};
};

/// Builds a NewEvent from a payload message.
NewEvent MakeEvent(const base::Uuid& event_id, const base::Uuid& tenant, std::string aggregate_type,
                   std::string aggregate_id, const google::protobuf::Message& payload,
                   std::string traceparent = {});

/// hash(tenant_id) & 63; the same as the SQL function {{schema}}.shard_of(uuid).
int ShardOf(const base::Uuid& tenant);

/// Writes the outbox row in the caller's transaction, so that change and event commit together.
/// SQL functions of a service may insert by themselves: event_id, tenant_id, aggregate_type,
/// aggregate_id, event_type, payload, traceparent; all other columns make themselves (shard is
/// generated, naming it is an error).
absl::Status Append(pg::Tx& tx, const NewEvent& event);
/// The same for many, in one statement and in order.
absl::Status AppendAll(pg::Tx& tx, const std::vector<NewEvent>& events);

struct FeedOptions {
  std::string producer;      // the service, which is also its schema
  pg::Pool* pool = nullptr;  // worker role
  const base::Clock* clock = nullptr;
  /// SQL for one page where the payload lies elsewhere; null: the outbox's own. Parameters, all of
  /// which it must use, and columns (in any order, one row per event, oldest first):
  ///   $1 integer, $2 text, $3 bigint   position read up to: generation, txid, seq
  ///   $4 smallint[] or null            shards wanted
  ///   $5 integer, $6 bigint            events and payload bytes at most
  ///   event_id, tenant_id, aggregate_type, aggregate_id, event_type, payload (bytea, not null),
  ///   traceparent, recorded_at, shard, generation, txid (text), seq, weight (integer: lines)
  /// It must start from outbox_page($1, $2::xid8, $3, $4::smallint[], $5), which holds the rule of
  /// the horizon, and join one to one: what a join drops is lost to every consumer. Like the
  /// default (page.cc) it should leave out rows that have $6 bytes before them: the feed cuts pages
  /// itself, but only after the rows have travelled.
  const pg::Query* page_query = nullptr;
  /// Makes the payload from a row of page_query, which may have further columns for it; null: it is
  /// the column `payload`.
  std::function<std::string(const pg::Row&)> payload_of = {};
  /// Sends the state behind the feed, within one REPEATABLE READ transaction: calls `send` with
  /// events in batches. Null: Snapshot replays the whole outbox.
  std::function<absl::Status(pg::Tx&, const std::function<absl::Status(std::vector<Event>)>& send)>
      snapshot = {};
  /// False: no thread; the caller runs Guard and MaintainPartitions (tests).
  bool has_guard_thread = true;
};

/// Serves cloudpos.common.v1.EventFeed for one producer; guards the generation and drops old
/// partitions (a day of outbox goes when older than 14 days and passed by every consumer seen
/// within 14 days). Thread-safe; the guard runs on a thread of its own, each second.
class Feed {
 public:
  explicit Feed(FeedOptions options);
  ~Feed();
  rpc::MethodTable Methods();
  /// Raises the generation (after a restore or promotion). Waits for running writers of events.
  absl::Status RaiseGeneration();

  /// What Methods serves, for callers in the same process. CURSOR_LOST, INVALID_ARGUMENT.
  absl::Status Pull(const common::v1::PullRequest& request, absl::Time deadline,
                    common::v1::PullResponse* response);
  /// `send` answers non-OK to stop.
  absl::Status Snapshot(
      const common::v1::SnapshotRequest& request, absl::Time deadline,
      const std::function<absl::Status(const common::v1::SnapshotResponse&)>& send);

  /// What the thread does each second (generation, horizon) and each hour (partitions).
  absl::Status Guard();
  absl::Status MaintainPartitions();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// Rings the bell of a producer after commit; cheap, lossy, joined within a millisecond: Ring only
/// sets a flag, a thread talks to Redis.
class Doorbell {
 public:
  Doorbell(redis::Client* redis, std::string producer);
  ~Doorbell();
  Doorbell(Doorbell&&) noexcept;
  void Ring();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Channel of a producer's bell.
std::string BellChannel(std::string_view producer);

// --- consumer ---

/// Where events come from: a producer's feed over gRPC, in the same process, or a broker.
class EventSource {
 public:
  virtual ~EventSource() = default;
  virtual absl::Status Pull(const common::v1::PullRequest& request, absl::Time deadline,
                            common::v1::PullResponse* response) = 0;
  virtual absl::Status Snapshot(
      const common::v1::SnapshotRequest& request, absl::Time deadline,
      const std::function<absl::Status(const common::v1::SnapshotResponse&)>& on_message) = 0;
};

/// A producer's EventFeed behind a channel.
std::shared_ptr<EventSource> RemoteSource(std::shared_ptr<grpc::Channel> channel);
/// A feed of the same process; `feed` must live longer.
std::shared_ptr<EventSource> LocalSource(Feed* feed);

struct ConsumerOptions {
  std::string consumer;  // this service, also its schema: "reporting"
  std::string producer;  // "transaction"
  std::shared_ptr<grpc::Channel> channel = {};
  pg::Pool* pool = nullptr;   // worker role of the consumer
  redis::Options redis = {};  // of the doorbell; without url: polling only
  const base::Clock* clock = nullptr;
  std::chrono::milliseconds poll{1000};  // beside the doorbell
  /// While bells ring one after the other, rounds begin this far apart: a batch costs much the same
  /// however many events it holds.
  std::chrono::milliseconds pace{200};
  /// Where in the pace of the machine's steady clock those rounds begin: consumers of one machine
  /// with different turns leave each other, and the sales, room.
  std::chrono::milliseconds turn{0};
  int batch = 500;
  /// Applies a batch inside the transaction that moves the cursor. Effects need unique keys: the
  /// same event may come again. On a non-transient error the batch is retried event by event and
  /// the poison one parked in dead_letter with its key (tenant, aggregate); later events of a
  /// parked key are parked too. Faults that pass by themselves (pg::IsTransient, UNAVAILABLE,
  /// DEADLINE_EXCEEDED, CANCELLED) are tried again for ever. May run more than once for a batch.
  std::function<absl::Status(pg::Tx&, const std::vector<Event>&)> apply = {};
  /// Event types wanted: the producer serves no others from its log, and a snapshot's are passed
  /// over here. Empty: all.
  std::vector<std::string> event_types = {};
  /// Name of the cursor row; differs from `producer` only for a rebuild beside the live one. Empty:
  /// the producer's name.
  std::string cursor_name = {};
  /// A consumer without a cursor starts by Snapshot rather than at the oldest event kept.
  bool start_from_snapshot = false;
  /// Called when the producer lost our cursor, in a transaction of its own before the snapshot is
  /// read: a place to clear what a snapshot cannot correct. May run again after a crash. Without it
  /// and without start_from_snapshot a lost cursor is an alert, and nothing is applied any more.
  std::function<absl::Status(pg::Tx&)> on_resync = {};
  /// Instead of `channel`.
  std::shared_ptr<EventSource> source = {};
};

/// Pulls, applies and moves the cursor on a thread of its own until destroyed. Any number of
/// replicas may run: the cursor row lets one batch count. Thread-safe.
class Consumer {
 public:
  explicit Consumer(ConsumerOptions options);
  ~Consumer();
  void Start();
  void Stop();
  /// Pulls and applies until everything committed by the producer before the call is applied, or
  /// DEADLINE_EXCEEDED. Used where a handler meets an unknown variant, register or store: the owner
  /// is asked once before NOT_FOUND. Calls at the same time share one pull. Works without Start.
  absl::Status CatchUp(absl::Time deadline);

  /// How long ago the log was read to its end; InfiniteDuration before the first time.
  absl::Duration lag() const;
  /// When the log was last read to its end; InfinitePast before the first time.
  absl::Time as_of() const;
  /// recorded_at of the newest event applied by this process; InfinitePast before the first.
  absl::Time newest_applied() const;

  /// Applies the parked events of one key in order and lets it flow again. NOT_FOUND when nothing
  /// is parked; on an error of `apply` the rest stays parked. Start does it for every key once: a
  /// release that brings the cure needs no operator.
  absl::Status Retry(const base::Uuid& tenant, const std::string& aggregate_type,
                     const std::string& aggregate_id);
  /// The same for every parked key; answers how many were cured.
  absl::StatusOr<int> RetryAll();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// The switch after a rebuild, in the transaction that switches the tables: `live` goes on from
/// where `rebuilt` is, with its dead letters; the row of `rebuilt` goes. A batch in flight for
/// `live` is dropped by the fence. NOT_FOUND.
absl::Status AdoptCursor(pg::Tx& tx, const std::string& rebuilt, const std::string& live);
/// Forgets a cursor and its dead letters: its consumer begins anew.
absl::Status DropCursor(pg::Tx& tx, const std::string& name);

}  // namespace cloudpos::events
