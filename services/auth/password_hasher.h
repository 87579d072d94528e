#pragma once

// Argon2id over HMAC(pepper, password). Hashing costs memory and tens of milliseconds of CPU, so
// only few run at once and few wait: signing in must not starve everything else.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace cloudpos::auth {

struct HashOptions {
  unsigned long long operations = 2;   // OWASP's minimum: 2 passes over 19 MiB
  size_t memory_bytes = 19456 * 1024;
  std::string pepper;  // kept outside the database
  int concurrent = 2;
  int waiting = 4;  // beyond it OVERLOADED
};

/// Thread-safe.
class PasswordHasher {
 public:
  explicit PasswordHasher(HashOptions options);

  /// PHC string of a new hash. OVERLOADED when too many wait or `deadline` passes first.
  absl::StatusOr<std::string> Hash(std::string_view password, absl::Time deadline);

  struct Verdict {
    bool matches = false;
    /// A new hash, when the password matches and the stored one was made with another cost.
    std::optional<std::string> rehashed;
  };
  /// Compares with a stored hash. Without one (nobody of that name) it does the same work and
  /// answers that it does not match.
  absl::StatusOr<Verdict> Verify(const std::optional<std::string>& stored,
                                 std::string_view password, absl::Time deadline);

 private:
  class Slot;
  std::string Peppered(std::string_view password) const;
  absl::StatusOr<std::string> HashNow(const std::string& peppered) const;

  const HashOptions options_;
  std::string nobody_;  // a hash that no password matches
  std::mutex mutex_;
  std::condition_variable freed_;
  int running_ = 0;
  int waiting_ = 0;
};

}  // namespace cloudpos::auth
