#pragma once

// Ends statements that PostgreSQL does not end by itself: a stopped or unreachable server would
// keep a thread waiting for minutes, whatever statement_timeout says.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

namespace cloudpos::pg {

class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;

  Watchdog() = default;
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;

  /// Watches the socket of one connection. Arm and Disarm are cheap: they surround each statement.
  class Watch {
   public:
    Watch(Watchdog& watchdog, int socket);
    ~Watch();
    Watch(const Watch&) = delete;

    /// Shuts the socket down at `cutoff` unless disarmed before: the statement then fails as lost.
    void Arm(Clock::time_point cutoff);
    void Disarm() { cutoff_.store(kNever); }

   private:
    friend class Watchdog;
    Watchdog& watchdog_;
    int socket_;  // a duplicate: the number stays ours when libpq closes its own
    std::atomic<int64_t> cutoff_{kNever};
  };

  /// Statements cut off so far.
  int64_t cut_off() const { return cut_off_.load(); }

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  void Add(Watch* watch);
  void Remove(Watch* watch);
  void Run();
  int64_t CutOffOverdue();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Watch*> watches_;
  std::atomic<int64_t> next_{kNever};  // when Run looks again by itself
  std::atomic<int64_t> cut_off_{0};
  bool stopping_ = false;
  bool nudged_ = false;
  std::thread thread_;  // from the first watch on
};

}  // namespace cloudpos::pg
