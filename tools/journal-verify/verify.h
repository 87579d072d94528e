#pragma once

// Verifies journal exports offline (format: libs/journal/export.h). Several files may be parts of
// the same journals: each must go on where the one before ended.

#include <istream>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/journal/export.h"
#include "libs/token/keys.h"

namespace cloudpos::journal_verify {

/// Public keys by key id.
using Keys = std::map<std::string, token::Key>;
/// Public keys of devices (uncompressed P-256 points) by key id.
using DeviceKeys = std::map<std::string, std::string>;

/// What is wrong with a file, for people: where and what.
struct Problem {
  std::string text;
};

class ExportVerifier {
 public:
  /// With keys the signature of each export is required and checked; without, it is not looked at.
  /// With device keys every signature of a device is checked, and one by another key is an error.
  explicit ExportVerifier(std::optional<Keys> keys,
                          std::optional<DeviceKeys> device_keys = std::nullopt)
      : keys_(std::move(keys)), device_keys_(std::move(device_keys)) {}

  struct FileResult {
    journal::VerifyReport report;
    /// The first thing that is wrong; empty: nothing.
    std::optional<Problem> problem;
  };
  /// Verifies the next file. `name` is for messages.
  FileResult Verify(const std::string& name, std::istream& in);

  /// All journals so far, first of the first to last of the last part.
  const std::map<std::string, journal::JournalHead>& journals() const { return journals_; }

 private:
  std::optional<Problem> Continue(const std::string& name, const journal::VerifyReport& report,
                                  const std::map<std::string, std::string>& previous);

  std::optional<Keys> keys_;
  std::optional<DeviceKeys> device_keys_;
  std::map<std::string, journal::JournalHead> journals_;
};

}  // namespace cloudpos::journal_verify
