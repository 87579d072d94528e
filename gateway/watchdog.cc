#include "gateway/watchdog.h"

#include <utility>

namespace cloudpos::gateway {
namespace {

/// A bark can fall between two steps, when there is nothing to break off.
constexpr std::chrono::seconds kAgain{1};

}  // namespace

Watchdog::Watchdog(boost::asio::any_io_executor executor, std::function<void()> bark)
    : timer_(std::move(executor)), bark_(std::move(bark)) {}

void Watchdog::AllowUntil(Clock::time_point time) {
  until_ = time;
  has_barked_ = false;
  if (time < rings_at_) Set(time);
}

void Watchdog::AllowAnyTime() {
  until_ = Clock::time_point::max();
  has_barked_ = false;
}

void Watchdog::Set(Clock::time_point time) {
  rings_at_ = time;
  timer_.expires_at(time);  // cancels what was set
  timer_.async_wait([weak = std::weak_ptr(self_)](boost::system::error_code ec) {
    // It may have rung already when it was set anew, or when the connection was gone.
    if (const auto self = weak.lock(); !ec && self) (*self)->Ring();
  });
}

void Watchdog::Ring() {
  const auto now = Clock::now();
  if (now < rings_at_) return;  // set anew since; that one is still to ring
  rings_at_ = Clock::time_point::max();
  if (until_ == Clock::time_point::max()) return;
  if (now < until_) return Set(until_);
  has_barked_ = true;
  bark_();
  Set(now + kAgain);
}

}  // namespace cloudpos::gateway
