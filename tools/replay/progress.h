#pragma once

// Shows on stderr how far a replay is: one line that is written over on a terminal, a line every
// tenth elsewhere.

#include <chrono>
#include <mutex>
#include <string>

namespace cloudpos::replay {

/// Thread-safe.
class ProgressLine {
 public:
  ProgressLine();
  void Tell(const char* what, size_t done, size_t all);
  /// Ends the line that is being written over.
  void End();

 private:
  const bool is_terminal_;
  std::mutex mutex_;
  std::string what_;
  size_t shown_ = 0;
  std::chrono::steady_clock::time_point begin_;
  bool is_open_ = false;
};

}  // namespace cloudpos::replay
