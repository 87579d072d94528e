#include "libs/rpc/toy_test.h"

#include <catch2/catch.hpp>

#include "libs/base/status_macros.h"

namespace cloudpos::rpc {

absl::Status ToyHandler::Echo(CallContext& ctx, const ToyRequest& request, ToyResponse* response) {
  ++calls;
  if (request.text() == "held") is_released.wait(false);
  if (request.fail() == "throw") throw std::runtime_error("secret of a library");
  if (request.fail() == "raw") return absl::InternalError("secret of ours");
  common::v1::ErrorCode code;
  if (common::v1::ErrorCode_Parse(request.fail(), &code)) {
    return base::Fail({.code = code,
                       .detail = "as asked",
                       .fields = {{.field = "lines[0].text", .detail = "is wrong"}},
                       .hint = "ask otherwise",
                       .data = {{"head", "17"}},
                       .retry_after = std::chrono::milliseconds(2500)});
  }
  if (request.text() == "replay") ctx.SetReplayed();
  if (request.text() == "huge") {
    response->set_text(std::string(9 << 20, 'x'));
    return absl::OkStatus();
  }
  ctx.Note("sale", request.sale_id());
  response->set_text(request.text());
  response->set_peer(ctx.peer());
  response->set_request_id(ctx.request_id());
  response->set_traceparent(ctx.traceparent());
  response->set_client_ip(ctx.client_ip());
  response->set_user_agent(ctx.header("user-agent"));
  response->set_sale_id(request.sale_id());
  response->set_milliseconds_left(
      absl::ToInt64Milliseconds(ctx.deadline() - base::SystemClock().Now()));
  return absl::OkStatus();
}

bool ToyHandler::TryEcho(CallContext& ctx, const ToyRequest& request, ToyResponse* response,
                         QuickCall& call) {
  ctx.Note("quick", request.text());
  if (!request.text().starts_with("quick ")) return false;
  ++quick_calls;
  response->set_text("taken");
  if (request.text() == "quick throw") throw std::runtime_error("secret of a library");
  if (request.text() == "quick now") {
    call.End(absl::OkStatus());
  } else if (request.text() == "quick refusal") {
    call.End(base::Fail(common::v1::NOT_FOUND, "there is none"));
  } else {
    const bool is_later = request.text() == "quick later";
    quick_thread = std::jthread([&call, is_later] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      is_later ? call.End(absl::OkStatus()) : call.RunOrdinarily();
    });
  }
  return true;
}

absl::Status ToyHandler::Resource(CallContext& ctx, const ToyRequest& request,
                                  ToyResponse* response) {
  if (!request.skip_check()) {
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                              base::Uuid::ParseField(request.store_id(), "storeId"));
    CLOUDPOS_RETURN_IF_ERROR(ctx.RequireStore(store));
  }
  return Echo(ctx, request, response);
}

absl::Status ToyHandler::Count(CallContext& ctx, const ToyRequest& request, StreamWriter& writer) {
  ToyResponse response;
  for (int i = 0; i != request.count(); ++i) {
    response.set_number(i);
    if (request.text() == "huge") response.set_text(std::string(9 << 20, 'x'));
    if (!writer.Write(response)) break;
    if (request.sleep_ms() > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(request.sleep_ms()));
    }
  }
  last_was_cut = ctx.cancelled();
  ++streams_ended;
  return absl::OkStatus();
}

MethodTable ToyHandler::Methods() {
  MethodTable table("cloudpos.test.v1.ToyService");
  for (const char* name :
       {"Echo", "Urgent", "Peer", "Self", "Tenant", "Admin", "Store", "Import"}) {
    table.Unary(name, this, &ToyHandler::Echo);
  }
  table.Unary("Create", this, &ToyHandler::Echo).Quick(this, &ToyHandler::TryEcho);
  table.Unary("Resource", this, &ToyHandler::Resource);
  table.Unary("LateCheck", this, &ToyHandler::Resource);
  table.Stream("Count", this, &ToyHandler::Count);
  table.Stream("Mine", this, &ToyHandler::Count);
  return table;
}

Toy::Toy(ServerOptions options, ServerDeps deps)
    : signer(*token::Signer::FromPem(token::GenerateKeyPem())), verifier(clock) {
  REQUIRE(verifier.SetKeys(token::MakeJwks({signer.PublicJwk()})).ok());
  options.name = "toy";
  options.listen = "127.0.0.1:0";
  options.tls = Tls(authority.Issue("toy"));
  deps.verifier = &verifier;
  deps.clock = &clock;
  server = std::make_unique<Server>(options, deps);
  server->Add(handler.Methods());
  const absl::Status started = server->Start();
  INFO(started.message());
  REQUIRE(started.ok());
}

Toy::~Toy() {
  handler.is_released = true;
  handler.is_released.notify_all();
}

std::shared_ptr<grpc::Channel> Toy::Channel(const std::string& peer) {
  auto& channel = channels_[peer];
  if (channel == nullptr) channel = *Connect("toy", address(), Tls(authority.Issue(peer)));
  return channel;
}

std::string Toy::Token(const Person& person, absl::Duration age, absl::Duration life) {
  const absl::Time issued = clock.Now() - age;
  return signer.Sign({.tenant = person.tenant,
                      .subject = person.subject,
                      .session = person.session,
                      .device = std::nullopt,
                      .grants = person.grants,
                      .issued_at = issued,
                      .expires_at = issued + life});
}

CallMetadata Toy::Metadata(std::string token) {
  return {.deadline = clock.Now() + absl::Seconds(5), .token = std::move(token)};
}

absl::Status Toy::Call(const std::string& method, const CallMetadata& metadata,
                       const ToyRequest& request, ToyResponse* response, const std::string& peer) {
  ToyResponse ignored;
  return rpc::Call(Channel(peer), Path(method), metadata, request,
                   response != nullptr ? response : &ignored);
}

}  // namespace cloudpos::rpc
