#include "gateway/admission.h"

#include <algorithm>

#include "libs/base/error.h"

namespace cloudpos::gateway {
namespace {

/// The share of the limit that each priority may fill, in percent.
constexpr std::array<int, 4> kShare = {50, 70, 85, 100};

absl::Status Refuse(common::v1::ErrorCode code, std::string_view detail, absl::Duration after) {
  base::ErrorInfo info;
  info.code = code;
  info.detail = detail;
  info.retry_after = absl::ToChronoMilliseconds(std::max(after, absl::Seconds(1)));
  return base::Fail(info);
}

}  // namespace

absl::Status Overloaded() {
  return Refuse(common::v1::OVERLOADED, "Too many requests are being worked on.", absl::Seconds(1));
}

Admission::Admission(AdmissionLimits limits, const base::Clock& clock)
    : limits_(limits), clock_(clock) {}

absl::Status Admission::Admit(int priority) {
  const std::lock_guard lock(mutex_);
  const absl::Time now = clock_.Now();
  if (state_ == State::kOpen && now >= open_until_) state_ = State::kClosed;
  if (state_ == State::kOpen || state_ == State::kProbing) {
    return Refuse(common::v1::UNAVAILABLE, "This part of the system does not answer just now.",
                  open_until_ - now);
  }
  if (IsFullLocked(priority)) return Overloaded();
  ++in_flight_;
  if (open_until_ != absl::Time() && now >= open_until_) state_ = State::kProbing;
  return absl::OkStatus();
}

void Admission::Done(bool is_failure) {
  const std::lock_guard lock(mutex_);
  --in_flight_;
  Second& second = Current();
  ++second.calls;
  if (is_failure) ++second.failures;
  const absl::Time now = clock_.Now();
  if (state_ == State::kProbing) {
    state_ = is_failure ? State::kOpen : State::kClosed;
    open_until_ = is_failure ? now + limits_.open_time : absl::Time();
    seconds_ = {};
  } else if (state_ == State::kClosed && is_failure && IsFailing()) {
    state_ = State::kOpen;
    open_until_ = now + limits_.open_time;
  }
}

void Admission::Close() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kClosed && open_until_ == absl::Time()) return;
  state_ = State::kClosed;
  open_until_ = absl::Time();
  seconds_ = {};
}

int Admission::in_flight() const {
  const std::lock_guard lock(mutex_);
  return in_flight_;
}

bool Admission::IsFull(int priority) const {
  const std::lock_guard lock(mutex_);
  return IsFullLocked(priority);
}

bool Admission::IsFullLocked(int priority) const {
  const auto share = static_cast<size_t>(std::clamp(priority, 0, 3));
  return in_flight_ * 100 >= limits_.in_flight * kShare[share];
}

Admission::Second& Admission::Current() {
  const int64_t now = absl::ToUnixSeconds(clock_.Now());
  Second& second = seconds_[static_cast<size_t>(now) % kSeconds];
  if (second.second != now) second = {now, 0, 0};
  return second;
}

bool Admission::IsFailing() {
  const int64_t oldest = absl::ToUnixSeconds(clock_.Now()) - static_cast<int64_t>(kSeconds);
  int calls = 0;
  int failures = 0;
  for (const Second& second : seconds_) {
    if (second.second <= oldest) continue;
    calls += second.calls;
    failures += second.failures;
  }
  return calls >= limits_.calls_min && failures * 100 >= calls * limits_.failures_percent;
}

}  // namespace cloudpos::gateway
