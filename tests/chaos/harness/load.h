#pragma once

// What all clients of a round share: counts, and what the faults' thread wants to know of them.

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/harness/http.h"
#include "tests/chaos/harness/moment.h"

namespace cloudpos::chaos {

/// A request that got no answer.
struct LostRequest {
  Micros sent = 0;
  Micros lost = 0;
  Loss why = Loss::kReset;
};

class Load {
 public:
  enum Count {
    kPlanned,   // documents that were begun
    kDefinite,  // ... and have an outcome nobody doubts
    kSales,     // acknowledged
    kReturns,
    kAbandons,
    kRefused,
    kRequests,
    kReplays,
    kUnknown,   // requests lost, or answered with "try again"
    kVerified,  // documents asked about once more at the end
    kCounts
  };

  void Add(Count count) { counts_[count].fetch_add(1, std::memory_order_relaxed); }
  int64_t Get(Count count) const { return counts_[count].load(std::memory_order_relaxed); }

  /// A sale was acknowledged whose request went out at `sent`.
  void NoteSale(Micros sent);
  /// From now on: when was the first sale acknowledged that was sent after this moment?
  void WatchFrom(Micros moment);
  /// 0 until there is one.
  Micros first_sale() const { return first_sale_.load(); }

  void NoteLost(const LostRequest& lost);
  std::vector<LostRequest> TakeLost();

  /// An answer by its problem code ("409 PRICE_CHANGED", "503 UNAVAILABLE").
  void NoteProblem(int status, std::string_view code);
  std::map<std::string, int64_t> problems() const;
  /// Something no fault explains; the first few are kept.
  void NoteSurprise(const std::string& text);
  std::vector<std::string> surprises() const;
  int64_t surprise_count() const { return surprise_count_.load(); }

  /// Clients begin nothing new.
  std::atomic<bool> is_closing{false};
  /// Clients stop asking.
  std::atomic<bool> is_over{false};

 private:
  std::array<std::atomic<int64_t>, kCounts> counts_{};
  std::atomic<Micros> watch_from_{0};
  std::atomic<Micros> first_sale_{0};
  std::atomic<int64_t> surprise_count_{0};
  mutable std::mutex mutex_;
  std::vector<LostRequest> lost_;
  std::map<std::string, int64_t> problems_;
  std::vector<std::string> surprises_;
};

}  // namespace cloudpos::chaos
