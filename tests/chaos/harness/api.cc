#include "tests/chaos/harness/api.h"

#include <utility>

#include "boost/json/parse.hpp"
#include "boost/json/serialize.hpp"

namespace cloudpos::chaos {
namespace {

constexpr Micros kReplyTime = 12 * kSecond;
constexpr Micros kPause = 100 * kMilli;
/// A renewal that fails leaves time for more of them.
constexpr Micros kRenewBefore = 300 * kSecond;
constexpr Micros kRenewPause = 500 * kMilli;

/// One request, whatever comes of it.
absl::StatusOr<Reply> Once(Connection* connection, const Request& request) {
  if (!connection->Open()) return absl::UnavailableError("refused");
  connection->Send(request);
  AwaitAll({connection}, Now() + kReplyTime, [](size_t) {});
  if (connection->reply) return *connection->reply;
  return absl::UnavailableError(LossName(*connection->loss));
}

bool IsOfTheMoment(int status) { return status >= 500 || status == 429 || status == 408; }

}  // namespace

boost::json::object ParseObject(const std::string& text) {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  return error || !value.is_object() ? boost::json::object() : value.get_object();
}

std::string TextOf(const boost::json::object& object, const char* name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string().c_str()) : "";
}

int64_t NumberOf(const boost::json::object& object, const char* name) {
  const boost::json::value* value = object.if_contains(name);
  boost::json::error_code error;
  if (value == nullptr || !value->is_number()) return 0;
  return value->to_number<int64_t>(error);
}

Session::Session(int port, Account account) : port_(port), account_(std::move(account)) {}

Session::~Session() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

absl::Status Session::SignIn() {
  Api api(port_, nullptr, 5 * kSecond);
  const auto answer = api.Call(
      "POST", "/v1/auth/signin",
      {{"email", account_.email}, {"password", account_.password}, {"refreshDelivery", "BODY"}});
  if (!answer.ok()) return answer.status();
  const Micros life = NumberOf(*answer, "expiresInS") * kSecond;
  const std::lock_guard lock(mutex_);
  token_ = std::make_shared<const std::string>(TextOf(*answer, "accessToken"));
  renew_at_ = Now() + std::max(life - kRenewBefore, life / 2);
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

std::shared_ptr<const std::string> Session::token() {
  const std::lock_guard lock(mutex_);
  return token_;
}

void Session::Renew(const std::shared_ptr<const std::string>& refused) {
  const std::lock_guard lock(mutex_);
  if (refused != token_) return;
  renew_at_ = 0;
  wake_.notify_all();
}

void Session::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (Now() < renew_at_) {
      wake_.wait_for(lock, std::chrono::seconds(1));
      continue;
    }
    lock.unlock();
    const bool is_renewed = SignIn().ok();
    lock.lock();
    if (!is_renewed) wake_.wait_for(lock, std::chrono::microseconds(kRenewPause));
  }
}

absl::StatusOr<boost::json::object> Api::Call(const std::string& method, const std::string& path,
                                              const boost::json::object& body) {
  Request request{.method = method, .path = path};
  if (!body.empty()) request.body = boost::json::serialize(body);
  const Micros end = Now() + patience_;
  absl::Status last;
  while (true) {
    std::shared_ptr<const std::string> token;
    if (session_ != nullptr) {
      token = session_->token();
      request.token = *token;
    }
    const absl::StatusOr<Reply> reply = Once(&connection_, request);
    if (reply.ok() && reply->status < 300) return ParseObject(reply->body);
    const bool is_token = reply.ok() && reply->status == 401 && session_ != nullptr;
    last = reply.ok()
               ? absl::FailedPreconditionError(method + " " + path + ": " +
                                               std::to_string(reply->status) + " " + reply->body)
               : reply.status();
    if (is_token) {
      session_->Renew(token);
    } else if (reply.ok() && !IsOfTheMoment(reply->status)) {
      return last;
    }
    if (Now() >= end) return absl::UnavailableError(std::string(last.message()));
    SleepFor(kPause);
  }
}

}  // namespace cloudpos::chaos
