// A thread between the request and Redis: a commit must not wait for a bell.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "libs/events/events.h"

namespace cloudpos::events {
namespace {

/// One publish for all commits of this long; a group commit takes about as much.
constexpr std::chrono::milliseconds kJoin{1};
/// Bells are this far apart: each wakes Redis and every consumer, who pace themselves by more.
constexpr std::chrono::milliseconds kApart{50};

}  // namespace

std::string BellChannel(std::string_view producer) {
  return "cloudpos:bell:" + std::string(producer);
}

struct Doorbell::Impl {
  redis::Client* redis;
  std::string channel;
  std::mutex mutex;
  std::condition_variable wake;
  bool rung = false;
  bool stopping = false;
  std::thread thread;

  void Run() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return rung || stopping; });
      if (!rung) return;  // stopping, and nothing left to say
      wake.wait_for(lock, kJoin, [this] { return stopping; });
      rung = false;
      lock.unlock();
      // Lossy by design: consumers poll as well.
      static_cast<void>(redis->Publish(channel, "1"));
      lock.lock();
      wake.wait_for(lock, kApart, [this] { return stopping; });
    }
  }
};

Doorbell::Doorbell(redis::Client* redis, std::string producer) : impl_(new Impl) {
  impl_->redis = redis;
  impl_->channel = BellChannel(producer);
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
}

Doorbell::Doorbell(Doorbell&&) noexcept = default;

Doorbell::~Doorbell() {
  if (impl_ == nullptr) return;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

void Doorbell::Ring() {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->rung) return;
    impl_->rung = true;
  }
  impl_->wake.notify_one();
}

}  // namespace cloudpos::events
