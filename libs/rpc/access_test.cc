// Who may call what: the order of checks and the answer of each, through a real server.

#include <catch2/catch.hpp>

#include "libs/rpc/metadata.h"
#include "libs/rpc/toy_test.h"

namespace cloudpos::rpc {
namespace {

using namespace common::v1;  // names of error codes and permissions

const base::Uuid kStoreA = Person::Id(0xA);
const base::Uuid kStoreB = Person::Id(0xB);

token::Grant Grant(std::vector<base::Uuid> stores, std::initializer_list<Permission> permissions) {
  token::Grant grant{.stores = std::move(stores), .permissions = {}};
  for (const Permission p : permissions) grant.permissions.Add(p);
  return grant;
}

}  // namespace

TEST_CASE("Server: only the peers a method names may call it", "[rpc]") {
  Toy toy;
  CHECK(toy.CodeOfCall("Echo", toy.Metadata()) == ERROR_CODE_UNSPECIFIED);
  CHECK(toy.CodeOfCall("Echo", toy.Metadata(), {}, "pos") == ERROR_CODE_UNSPECIFIED);
  CHECK(toy.CodeOfCall("Echo", toy.Metadata(), {}, "reporting") == CALLER_NOT_ALLOWED);
  CHECK(toy.CodeOfCall("Peer", toy.Metadata(), {}, "reporting") == ERROR_CODE_UNSPECIFIED);
  CHECK(toy.CodeOfCall("Peer", toy.Metadata(), {}, "gateway") == CALLER_NOT_ALLOWED);
  CHECK(toy.CodeOfCall("Nothing", toy.Metadata()) == UNIMPLEMENTED);
}

TEST_CASE("Server: a peer without a name of ours is nobody", "[rpc]") {
  Toy toy;
  for (const std::string uri : {"", "spiffe://elsewhere/gateway", "spiffe://cloudpos/gateway/x",
                                "https://cloudpos/gateway"}) {
    INFO(uri);
    const auto channel =
        *Connect("toy", toy.address(), Tls(toy.authority.IssueWithUri("stranger", uri)));
    ToyResponse response;
    const absl::Status status =
        Call(channel, Path("Echo"), toy.Metadata(), ToyRequest(), &response);
    CHECK(base::CodeOf(status) == CALLER_NOT_ALLOWED);
  }
}

TEST_CASE("Server: tokens are verified again", "[rpc]") {
  Toy toy;
  const Person person;
  CHECK(toy.CodeOfCall("Self", toy.Metadata()) == UNAUTHENTICATED);
  CHECK(toy.CodeOfCall("Self", toy.Metadata("abc")) == TOKEN_INVALID);
  CHECK(toy.CodeOfCall("Self", toy.Metadata(toy.Token(person))) == ERROR_CODE_UNSPECIFIED);
  CHECK(toy.CodeOfCall("Self", toy.Metadata(toy.Token(person, absl::Minutes(6)))) == TOKEN_EXPIRED);
  const auto other = *token::Signer::FromPem(token::GenerateKeyPem());
  const std::string foreign = other.Sign({.tenant = person.tenant,
                                          .subject = person.subject,
                                          .session = person.session,
                                          .device = std::nullopt,
                                          .grants = {},
                                          .issued_at = toy.clock.Now(),
                                          .expires_at = toy.clock.Now() + absl::Minutes(1)});
  CHECK(toy.CodeOfCall("Self", toy.Metadata(foreign)) == TOKEN_INVALID);
  toy.verifier.SetRevocations({.sessions = {person.session}, .subjects = {}});
  CHECK(toy.CodeOfCall("Self", toy.Metadata(toy.Token(person))) == TOKEN_REVOKED);
}

TEST_CASE("Server: scope TENANT needs a grant for every store", "[rpc]") {
  Toy toy;
  const auto code = [&](std::vector<token::Grant> grants) {
    Person person;
    person.grants = std::move(grants);
    return toy.CodeOfCall("Tenant", toy.Metadata(toy.Token(person)));
  };
  CHECK(code({}) == PERMISSION_DENIED);
  CHECK(code({Grant({}, {SALE_READ})}) == PERMISSION_DENIED);
  CHECK(code({Grant({kStoreA}, {STAFF_READ})}) == PERMISSION_DENIED);
  CHECK(code({Grant({}, {STAFF_READ})}) == ERROR_CODE_UNSPECIFIED);
}

TEST_CASE("Server: scope STORE: not yours is 404, yours without permission is 403", "[rpc]") {
  Toy toy;
  Person person;
  person.grants = {Grant({kStoreA}, {SALE_READ}), Grant({kStoreB}, {SALE_CREATE})};
  const CallMetadata metadata = toy.Metadata(toy.Token(person));
  const auto code = [&](const std::string& store) {
    ToyRequest request;
    request.mutable_target()->set_store_id(store);
    return toy.CodeOfCall("Store", metadata, request);
  };
  CHECK(toy.CodeOfCall("Store", metadata) == FIELD_REQUIRED);
  CHECK(code("nonsense") == INVALID_ARGUMENT);
  CHECK(code(Person::Id(0xC).ToString()) == NOT_FOUND);
  CHECK(code(kStoreB.ToString()) == PERMISSION_DENIED);
  CHECK(code(kStoreA.ToString()) == ERROR_CODE_UNSPECIFIED);
  const absl::Status status = toy.Call("Store", metadata, ToyRequest());
  REQUIRE(base::InfoOf(status).fields.size() == 1);
  CHECK(base::InfoOf(status).fields[0].field == "target.storeId");
}

TEST_CASE("Server: scope RESOURCE insists on RequireStore", "[rpc]") {
  Toy toy;
  Person person;
  person.grants = {Grant({kStoreA}, {SALE_READ}), Grant({kStoreB}, {SALE_CREATE})};
  const CallMetadata metadata = toy.Metadata(toy.Token(person));
  ToyRequest request;
  request.set_store_id(kStoreA.ToString());
  CHECK(toy.CodeOfCall("Resource", metadata, request) == ERROR_CODE_UNSPECIFIED);
  request.set_store_id(kStoreB.ToString());
  CHECK(toy.CodeOfCall("Resource", metadata, request) == PERMISSION_DENIED);
  request.set_store_id(Person::Id(0xC).ToString());
  CHECK(toy.CodeOfCall("Resource", metadata, request) == NOT_FOUND);
  request.set_skip_check(true);
  CHECK(toy.CodeOfCall("Resource", metadata, request) == INTERNAL);

  Person without;
  without.grants = {Grant({}, {STAFF_READ})};
  const CallMetadata denied = toy.Metadata(toy.Token(without));
  const int before = toy.handler.calls;
  CHECK(toy.CodeOfCall("Resource", denied, request) == PERMISSION_DENIED);
  CHECK(toy.handler.calls == before);
  // handler_checks: the handler is reached, and then decides.
  request.set_skip_check(false);
  request.set_store_id(kStoreA.ToString());
  CHECK(toy.CodeOfCall("LateCheck", denied, request) == PERMISSION_DENIED);
  request.set_store_id(kStoreB.ToString());
  CHECK(toy.CodeOfCall("LateCheck", metadata, request) == ERROR_CODE_UNSPECIFIED);
}

TEST_CASE("Server: admin writes wait while revocations are unknown", "[rpc]") {
  std::atomic<bool> is_fresh{false};
  Toy toy({}, {.is_identity_fresh = [&] { return is_fresh.load(); }});
  Person person;
  person.grants = {Grant({}, {STAFF_WRITE, STAFF_READ})};
  const CallMetadata metadata = toy.Metadata(toy.Token(person));
  CHECK(toy.CodeOfCall("Admin", metadata) == UNAVAILABLE);
  CHECK(toy.CodeOfCall("Tenant", metadata) == ERROR_CODE_UNSPECIFIED);
  is_fresh = true;
  CHECK(toy.CodeOfCall("Admin", metadata) == ERROR_CODE_UNSPECIFIED);
}

TEST_CASE("Server: what the gateway says of the client is believed from the gateway only",
          "[rpc]") {
  Toy toy;
  CallMetadata metadata = toy.Metadata();
  metadata.request_id = "req-1";
  metadata.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  metadata.headers = {{std::string(kClientIp), "203.0.113.9"},
                      {std::string(kForwardedPrefix) + "user-agent", "till/1"}};
  ToyResponse response;
  REQUIRE(toy.Call("Echo", metadata, ToyRequest(), &response).ok());
  CHECK(response.client_ip() == "203.0.113.9");
  CHECK(response.user_agent() == "till/1");
  CHECK(response.request_id() == "req-1");
  CHECK(response.traceparent().substr(0, 36) == metadata.traceparent.substr(0, 36));
  CHECK(response.traceparent() != metadata.traceparent);
  REQUIRE(toy.Call("Echo", metadata, ToyRequest(), &response, "pos").ok());
  CHECK(response.peer() == "pos");
  CHECK(response.client_ip().empty());
  CHECK(response.user_agent().empty());
  metadata.request_id = "with\"quotes";
  metadata.traceparent = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
  REQUIRE(toy.Call("Echo", metadata, ToyRequest(), &response).ok());
  CHECK(response.request_id().size() == 36);
  CHECK(response.traceparent().size() == 55);
  CHECK(response.traceparent().substr(3, 32) != std::string(32, '0'));
}

TEST_CASE("Server: idempotency keys", "[rpc]") {
  Toy toy;
  CallMetadata metadata = toy.Metadata();
  ToyRequest request;
  CHECK(toy.CodeOfCall("Create", metadata, request) == IDEMPOTENCY_KEY_REQUIRED);
  CHECK(toy.CodeOfCall("Import", metadata, request) == IDEMPOTENCY_KEY_REQUIRED);
  request.set_sale_id("0190B0A0-0000-7000-8000-00000000000A");
  CHECK(toy.CodeOfCall("Create", metadata, request) == ERROR_CODE_UNSPECIFIED);
  metadata.idempotency_key = "0190b0a0-0000-7000-8000-00000000000a";
  CHECK(toy.CodeOfCall("Create", metadata, request) == ERROR_CODE_UNSPECIFIED);
  CHECK(toy.CodeOfCall("Import", metadata, request) == ERROR_CODE_UNSPECIFIED);
  request.clear_sale_id();
  ToyResponse response;
  REQUIRE(toy.Call("Create", metadata, request, &response).ok());
  CHECK(response.sale_id() == metadata.idempotency_key);
  metadata.idempotency_key = "other";
  request.set_sale_id("0190b0a0-0000-7000-8000-00000000000a");
  CHECK(toy.CodeOfCall("Create", metadata, request) == INVALID_ARGUMENT);
  metadata.idempotency_key = std::string(129, 'x');
  CHECK(toy.CodeOfCall("Import", metadata, request) == INVALID_ARGUMENT);
}

TEST_CASE("Server: refuses to start with a method it cannot guard", "[rpc]") {
  testing::CertificateAuthority authority;
  const base::SystemClock clock;
  const token::Verifier verifier(clock);
  ToyHandler handler;
  const auto start = [&](const MethodTable& table) {
    Server server({.name = "toy", .listen = "127.0.0.1:0", .tls = Tls(authority.Issue("toy"))},
                  {.verifier = &verifier, .clock = &clock});
    server.Add(table);
    const absl::Status status = server.Start();
    CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  };
  const auto fault = [&](const std::string& service) {
    MethodTable table("cloudpos.test.v1." + service);
    table.Unary("Do", &handler, &ToyHandler::Echo);
    return start(table);
  };
  using Catch::Contains;
  CHECK_THAT(fault("NoPolicy"), Contains("NoPolicy/Do: no policy"));
  CHECK_THAT(fault("NoCallers"), Contains("callers is empty"));
  CHECK_THAT(fault("TwoKinds"), Contains("exclude each other"));
  CHECK_THAT(fault("NoScope"), Contains("a permission needs a scope"));
  CHECK_THAT(fault("NoStoreField"), Contains("scope STORE without store_field"));
  CHECK_THAT(fault("BadStoreField"), Contains("has no field shop"));
  CHECK_THAT(fault("ListStoreField"), Contains("list is repeated"));
  CHECK_THAT(fault("BadIdField"), Contains("count is not a string"));
  CHECK_THAT(fault("NeedsStream"), Contains("needs a stream handler"));
  CHECK_THAT(fault("Missing"), Contains("there is no such service"));
  CHECK_THAT(start(MethodTable("cloudpos.test.v1.ToyService")),
             Contains("ToyService/Echo: no handler"));
  MethodTable extra = handler.Methods();
  CHECK_THAT(start(extra.Unary("Ecko", &handler, &ToyHandler::Echo)), Contains("no method Ecko"));
}

}  // namespace cloudpos::rpc
