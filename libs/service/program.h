#pragma once

// The parts Main is made of, for tests and for programs that run several services.

#include <memory>

#include "absl/status/statusor.h"
#include "libs/config/config.h"
#include "libs/service/service.h"

namespace cloudpos::service {

/// One running service with everything it stands on.
class Program {
 public:
  virtual ~Program() = default;  // drains and stops
  virtual rpc::Server& server() = 0;
  /// Serves until the process is asked to end or Stop is called, then drains.
  virtual void Wait() = 0;
  virtual void Stop() = 0;
};

/// Reads `values`, builds and starts; every problem of the settings in one error.
absl::StatusOr<std::unique_ptr<Program>> StartProgram(const Spec& spec, config::Values values);

/// `--migrate`.
absl::Status RunMigrations(const Spec& spec, config::Values values);

/// The table of settings of `spec`, for `--print-config`.
std::vector<config::Setting> SettingsOf(const Spec& spec);

}  // namespace cloudpos::service
