#include "tests/chaos/harness/load.h"

#include <utility>

namespace cloudpos::chaos {
namespace {

constexpr size_t kSurprisesKept = 10;
constexpr size_t kLostKept = 10'000;

}  // namespace

void Load::NoteSale(Micros sent) {
  Add(kSales);
  if (first_sale_.load(std::memory_order_relaxed) != 0 || sent < watch_from_.load()) return;
  Micros none = 0;
  first_sale_.compare_exchange_strong(none, Now());
}

void Load::WatchFrom(Micros moment) {
  watch_from_ = moment;
  first_sale_ = 0;
}

void Load::NoteLost(const LostRequest& lost) {
  const std::lock_guard lock(mutex_);
  if (lost_.size() < kLostKept) lost_.push_back(lost);
}

std::vector<LostRequest> Load::TakeLost() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lost_, {});
}

void Load::NoteProblem(int status, std::string_view code) {
  const std::string name = std::to_string(status) + " " + std::string(code);
  const std::lock_guard lock(mutex_);
  ++problems_[name];
}

std::map<std::string, int64_t> Load::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

void Load::NoteSurprise(const std::string& text) {
  ++surprise_count_;
  const std::lock_guard lock(mutex_);
  if (surprises_.size() < kSurprisesKept) surprises_.push_back(text);
}

std::vector<std::string> Load::surprises() const {
  const std::lock_guard lock(mutex_);
  return surprises_;
}

}  // namespace cloudpos::chaos
