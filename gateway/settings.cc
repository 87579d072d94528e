#include "gateway/settings.h"

#include <algorithm>

#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' ? '_' : c;
  });
  return text;
}

BucketLimit ReadBucket(config::Reader* reader, const std::string& name, const std::string& what) {
  BucketLimit limit;
  limit.per_second = static_cast<double>(
      reader->Int("CLOUDPOS_RATE_" + name + "_PER_SECOND", 10, {1, 1000000},
                  what + " per second, per signed-in user and device (else per address)"));
  limit.burst = static_cast<int>(
      reader->Int("CLOUDPOS_RATE_" + name + "_BURST", 10, {1, 1000000}, what + " at once"));
  return limit;
}

RateLimits ReadRates(config::Reader* reader) {
  RateLimits rates;
  rates.read = ReadBucket(reader, "READ", "Reads");
  rates.write = ReadBucket(reader, "WRITE", "Writes");
  rates.report = ReadBucket(reader, "REPORT", "Reports");
  rates.auth_per_minute = static_cast<int>(reader->Int(
      "CLOUDPOS_RATE_AUTH_PER_MINUTE", 5, {1, 100000}, "Sign-ins per minute and account"));
  rates.auth_failures_per_minute =
      static_cast<int>(reader->Int("CLOUDPOS_RATE_AUTH_FAILURES_PER_MINUTE", 60, {1, 1000000},
                                   "Failed sign-ins per minute and client address"));
  return rates;
}

void ReadLimits(config::Reader* reader, Settings* settings) {
  HttpLimits& limits = settings->limits;
  limits.header_time = reader->Millis("CLOUDPOS_HTTP_HEADER_MS", limits.header_time, {100, 60000},
                                      "Time for a request's head to arrive");
  limits.body_time = reader->Millis("CLOUDPOS_HTTP_BODY_MS", limits.body_time, {100, 600000},
                                    "Time for a request's body to arrive");
  limits.idle_time = reader->Millis("CLOUDPOS_HTTP_IDLE_MS", limits.idle_time, {100, 3600000},
                                    "Time a connection may wait for its next request");
  limits.connections_per_ip =
      static_cast<int>(reader->Int("CLOUDPOS_HTTP_CONNECTIONS_PER_IP", limits.connections_per_ip,
                                   {1, 100000}, "Connections per client address (IPv6: per /64)"));
  limits.connections = static_cast<int>(reader->Int("CLOUDPOS_HTTP_CONNECTIONS", limits.connections,
                                                    {1, 1000000}, "Connections in all"));
  settings->gateway.body_bytes_max =
      static_cast<size_t>(reader->Int("CLOUDPOS_HTTP_BODY_BYTES", 1 << 20, {1024, 8 << 20},
                                      "Largest request body where a method says nothing else"));
  settings->gateway.streams_max = static_cast<int>(
      reader->Int("CLOUDPOS_HTTP_STREAMS", 1000, {1, 100000}, "Event streams open at once"));
  settings->gateway.requests_max = static_cast<int>(
      reader->Int("CLOUDPOS_HTTP_REQUESTS", settings->gateway.requests_max, {1, 100000},
                  "Requests worked on at once; less important ones stop earlier"));
  settings->admission.in_flight = static_cast<int>(
      reader->Int("CLOUDPOS_UPSTREAM_CALLS", 256, {1, 100000},
                  "Calls in flight per service; less important ones stop earlier"));
}

void ReadDeadlines(config::Reader* reader, GatewayOptions* options) {
  const auto read = [reader](const char* name, absl::Duration fallback, const char* what) {
    return absl::FromChrono(
        reader->Millis(name, absl::ToChronoMilliseconds(fallback), {50, 30000},
                       std::string("Time for ") + what + " where the method says nothing else"));
  };
  options->auth_deadline =
      read("CLOUDPOS_DEADLINE_AUTH_MS", options->auth_deadline, "sign-in calls");
  options->read_deadline = read("CLOUDPOS_DEADLINE_READ_MS", options->read_deadline, "reads");
  options->write_deadline = read("CLOUDPOS_DEADLINE_WRITE_MS", options->write_deadline, "writes");
  options->report_deadline =
      read("CLOUDPOS_DEADLINE_REPORT_MS", options->report_deadline, "reports");
}

absl::Status CheckOrigins(const std::vector<std::string>& origins) {
  for (const std::string& origin : origins) {
    const bool has_scheme = origin.rfind("https://", 0) == 0 || origin.rfind("http://", 0) == 0;
    if (!has_scheme || origin.find('*') != origin.npos || origin.back() == '/') {
      return absl::InvalidArgumentError("CLOUDPOS_CORS_ORIGINS: not an exact origin: " + origin);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTransport(const Settings& settings) {
  if (settings.http_certificate.empty() != settings.http_key.empty()) {
    return absl::InvalidArgumentError(
        "CLOUDPOS_HTTP_TLS_CERT_FILE and CLOUDPOS_HTTP_TLS_KEY_FILE go together");
  }
  const std::string host = SplitHostPort(settings.http_listen).first;
  if (settings.http_certificate.empty() && !IsLoopback(host)) {
    return absl::InvalidArgumentError(
        "CLOUDPOS_HTTP_LISTEN: plain http is for loopback only; set CLOUDPOS_HTTP_TLS_CERT_FILE");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Settings> ReadSettings(config::Reader* reader,
                                      const std::vector<std::string>& services) {
  Settings s;
  s.http_listen = reader->Address("CLOUDPOS_HTTP_LISTEN", "Address for clients, host:port");
  s.metrics_listen = reader->Address("CLOUDPOS_METRICS_LISTEN", "Address for /metrics, host:port");
  s.state_dir = reader->WritableDir("CLOUDPOS_STATE_DIR", "Folder that survives restarts");
  s.redis_url = reader->SecretFile("CLOUDPOS_REDIS_URL_FILE", "File with the URL of Redis");
  s.tls.ca =
      reader->ExistingPath("CLOUDPOS_TLS_CA_FILE", "Authority of the services' certificates");
  s.tls.certificate =
      reader->ExistingPath("CLOUDPOS_TLS_CERT_FILE", "Own certificate for services");
  s.tls.key = reader->ExistingPath("CLOUDPOS_TLS_KEY_FILE", "Its key");
  s.http_certificate = reader->OptionalPath("CLOUDPOS_HTTP_TLS_CERT_FILE",
                                            "Certificate chain for clients; none: plain http");
  s.http_key = reader->OptionalPath("CLOUDPOS_HTTP_TLS_KEY_FILE", "Its key");
  for (const std::string& service : services) {
    s.addresses[service] = reader->Address("CLOUDPOS_" + Upper(service) + "_ADDR",
                                           "Address of the service " + service + ", host:port");
  }
  s.identity_service = reader->Text("CLOUDPOS_IDENTITY_SERVICE", "auth",
                                    "The service that publishes keys and revocations");
  s.web_root = reader->OptionalPath("CLOUDPOS_WEB_ROOT", "Folder of the built web app");
  s.docs_root = reader->OptionalPath("CLOUDPOS_DOCS_ROOT", "Folder of swagger-ui-dist");
  s.log_level = reader->OneOf("CLOUDPOS_LOG_LEVEL", "info", {"debug", "info", "warn", "error"},
                              "Lowest level logged");
  s.threads = static_cast<int>(reader->Int("CLOUDPOS_HTTP_THREADS", 2, {1, 64}, "I/O threads"));
  s.drain = reader->Millis("CLOUDPOS_DRAIN_MS", s.drain, {0, 60000},
                           "Time for requests in flight to end at shutdown");
  s.gateway.rates = ReadRates(reader);
  ReadLimits(reader, &s);
  ReadDeadlines(reader, &s.gateway);
  s.gateway.cors_origins =
      reader->List("CLOUDPOS_CORS_ORIGINS", "Origins whose pages may call with credentials");
  const auto proxies = reader->List("CLOUDPOS_TRUSTED_PROXIES",
                                    "Addresses or networks whose X-Forwarded-For is believed");
  CLOUDPOS_RETURN_IF_ERROR(reader->Finish());
  CLOUDPOS_ASSIGN_OR_RETURN(s.gateway.proxies, TrustedProxies::Parse(proxies));
  CLOUDPOS_RETURN_IF_ERROR(CheckOrigins(s.gateway.cors_origins));
  CLOUDPOS_RETURN_IF_ERROR(CheckTransport(s));
  return s;
}

}  // namespace cloudpos::gateway
