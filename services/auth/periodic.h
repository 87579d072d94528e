#pragma once

// A thread that does something again and again until it is destroyed.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace cloudpos::auth {

class Periodic {
 public:
  Periodic(std::chrono::milliseconds interval, std::function<void()> work);
  ~Periodic();
  Periodic(const Periodic&) = delete;
  /// Does it at once.
  void Poke();

 private:
  void Run();

  const std::chrono::milliseconds interval_;
  const std::function<void()> work_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_poked_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace cloudpos::auth
