#include "libs/rpc/call.h"

#include <cstdlib>
#include <exception>

#include "grpc/grpc_security_constants.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/security/auth_context.h"
#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "libs/rpc/access.h"
#include "libs/rpc/metadata.h"
#include "libs/rpc/status.h"
#include "libs/rpc/trace.h"

namespace cloudpos::rpc {
namespace {

using base::Fail;
using google::protobuf::Message;

// Less is not worth starting: it would end in a timeout after the work.
constexpr absl::Duration kTimeLeftMin = absl::Milliseconds(20);
// Kept back for the answer's way home: one hop of a LAN with margin.
constexpr absl::Duration kMarginMax = absl::Milliseconds(20);

std::string_view View(const grpc::string_ref& ref) { return {ref.data(), ref.size()}; }

absl::Status OutOfTime() {
  return Fail(common::v1::DEADLINE_EXCEEDED, "there is no time left for this request");
}

absl::Status Overloaded() {
  return Fail({.code = common::v1::OVERLOADED,
               .detail = "too many requests at once",
               .fields = {},
               .hint = {},
               .data = {},
               .retry_after = std::chrono::milliseconds(1000)});
}

absl::Status Draining() {
  return Fail({.code = common::v1::UNAVAILABLE,
               .detail = "this server is going down",
               .fields = {},
               .hint = {},
               .data = {},
               .retry_after = std::chrono::milliseconds(1000)});
}

}  // namespace

Call::Call(ServerCore* core, grpc::GenericCallbackServerContext* grpc_context)
    : core_(core), grpc_context_(grpc_context), begin_(std::chrono::steady_clock::now()) {}

void Call::Begin() {
  core_->in_flight->Increment();
  const auto found = core_->methods.find(grpc_context_->method());
  if (found != core_->methods.end()) method_ = found->second.get();
  ReadIdentity();
  if (method_ == nullptr) {
    return Complete(Fail(common::v1::UNIMPLEMENTED, "there is no such method"));
  }
  absl::Status status = SetDeadline();
  if (status.ok()) status = Authorise();
  if (!status.ok()) return Complete(std::move(status));
  StartRead(&request_bytes_);
}

std::string Call::Metadata(std::string_view name) const {
  const auto& all = grpc_context_->client_metadata();
  const auto found = all.find(grpc::string_ref(name.data(), name.size()));
  return found == all.end() ? std::string() : std::string(View(found->second));
}

std::string Call::PeerOf() const {
  const auto auth = grpc_context_->auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return {};
  const auto uris = auth->FindPropertyValues(GRPC_PEER_SPIFFE_ID_PROPERTY_NAME);
  return uris.size() == 1 ? PeerName(std::string(View(uris.front()))) : std::string();
}

void Call::ReadIdentity() {
  peer_ = PeerOf();
  request_id_ = RequestIdFrom(Metadata(kRequestId));
  traceparent_ = TraceparentFrom(Metadata(kTraceparent));
  idempotency_key_ = Metadata(kIdempotencyKey);
  if (peer_ == kGatewayName) client_ip_ = Metadata(kClientIp);
}

absl::Status Call::SetDeadline() {
  const absl::Time now = core_->real_clock.Now();
  const int own_ms = method_->policy.deadline_ms();
  const absl::Duration cap =
      own_ms > 0 ? absl::Milliseconds(own_ms) : absl::FromChrono(core_->options.deadline_max);
  // A stream may last as long as its caller wants; all else is capped.
  expires_ = base::FromSystemTime(grpc_context_->deadline());
  if (!method_->is_stream()) expires_ = std::min(expires_, now + cap);
  const absl::Duration left = expires_ - now;
  if (left < kTimeLeftMin) return OutOfTime();
  handler_deadline_ = expires_ - std::min(kMarginMax, left / 5);
  return absl::OkStatus();
}

absl::Status Call::Authorise() {
  CLOUDPOS_RETURN_IF_ERROR(CheckCaller(method_->policy, peer_));
  if (!method_->needs_token()) return absl::OkStatus();
  if (method_->policy.audit() && core_->deps.is_identity_fresh &&
      !core_->deps.is_identity_fresh()) {
    return Fail(common::v1::UNAVAILABLE, "changes wait until it is known again who may make them");
  }
  token_ = BearerToken(Metadata(kAuthorization));
  if (token_.empty()) return Fail(common::v1::UNAUTHENTICATED, "an access token is required");
  CLOUDPOS_ASSIGN_OR_RETURN(claims_, core_->deps.verifier->Verify(token_));
  // A stream ends with the token that opened it.
  if (method_->is_stream()) {
    expires_ = std::min(expires_, claims_->expires_at);
    handler_deadline_ = std::min(handler_deadline_, claims_->expires_at);
  }
  return CheckPermission(*method_, *claims_);
}

void Call::OnReadDone(bool ok) {
  if (!ok) {
    return Complete(is_cancelled_ ? Fail(common::v1::CANCELLED, "the caller went away")
                                  : Fail(common::v1::INVALID_ARGUMENT, "there is no request"));
  }
  if (method_->handler.quick == nullptr || !TryQuickly()) Queue();
}

bool Call::TryQuickly() {
  if (core_->is_draining) return false;
  if (absl::Status status = Parse(); !status.ok()) {
    Complete(std::move(status));
    return true;
  }
  response_ = method_->handler.response->New(&arena_);
  try {
    if (method_->handler.quick(*this, *request_, response_, *this)) return true;  // may be gone
  } catch (const std::exception&) {
    // The ordinary handler meets it again, and answers it.
  }
  Forget();
  return false;
}

void Call::Forget() {
  notes_.clear();
  is_store_checked_ = false;
}

void Call::Queue() {
  WorkerPool& pool = method_->is_stream() ? *core_->streams : *core_->workers;
  if (!pool.Submit(this)) Complete(core_->is_draining ? Draining() : Overloaded());
}

void Call::End(absl::Status status) { Complete(CheckOutcome(std::move(status))); }

void Call::RunOrdinarily() {
  Forget();
  Queue();
}

void Call::Drop(WorkerPool::DropReason reason) {
  switch (reason) {
    case WorkerPool::DropReason::kExpired:
      return Complete(OutOfTime());
    case WorkerPool::DropReason::kOverloaded:
      return Complete(Overloaded());
    case WorkerPool::DropReason::kStopped:
      return Complete(Draining());
  }
}

void Call::Run() {
  if (is_cancelled_) return Complete(Fail(common::v1::CANCELLED, "the caller went away"));
  Complete(CheckOutcome(Handle()));
}

absl::Status Call::Parse() {
  request_ = method_->handler.request->New(&arena_);
  const grpc::Status parsed =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(&request_bytes_, request_);
  if (!parsed.ok()) return Fail(common::v1::INVALID_ARGUMENT, "the message is malformed");
  if (claims_ != nullptr) {
    CLOUDPOS_RETURN_IF_ERROR(CheckRequestStore(*method_, *claims_, *request_));
  }
  return CheckIdempotency(*method_, idempotency_key_, request_);
}

absl::Status Call::Handle() {
  if (request_ == nullptr) CLOUDPOS_RETURN_IF_ERROR(Parse());
  return CallHandler(*request_);
}

absl::Status Call::CallHandler(const Message& request) {
  // Libraries below may throw; a call that fails must not take the others with it.
  try {
    if (method_->is_stream()) return method_->handler.stream(*this, request, *this);
    response_ = method_->handler.response->New(&arena_);
    return method_->handler.unary(*this, request, response_);
  } catch (const std::exception& error) {
    return absl::InternalError(std::string("exception: ") + error.what());
  }
}

absl::Status Call::CheckOutcome(absl::Status status) const {
  if (!status.ok()) return status;
  if (method_->access == Access::kResource && !is_store_checked_) {
    return absl::InternalError("the handler answered without RequireStore");
  }
  if (is_unsendable_) {
    return absl::InternalError("a message is too large or cannot be serialised");
  }
  if (method_->is_stream() && is_cancelled_) {
    return Fail(common::v1::CANCELLED, "the caller went away");
  }
  if (method_->is_stream() && is_cut_off_) {
    return core_->is_draining ? Draining() : OutOfTime();
  }
  return status;
}

void Call::Complete(absl::Status status) {
  grpc::Status wire = ToGrpc(status);
  if (status.ok() && !method_->is_stream()) {
    bool own_buffer = false;
    wire = grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(*response_, &response_bytes_,
                                                                    &own_buffer);
    if (!wire.ok() || response_bytes_.Length() > static_cast<size_t>(kMessageBytesMax)) {
      status = absl::InternalError("the answer is too large or cannot be serialised");
      wire = ToGrpc(status);
    }
  }
  if (is_replayed_) grpc_context_->AddTrailingMetadata(std::string(kIdempotencyReplayed), "1");
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  MethodMetrics& metrics = method_ != nullptr ? *method_->metrics : *core_->unknown_method;
  metrics.Observe(status.code(), seconds);
  core_->in_flight->Decrement();
  Log(status, seconds);
  if (status.ok() && !method_->is_stream()) {
    StartWriteAndFinish(&response_bytes_, grpc::WriteOptions(), std::move(wire));
  } else {
    Finish(std::move(wire));
  }
}

void Call::Log(const absl::Status& status, double seconds) const {
  const absl::StatusCode code = status.code();
  const bool is_fault = code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
                        code == absl::StatusCode::kDataLoss;
  log::Level level = is_fault ? log::Level::kError : log::Level::kInfo;
  // Peers ask each other every second or two: too much to keep when all is well.
  if (status.ok() && method_->access == Access::kPeer) level = log::Level::kDebug;
  if (!log::Enabled(level)) return;
  const std::string reason = status.ok() ? "" : common::v1::ErrorCode_Name(base::CodeOf(status));
  const std::string cause = is_fault ? CauseOf(status) : "";
  const std::string tenant = claims_ != nullptr ? claims_->tenant.ToString() : "";
  const std::string subject = claims_ != nullptr ? claims_->subject.ToString() : "";
  std::vector<log::Field> fields;
  fields.reserve(12 + notes_.size());
  fields.emplace_back("method", method_ != nullptr ? std::string_view(method_->label)
                                                   : std::string_view("unknown"));
  fields.emplace_back("peer", peer_);
  fields.emplace_back("code", CodeName(code));
  if (!reason.empty()) fields.emplace_back("reason", reason);
  if (!cause.empty()) fields.emplace_back("cause", cause);
  fields.emplace_back("us", static_cast<int64_t>(seconds * 1e6));
  if (!tenant.empty()) fields.emplace_back("tenant", tenant);
  if (!subject.empty()) fields.emplace_back("subject", subject);
  fields.emplace_back("request_id", request_id_);
  fields.emplace_back("trace", TraceIdOf(traceparent_));
  if (is_replayed_) fields.emplace_back("replayed", true);
  for (const auto& [key, value] : notes_) fields.emplace_back(key, value);
  log::Write(level, "rpc", fields.data(), fields.size());
}

// --- what handlers see ---

const token::Claims& Call::claims() const {
  // A handler that asks who calls in a method without a token is wrong for every call.
  if (claims_ == nullptr) std::abort();
  return *claims_;
}

absl::Status Call::RequireStore(const base::Uuid& store) {
  is_store_checked_ = true;
  return RequirePermission(method_->policy.permission(), store);
}

absl::Status Call::RequirePermission(token::Permission permission, const base::Uuid& store) {
  if (claims_ == nullptr) return absl::InternalError("a store check without a token");
  return CheckStore(*claims_, permission, store);
}

bool Call::cancelled() const {
  if (is_cancelled_) return true;
  if (!method_->is_stream()) return core_->real_clock.Now() >= handler_deadline_;
  if (!core_->is_draining && core_->real_clock.Now() < handler_deadline_) return false;
  is_cut_off_ = true;
  return true;
}

std::string Call::header(std::string_view name) const {
  if (peer_ != kGatewayName) return {};
  return Metadata(std::string(kForwardedPrefix) + std::string(name));
}

void Call::Note(std::string_view key, std::string_view value) { notes_.emplace_back(key, value); }

// --- streaming ---

bool Call::Write(const Message& message) {
  if (cancelled()) return false;
  response_bytes_.Clear();  // gRPC keeps its own reference to what was sent before
  bool own_buffer = false;
  const grpc::Status serialised = grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(
      message, &response_bytes_, &own_buffer);
  if (!serialised.ok() || response_bytes_.Length() > static_cast<size_t>(kMessageBytesMax)) {
    is_unsendable_ = true;
    return false;
  }
  std::unique_lock lock(write_mutex_);
  is_writing_ = true;
  lock.unlock();
  StartWrite(&response_bytes_);
  lock.lock();
  // Always ends: gRPC completes the write with false when the call is cancelled.
  written_.wait(lock, [this] { return !is_writing_; });
  // A write fails only because the caller is gone; OnCancel may come later.
  if (!is_write_ok_) is_cancelled_ = true;
  return is_write_ok_;
}

void Call::OnWriteDone(bool ok) {
  // Notified under the lock: once Write returns, the call may end and be deleted.
  const std::lock_guard lock(write_mutex_);
  is_writing_ = false;
  is_write_ok_ = ok;
  written_.notify_one();
}

void Call::OnCancel() { is_cancelled_ = true; }

}  // namespace cloudpos::rpc
