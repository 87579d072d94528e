#pragma once

// Argon2id over HMAC(pepper, password). Hashing costs memory and tens of milliseconds of CPU, so
// only few run at once and few wait, and they run on threads of their own that get what others
// leave of the processor: signing in must not starve everything else.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace cloudpos::auth {

struct HashOptions {
  unsigned long long operations = 2;  // OWASP's minimum: 2 passes over 19 MiB
  size_t memory_bytes = 19456 * 1024;
  std::string pepper;  // kept outside the database
  int concurrent = 2;
  int waiting = 4;  // beyond it OVERLOADED
};

/// Thread-safe.
class PasswordHasher {
 public:
  explicit PasswordHasher(HashOptions options);
  ~PasswordHasher();

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
  struct Job;

  /// Runs `work` on a hashing thread and waits for it. OVERLOADED when it could not begin.
  absl::Status Run(absl::Time deadline, const std::function<void()>& work);
  void Work();
  std::string Peppered(std::string_view password) const;
  absl::StatusOr<std::string> HashNow(const std::string& peppered) const;
  absl::StatusOr<Verdict> VerifyNow(const std::optional<std::string>& stored,
                                    const std::string& peppered) const;

  const HashOptions options_;
  std::string nobody_;  // a hash that no password matches
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job*> jobs_;  // those that wait
  int running_ = 0;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cloudpos::auth
