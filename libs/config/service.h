#pragma once

// The settings every service has.

#include <string>
#include <string_view>

#include "libs/config/config.h"

namespace cloudpos::config {

struct ServiceSettings {
  std::string listen;          // gRPC, host:port
  std::string metrics_listen;  // Prometheus, host:port
  std::string state_dir;       // survives restarts
  std::string pg_dsn;          // requests: role <service>_rw
  std::string pg_worker_dsn;   // consumers and reapers: role <service>_worker
  int pg_pool = 8;
  std::string redis_url;
  std::string tls_ca;  // paths: the files are watched and reloaded
  std::string tls_certificate;
  std::string tls_key;
  std::string log_level;
  int workers = 8;
  int queue = 256;
};

/// `workers` is the default of CLOUDPOS_WORKERS.
ServiceSettings ReadServiceSettings(Reader& reader, int workers = 8);

/// What the migration job needs: the owner's connection string.
struct MigrateSettings {
  std::string pg_owner_dsn;
  std::string log_level;
};

/// Names of ReadServiceSettings may be set, too, and are not looked at; those that a service adds
/// must be made known by the caller (Reader::Know).
MigrateSettings ReadMigrateSettings(Reader& reader);

/// Address of the service `peer`, from CLOUDPOS_<PEER>_ADDR: "auth" -> CLOUDPOS_AUTH_ADDR.
std::string ReadPeerAddress(Reader& reader, std::string_view peer);

}  // namespace cloudpos::config
