#pragma once

// A register's disk: a folder that survives whatever happens to the program. What was appended or
// replaced is on the medium before the call returns.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cloudpos::register_sim {

class Disk {
 public:
  /// The folder is made unless it exists.
  explicit Disk(std::string folder);

  /// From now on no other program gets this folder. FAILED_PRECONDITION when another has it: two
  /// that sell from one disk would give numbers twice (U-05).
  absl::Status Lock();

  bool Has(const std::string& name) const;
  absl::StatusOr<std::string> Read(const std::string& name) const;
  /// All of it or nothing, also when the power fails.
  absl::Status Replace(const std::string& name, std::string_view bytes) const;
  /// One line at the end of a file.
  absl::Status Append(const std::string& name, std::string_view line) const;
  /// The lines of a file, none when there is no such file. A last line that was torn is cut off.
  absl::StatusOr<std::vector<std::string>> Lines(const std::string& name) const;

 private:
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
  std::shared_ptr<void> lock_;
};

}  // namespace cloudpos::register_sim
