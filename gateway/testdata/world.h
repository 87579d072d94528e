#pragma once

// The whole gateway in front of a toy service: real sockets, real mutual TLS, real tokens.

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "cloudpos/toy/v1/toy.pb.h"
#include "gateway/gateway.h"
#include "gateway/http_server.h"
#include "gateway/linked_protos.h"
#include "gateway/openapi.h"
#include "gateway/testdata/http_client.h"
#include "libs/base/error.h"
#include "libs/rpc/client.h"
#include "libs/rpc/server.h"
#include "libs/testing/certificates.h"
#include "libs/token/token.h"

namespace cloudpos::gateway {

namespace v1 = toy::v1;

/// Serves the toys.
class ToyService {
 public:
  rpc::MethodTable Methods();

  absl::Status CreateToy(rpc::CallContext& ctx, const v1::CreateToyRequest& request, v1::Toy* toy);
  absl::Status GetToy(rpc::CallContext& ctx, const v1::GetToyRequest& request, v1::Toy* toy);
  absl::Status ListToys(rpc::CallContext& ctx, const v1::ListToysRequest& request,
                        v1::ListToysResponse* response);
  absl::Status UpdateToy(rpc::CallContext& ctx, const v1::UpdateToyRequest& request, v1::Toy* toy);
  absl::Status BreakToy(rpc::CallContext& ctx, const v1::GetToyRequest& request,
                        google::protobuf::Empty* response);
  absl::Status CountDown(rpc::CallContext& ctx, const v1::CountDownRequest& request,
                         rpc::StreamWriter& writer);
  absl::Status SignIn(rpc::CallContext& ctx, const v1::SignInRequest& request,
                      v1::SignInResponse* response);
  absl::Status Refresh(rpc::CallContext& ctx, const v1::RefreshRequest& request,
                       v1::SignInResponse* response);
  absl::Status Print(rpc::CallContext& ctx, const v1::GetToyRequest& request,
                     common::v1::RawBody* response);
  absl::Status Hook(rpc::CallContext& ctx, const v1::HookRequest& request,
                    v1::EchoResponse* response);
  absl::Status Echo(rpc::CallContext& ctx, const v1::EchoRequest& request,
                    v1::EchoResponse* response);

  void Release();

 private:
  std::atomic<bool> is_released_{false};  // until then echoes of "held" do not end
};

struct WorldOptions {
  GatewayOptions gateway;
  HttpLimits limits;
  AdmissionLimits admission;
  std::string web_root;
  std::string docs_root;
  bool has_service = true;
};

class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();

  /// A token with these permissions in every store.
  std::string Token(const std::vector<common::v1::Permission>& permissions,
                    absl::Duration life = absl::Minutes(5));
  int port() const { return server->port(); }

  HttpReply Send(const std::string& verb, const std::string& target, const std::string& body = "",
                 const std::vector<std::string>& headers = {});
  static std::string Format(const std::string& verb, const std::string& target,
                            const std::string& body, const std::vector<std::string>& headers);

  base::SystemClock clock;
  testing::CertificateAuthority authority;
  token::Signer signer;
  token::Verifier verifier;
  ToyService service;
  std::unique_ptr<rpc::Server> rpc_server;
  std::optional<RouteTable> routes;
  Upstreams upstreams;
  std::unique_ptr<RateLimiter> limiter;
  std::unique_ptr<Site> site;
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<HttpServer> server;
  bool has_keys = true;
};

/// Limits that do not get in the way.
WorldOptions Generous();

}  // namespace cloudpos::gateway
