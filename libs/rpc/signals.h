#pragma once

// SIGTERM and SIGINT, taken by one thread of their own and told to whoever listens.

#include <functional>
#include <memory>

namespace cloudpos::rpc {

/// Call first in main, before any thread exists: SIGTERM and SIGINT are then only seen by the
/// listeners below, and SIGPIPE is ignored.
void BlockSignals();

/// Calls `on_stop` on the signal thread when the process is asked to end, or at once when it
/// already was. Nothing happens in a program that did not call BlockSignals.
class StopListener {
 public:
  explicit StopListener(std::function<void()> on_stop);
  ~StopListener();
  StopListener(const StopListener&) = delete;
  StopListener& operator=(const StopListener&) = delete;

 private:
  int id_;
};

}  // namespace cloudpos::rpc
