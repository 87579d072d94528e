#include "gateway/upstream.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <thread>

#include "gateway/upstream_stream.h"
#include "libs/base/error.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/metadata.h"
#include "libs/rpc/status.h"

namespace cloudpos::gateway {
namespace {

namespace asio = boost::asio;
using google::protobuf::Message;
using Stub = grpc::TemplatedGenericStub<Message, Message>;

constexpr absl::Duration kHealthTime = absl::Seconds(1);

/// Ends a coroutine's wait when gRPC is done; deletes itself.
template <typename Handler>
class UnaryReactor final : public grpc::ClientUnaryReactor {
 public:
  explicit UnaryReactor(Handler handler) : handler_(std::move(handler)) {}
  void OnDone(const grpc::Status& status) override {
    auto executor = asio::get_associated_executor(handler_);
    asio::post(executor, [h = std::move(handler_), status]() mutable { std::move(h)(status); });
    delete this;
  }

 private:
  Handler handler_;
};

/// Shedding is no fault: less important calls must not close the door on the others.
bool IsUpstreamFault(const absl::Status& status) {
  return (absl::IsUnavailable(status) && base::CodeOf(status) != common::v1::OVERLOADED) ||
         absl::IsDeadlineExceeded(status);
}

}  // namespace

struct Upstream::Impl {
  Impl(std::shared_ptr<grpc::Channel> c, AdmissionLimits limits, const base::Clock& the_clock)
      : channel(std::move(c)),
        stub(channel),
        health_stub(channel),
        clock(the_clock),
        admission(limits, clock) {}

  void Register(grpc::ClientContext* context) {
    const std::lock_guard lock(mutex);
    active.insert(context);
  }
  void Forget(grpc::ClientContext* context) {
    const std::lock_guard lock(mutex);
    active.erase(context);
  }

  std::shared_ptr<grpc::Channel> channel;
  Stub stub;
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> health_stub;
  const base::Clock& clock;
  Admission admission;
  prometheus::Gauge* in_flight = nullptr;
  prometheus::Counter* shed = nullptr;
  prometheus::Gauge* ready = nullptr;
  std::mutex mutex;
  std::set<grpc::ClientContext*> active;
  std::atomic<bool> is_checking{false};
};

namespace {

void Prepare(const UpstreamCall& call, grpc::ClientContext* context) {
  context->set_deadline(base::ToSystemTime(call.deadline));
  for (const auto& [name, value] : call.metadata) context->AddMetadata(name, value);
}

/// Everything by pointer: g++ 12 destroys what a lambda in a co_await expression owns twice.
struct UnaryStart {
  Stub* stub;
  grpc::ClientContext* context;
  const std::string* rpc;
  const Message* request;
  Message* response;

  template <typename Handler>
  void operator()(Handler handler) const {
    auto* reactor = new UnaryReactor<Handler>(std::move(handler));
    stub->PrepareUnaryCall(context, *rpc, {}, request, response, reactor);
    reactor->StartCall();
  }
};

/// What a failed call is to the client. Without details it was gRPC that ended it, not the service.
absl::Status FailureOf(const grpc::Status& status) {
  const bool is_transport = status.error_details().empty();
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::CANCELLED: {  // by our own drain
      if (!is_transport) break;
      base::ErrorInfo info;
      info.code = common::v1::UNAVAILABLE;
      info.detail = "This part of the system does not answer just now.";
      info.retry_after = std::chrono::seconds(1);
      return base::Fail(info);
    }
    case grpc::StatusCode::RESOURCE_EXHAUSTED:  // a message beyond gRPC's limit: our fault
      if (is_transport) return absl::InternalError(status.error_message());
      break;
    default:
      break;
  }
  return rpc::FromGrpc(status);
}

/// Runs one health check; keeps the upstream's parts alive until it is done.
class HealthCheck final : public grpc::ClientUnaryReactor {
 public:
  explicit HealthCheck(std::function<void(bool)> done) : done_(std::move(done)) {}

  void Start(grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>* stub,
             absl::Time deadline) {
    // grpc.health.v1.HealthCheckRequest{service: "readiness"}: no generated code for one string.
    const std::string body = std::string("\x0A\x09") + "readiness";
    const grpc::Slice slice(body);
    request_ = grpc::ByteBuffer(&slice, 1);
    context_.set_deadline(base::ToSystemTime(deadline));
    stub->PrepareUnaryCall(&context_, "/grpc.health.v1.Health/Check", {}, &request_, &response_,
                           this);
    StartCall();
  }

  void OnDone(const grpc::Status& status) override {
    // HealthCheckResponse{status: SERVING} is field 1, value 1.
    std::vector<grpc::Slice> slices;
    std::string body;
    if (status.ok() && response_.Dump(&slices).ok()) {
      for (const grpc::Slice& s : slices) {
        body.append(reinterpret_cast<const char*>(s.begin()), s.size());
      }
    }
    done_(status.ok() && body == std::string("\x08\x01", 2));
    delete this;
  }

 private:
  std::function<void(bool)> done_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

}  // namespace

Upstream::Upstream(std::string name, std::shared_ptr<grpc::Channel> channel, AdmissionLimits limits,
                   const base::Clock& clock)
    : name_(std::move(name)), impl_(std::make_shared<Impl>(std::move(channel), limits, clock)) {
  const metrics::Labels labels = {{"upstream", name_}};
  impl_->in_flight =
      &metrics::Gauge("cloudpos_gateway_upstream_calls", "Calls in flight to a service", labels);
  impl_->shed = &metrics::Counter("cloudpos_gateway_upstream_shed_total",
                                  "Calls not admitted: overload or open circuit", labels);
  impl_->ready = &metrics::Gauge("cloudpos_gateway_upstream_ready",
                                 "Whether the service says it is ready", labels);
}

Upstream::~Upstream() {
  CancelAll();
  // A health check in flight ends within its deadline and refers to this object.
  while (impl_->is_checking.load()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

asio::awaitable<UpstreamReply> Upstream::Call(const UpstreamCall& call, const Message& request,
                                              Message* response) {
  const std::shared_ptr<Impl> impl = impl_;
  if (absl::Status refused = impl->admission.Admit(call.priority); !refused.ok()) {
    impl->shed->Increment();
    co_return UpstreamReply{std::move(refused)};
  }
  grpc::ClientContext context;
  Prepare(call, &context);
  impl->Register(&context);
  impl->in_flight->Increment();
  const UnaryStart start{&impl->stub, &context, &call.rpc, &request, response};
  const grpc::Status status =
      co_await asio::async_initiate<decltype(asio::use_awaitable), void(grpc::Status)>(
          start, asio::use_awaitable);
  impl->in_flight->Decrement();
  impl->Forget(&context);
  UpstreamReply reply;
  if (!status.ok()) reply.status = FailureOf(status);
  impl->admission.Done(IsUpstreamFault(reply.status));
  const auto& trailers = context.GetServerTrailingMetadata();
  reply.is_replayed =
      trailers.find(grpc::string_ref(rpc::kIdempotencyReplayed.data(),
                                     rpc::kIdempotencyReplayed.size())) != trailers.end();
  co_return reply;
}

absl::StatusOr<std::shared_ptr<UpstreamStream>> Upstream::Open(UpstreamCall call,
                                                               const Message& request,
                                                               const Message& response) {
  const std::shared_ptr<Impl> impl = impl_;
  if (absl::Status refused = impl->admission.Admit(call.priority); !refused.ok()) {
    impl->shed->Increment();
    return refused;
  }
  // A stream is counted only while it opens: it may stay for minutes and costs next to nothing.
  impl->admission.Done(false);
  auto stream = std::make_shared<StreamReactor>(
      request, response, [impl](grpc::ClientContext* c) { impl->Forget(c); });
  Prepare(call, stream->context());
  impl->Register(stream->context());
  stream->Start(&impl->stub, call.rpc, stream);
  return std::shared_ptr<UpstreamStream>(stream);
}

bool Upstream::IsFull(int priority) const { return impl_->admission.IsFull(priority); }

void Upstream::CheckHealth() {
  if (impl_->is_checking.exchange(true)) return;
  auto* check = new HealthCheck([this, impl = impl_](bool is_ready) {
    if (is_ready_.exchange(is_ready) != is_ready) {
      log::Info("upstream changed", {{"upstream", name_}, {"ready", is_ready}});
      if (is_ready) impl->admission.Close();
    }
    impl->ready->Set(is_ready ? 1 : 0);
    impl->is_checking.store(false);
  });
  check->Start(&impl_->health_stub, impl_->clock.Now() + kHealthTime);
}

void Upstream::CancelAll() {
  const std::lock_guard lock(impl_->mutex);
  for (grpc::ClientContext* context : impl_->active) context->TryCancel();
}

}  // namespace cloudpos::gateway
