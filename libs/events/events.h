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
/// and consumer_cursors, dead_letter (consumer). First in a service's list of sets.
const pg::MigrationSet& Migrations();

// --- producer ---

struct NewEvent {
  base::Uuid event_id;
  base::Uuid tenant;
  std::string aggregate_type;
  std::string aggregate_id;
  std::string event_type;  // full name of the payload message
  std::string payload;     // serialised payload
  std::string traceparent;
};

/// Builds a NewEvent from a payload message.
NewEvent MakeEvent(const base::Uuid& event_id, const base::Uuid& tenant, std::string aggregate_type,
                   std::string aggregate_id, const google::protobuf::Message& payload,
                   std::string traceparent = {});

/// hash(tenant_id) & 63; the same as the SQL function {{schema}}.shard_of(uuid).
int ShardOf(const base::Uuid& tenant);

/// Writes the outbox row in the caller's transaction, so that change and event commit together.
absl::Status Append(pg::Tx& tx, const NewEvent& event);

struct FeedOptions {
  std::string producer;     // the service, which is also its schema
  pg::Pool* pool;           // worker role
  const base::Clock* clock;
  /// SQL that answers event_id, tenant_id, aggregate_type, aggregate_id, event_type, payload (bytea),
  /// traceparent, recorded_at, shard, txid (text), seq, generation, weight (lines, for the page
  /// limit) for one page; parameters as of the default (see feed.cc). Null: the outbox's own payload.
  const pg::Query* page_query = nullptr;
  /// Sends the state behind the feed, within one REPEATABLE READ transaction: calls `send` with
  /// events in batches. Null: Snapshot replays the whole outbox.
  std::function<absl::Status(pg::Tx&, const std::function<absl::Status(std::vector<Event>)>& send)>
      snapshot;
};

/// Serves cloudpos.common.v1.EventFeed for one producer; guards the generation and drops old
/// partitions (a day of outbox goes when older than 14 days and passed by every consumer seen
/// within 14 days).
class Feed {
 public:
  explicit Feed(FeedOptions options);
  ~Feed();
  rpc::MethodTable Methods();
  /// Raises the generation (after a restore or promotion).
  absl::Status RaiseGeneration();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// Rings the bell of a producer after commit; cheap, lossy, joined within a millisecond.
class Doorbell {
 public:
  Doorbell(redis::Client* redis, std::string producer);
  void Ring();

 private:
  redis::Client* redis_;
  std::string channel_;
};

// --- consumer ---

struct ConsumerOptions {
  std::string consumer;  // this service, also its schema: "reporting"
  std::string producer;  // "transaction"
  std::shared_ptr<grpc::Channel> channel;
  pg::Pool* pool;        // worker role of the consumer
  redis::Options redis;
  const base::Clock* clock;
  std::chrono::milliseconds poll{1000};  // beside the doorbell
  int batch = 200;
  /// Applies a batch inside the transaction that moves the cursor. Effects need unique keys: the
  /// same event may come again. On a non-transient error the batch is retried event by event and
  /// the poison one parked in dead_letter with its key (tenant, aggregate); later events of a parked
  /// key are parked too.
  std::function<absl::Status(pg::Tx&, const std::vector<Event>&)> apply;
  /// Event types wanted; others are skipped.
  std::vector<std::string> event_types;
  /// Name of the cursor row; differs from `producer` only for a rebuild beside the live one.
  std::string cursor_name;
  /// A consumer without a cursor starts by Snapshot rather than at the oldest event kept.
  bool start_from_snapshot = false;
};

/// Pulls, applies and moves the cursor on a thread of its own until destroyed.
class Consumer {
 public:
  explicit Consumer(ConsumerOptions options);
  ~Consumer();
  void Start();
  void Stop();
  /// Pulls and applies once, until the producer has nothing more or `deadline`. Used where a handler
  /// meets an unknown variant, register or store: the owner is asked once before NOT_FOUND.
  absl::Status CatchUp(absl::Time deadline);
  /// Time of the newest event applied, and how long ago the log was read to its end.
  absl::Duration lag() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloudpos::events
