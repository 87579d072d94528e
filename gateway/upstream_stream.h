#pragma once

// A server-streaming call: gRPC's thread reads one message at a time, a coroutine waits for it.

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "gateway/upstream.h"

namespace cloudpos::gateway {

class StreamReactor final
    : public UpstreamStream,
      public grpc::ClientBidiReactor<google::protobuf::Message, google::protobuf::Message> {
 public:
  using Stub = grpc::TemplatedGenericStub<google::protobuf::Message, google::protobuf::Message>;

  StreamReactor(const google::protobuf::Message& request, const google::protobuf::Message& response,
                std::function<void(grpc::ClientContext*)> on_done);

  grpc::ClientContext* context() { return &context_; }
  /// `self` keeps this object alive until gRPC is done with it.
  void Start(Stub* stub, const std::string& rpc, std::shared_ptr<StreamReactor> self);

  // UpstreamStream
  boost::asio::awaitable<Event> Next(std::chrono::milliseconds patience) override;
  const google::protobuf::Message& message() const override { return *message_; }
  const absl::Status& status() const override { return status_; }
  void Cancel() override { context_.TryCancel(); }

 private:
  // ClientBidiReactor
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  void Wake();

  grpc::ClientContext context_;
  std::unique_ptr<google::protobuf::Message> request_;
  std::unique_ptr<google::protobuf::Message> incoming_;
  std::unique_ptr<google::protobuf::Message> message_;
  std::function<void(grpc::ClientContext*)> on_done_;
  std::shared_ptr<StreamReactor> self_;
  std::shared_ptr<boost::asio::steady_timer*> timer_guard_;  // while Next waits

  std::mutex mutex_;  // guards what follows
  std::function<void()> waiter_;
  bool has_message_ = false;
  bool is_done_ = false;
  absl::Status status_;
};

}  // namespace cloudpos::gateway
