#pragma once

// How long a connection may take for what it does now.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace cloudpos::gateway {

/// Calls `bark` when the time allowed last is over, and again until more is allowed. The timer is
/// not set anew for each step of a connection: it runs on, and when it rings looks whether more
/// time was allowed since, so that a client that sends byte by byte costs no timer for each. For
/// one thread, its executor's.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;

  Watchdog(boost::asio::any_io_executor executor, std::function<void()> bark);

  void Allow(Clock::duration time) { AllowUntil(Clock::now() + time); }
  void AllowUntil(Clock::time_point time);
  void AllowAnyTime();

  /// Whether the time allowed last is over.
  bool has_barked() const { return has_barked_; }

 private:
  void Set(Clock::time_point time);
  void Ring();

  boost::asio::steady_timer timer_;
  std::function<void()> bark_;
  Clock::time_point until_ = Clock::time_point::max();
  Clock::time_point rings_at_ = Clock::time_point::max();
  bool has_barked_ = false;
  std::shared_ptr<Watchdog*> self_ = std::make_shared<Watchdog*>(this);
};

}  // namespace cloudpos::gateway
