#pragma once

// The certificate shown to HTTPS clients, reloaded when its files change.

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"

namespace cloudpos::gateway {

/// Thread-safe.
class TlsCertificates {
 public:
  /// FAILED_PRECONDITION when the files cannot be used.
  static absl::StatusOr<std::shared_ptr<TlsCertificates>> Load(const std::string& certificate_file,
                                                               const std::string& key_file,
                                                               const base::Clock& clock);

  /// For a new connection. Looks for changed files at most every five seconds; a pair that does not
  /// parse or match is logged and the old one stays.
  std::shared_ptr<boost::asio::ssl::context> Current();

 private:
  using FileTime = std::filesystem::file_time_type;

  TlsCertificates(std::string certificate_file, std::string key_file, const base::Clock& clock);
  absl::Status Reload();
  std::pair<FileTime, FileTime> Stamp() const;

  const std::string certificate_file_;
  const std::string key_file_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::pair<FileTime, FileTime> stamp_;
  absl::Time checked_at_;
};

}  // namespace cloudpos::gateway
