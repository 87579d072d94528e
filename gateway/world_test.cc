#include "gateway/testdata/world.h"

namespace cloudpos::gateway {

absl::Status ToyService::CreateToy(rpc::CallContext& ctx, const v1::CreateToyRequest& request,
                                   v1::Toy* toy) {
  if (request.name().empty()) return base::Fail(common::v1::FIELD_REQUIRED, "name", "is required");
  if (request.name() == "again") ctx.SetReplayed();
  toy->set_toy_id(request.toy_id());
  toy->set_name(request.name());
  toy->set_version(1);
  *toy->mutable_price() = request.price();
  toy->set_colour(request.colour());
  *toy->mutable_tags() = request.tags();
  return absl::OkStatus();
}

absl::Status ToyService::GetToy(rpc::CallContext& ctx, const v1::GetToyRequest& request,
                                v1::Toy* toy) {
  if (request.toy_id() == "none") return base::Fail(common::v1::NOT_FOUND, "There is no such toy.");
  toy->set_toy_id(request.toy_id());
  toy->set_name(ctx.header("x-toy-hint"));
  toy->set_version(7);
  return absl::OkStatus();
}

absl::Status ToyService::ListToys(rpc::CallContext&, const v1::ListToysRequest& request,
                                  v1::ListToysResponse* response) {
  v1::Toy* toy = response->add_toys();
  toy->set_name(request.ShortDebugString());
  return absl::OkStatus();
}

absl::Status ToyService::UpdateToy(rpc::CallContext&, const v1::UpdateToyRequest& request,
                                   v1::Toy* toy) {
  *toy = request.toy();
  toy->add_tags(request.update_mask().ShortDebugString());
  return absl::OkStatus();
}

absl::Status ToyService::BreakToy(rpc::CallContext&, const v1::GetToyRequest&,
                                  google::protobuf::Empty*) {
  return absl::OkStatus();
}

absl::Status ToyService::CountDown(rpc::CallContext&, const v1::CountDownRequest& request,
                                   rpc::StreamWriter& writer) {
  v1::CountDownResponse response;
  for (int left = request.from(); left >= 0; --left) {
    response.set_left(left);
    if (!writer.Write(response)) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(request.pause_ms()));
  }
  if (request.from() == 13) return base::Fail(common::v1::CONFLICT, "Thirteen.");
  return absl::OkStatus();
}

absl::Status ToyService::SignIn(rpc::CallContext&, const v1::SignInRequest& request,
                                v1::SignInResponse* response) {
  if (request.password() != "right") {
    return base::Fail(common::v1::INVALID_CREDENTIALS, "Wrong name or password.");
  }
  response->set_access_token("token");
  response->set_secret("family1.secret1");
  response->set_seconds(3600);
  return absl::OkStatus();
}

absl::Status ToyService::Refresh(rpc::CallContext&, const v1::RefreshRequest& request,
                                 v1::SignInResponse* response) {
  if (request.secret() == "family1.end") return absl::OkStatus();  // clears the cookie
  if (request.secret() != "family1.secret1") {
    return base::Fail(common::v1::REFRESH_REUSED, "Sign in again.");
  }
  response->set_access_token("token2");
  response->set_secret("family1.secret2");
  return absl::OkStatus();
}

absl::Status ToyService::Print(rpc::CallContext&, const v1::GetToyRequest& request,
                               common::v1::RawBody* response) {
  response->set_content_type("text/html; charset=utf-8");
  response->set_data("<style>b{color:red}</style><b>" + request.toy_id() + "</b>");
  return absl::OkStatus();
}

absl::Status ToyService::Hook(rpc::CallContext& ctx, const v1::HookRequest& request,
                              v1::EchoResponse* response) {
  response->set_text(request.source() + "|" + request.raw().content_type() + "|" +
                     std::to_string(request.raw().data().size()));
  response->set_header(ctx.header("x-signature"));
  return absl::OkStatus();
}

absl::Status ToyService::Echo(rpc::CallContext& ctx, const v1::EchoRequest& request,
                              v1::EchoResponse* response) {
  if (request.text() == "held") is_released_.wait(false);
  common::v1::ErrorCode code;
  if (common::v1::ErrorCode_Parse(request.fail(), &code)) {
    return base::Fail({.code = code,
                       .detail = "as asked",
                       .fields = {{.field = "lines[0].text", .detail = "is wrong"}},
                       .hint = "ask otherwise",
                       .data = {{"head", "17"}},
                       .retry_after = std::chrono::milliseconds(2500)});
  }
  response->set_text(request.text());
  response->set_client_ip(ctx.client_ip());
  response->set_request_id(ctx.request_id());
  response->set_traceparent(ctx.traceparent());
  response->set_idempotency_key(ctx.idempotency_key());
  return absl::OkStatus();
}

void ToyService::Release() {
  is_released_ = true;
  is_released_.notify_all();
}

rpc::MethodTable ToyService::Methods() {
  rpc::MethodTable table("cloudpos.toy.v1.ToyService");
  table.Unary("CreateToy", this, &ToyService::CreateToy)
      .Unary("GetToy", this, &ToyService::GetToy)
      .Unary("ListToys", this, &ToyService::ListToys)
      .Unary("UpdateToy", this, &ToyService::UpdateToy)
      .Unary("BreakToy", this, &ToyService::BreakToy)
      .Stream("CountDown", this, &ToyService::CountDown)
      .Unary("SignIn", this, &ToyService::SignIn)
      .Unary("Refresh", this, &ToyService::Refresh)
      .Unary("Print", this, &ToyService::Print)
      .Unary("Hook", this, &ToyService::Hook)
      .Unary("Echo", this, &ToyService::Echo)
      .Unary("Inner", this, &ToyService::Echo);
  return table;
}

namespace {

rpc::TlsFiles Tls(const testing::CertificateAuthority::Files& files) {
  return {.ca = files.ca, .certificate = files.certificate, .key = files.key};
}

const google::protobuf::FileDescriptor* ToyFile() { return v1::Toy::descriptor()->file(); }

}  // namespace

WorldOptions Generous() {
  WorldOptions options;
  options.gateway.rates = {.read = {1000, 1000},
                           .write = {1000, 1000},
                           .report = {1000, 1000},
                           .auth_per_minute = 1000,
                           .auth_failures_per_minute = 1000};
  return options;
}

World::World(WorldOptions options)
    : signer(*token::Signer::FromPem(token::GenerateKeyPem())), verifier(clock) {
  REQUIRE(verifier.SetKeys(token::MakeJwks({signer.PublicJwk()})).ok());
  rpc_server = std::make_unique<rpc::Server>(
      rpc::ServerOptions{
          .name = "toy", .listen = "127.0.0.1:0", .tls = Tls(authority.Issue("toy"))},
      rpc::ServerDeps{.verifier = &verifier, .clock = &clock});
  rpc_server->Add(service.Methods());
  const absl::Status started = rpc_server->Start();
  INFO(started.message());
  REQUIRE(started.ok());
  const std::string address = "127.0.0.1:" + std::to_string(rpc_server->port());
  if (!options.has_service) rpc_server.reset();
  auto built = RouteTable::Build({ToyFile()});
  INFO(built.status().message());
  REQUIRE(built.ok());
  routes = *std::move(built);
  auto channel = rpc::Connect("toy", address, Tls(authority.Issue("gateway")));
  REQUIRE(channel.ok());
  upstreams["toy"] = std::make_unique<Upstream>("toy", *channel, options.admission, clock);
  limiter = std::make_unique<RateLimiter>(clock, nullptr);
  site = std::make_unique<Site>(SiteOptions{.web_root = options.web_root,
                                            .docs_root = options.docs_root,
                                            .openapi = MakeOpenApi(*routes),
                                            .has_keys = [this] { return has_keys; },
                                            .upstreams = &upstreams});
  gateway = std::make_unique<Gateway>(options.gateway, GatewayDeps{.routes = &*routes,
                                                                   .verifier = &verifier,
                                                                   .upstreams = &upstreams,
                                                                   .limiter = limiter.get(),
                                                                   .site = site.get(),
                                                                   .clock = &clock});
  server = std::make_unique<HttpServer>(HttpServerOptions{.listen = "127.0.0.1:0",
                                                          .threads = 2,
                                                          .limits = options.limits,
                                                          .tls = {},
                                                          .clock = &clock},
                                        gateway.get());
  REQUIRE(server->Start().ok());
}

World::~World() {
  service.Release();
  server->Stop(std::chrono::milliseconds(500));
  upstreams.clear();
}

std::string World::Token(const std::vector<common::v1::Permission>& permissions,
                         absl::Duration life) {
  token::Claims claims;
  base::RandomIdSource ids;
  claims.tenant = ids.NewId();
  claims.subject = ids.NewId();
  claims.session = ids.NewId();
  token::Grant grant;
  for (const common::v1::Permission permission : permissions) grant.permissions.Add(permission);
  claims.grants.push_back(grant);
  claims.issued_at = clock.Now() - absl::Seconds(60);
  claims.expires_at = clock.Now() + life;
  return "Authorization: Bearer " + signer.Sign(claims);
}

std::string World::Format(const std::string& verb, const std::string& target,
                          const std::string& body, const std::vector<std::string>& headers) {
  std::string text = verb + " " + target + " HTTP/1.1\r\nHost: localhost\r\n";
  bool has_type = false;
  for (const std::string& header : headers) {
    text += header + "\r\n";
    has_type = has_type || header.rfind("Content-Type", 0) == 0;
  }
  if (!body.empty() && !has_type) text += "Content-Type: application/json\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

HttpReply World::Send(const std::string& verb, const std::string& target, const std::string& body,
                      const std::vector<std::string>& headers) {
  HttpClient client(port());
  client.Send(Format(verb, target, body, headers));
  return client.ReadReply(verb == "HEAD");
}

}  // namespace cloudpos::gateway
