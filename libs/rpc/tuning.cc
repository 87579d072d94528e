#include "libs/rpc/tuning.h"

#include "absl/synchronization/mutex.h"

namespace cloudpos::rpc {

void TuneOnce() {
  static const bool is_done = [] {
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    return true;
  }();
  static_cast<void>(is_done);
}

}  // namespace cloudpos::rpc
