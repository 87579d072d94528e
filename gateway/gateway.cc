#include "gateway/gateway.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <unordered_map>

#include "gateway/authenticate.h"
#include "gateway/problem.h"
#include "gateway/reply.h"
#include "gateway/request_binding.h"
#include "gateway/response_headers.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"
#include "libs/rpc/metadata.h"
#include "libs/rpc/trace.h"

namespace cloudpos::gateway {
namespace {

namespace asio = boost::asio;
using google::protobuf::Arena;
using google::protobuf::Message;

constexpr int kRedisWaitingMax = 256;

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

absl::Status CheckIdempotencyKey(const RequestHead& head) {
  const std::string_view key = head.Find("idempotency-key");
  if (key.size() <= 255 && IsVisibleAscii(key)) return absl::OkStatus();
  return base::Fail(common::v1::INVALID_ARGUMENT,
                    "Idempotency-Key must be at most 255 visible ASCII characters.");
}

/// Of a request that was let in; given back at the end of its life.
class Place {
 public:
  explicit Place(Admission* door) : door_(door) {}
  Place(const Place&) = delete;
  ~Place() { door_->Done(false); }

 private:
  Admission* door_;
};

std::string CountingUser(const Exchange& exchange) {
  return exchange.claims ? exchange.claims->tenant.ToString() + exchange.claims->subject.ToString()
                         : exchange.client_ip;
}

}  // namespace

/// How many event streams are open, in all and by user.
struct Gateway::OpenStreams {
  std::mutex mutex;
  int total = 0;
  std::unordered_map<std::string, int> by_user;
};

Gateway::Gateway(GatewayOptions options, GatewayDeps deps)
    : options_(std::move(options)),
      deps_(deps),
      door_({.in_flight = options_.requests_max}, *deps.clock),
      guard_(options_.cors_origins),
      rates_(options_.rates, deps.limiter),
      streams_(std::make_shared<OpenStreams>()) {}

Gateway::~Gateway() { redis_threads_.join(); }

size_t Gateway::BodyBytesMax(const RequestHead& head) const {
  const RouteMatch match = deps_.routes->Find(head.method, head.path);
  if (match.route == nullptr || match.route->policy->body_bytes_max() == 0) {
    return options_.body_bytes_max;
  }
  return static_cast<size_t>(match.route->policy->body_bytes_max());
}

asio::awaitable<HttpResponse> Gateway::Handle(HttpRequest request) {
  Exchange exchange;
  exchange.request = std::move(request);
  Begin(&exchange);
  HttpResponse response = co_await Answer(&exchange);
  AddCommonHeaders(exchange, &response);
  guard_.AddCorsHeaders(exchange.head(), &response);
  if (exchange.is_shed) {
    log_.RecordShed(exchange, response);
  } else {
    log_.Record(exchange, response);
  }
  co_return response;
}

HttpResponse Gateway::Refuse(const absl::Status& status, const std::string& peer_ip) {
  Exchange exchange;
  exchange.request_id = rpc::RequestIdFrom("");
  HttpResponse response = MakeProblem(status, exchange.request_id);
  if (response.status == 405) response.Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  AddCommonHeaders(exchange, &response);
  log_.RecordRefusal(status, response, peer_ip);
  return response;
}

void Gateway::Abandon() {
  for (const auto& [name, upstream] : *deps_.upstreams) upstream->CancelAll();
}

void Gateway::Begin(Exchange* exchange) const {
  const RequestHead& head = exchange->head();
  exchange->request_id = rpc::RequestIdFrom(head.Find("x-request-id"));
  exchange->traceparent = rpc::TraceparentFrom(head.Find("traceparent"));
  ClientAddress client = FindClient(exchange->request, options_.proxies);
  exchange->client_ip = std::move(client.ip);
  exchange->is_secure = client.is_secure;
  exchange->match = deps_.routes->Find(head.method, head.path);
}

asio::awaitable<HttpResponse> Gateway::Answer(Exchange* exchange) {
  if (exchange->head().method == "OPTIONS") co_return AnswerOptions(*exchange);
  if (exchange->match.route == nullptr) co_return AnswerUnrouted(exchange);
  exchange->route_label = exchange->route().pattern;
  co_return co_await CallRoute(exchange);
}

HttpResponse Gateway::AnswerOptions(const Exchange& exchange) const {
  std::vector<std::string> verbs = exchange.match.allowed;
  if (verbs.empty()) verbs = {"GET"};
  if (std::find(verbs.begin(), verbs.end(), "GET") != verbs.end()) verbs.push_back("HEAD");
  verbs.push_back("OPTIONS");
  return guard_.Preflight(exchange.head(), verbs);
}

HttpResponse Gateway::AnswerUnrouted(Exchange* exchange) {
  if (!exchange->match.allowed.empty()) {
    HttpResponse response = Fail(
        exchange, base::Fail(common::v1::METHOD_NOT_ALLOWED, "This path takes other methods."));
    response.Set("Allow", *AnswerOptions(*exchange).Find("Allow"));
    return response;
  }
  if (!deps_.routes->OwnsPrefixOf(exchange->head().path)) {
    if (auto response = deps_.site->Serve(exchange)) return *std::move(response);
  }
  return Fail(exchange, base::Fail(common::v1::ROUTE_NOT_FOUND, "Nothing lies at this path."));
}

HttpResponse Gateway::Fail(Exchange* exchange, const absl::Status& status) const {
  exchange->outcome = status;
  return MakeProblem(status, exchange->request_id);
}

/// Comes first of all: while there are too many, a refusal must cost next to nothing, and what is
/// less important must not take the machine from what is more so, whichever service it is for.
absl::Status Gateway::Enter(Exchange* exchange) {
  const Route& route = exchange->route();
  const int priority = route.policy->priority();
  const bool is_full = deps_.upstreams->find(route.service)->second->IsFull(priority);
  const absl::Status status = is_full ? Overloaded() : door_.Admit(priority);
  exchange->is_shed = !status.ok();
  return status;
}

/// What can be decided from the head alone.
absl::Status Gateway::CheckCaller(Exchange* exchange) {
  CLOUDPOS_RETURN_IF_ERROR(CheckIdempotencyKey(exchange->head()));
  const absl::Status identity = Authenticate(*deps_.verifier, exchange);
  // Before its refusal goes out: guessing tokens is limited like anything else.
  CLOUDPOS_RETURN_IF_ERROR(rates_.CheckRequest(exchange));
  CLOUDPOS_RETURN_IF_ERROR(identity);
  return CheckPermission(*exchange);
}

asio::awaitable<HttpResponse> Gateway::CallRoute(Exchange* exchange) {
  absl::Status status = Enter(exchange);
  if (!status.ok()) co_return Fail(exchange, status);
  const Place place(&door_);
  status = CheckCaller(exchange);
  if (!status.ok()) co_return Fail(exchange, status);
  Arena arena;
  Message* request = exchange->route().request->New(&arena);
  status = BindRequest(exchange, request);
  if (status.ok() && exchange->has_cookie) status = guard_.CheckCookieRequest(*exchange);
  if (!status.ok()) co_return Fail(exchange, status);
  status = co_await CheckAccount(exchange, *request);
  if (!status.ok()) co_return Fail(exchange, status);
  if (exchange->route().is_streaming) co_return co_await CallStream(exchange, *request);
  co_return co_await CallUnary(exchange, *request, &arena);
}

/// Redis is asked on a thread of its own; when too many wait already, the local count decides.
asio::awaitable<absl::Status> Gateway::CheckAccount(Exchange* exchange, const Message& request) {
  const FieldPath& field = exchange->route().account;
  const std::string key =
      RateFilter::AccountKey(*exchange, field.empty() ? std::string() : field.Text(request));
  if (key.empty()) co_return absl::OkStatus();
  if (redis_waiting_.fetch_add(1) >= kRedisWaitingMax) {
    redis_waiting_.fetch_sub(1);
    co_return base::Fail(common::v1::OVERLOADED, "Too many sign-ins at once.");
  }
  const absl::Status status = co_await asio::co_spawn(
      redis_threads_,
      [this, &key, exchange]() -> asio::awaitable<absl::Status> {
        co_return rates_.CheckAccount(key, exchange);
      },
      asio::use_awaitable);
  redis_waiting_.fetch_sub(1);
  co_return status;
}

absl::Duration Gateway::DeadlineOf(const Route& route) const {
  if (route.policy->deadline_ms() > 0) return absl::Milliseconds(route.policy->deadline_ms());
  switch (route.policy->rate_class()) {
    case common::v1::AUTH:
      return options_.auth_deadline;
    case common::v1::READ:
      return options_.read_deadline;
    case common::v1::REPORT:
      return options_.report_deadline;
    default:
      return options_.write_deadline;
  }
}

UpstreamCall Gateway::MakeCall(const Exchange& exchange) const {
  const Route& route = exchange.route();
  UpstreamCall call;
  call.rpc = route.rpc;
  call.deadline = deps_.clock->Now() + DeadlineOf(route);
  call.priority = route.policy->priority();
  const auto add = [&call](std::string_view name, std::string_view value) {
    if (!value.empty() && IsVisibleAscii(value)) call.metadata.emplace_back(name, value);
  };
  if (!exchange.bearer.empty()) add(rpc::kAuthorization, "Bearer " + std::string(exchange.bearer));
  add(rpc::kRequestId, exchange.request_id);
  add(rpc::kTraceparent, exchange.traceparent);
  add(rpc::kClientIp, exchange.client_ip);
  add(rpc::kIdempotencyKey, exchange.head().Find("idempotency-key"));
  for (const std::string& name : route.policy->forward_headers()) {
    add(std::string(rpc::kForwardedPrefix) + name, exchange.head().Find(name));
  }
  return call;
}

asio::awaitable<HttpResponse> Gateway::CallUnary(Exchange* exchange, const Message& request,
                                                 Arena* arena) {
  Message* response = exchange->route().response->New(arena);
  Upstream& upstream = *deps_.upstreams->find(exchange->route().service)->second;
  const UpstreamCall call = MakeCall(*exchange);
  FAIL_POINT("gateway.before_forward");
  const UpstreamReply reply = co_await upstream.Call(call, request, response);
  FAIL_POINT("gateway.after_forward");
  if (!reply.status.ok()) {
    const bool is_credential = absl::IsUnauthenticated(reply.status) && exchange->claims == nullptr;
    if (is_credential) rates_.CountFailure(*exchange);
    co_return Fail(exchange, reply.status);
  }
  absl::StatusOr<HttpResponse> http = MakeReply(*exchange, response);
  if (!http.ok()) co_return Fail(exchange, http.status());
  if (reply.is_replayed) http->Set("Idempotency-Replayed", "true");
  co_return *std::move(http);
}

absl::StatusOr<StreamSlot> Gateway::TakeStreamSlot(const Exchange& exchange) {
  const std::string user = CountingUser(exchange);
  const std::lock_guard lock(streams_->mutex);
  int& mine = streams_->by_user[user];
  if (streams_->total >= options_.streams_max || mine >= options_.streams_per_user_max) {
    if (mine == 0) streams_->by_user.erase(user);
    return RateLimited({.is_allowed = false, .retry_after = absl::Seconds(5)});
  }
  ++mine;
  ++streams_->total;
  return StreamSlot(nullptr, [streams = streams_, user](void*) {
    const std::lock_guard release(streams->mutex);
    --streams->total;
    if (--streams->by_user[user] == 0) streams->by_user.erase(user);
  });
}

asio::awaitable<HttpResponse> Gateway::CallStream(Exchange* exchange, const Message& request) {
  const Route& route = exchange->route();
  absl::StatusOr<StreamSlot> slot = TakeStreamSlot(*exchange);
  if (!slot.ok()) co_return Fail(exchange, slot.status());
  UpstreamCall call = MakeCall(*exchange);
  const bool is_bounded = route.policy->deadline_ms() > 0 || exchange->claims == nullptr;
  const absl::Time ends_at = is_bounded ? call.deadline : exchange->claims->expires_at;
  call.deadline = ends_at + absl::Seconds(1);  // the gateway ends it first, and well
  Upstream& upstream = *deps_.upstreams->find(route.service)->second;
  auto stream = upstream.Open(std::move(call), request, *route.response);
  if (!stream.ok()) co_return Fail(exchange, stream.status());
  HttpResponse response;
  if (!route.policy->raw_response()) {
    response.Set("Content-Type", "text/event-stream");
    response.Set("X-Accel-Buffering", "no");
    response.stream = MakeEventStream(
        *std::move(stream),
        {.heartbeat = options_.heartbeat, .ends_at = ends_at, .request_id = exchange->request_id},
        *std::move(slot), *deps_.clock);
    co_return response;
  }
  auto event = UpstreamStream::Event::kQuiet;
  while (event == UpstreamStream::Event::kQuiet)
    event = co_await (*stream)->Next(options_.heartbeat);
  if (event == UpstreamStream::Event::kEnd && !(*stream)->status().ok()) {
    co_return Fail(exchange, (*stream)->status());
  }
  const Message& first =
      event == UpstreamStream::Event::kMessage ? (*stream)->message() : *route.response;
  const auto* type = first.GetDescriptor();
  const auto text = [&first, type](const char* field) {
    return first.GetReflection()->GetString(first, type->FindFieldByName(field));
  };
  SetRawHeaders(text("content_type"), {}, &response);
  std::string data = text("data");
  response.stream = MakeRawStream(*std::move(stream), std::move(data), *std::move(slot));
  co_return response;
}

}  // namespace cloudpos::gateway
