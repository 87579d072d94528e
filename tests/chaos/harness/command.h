#pragma once

// Other programs: supervisorctl, ./pos, the checker.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/chaos/harness/moment.h"

namespace cloudpos::chaos {

struct CommandResult {
  int exit_code = -1;  // 128 + signal when one ended it
  std::string out;     // standard output and error
};

/// Runs a program to its end, with nothing on its standard input; killed after `limit`.
/// NOT_FOUND when it cannot be started, DEADLINE_EXCEEDED.
absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& words, Micros limit);

/// The same, and anything but exit code 0 is an error with the output's end.
absl::Status MustRun(const std::vector<std::string>& words, Micros limit);

/// The whole file; NOT_FOUND.
absl::StatusOr<std::string> ReadFile(const std::string& path);
/// At once or not at all, readable for everyone.
absl::Status WriteFile(const std::string& path, const std::string& text);

}  // namespace cloudpos::chaos
