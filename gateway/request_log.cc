#include "gateway/request_log.h"

#include <unordered_map>
#include <vector>

#include "libs/base/error.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"
#include "libs/rpc/trace.h"

namespace cloudpos::gateway {
namespace {

/// Looked up once per thread and label set: the registry locks.
prometheus::Histogram& Seconds(const std::string& route, std::string_view method, int status) {
  thread_local std::unordered_map<std::string, prometheus::Histogram*> known;
  const std::string key = route + " " + std::string(method) + " " + std::to_string(status);
  prometheus::Histogram*& slot = known[key];
  if (slot == nullptr) {
    slot = &metrics::Latency(
        "cloudpos_gateway_http_seconds", "Time to answer an HTTP request",
        {{"route", route}, {"method", std::string(method)}, {"status", std::to_string(status)}});
  }
  return *slot;
}

std::string_view CodeName(const absl::Status& status) {
  return status.ok() ? std::string_view("OK")
                     : std::string_view(common::v1::ErrorCode_Name(base::CodeOf(status)));
}

}  // namespace

void RequestLog::Record(const Exchange& exchange, const HttpResponse& response) const {
  const auto took = std::chrono::steady_clock::now() - exchange.begin;
  const RequestHead& head = exchange.head();
  Seconds(exchange.route_label, head.method, response.status)
      .Observe(std::chrono::duration<double>(took).count());
  const bool is_fault = response.status >= 500;
  if (!log::Enabled(is_fault ? log::Level::kWarn : log::Level::kInfo)) return;
  const std::string tenant = exchange.claims ? exchange.claims->tenant.ToString() : "";
  const std::string user = exchange.claims ? exchange.claims->subject.ToString() : "";
  // INTERNAL's cause stays here: it does not go out.
  const std::string cause = is_fault ? std::string(exchange.outcome.message()) : "";
  const std::string_view trace = rpc::TraceIdOf(exchange.traceparent);
  std::vector<log::Field> fields = {
      {"method", head.method},
      {"path", head.path},
      {"route", exchange.route_label},
      {"status", response.status},
      {"code", CodeName(exchange.outcome)},
      {"us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
      {"bytes", response.content().size()},
      {"request", exchange.request_id},
      {"trace", trace},
      {"ip", exchange.client_ip},
  };
  if (exchange.claims) {
    fields.emplace_back("tenant", tenant);
    fields.emplace_back("user", user);
  }
  if (!cause.empty()) fields.emplace_back("cause", cause);
  log::Write(is_fault ? log::Level::kWarn : log::Level::kInfo, "request", fields.data(),
             fields.size());
}

void RequestLog::RecordShed(const Exchange& exchange, const HttpResponse& response) {
  const auto now = std::chrono::steady_clock::now();
  Seconds(exchange.route_label, exchange.head().method, response.status)
      .Observe(std::chrono::duration<double>(now - exchange.begin).count());
  shed_.fetch_add(1);
  const int64_t second =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  int64_t told = shed_told_second_.load();
  if (told == second || !shed_told_second_.compare_exchange_strong(told, second)) return;
  log::Warn("too many requests", {{"refused", shed_.exchange(0)}, {"route", exchange.route_label}});
}

void RequestLog::RecordRefusal(const absl::Status& status, const HttpResponse& response,
                               const std::string& peer_ip) const {
  Seconds("malformed", "none", response.status).Observe(0);
  log::Info("refused", {{"status", response.status},
                        {"code", CodeName(status)},
                        {"cause", std::string(status.message())},
                        {"ip", peer_ip}});
}

}  // namespace cloudpos::gateway
