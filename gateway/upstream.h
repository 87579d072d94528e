#pragma once

// One service behind the gateway: generic gRPC calls on one channel, awaited by coroutines, with
// admission and health.

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/admission.h"
#include "gateway/http_message.h"
#include "google/protobuf/message.h"

namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace cloudpos::gateway {

struct UpstreamCall {
  std::string rpc;
  std::vector<std::pair<std::string, std::string>> metadata;
  absl::Time deadline;
  int priority = 0;
};

struct UpstreamReply {
  absl::Status status;
  bool is_replayed = false;
};

/// The messages of a server-streaming call.
class UpstreamStream {
 public:
  virtual ~UpstreamStream() = default;
  enum class Event { kMessage, kQuiet, kEnd };
  /// Waits for the next message, at most `patience` (kQuiet: nothing came, ask again).
  virtual boost::asio::awaitable<Event> Next(std::chrono::milliseconds patience) = 0;
  /// The message of the last kMessage.
  virtual const google::protobuf::Message& message() const = 0;
  /// How it ended, after kEnd.
  virtual const absl::Status& status() const = 0;
  virtual void Cancel() = 0;
};

/// Thread-safe.
class Upstream {
 public:
  Upstream(std::string name, std::shared_ptr<grpc::Channel> channel, AdmissionLimits limits,
           const base::Clock& clock);
  ~Upstream();

  /// One call; its arguments must live until it returns. OVERLOADED or UNAVAILABLE when it is not
  /// admitted.
  boost::asio::awaitable<UpstreamReply> Call(const UpstreamCall& call,
                                             const google::protobuf::Message& request,
                                             google::protobuf::Message* response);
  /// `response` is the prototype of the stream's messages.
  absl::StatusOr<std::shared_ptr<UpstreamStream>> Open(UpstreamCall call,
                                                       const google::protobuf::Message& request,
                                                       const google::protobuf::Message& response);

  /// Whether Call would be refused with OVERLOADED just now.
  bool IsFull(int priority) const;

  /// Asks the upstream's health service in the background; the answer shows in is_ready.
  void CheckHealth();
  bool is_ready() const { return is_ready_.load(); }
  const std::string& name() const { return name_; }

  /// Cuts off all calls in flight.
  void CancelAll();

  struct Impl;

 private:
  const std::string name_;
  std::atomic<bool> is_ready_{false};
  std::shared_ptr<Impl> impl_;
};

using Upstreams = std::map<std::string, std::unique_ptr<Upstream>, std::less<>>;

}  // namespace cloudpos::gateway
