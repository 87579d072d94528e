#include "services/auth/password_hasher.h"

#include <sodium.h>
#include <sys/resource.h>
#include <unistd.h>

#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/ids.h"
#include "libs/base/status_macros.h"
#include "libs/metrics/metrics.h"

namespace cloudpos::auth {

namespace {

/// Of the processor's time while others want it: a tenth of what a thread of a checkout gets.
constexpr int kNice = 10;

absl::Status Busy() {
  return base::Fail({.code = common::v1::OVERLOADED,
                     .detail = "Too many sign-ins at once.",
                     .fields = {},
                     .hint = {},
                     .data = {},
                     .retry_after = std::chrono::seconds(1)});
}

}  // namespace

/// Lives with who waits for it.
struct PasswordHasher::Job {
  const std::function<void()>* work;
  bool is_begun = false;
  bool is_done = false;
};

PasswordHasher::PasswordHasher(HashOptions options) : options_(std::move(options)) {
  if (sodium_init() < 0) std::abort();
  // What it is a hash of is known to nobody, this process included.
  auto nobody = HashNow(base::HexEncode(base::RandomBytes(32)));
  if (!nobody.ok()) std::abort();
  nobody_ = *std::move(nobody);
  for (int i = 0; i < options_.concurrent; ++i) threads_.emplace_back([this] { Work(); });
}

PasswordHasher::~PasswordHasher() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void PasswordHasher::Work() {
  // Of this thread alone (Linux). Where it is not allowed, hashing is only not as polite.
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice));
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job* job = jobs_.front();
    jobs_.pop_front();
    job->is_begun = true;
    ++running_;
    lock.unlock();
    (*job->work)();
    lock.lock();
    --running_;
    job->is_done = true;
    changed_.notify_all();
  }
}

absl::Status PasswordHasher::Run(absl::Time deadline, const std::function<void()>& work) {
  static auto& refused = metrics::Counter("cloudpos_auth_password_refusals_total",
                                          "Passwords not looked at since too many waited.");
  Job job{.work = &work};
  std::unique_lock lock(mutex_);
  const auto before = static_cast<size_t>(running_) + jobs_.size();
  if (before >= static_cast<size_t>(options_.concurrent + options_.waiting)) {
    refused.Increment();
    return Busy();
  }
  jobs_.push_back(&job);
  changed_.notify_all();
  changed_.wait_until(lock, base::ToSystemTime(deadline), [&job] { return job.is_done; });
  if (!job.is_begun) {
    std::erase(jobs_, &job);
    refused.Increment();
    return Busy();
  }
  // What was begun ends within tens of milliseconds of processor time.
  changed_.wait(lock, [&job] { return job.is_done; });
  return absl::OkStatus();
}

std::string PasswordHasher::Peppered(std::string_view password) const {
  return base::HexEncode(base::HmacSha256(options_.pepper, password));
}

absl::StatusOr<std::string> PasswordHasher::HashNow(const std::string& peppered) const {
  char hash[crypto_pwhash_STRBYTES];
  const int failed =
      crypto_pwhash_str_alg(hash, peppered.data(), peppered.size(), options_.operations,
                            options_.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  if (failed != 0) return base::Fail(common::v1::OVERLOADED, "There is no memory to hash with.");
  return std::string(hash);
}

absl::StatusOr<std::string> PasswordHasher::Hash(std::string_view password, absl::Time deadline) {
  const std::string peppered = Peppered(password);
  absl::StatusOr<std::string> hash = Busy();
  CLOUDPOS_RETURN_IF_ERROR(Run(deadline, [&] { hash = HashNow(peppered); }));
  return hash;
}

absl::StatusOr<PasswordHasher::Verdict> PasswordHasher::VerifyNow(
    const std::optional<std::string>& stored, const std::string& peppered) const {
  const std::string& hash = stored ? *stored : nobody_;
  const bool equal = crypto_pwhash_str_verify(hash.c_str(), peppered.data(), peppered.size()) == 0;
  Verdict verdict{.matches = equal && stored.has_value(), .rehashed = std::nullopt};
  if (verdict.matches && crypto_pwhash_str_needs_rehash(hash.c_str(), options_.operations,
                                                        options_.memory_bytes) != 0) {
    CLOUDPOS_ASSIGN_OR_RETURN(verdict.rehashed, HashNow(peppered));
  }
  return verdict;
}

absl::StatusOr<PasswordHasher::Verdict> PasswordHasher::Verify(
    const std::optional<std::string>& stored, std::string_view password, absl::Time deadline) {
  const std::string peppered = Peppered(password);
  absl::StatusOr<Verdict> verdict = Busy();
  CLOUDPOS_RETURN_IF_ERROR(Run(deadline, [&] { verdict = VerifyNow(stored, peppered); }));
  return verdict;
}

}  // namespace cloudpos::auth
