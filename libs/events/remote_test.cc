// The same over the wire: a real server, certificates, gRPC.

#include <optional>

#include "libs/events/test_world.h"
#include "libs/testing/certificates.h"
#include "libs/token/token.h"

namespace cloudpos::events {
namespace {

using base::ErrorCode;

rpc::TlsFiles Tls(const testing::CertificateAuthority::Files& files) {
  return {.ca = files.ca, .certificate = files.certificate, .key = files.key};
}

class Wire {
 public:
  explicit Wire(Shop& shop) : shop_(shop), verifier_(clock_) { StartServer("127.0.0.1:0"); }

  void StartServer(const std::string& listen) {
    rpc::ServerOptions options;
    options.name = "shop";
    options.listen = listen;
    options.tls = Tls(authority_.Issue("shop"));
    options.drain = std::chrono::milliseconds(500);
    rpc::ServerDeps deps;
    deps.verifier = &verifier_;
    deps.clock = &clock_;
    server_ = std::make_unique<rpc::Server>(options, deps);
    server_->Add(shop_.feed_->Methods());
    Require(server_->Start());
    address_ = "127.0.0.1:" + std::to_string(server_->port());
  }
  void StopServer() { server_.reset(); }
  const std::string& address() const { return address_; }

  std::shared_ptr<EventSource> Source(const std::string& peer) {
    return RemoteSource(Value(rpc::Connect("shop", address_, Tls(authority_.Issue(peer)))));
  }

 private:
  Shop& shop_;
  testing::CertificateAuthority authority_;
  base::SystemClock clock_;
  token::Verifier verifier_;
  std::unique_ptr<rpc::Server> server_;
  std::string address_;
};

/// Counts what it is given.
ConsumerOptions Counting(Shop& shop, std::shared_ptr<EventSource> source,
                         std::multiset<std::string>* seen) {
  ConsumerOptions options;
  options.consumer = "reporting";
  options.producer = "shop";
  options.pool = shop.worker_.get();
  options.clock = &shop.clock_;
  options.source = std::move(source);
  options.apply = [seen](pg::Tx&, const std::vector<Event>& events) {
    for (const Event& event : events) seen->insert(event.aggregate_id());
    return absl::OkStatus();
  };
  return options;
}

}  // namespace

TEST_CASE("EventFeed: snapshot and pull over gRPC, across a restart of the producer",
          "[events][handler][grpc]") {
  Shop shop;
  Wire wire(shop);
  shop.SellMany(450);
  std::multiset<std::string> seen;
  ConsumerOptions options = Counting(shop, wire.Source("reporting"), &seen);
  options.start_from_snapshot = true;
  Consumer consumer(options);
  Require(consumer.CatchUp(In(absl::Seconds(20))));
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 450);

  const std::string address = wire.address();
  wire.StopServer();
  shop.Sell("while away");
  const absl::Status away = consumer.CatchUp(In(absl::Seconds(2)));
  CHECK_FALSE(away.ok());
  CHECK(IsPassing(away));
  wire.StartServer(address);
  REQUIRE(Eventually([&] { return consumer.CatchUp(In(absl::Seconds(3))).ok(); },
                     absl::Seconds(20)));
  CHECK(seen.count("while away") == 1);
}

TEST_CASE("EventFeed: CURSOR_LOST and refusals keep their reason on the wire",
          "[events][handler][grpc]") {
  Shop shop;
  Wire wire(shop);
  PullRequest request;
  request.set_consumer("reporting");
  request.set_cursor("not ours");
  PullResponse response;
  CHECK(base::CodeOf(wire.Source("reporting")->Pull(request, In(absl::Seconds(5)), &response)) ==
        ErrorCode::CURSOR_LOST);
  request.clear_cursor();
  CHECK(base::CodeOf(wire.Source("stranger")->Pull(request, In(absl::Seconds(5)), &response)) ==
        ErrorCode::CALLER_NOT_ALLOWED);
}

TEST_CASE("EventFeed: a consumer that stops reading a snapshot ends it",
          "[events][handler][grpc]") {
  Shop shop;
  Wire wire(shop);
  shop.SellMany(400, std::string(5000, 'x'));
  SnapshotRequest request;
  request.set_consumer("reporting");
  int messages = 0;
  const absl::Status status = wire.Source("reporting")->Snapshot(
      request, In(absl::Seconds(10)), [&](const SnapshotResponse&) {
        return ++messages < 2 ? absl::OkStatus() : base::Fail(ErrorCode::CANCELLED, "enough");
      });
  CHECK(base::CodeOf(status) == ErrorCode::CANCELLED);
  CHECK(messages == 2);
}

}  // namespace cloudpos::events
