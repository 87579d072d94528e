#include "tools/replay/session.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "boost/json/parse.hpp"
#include "boost/json/serialize.hpp"
#include "libs/base/clock.h"
#include "libs/base/status_macros.h"

namespace cloudpos::replay {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

// Renewed this long before it ends, so that no call arrives with a token that just did.
constexpr absl::Duration kTokenMargin = absl::Minutes(1);
constexpr milliseconds kPaceDefault{1000};

bool IsFaultOfTheMoment(int status) {
  return status == 408 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::string Text(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

/// "422 IDEMPOTENCY_MISMATCH: this id belongs to another request (lines[3].sku: ...)".
absl::Status Refusal(const HttpCall& call, const HttpAnswer& answer) {
  std::string text = call.method + " " + call.target + ": " + std::to_string(answer.status);
  boost::system::error_code error;
  const json::value problem = json::parse(answer.body, error);
  if (!error && problem.is_object()) {
    text += " " + Text(problem.as_object(), "code") + ": " + Text(problem.as_object(), "detail");
    if (const json::value* errors = problem.as_object().if_contains("errors")) {
      text += " " + json::serialize(*errors);
    }
  }
  return absl::FailedPreconditionError(text);
}

absl::StatusOr<json::object> ObjectOf(const HttpCall& call, const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error || !value.is_object()) {
    return absl::InternalError(call.method + " " + call.target + ": the answer is no JSON object");
  }
  return std::move(value.as_object());
}

}  // namespace

Session::Session(SessionOptions options) : options_(std::move(options)) {}
Session::~Session() = default;

absl::StatusOr<json::object> Session::Get(const std::string& target) {
  return Call({.method = "GET", .target = target, .token = {}, .body = {}});
}

absl::StatusOr<json::object> Session::Post(const std::string& target, const json::object& body) {
  return Call({.method = "POST", .target = target, .token = {}, .body = json::serialize(body)});
}

int Session::throttled() const {
  const std::lock_guard lock(mutex_);
  return throttled_;
}

absl::StatusOr<std::string> Session::CurrentToken() {
  const std::lock_guard lock(token_mutex_);
  if (token_.text.empty() || base::SystemClock().Now() + kTokenMargin > token_.expires_at) {
    CLOUDPOS_ASSIGN_OR_RETURN(token_, options_.new_token());
  }
  return token_.text;
}

void Session::DropToken(const std::string& token) {
  const std::lock_guard lock(token_mutex_);
  if (token_.text == token) token_ = Token();
}

void Session::WaitForTurn(Clock::time_point deadline) {
  Clock::time_point until;
  {
    const std::lock_guard lock(mutex_);
    until = std::min(not_before_, deadline);
  }
  std::this_thread::sleep_until(until);
}

void Session::HoldAll(milliseconds time) {
  const std::lock_guard lock(mutex_);
  not_before_ = std::max(not_before_, Clock::now() + time);
  ++throttled_;
}

std::unique_ptr<HttpClient> Session::Borrow() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<HttpClient>(options_.gateway);
  std::unique_ptr<HttpClient> client = std::move(idle_.back());
  idle_.pop_back();
  return client;
}

void Session::Return(std::unique_ptr<HttpClient> client) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(client));
}

absl::StatusOr<json::object> Session::Call(HttpCall call) {
  const Clock::time_point deadline = Clock::now() + options_.patience;
  milliseconds pause = options_.backoff_min;
  int unauthenticated = 0;
  absl::Status last;
  do {
    WaitForTurn(deadline);
    CLOUDPOS_ASSIGN_OR_RETURN(call.token, CurrentToken());
    std::unique_ptr<HttpClient> client = Borrow();
    const absl::StatusOr<HttpAnswer> answer = client->Send(call);
    Return(std::move(client));
    if (answer.ok() && answer->status >= 200 && answer->status < 300) {
      return ObjectOf(call, answer->body);
    }
    last = answer.ok() ? Refusal(call, *answer) : answer.status();
    if (answer.ok() && answer->status == 401 && ++unauthenticated == 1) {
      DropToken(call.token);
      continue;
    }
    if (answer.ok() && answer->status == 429) {
      HoldAll(answer->retry_after ? milliseconds(*answer->retry_after) : kPaceDefault);
      continue;
    }
    if (answer.ok() && !IsFaultOfTheMoment(answer->status)) return last;
    const milliseconds asked =
        answer.ok() && answer->retry_after ? milliseconds(*answer->retry_after) : milliseconds(0);
    std::this_thread::sleep_until(std::min(Clock::now() + std::max(pause, asked), deadline));
    pause = std::min(pause * 2, options_.backoff_max);
  } while (Clock::now() < deadline);
  return absl::UnavailableError("given up after " +
                                std::to_string(options_.patience.count() / 1000) + " s: " +
                                std::string(last.message()));
}

absl::Status RunAll(size_t count, int workers, const std::function<absl::Status(size_t)>& job) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  absl::Status first;
  const auto work = [&] {
    while (true) {
      const size_t i = next.fetch_add(1);
      if (i >= count) return;
      const absl::Status status = job(i);
      if (status.ok()) continue;
      const std::lock_guard lock(mutex);
      if (first.ok()) first = status;
      next = count;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < workers; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return first;
}

}  // namespace cloudpos::replay
