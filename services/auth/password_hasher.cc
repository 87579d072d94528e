#include "services/auth/password_hasher.h"

#include <sodium.h>

#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/base/status_macros.h"
#include "libs/metrics/metrics.h"

namespace cloudpos::auth {

/// One of the few places; taken by Take, given back at the end of its life.
class PasswordHasher::Slot {
 public:
  explicit Slot(PasswordHasher* hasher) : hasher_(hasher) {}
  Slot(const Slot&) = delete;
  ~Slot() {
    if (!taken_) return;
    {
      const std::lock_guard lock(hasher_->mutex_);
      --hasher_->running_;
    }
    hasher_->freed_.notify_one();
  }

  absl::Status Take(absl::Time deadline) {
    static auto& refused = metrics::Counter("cloudpos_auth_password_refusals_total",
                                            "Passwords not looked at since too many waited.");
    const absl::Status status = Wait(deadline);
    if (!status.ok()) refused.Increment();
    return status;
  }

 private:
  absl::Status Wait(absl::Time deadline) {
    const absl::Status busy = base::Fail({.code = common::v1::OVERLOADED,
                                          .detail = "Too many sign-ins at once.",
                                          .fields = {},
                                          .hint = {},
                                          .data = {},
                                          .retry_after = std::chrono::seconds(1)});
    std::unique_lock lock(hasher_->mutex_);
    if (hasher_->running_ >= hasher_->options_.concurrent) {
      if (hasher_->waiting_ >= hasher_->options_.waiting) return busy;
      ++hasher_->waiting_;
      const auto is_free = [this] { return hasher_->running_ < hasher_->options_.concurrent; };
      const bool is_mine = hasher_->freed_.wait_until(lock, base::ToSystemTime(deadline), is_free);
      --hasher_->waiting_;
      if (!is_mine) return busy;
    }
    ++hasher_->running_;
    taken_ = true;
    return absl::OkStatus();
  }

  PasswordHasher* hasher_;
  bool taken_ = false;
};

PasswordHasher::PasswordHasher(HashOptions options) : options_(std::move(options)) {
  if (sodium_init() < 0) std::abort();
  // What it is a hash of is known to nobody, this process included.
  auto nobody = HashNow(base::HexEncode(base::RandomBytes(32)));
  if (!nobody.ok()) std::abort();
  nobody_ = *std::move(nobody);
}

std::string PasswordHasher::Peppered(std::string_view password) const {
  return base::HexEncode(base::HmacSha256(options_.pepper, password));
}

absl::StatusOr<std::string> PasswordHasher::HashNow(const std::string& peppered) const {
  char hash[crypto_pwhash_STRBYTES];
  const int failed = crypto_pwhash_str_alg(hash, peppered.data(), peppered.size(),
                                           options_.operations, options_.memory_bytes,
                                           crypto_pwhash_ALG_ARGON2ID13);
  if (failed != 0) return base::Fail(common::v1::OVERLOADED, "There is no memory to hash with.");
  return std::string(hash);
}

absl::StatusOr<std::string> PasswordHasher::Hash(std::string_view password, absl::Time deadline) {
  Slot slot(this);
  CLOUDPOS_RETURN_IF_ERROR(slot.Take(deadline));
  return HashNow(Peppered(password));
}

absl::StatusOr<PasswordHasher::Verdict> PasswordHasher::Verify(
    const std::optional<std::string>& stored, std::string_view password, absl::Time deadline) {
  Slot slot(this);
  CLOUDPOS_RETURN_IF_ERROR(slot.Take(deadline));
  const std::string peppered = Peppered(password);
  const std::string& hash = stored ? *stored : nobody_;
  const bool equal = crypto_pwhash_str_verify(hash.c_str(), peppered.data(), peppered.size()) == 0;
  Verdict verdict{.matches = equal && stored.has_value(), .rehashed = std::nullopt};
  if (verdict.matches && crypto_pwhash_str_needs_rehash(hash.c_str(), options_.operations,
                                                        options_.memory_bytes) != 0) {
    CLOUDPOS_ASSIGN_OR_RETURN(verdict.rehashed, HashNow(peppered));
  }
  return verdict;
}

}  // namespace cloudpos::auth
