// Certificates: who gets in, and what happens when they are renewed.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "libs/rpc/toy_test.h"

namespace cloudpos::rpc {
namespace {

using namespace common::v1;

ErrorCode CodeWith(const Toy& toy, const std::string& server_name, const TlsFiles& tls) {
  const auto channel = Connect(server_name, toy.address(), tls);
  if (!channel.ok()) return ERROR_CODE_UNSPECIFIED;
  ToyResponse response;
  return base::CodeOf(Call(*channel, Path("Echo"), {.deadline = toy.clock.Now() + absl::Seconds(3)},
                           ToyRequest(), &response));
}

}  // namespace

TEST_CASE("TLS: strangers and the expired do not get a connection", "[rpc][tls]") {
  Toy toy;
  testing::CertificateAuthority other;
  CHECK(CodeWith(toy, "toy", Tls(toy.authority.Issue("gateway"))) == ERROR_CODE_UNSPECIFIED);
  // Of another authority, but trusting ours.
  TlsFiles foreign = Tls(other.Issue("gateway"));
  foreign.ca = toy.authority.folder() + "/ca.pem";
  CHECK(CodeWith(toy, "toy", foreign) == UNAVAILABLE);
  // A server of another authority.
  CHECK(CodeWith(toy, "toy", Tls(other.Issue("gateway"))) == UNAVAILABLE);
  CHECK(CodeWith(toy, "toy",
                 Tls(toy.authority.IssueWithUri("old", "spiffe://cloudpos/gateway", -60))) ==
        UNAVAILABLE);
}

TEST_CASE("TLS: nobody gets in without a certificate, or without TLS", "[rpc][tls]") {
  Toy toy;
  const auto code = [&](const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    grpc::ChannelArguments args;
    args.SetSslTargetNameOverride("toy");
    ToyResponse response;
    return base::CodeOf(Call(grpc::CreateCustomChannel(toy.address(), credentials, args),
                             Path("Echo"), toy.Metadata(), ToyRequest(), &response));
  };
  std::ifstream file(toy.authority.folder() + "/ca.pem");
  std::ostringstream ca;
  ca << file.rdbuf();
  grpc::SslCredentialsOptions only_ca;
  only_ca.pem_root_certs = ca.str();
  CHECK(code(grpc::SslCredentials(only_ca)) == UNAVAILABLE);
  CHECK(code(grpc::InsecureChannelCredentials()) == UNAVAILABLE);
}

TEST_CASE("TLS: the server's certificate must carry its name", "[rpc][tls]") {
  Toy toy;
  CHECK(CodeWith(toy, "inventory", Tls(toy.authority.Issue("gateway"))) == UNAVAILABLE);
}

TEST_CASE("TLS: missing, foreign and mismatched files are refused at start", "[rpc][tls]") {
  testing::CertificateAuthority authority;
  const TlsFiles good = Tls(authority.Issue("toy"));
  CHECK(ServerCredentials(good).ok());
  CHECK(ClientCredentials(good).ok());
  TlsFiles bad = good;
  bad.key = Tls(authority.Issue("other")).key;
  CHECK(ServerCredentials(bad).status().code() == absl::StatusCode::kFailedPrecondition);
  bad = good;
  bad.certificate = authority.folder() + "/nothing.pem";
  CHECK(ServerCredentials(bad).status().code() == absl::StatusCode::kFailedPrecondition);
  bad = good;
  bad.ca = good.key;
  CHECK(ClientCredentials(bad).status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("TLS: renewed certificates are used without a restart", "[rpc][tls][slow]") {
  Toy toy;
  const TlsFiles client = Tls(toy.authority.Issue("gateway"));
  CHECK(CodeWith(toy, "toy", client) == ERROR_CODE_UNSPECIFIED);
  // The server's name changes with its certificate: a client that insists on the old one fails.
  testing::CertificateAuthority::Files renewed = toy.authority.Issue("renamed");
  std::filesystem::rename(renewed.key, toy.authority.folder() + "/toy.key");
  std::filesystem::rename(renewed.certificate, toy.authority.folder() + "/toy.pem");
  ErrorCode with_old_name = ERROR_CODE_UNSPECIFIED;
  for (int i = 0; i < 40 && with_old_name == ERROR_CODE_UNSPECIFIED; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    with_old_name = CodeWith(toy, "toy", client);
  }
  CHECK(with_old_name == UNAVAILABLE);
  CHECK(CodeWith(toy, "renamed", client) == ERROR_CODE_UNSPECIFIED);
}

TEST_CASE("TLS: the end of the certificate is known", "[rpc][tls]") {
  testing::CertificateAuthority authority;
  const auto expiry = CertificateExpiry(Tls(authority.Issue("toy", 1000)));
  REQUIRE(expiry.ok());
  const absl::Duration left = *expiry - base::SystemClock().Now();
  CHECK(left > absl::Seconds(980));
  CHECK(left <= absl::Seconds(1001));
}

TEST_CASE("PeerName: only our trust domain, only one step", "[rpc][tls]") {
  CHECK(PeerName("spiffe://cloudpos/gateway") == "gateway");
  CHECK(PeerName("spiffe://cloudpos/a/b").empty());
  CHECK(PeerName("spiffe://cloudpos").empty());
  CHECK(PeerName("spiffe://other/gateway").empty());
  CHECK(PeerName("").empty());
}

}  // namespace cloudpos::rpc
