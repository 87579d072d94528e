#pragma once

// The whole check, from the folder of logs and the database to the report.

#include <chrono>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "tests/chaos/check/report.h"

namespace cloudpos::chaos {

struct CheckOptions {
  std::string logs;  // holds run.json and clients/*.jsonl
  std::string dsn;   // superuser
  /// How long the last events may take to be read everywhere before they count as unread.
  std::chrono::milliseconds patience{0};
  /// Told of each step with its name, as it begins; may be empty.
  std::function<void(const char*)> on_step;
};

/// Not OK when something cannot be read: then nothing is known.
absl::Status Check(const CheckOptions& options, Report* report);

}  // namespace cloudpos::chaos
