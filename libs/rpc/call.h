#pragma once

// One call on the server, from its first byte to its log line.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/arena.h"
#include "grpcpp/generic/async_generic_service.h"
#include "libs/rpc/method.h"
#include "libs/rpc/server.h"
#include "libs/rpc/worker_pool.h"

namespace cloudpos::rpc {

/// What all calls of a server share.
struct ServerCore {
  ServerCore(ServerOptions o, ServerDeps d) : options(std::move(o)), deps(std::move(d)) {}

  ServerOptions options;
  ServerDeps deps;
  base::SystemClock real_clock;  // deadlines are real time, also where a test's clock stands still
  BoundMethods methods;
  std::unique_ptr<WorkerPool> workers;
  std::unique_ptr<WorkerPool> streams;
  std::unique_ptr<MethodMetrics> unknown_method;
  prometheus::Gauge* in_flight = nullptr;
  prometheus::Gauge* queue_depth = nullptr;
  prometheus::Gauge* certificate_expiry = nullptr;
  std::atomic<bool> is_draining{false};
};

/// Deletes itself when gRPC is done with it. The steps run in the order of the methods below; each
/// may end the call.
class Call final : public grpc::ServerGenericBidiReactor,
                   public CallContext,
                   public StreamWriter,
                   public QuickCall,
                   public WorkerPool::Task {
 public:
  Call(ServerCore* core, grpc::GenericCallbackServerContext* grpc_context);
  void Begin();

  // CallContext
  const token::Claims& claims() const override;
  bool has_claims() const override { return claims_ != nullptr; }
  absl::Status RequireStore(const base::Uuid& store) override;
  absl::Status RequirePermission(token::Permission permission, const base::Uuid& store) override;
  void MarkStoresChecked() override { is_store_checked_ = true; }
  const std::string& peer() const override { return peer_; }
  absl::Time deadline() const override { return handler_deadline_; }
  bool cancelled() const override;
  const std::string& token() const override { return token_; }
  const std::string& request_id() const override { return request_id_; }
  const std::string& traceparent() const override { return traceparent_; }
  const std::string& client_ip() const override { return client_ip_; }
  const std::string& idempotency_key() const override { return idempotency_key_; }
  std::string header(std::string_view name) const override;
  void SetReplayed() override { is_replayed_ = true; }
  void Note(std::string_view key, std::string_view value) override;

  // QuickCall
  void End(absl::Status status) override;
  void RunOrdinarily() override;

  // StreamWriter
  bool Write(const google::protobuf::Message& message) override;

  // WorkerPool::Task
  void Run() override;
  void Drop(WorkerPool::DropReason reason) override;
  int priority() const override { return method_->policy.priority(); }
  absl::Time expires() const override { return expires_; }

 private:
  // ServerGenericBidiReactor
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

  std::string Metadata(std::string_view name) const;
  std::string PeerOf() const;
  void ReadIdentity();         // request id, trace, peer and what the gateway says
  absl::Status SetDeadline();  // default, cap, margin
  absl::Status Authorise();    // caller, freshness, token, permission
  absl::Status Parse();        // the message, its store, its idempotency key
  bool TryQuickly();           // the quick handler, if there is one
  void Forget();               // what a handler left that did not answer
  void Queue();                // for a worker
  absl::Status Handle();       // parse, where that was not done yet, and handler
  absl::Status CallHandler(const google::protobuf::Message& request);
  absl::Status CheckOutcome(absl::Status status) const;
  void Complete(absl::Status status);  // answers; nothing may follow, *this may be gone
  void Log(const absl::Status& status, double seconds) const;

  ServerCore* const core_;
  grpc::GenericCallbackServerContext* const grpc_context_;
  const std::chrono::steady_clock::time_point begin_;
  const BoundMethod* method_ = nullptr;

  std::string request_id_, traceparent_, peer_, client_ip_, idempotency_key_, token_;
  absl::Time expires_;           // the caller stops waiting
  absl::Time handler_deadline_;  // a little earlier, so that the refusal still arrives
  std::shared_ptr<const token::Claims> claims_;
  std::vector<std::pair<std::string, std::string>> notes_;
  bool is_store_checked_ = false;
  bool is_replayed_ = false;
  bool is_unsendable_ = false;  // a message of a stream

  google::protobuf::Arena arena_;
  google::protobuf::Message* request_ = nullptr;
  google::protobuf::Message* response_ = nullptr;
  grpc::ByteBuffer request_bytes_;
  grpc::ByteBuffer response_bytes_;

  mutable std::atomic<bool> is_cut_off_{false};  // a stream was told to end early
  std::atomic<bool> is_cancelled_{false};
  std::mutex write_mutex_;
  std::condition_variable written_;
  bool is_writing_ = false;
  bool is_write_ok_ = false;
};

}  // namespace cloudpos::rpc
