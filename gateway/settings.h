#pragma once

// The gateway's settings, read once at start.

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/admission.h"
#include "gateway/gateway.h"
#include "gateway/http_server.h"
#include "libs/config/config.h"
#include "libs/rpc/tls.h"

namespace cloudpos::gateway {

struct Settings {
  std::string http_listen;
  std::string metrics_listen;
  std::string state_dir;
  std::string redis_url;
  rpc::TlsFiles tls;             // towards the services
  std::string http_certificate;  // towards clients; empty: plain http
  std::string http_key;
  std::map<std::string, std::string> addresses;  // by service
  std::string identity_service;
  std::string web_root;
  std::string docs_root;
  std::string log_level;
  int threads = 2;
  HttpLimits limits;
  GatewayOptions gateway;
  AdmissionLimits admission;
  std::chrono::milliseconds drain{10000};
};

/// `services` are those that the routes lead to: each needs CLOUDPOS_<SERVICE>_ADDR.
/// INVALID_ARGUMENT with every problem, plain http beyond loopback and "*" for CORS among them.
absl::StatusOr<Settings> ReadSettings(config::Reader* reader,
                                      const std::vector<std::string>& services);

}  // namespace cloudpos::gateway
