#pragma once

// The gateway: request in, response out. Generic from descriptors; knows no route and no message of
// any service (architecture section 4).

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/admission.h"
#include "gateway/browser_guard.h"
#include "gateway/client_address.h"
#include "gateway/event_stream.h"
#include "gateway/exchange.h"
#include "gateway/rate_filter.h"
#include "gateway/request_log.h"
#include "gateway/route_table.h"
#include "gateway/site.h"
#include "gateway/upstream.h"
#include "libs/base/clock.h"
#include "libs/token/token.h"

namespace cloudpos::gateway {

struct GatewayOptions {
  size_t body_bytes_max = 1 << 20;
  /// Requests worked on at once, whatever they are for. More than the calls that one service may
  /// have in flight: one that hangs must leave room for the others.
  int requests_max = 512;
  RateLimits rates;
  absl::Duration auth_deadline = absl::Seconds(10);
  absl::Duration read_deadline = absl::Seconds(5);
  absl::Duration write_deadline = absl::Seconds(10);
  absl::Duration report_deadline = absl::Seconds(25);
  std::vector<std::string> cors_origins;
  TrustedProxies proxies;
  std::chrono::milliseconds heartbeat{15000};
  int streams_max = 1000;
  int streams_per_user_max = 8;
};

/// All outlive the gateway.
struct GatewayDeps {
  const RouteTable* routes;
  const token::Verifier* verifier;
  Upstreams* upstreams;
  RateLimiter* limiter;
  Site* site;
  const base::Clock* clock;
};

class Gateway : public HttpHandler {
 public:
  Gateway(GatewayOptions options, GatewayDeps deps);
  ~Gateway() override;

  size_t BodyBytesMax(const RequestHead& head) const override;
  boost::asio::awaitable<HttpResponse> Handle(HttpRequest request) override;
  HttpResponse Refuse(const absl::Status& status, const std::string& peer_ip) override;
  void Abandon() override;

 private:
  void Begin(Exchange* exchange) const;
  boost::asio::awaitable<HttpResponse> Answer(Exchange* exchange);
  HttpResponse AnswerOptions(const Exchange& exchange) const;
  HttpResponse AnswerUnrouted(Exchange* exchange);
  boost::asio::awaitable<HttpResponse> CallRoute(Exchange* exchange);
  boost::asio::awaitable<HttpResponse> CallUnary(Exchange* exchange,
                                                 const google::protobuf::Message& request,
                                                 google::protobuf::Arena* arena);
  boost::asio::awaitable<HttpResponse> CallStream(Exchange* exchange,
                                                  const google::protobuf::Message& request);
  absl::Status Enter(Exchange* exchange);
  absl::Status CheckCaller(Exchange* exchange);
  boost::asio::awaitable<absl::Status> CheckAccount(Exchange* exchange,
                                                    const google::protobuf::Message& request);
  UpstreamCall MakeCall(const Exchange& exchange) const;
  absl::Duration DeadlineOf(const Route& route) const;
  absl::StatusOr<StreamSlot> TakeStreamSlot(const Exchange& exchange);
  HttpResponse Fail(Exchange* exchange, const absl::Status& status) const;

  const GatewayOptions options_;
  const GatewayDeps deps_;
  Admission door_;
  BrowserGuard guard_;
  RateFilter rates_;
  RequestLog log_;
  boost::asio::thread_pool redis_threads_{2};
  std::atomic<int> redis_waiting_{0};
  struct OpenStreams;
  std::shared_ptr<OpenStreams> streams_;
};

}  // namespace cloudpos::gateway
