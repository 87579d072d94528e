#pragma once

// A toy service behind a real server with real certificates, for the tests of this folder.

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "cloudpos/test/v1/toy.pb.h"
#include "libs/base/error.h"
#include "libs/rpc/client.h"
#include "libs/rpc/server.h"
#include "libs/testing/certificates.h"
#include "libs/token/token.h"

namespace cloudpos::rpc {

using test::v1::ToyRequest;
using test::v1::ToyResponse;

inline TlsFiles Tls(const testing::CertificateAuthority::Files& files) {
  return {.ca = files.ca, .certificate = files.certificate, .key = files.key};
}

class ToyHandler {
 public:
  absl::Status Echo(CallContext& ctx, const ToyRequest& request, ToyResponse* response);
  /// Takes what is called "quick ...": answers now, later, or leaves it to Echo after all.
  bool TryEcho(CallContext& ctx, const ToyRequest& request, ToyResponse* response, QuickCall& call);
  absl::Status Resource(CallContext& ctx, const ToyRequest& request, ToyResponse* response);
  absl::Status Count(CallContext& ctx, const ToyRequest& request, StreamWriter& writer);
  MethodTable Methods();

  std::atomic<int> calls{0};
  std::atomic<int> quick_calls{0};
  std::jthread quick_thread;  // the test makes one such call at a time
  std::atomic<int> streams_ended{0};
  std::atomic<bool> last_was_cut{false};
  std::atomic<bool> is_released{false};  // until then calls with the text "held" do not end
};

/// Who a token speaks for.
struct Person {
  base::Uuid tenant = Id(1);
  base::Uuid subject = Id(2);
  base::Uuid session = Id(3);
  std::vector<token::Grant> grants;

  static base::Uuid Id(uint8_t n) {
    std::array<uint8_t, 16> bytes{};
    bytes[15] = n;
    return base::Uuid(bytes);
  }
};

class Toy {
 public:
  explicit Toy(ServerOptions options = {}, ServerDeps deps = {});
  ~Toy();

  std::shared_ptr<grpc::Channel> Channel(const std::string& peer);
  std::string Token(const Person& person, absl::Duration age = absl::ZeroDuration(),
                    absl::Duration life = absl::Minutes(5));
  CallMetadata Metadata(std::string token = {});
  absl::Status Call(const std::string& method, const CallMetadata& metadata,
                    const ToyRequest& request, ToyResponse* response = nullptr,
                    const std::string& peer = "gateway");
  common::v1::ErrorCode CodeOfCall(const std::string& method, const CallMetadata& metadata,
                                   const ToyRequest& request = {},
                                   const std::string& peer = "gateway") {
    return base::CodeOf(Call(method, metadata, request, nullptr, peer));
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(server->port()); }

  testing::CertificateAuthority authority;
  base::SystemClock clock;
  token::Signer signer;
  token::Verifier verifier;
  ToyHandler handler;
  std::unique_ptr<Server> server;

 private:
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
};

/// The path of a toy method.
inline std::string Path(const std::string& method) {
  return "/cloudpos.test.v1.ToyService/" + method;
}

}  // namespace cloudpos::rpc
