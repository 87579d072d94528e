#pragma once

// Threads that run handlers, and the queue before them: bounded, ordered by priority, and honest
// under load. What cannot be done in time is refused rather than kept.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/clock.h"

namespace cloudpos::rpc {

/// Thread-safe.
class WorkerPool {
 public:
  enum class DropReason { kExpired, kOverloaded, kStopped };

  /// One unit of work; owned by its maker. Exactly one of Run and Drop is called, once.
  class Task {
   public:
    virtual ~Task() = default;
    virtual void Run() = 0;
    virtual void Drop(DropReason reason) = 0;
    virtual int priority() const = 0;        // higher goes first
    virtual absl::Time expires() const = 0;  // of no use to anyone later
  };

  WorkerPool(const base::Clock& clock, int workers, int queue);
  ~WorkerPool();  // stops

  /// False when full: the task stays with the caller. A full queue first loses what has expired,
  /// then, of what is less urgent than `task`, the one whose time runs out first.
  bool Submit(Task* task);
  /// Drops what waits and joins the threads.
  void Stop();
  size_t depth() const;

 private:
  using Drops = std::vector<std::pair<Task*, DropReason>>;

  void Work();
  Task* TakeLocked(Drops* drops);
  void RemoveExpiredLocked(Drops* drops);
  bool EvictLocked(int priority, Drops* drops);

  const base::Clock& clock_;
  const size_t queue_max_;
  const size_t threads_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<int, std::deque<Task*>, std::greater<>> queues_;  // by priority; first come first served
  size_t queued_ = 0;
  size_t busy_ = 0;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cloudpos::rpc
