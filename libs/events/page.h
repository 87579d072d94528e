#pragma once

// Reading the log: where it stands, whether a cursor still stands in it, and one page of it.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/events/cursor.h"
#include "libs/events/events.h"
#include "libs/pg/pg.h"

namespace cloudpos::events {

inline constexpr int kPageEvents = 500;
inline constexpr int64_t kPageBytes = 1 << 20;
inline constexpr int64_t kPageWeight = 2000;

/// Runs a statement: in autocommit of a pool, or in a transaction.
using Runner =
    std::function<absl::StatusOr<pg::Result>(const pg::Query&, const std::vector<pg::Param>&)>;
Runner RunOn(pg::Pool* pool, absl::Time deadline);
Runner RunIn(pg::Tx* tx);

struct LogState {
  int32_t generation = 0;
  uint64_t horizon = 0;                   // every transaction below has ended
  uint64_t head = 0;                      // no transaction at or above has begun
  Position pruned;                        // newest position ever dropped
  std::optional<uint64_t> tag_at_cursor;  // of the event at the cursor asked about, if there
};

/// A txid of a query's text column.
uint64_t ParseTxid(const std::string& text);

/// Where the log stands, seen from `cursor`. Raises the generation first when this is another
/// cluster than the one the log was written in.
absl::StatusOr<LogState> ReadLogState(const Runner& run, const Cursor& cursor);

/// Generation and horizon alone, of the transaction's own snapshot.
absl::StatusOr<LogState> ReadSnapshotState(const Runner& run);

/// CURSOR_LOST when events after `cursor` may be missing, or `cursor` is of a log that is not ours:
/// better a resync too many than an empty page that hides a loss.
absl::Status CheckCursor(const LogState& state, const Cursor& cursor);

struct PageRequest {
  Position after;
  std::optional<std::vector<int32_t>> shards;  // nullopt: all
  std::vector<std::string> types;              // empty: all
  int events = kPageEvents;
};

struct Page {
  std::vector<Event> events;
  Cursor last;        // of the last event, wanted or not; empty when there is none
  bool more = false;  // ended at a limit
};

/// One page; at least one event when there is one of a wanted type among the next `events`. Of
/// `feed`, page_query and payload_of are used.
absl::StatusOr<Page> ReadPage(const Runner& run, const FeedOptions& feed,
                              const PageRequest& request);

/// Where the next wanted event begins: from `last` of a page without any and on, past at most
/// 10,000 events that are not wanted.
struct Skipped {
  Cursor last;        // of the last event passed; empty when none was
  bool more = false;  // there may be wanted events behind it
};
absl::StatusOr<Skipped> SkipUnwanted(const Runner& run, const PageRequest& request);

}  // namespace cloudpos::events
