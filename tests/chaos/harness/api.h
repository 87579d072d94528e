#pragma once

// Calls of the REST API beside the workload: setting a tenant up, signing in, changing prices.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "boost/json/object.hpp"
#include "tests/chaos/harness/http.h"
#include "tests/chaos/harness/moment.h"

namespace cloudpos::chaos {

struct Account {
  std::string email;
  std::string password;
};

/// The access token of the run's one user, for all threads: signed in anew well before it ends, and
/// when a client was told that it is no good.
class Session {
 public:
  Session(int port, Account account);
  ~Session();

  absl::Status SignIn();
  /// Shared text, never null after the first sign-in.
  std::shared_ptr<const std::string> token();
  /// `refused` was answered with 401: makes a new one soon, unless there is one already.
  void Renew(const std::shared_ptr<const std::string>& refused);

 private:
  void Run();

  const int port_;
  const Account account_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<const std::string> token_;
  Micros renew_at_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the rest
};

/// One connection, calls repeated until `patience` ends while the answer is a fault of the moment.
/// Not thread-safe.
class Api {
 public:
  Api(int port, Session* session, Micros patience)
      : connection_(port), session_(session), patience_(patience) {}

  /// The JSON object of a 2xx answer. FAILED_PRECONDITION with the problem for a refusal,
  /// UNAVAILABLE when patience ended.
  absl::StatusOr<boost::json::object> Call(const std::string& method, const std::string& path,
                                           const boost::json::object& body = {});

 private:
  Connection connection_;
  Session* session_;
  const Micros patience_;
};

/// The text as a JSON object; empty when it is none.
boost::json::object ParseObject(const std::string& text);
/// Member `name` as text, empty when there is none.
std::string TextOf(const boost::json::object& object, const char* name);
int64_t NumberOf(const boost::json::object& object, const char* name);

}  // namespace cloudpos::chaos
