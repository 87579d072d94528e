#include "services/auth/periodic.h"

#include <utility>

namespace cloudpos::auth {

Periodic::Periodic(std::chrono::milliseconds interval, std::function<void()> work)
    : interval_(interval), work_(std::move(work)), thread_([this] { Run(); }) {}

Periodic::~Periodic() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Periodic::Poke() {
  {
    const std::lock_guard lock(mutex_);
    is_poked_ = true;
  }
  wake_.notify_one();
}

void Periodic::Run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    is_poked_ = false;
    lock.unlock();
    work_();
    lock.lock();
    wake_.wait_for(lock, interval_, [this] { return is_stopping_ || is_poked_; });
  }
}

}  // namespace cloudpos::auth
