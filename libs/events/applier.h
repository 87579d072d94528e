#pragma once

// The transactions of a consumer: the cursor row as fence, the batch, the dead letters.

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/events/events.h"
#include "libs/pg/pg.h"

namespace cloudpos::events {

/// True for faults worth trying again for ever, unlike a poison event.
bool IsPassing(const absl::Status& status);

/// What became of a batch.
struct Applied {
  /// Another consumer moved the cursor, or is at it: nothing happened.
  bool is_fenced = false;
  int events = 0;  // given to `apply`
  int parked = 0;
};

struct ParkedKey {
  base::Uuid tenant;
  std::string aggregate_type;
  std::string aggregate_id;
};

/// Not thread-safe apart from Retry and ParkedKeys.
class Applier {
 public:
  struct Options {
    std::string cursor_name;
    pg::Pool* pool;
    const base::Clock* clock;
    std::function<absl::Status(pg::Tx&, const std::vector<Event>&)> apply;
    std::vector<std::string> event_types;
  };
  explicit Applier(Options options);

  /// The cursor kept; makes the row when there is none. Outside any transaction that stays open.
  absl::StatusOr<std::string> ReadCursor();

  /// Applies `events` and moves the cursor from `before` to `after`, all or nothing. Equal cursors:
  /// applies without moving (a snapshot's batch).
  absl::StatusOr<Applied> Apply(const std::string& before, const std::vector<Event>& events,
                                const std::string& after);
  /// Whether the events were to blame for the last Apply that failed, rather than our own tables.
  bool is_poison() const { return is_poison_; }

  /// Puts one event aside with its key and moves the cursor past it.
  absl::StatusOr<Applied> Park(const std::string& before, const Event& event,
                               const absl::Status& error, const std::string& after);

  /// Runs `body` in a transaction that holds the cursor at `before`.
  absl::StatusOr<Applied> WithCursor(const std::string& before,
                                     const std::function<absl::Status(pg::Tx&)>& body);

  absl::StatusOr<std::vector<ParkedKey>> ParkedKeys();
  absl::Status Retry(const ParkedKey& key);
  absl::StatusOr<int64_t> CountParked();

 private:
  struct Split {
    std::vector<Event> apply;
    std::vector<const Event*> park;
  };
  absl::StatusOr<Split> SplitParked(pg::Tx& tx, const std::vector<Event>& events) const;
  absl::Status InsertDeadLetter(pg::Tx& tx, const Event& event, std::string_view error) const;
  absl::StatusOr<bool> HoldCursor(pg::Tx& tx, const std::string& before) const;
  absl::Status MoveCursor(pg::Tx& tx, const std::string& after) const;
  absl::StatusOr<int> RetryIn(pg::Tx& tx, const ParkedKey& key) const;
  absl::Status CountRetry(const ParkedKey& key, const absl::Status& failure) const;

  const Options options_;
  const std::set<std::string, std::less<>> event_types_;
  bool is_poison_ = false;
};

}  // namespace cloudpos::events
