#pragma once

// The server side of every service in one call: methods are dispatched by descriptor through one
// generic gRPC service, so that health, deadlines, caller check, token and permission check,
// metrics, request log, status mapping and drain are in one place and cannot be forgotten.
//
//   rpc::Server server(options, {.verifier = verifier, .clock = clock});
//   server.Add(handler.Methods());
//   CLOUDPOS_RETURN_IF_ERROR(server.Start());   // refuses a method without policy or handler
//   server.Wait();                              // until SIGTERM, then drains
//
// Handlers are plain functions that run on a bounded worker pool:
//   absl::Status CreateStore(rpc::CallContext&, const CreateStoreRequest&, CreateStoreResponse*);

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/rpc/tls.h"
#include "libs/token/token.h"

namespace cloudpos::rpc {

/// Everything a handler may ask about the call it serves.
class CallContext {
 public:
  virtual ~CallContext() = default;

  /// Who calls, already verified. Only for methods with a permission or scope SELF.
  virtual const token::Claims& claims() const = 0;
  virtual bool has_claims() const = 0;
  const base::Uuid& tenant() const { return claims().tenant; }
  const base::Uuid& subject() const { return claims().subject; }

  /// NOT_FOUND when the caller has nothing to do with the store, PERMISSION_DENIED when it has but
  /// lacks the method's permission. Handlers of scope RESOURCE must call it; the server answers
  /// INTERNAL (and logs) when one did not.
  virtual absl::Status RequireStore(const base::Uuid& store) = 0;
  /// The same for another permission than the method's (a discount, a price override ...); does not
  /// count as the check that scope RESOURCE asks for.
  virtual absl::Status RequirePermission(token::Permission permission, const base::Uuid& store) = 0;

  /// For a RESOURCE handler that limited what it read to the caller's stores by itself, say a list
  /// that may be empty: stands in for RequireStore.
  virtual void MarkStoresChecked() = 0;

  virtual const std::string& peer() const = 0;  // mTLS name of the caller, e.g. "gateway"
  virtual absl::Time deadline() const = 0;
  virtual bool cancelled() const = 0;
  /// The caller's access token, to pass on to a peer; empty when there is none.
  virtual const std::string& token() const = 0;
  virtual const std::string& request_id() const = 0;
  virtual const std::string& traceparent() const = 0;
  virtual const std::string& client_ip() const = 0;        // as the gateway saw it
  virtual const std::string& idempotency_key() const = 0;  // header value; may be empty
  /// A forwarded request header (policy.forward_headers); empty when absent.
  virtual std::string header(std::string_view name) const = 0;

  /// Marks the answer as a replay: the gateway adds Idempotency-Replayed: true.
  virtual void SetReplayed() = 0;
  /// Adds a field to the request's log line, e.g. ("sale", id).
  virtual void Note(std::string_view key, std::string_view value) = 0;
};

/// Where a streaming handler writes. Write blocks for flow control; false = the caller went away.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  virtual bool Write(const google::protobuf::Message& message) = 0;
};

/// A call that a quick handler has taken: one of the two is called, once, from any thread.
class QuickCall {
 public:
  virtual ~QuickCall() = default;
  virtual void End(absl::Status status) = 0;
  /// It needs time after all: the ordinary handler runs on a worker, from the start.
  virtual void RunOrdinarily() = 0;
};

using QuickFunction = std::function<bool(CallContext&, const google::protobuf::Message&,
                                         google::protobuf::Message*, QuickCall&)>;
using UnaryFunction = std::function<absl::Status(CallContext&, const google::protobuf::Message&,
                                                 google::protobuf::Message*)>;
using StreamFunction =
    std::function<absl::Status(CallContext&, const google::protobuf::Message&, StreamWriter&)>;

/// The methods of one proto service, bound to a handler object.
class MethodTable {
 public:
  /// `service` is the full proto name, e.g. "cloudpos.auth.v1.AuthService".
  explicit MethodTable(std::string_view service);

  template <typename Handler, typename Request, typename Response>
  MethodTable& Unary(std::string_view name, Handler* handler,
                     absl::Status (Handler::*method)(CallContext&, const Request&, Response*)) {
    return Bind(
        name, Request::default_instance(), &Response::default_instance(),
        [handler, method](CallContext& ctx, const google::protobuf::Message& request,
                          google::protobuf::Message* response) {
          return (handler->*method)(ctx, static_cast<const Request&>(request),
                                    static_cast<Response*>(response));
        },
        nullptr);
  }

  /// Beside the ordinary handler of the last Unary: tried first, on the thread that read the
  /// request, so it must neither wait nor take long. False, or an exception: not taken, nothing was
  /// done. True: the QuickCall is called, now or later; nothing of the call may be touched
  /// afterwards.
  template <typename Handler, typename Request, typename Response>
  MethodTable& Quick(Handler* handler,
                     bool (Handler::*method)(CallContext&, const Request&, Response*, QuickCall&)) {
    methods_.back().quick = [handler, method](
                                CallContext& ctx, const google::protobuf::Message& request,
                                google::protobuf::Message* response, QuickCall& call) {
      return (handler->*method)(ctx, static_cast<const Request&>(request),
                                static_cast<Response*>(response), call);
    };
    return *this;
  }

  template <typename Handler, typename Request>
  MethodTable& Stream(std::string_view name, Handler* handler,
                      absl::Status (Handler::*method)(CallContext&, const Request&,
                                                      StreamWriter&)) {
    return Bind(name, Request::default_instance(), nullptr, nullptr,
                [handler, method](CallContext& ctx, const google::protobuf::Message& request,
                                  StreamWriter& writer) {
                  return (handler->*method)(ctx, static_cast<const Request&>(request), writer);
                });
  }

  struct Method {
    std::string name;
    const google::protobuf::Message* request;
    const google::protobuf::Message* response;  // nullptr for streams
    UnaryFunction unary;
    StreamFunction stream;
    QuickFunction quick = nullptr;
  };
  const std::string& service() const { return service_; }
  const std::vector<Method>& methods() const { return methods_; }

 private:
  MethodTable& Bind(std::string_view name, const google::protobuf::Message& request,
                    const google::protobuf::Message* response, UnaryFunction unary,
                    StreamFunction stream);
  std::string service_;
  std::vector<Method> methods_;
};

struct ServerOptions {
  std::string name{};    // of the service: "auth"; prefixes metrics
  std::string listen{};  // host:port
  TlsFiles tls{};        // reloaded when the files change
  int workers = 8;       // handlers that run at once
  int queue = 256;       // calls that wait; beyond it OVERLOADED
  int streams = 16;      // streaming calls at once
  std::chrono::milliseconds drain{10000};
  std::chrono::milliseconds deadline_max{30000};
};

struct ServerDeps {
  const token::Verifier* verifier = nullptr;
  const base::Clock* clock = nullptr;
  /// Dependencies are fine (database answers, schema is new enough); asked each second, cached.
  std::function<bool()> is_ready{};
  /// Admin writes are allowed (the revocation list is fresh); empty = always.
  std::function<bool()> is_identity_fresh{};
};

class Server {
 public:
  Server(ServerOptions options, ServerDeps deps);
  ~Server();

  void Add(const MethodTable& table);
  /// FAILED_PRECONDITION when a method of a served proto service has no policy or no handler.
  absl::Status Start();
  int port() const;  // the one bound (listen may say 0)
  /// Blocks until SIGTERM or SIGINT or Stop, then: not ready, no new calls, finish or cut off
  /// after `drain`.
  void Wait();
  void Stop();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloudpos::rpc
