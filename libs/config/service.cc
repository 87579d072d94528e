#include "libs/config/service.h"

namespace cloudpos::config {
namespace {

constexpr char kOwnerDsn[] = "CLOUDPOS_PG_OWNER_DSN_FILE";
constexpr char kOwnerDsnHelp[] =
    "File with the connection string of the schema's owner; read by --migrate only";

std::string ReadLogLevel(Reader& reader) {
  return reader.OneOf("CLOUDPOS_LOG_LEVEL", "info", {"debug", "info", "warn", "error"},
                      "Lowest level of log line written");
}

}  // namespace

ServiceSettings ReadServiceSettings(Reader& reader, int workers) {
  ServiceSettings s;
  s.listen = reader.Address("CLOUDPOS_SERVICE_LISTEN", "Address for gRPC, host:port");
  s.metrics_listen =
      reader.Address("CLOUDPOS_METRICS_LISTEN", "Address that serves /metrics, host:port");
  s.state_dir = reader.WritableDir("CLOUDPOS_STATE_DIR",
                                   "Folder of the service's own that survives restarts");
  s.pg_dsn = reader.SecretFile("CLOUDPOS_PG_DSN_FILE",
                               "File with the connection string for requests (role <service>_rw)");
  s.pg_worker_dsn = reader.SecretFile(
      "CLOUDPOS_PG_WORKER_DSN_FILE",
      "File with the connection string for consumers and reapers (role <service>_worker)");
  s.pg_pool = static_cast<int>(
      reader.Int("CLOUDPOS_PG_POOL", s.pg_pool, {1, 200}, "PostgreSQL connections for requests"));
  s.redis_url = reader.SecretFile("CLOUDPOS_REDIS_URL_FILE",
                                  "File with redis://[user:password@]host:port or unix:///path");
  s.tls_ca =
      reader.ExistingPath("CLOUDPOS_TLS_CA_FILE", "PEM of the authority that signs the peers");
  s.tls_certificate =
      reader.ExistingPath("CLOUDPOS_TLS_CERT_FILE", "PEM of this service's certificate; reloaded");
  s.tls_key = reader.ExistingPath("CLOUDPOS_TLS_KEY_FILE", "PEM of its private key; reloaded");
  s.log_level = ReadLogLevel(reader);
  s.workers = static_cast<int>(
      reader.Int("CLOUDPOS_WORKERS", workers, {1, 256}, "Handlers that run at once"));
  s.queue = static_cast<int>(reader.Int("CLOUDPOS_QUEUE", s.queue, {1, 65536},
                                        "Calls that wait; beyond it OVERLOADED is answered"));
  reader.Know({{kOwnerDsn, "", kOwnerDsnHelp}});
  return s;
}

MigrateSettings ReadMigrateSettings(Reader& reader) {
  MigrateSettings s;
  s.pg_owner_dsn = reader.SecretFile(kOwnerDsn, kOwnerDsnHelp);
  s.log_level = ReadLogLevel(reader);
  Reader serving{Values()};
  ReadServiceSettings(serving);
  reader.Know(serving.settings());
  return s;
}

std::string ReadPeerAddress(Reader& reader, std::string_view peer) {
  std::string name = "CLOUDPOS_";
  for (const char c : peer) name.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
  return reader.Address(name + "_ADDR", "Address of the " + std::string(peer) + " service");
}

}  // namespace cloudpos::config
