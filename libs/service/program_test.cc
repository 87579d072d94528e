// A whole program around a service without methods: settings, schema, readiness, drain.

#include "libs/service/program.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "libs/service/probe.h"
#include "libs/testing/certificates.h"
#include "libs/testing/database.h"

namespace cloudpos::service {
namespace {

const std::vector<pg::Migration>& FirstMigrations() {
  static const std::vector<pg::Migration> all = {
      {.version = 1, .name = "0001_create_things", .sql = "CREATE TABLE things (id int);"}};
  return all;
}

const std::vector<pg::Migration>& NewerMigrations() {
  static const std::vector<pg::Migration> all = {
      FirstMigrations()[0],
      {.version = 2, .name = "0002_add_name", .sql = "ALTER TABLE things ADD name text;"}};
  return all;
}

class ToyService final : public Service {
 public:
  explicit ToyService(std::vector<std::string>* log) : log_(log) {}
  void Configure(config::Reader& reader) override {
    reader.Int("CLOUDPOS_TOY_BATCH", 7, {1, 9}, "For the test");
  }
  absl::Status Start(Runtime& runtime) override {
    log_->push_back("start " + runtime.name());
    return absl::OkStatus();
  }
  void Stop() override { log_->push_back("stop"); }

 private:
  std::vector<std::string>* log_;
};

struct World {
  World() : database("toy", {{.name = "toy", .migrations = &FirstMigrations()}}) {
    const auto files = authority.Issue("toy");
    tls = {.ca = files.ca, .certificate = files.certificate, .key = files.key};
    values = {{"CLOUDPOS_SERVICE_LISTEN", "127.0.0.1:0"},
              {"CLOUDPOS_METRICS_LISTEN", "127.0.0.1:0"},
              {"CLOUDPOS_STATE_DIR", authority.folder()},
              {"CLOUDPOS_PG_DSN_FILE", Secret("rw", database.Dsn("rw"))},
              {"CLOUDPOS_PG_WORKER_DSN_FILE", Secret("worker", database.Dsn("worker"))},
              {"CLOUDPOS_REDIS_URL_FILE", Secret("redis", testing::RedisUrl())},
              {"CLOUDPOS_TLS_CA_FILE", tls.ca},
              {"CLOUDPOS_TLS_CERT_FILE", tls.certificate},
              {"CLOUDPOS_TLS_KEY_FILE", tls.key}};
    spec = {.name = "toy",
            .migrations = {{.name = "toy", .migrations = &FirstMigrations()}},
            .is_identity_source = true,
            .make = [this] { return std::make_unique<ToyService>(&log); }};
  }
  std::string Secret(const std::string& name, const std::string& text) {
    const std::string path = authority.folder() + "/" + name;
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    return path;
  }
  absl::Status ProbeOf(Program& program, const std::string& check) {
    return Probe("toy", "0.0.0.0:" + std::to_string(program.server().port()), tls, check);
  }
  bool BecomesReady(Program& program) {
    for (int i = 0; i < 40; ++i) {
      if (ProbeOf(program, "readiness").ok()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

  testing::CertificateAuthority authority;
  testing::Database database;
  rpc::TlsFiles tls;
  config::Values values;
  Spec spec;
  std::vector<std::string> log;
};

}  // namespace

TEST_CASE("Program: starts, becomes ready, drains and stops", "[service]") {
  World world;
  auto program = StartProgram(world.spec, world.values);
  INFO(program.status().message());
  REQUIRE(program.ok());
  CHECK(world.ProbeOf(**program, "liveness").ok());
  CHECK(world.BecomesReady(**program));
  CHECK(world.ProbeOf(**program, "startup").ok());
  CHECK_FALSE(world.ProbeOf(**program, "nonsense").ok());
  (*program)->Stop();
  (*program)->Wait();
  CHECK_FALSE(world.ProbeOf(**program, "liveness").ok());
  program->reset();
  CHECK(world.log == std::vector<std::string>{"start toy", "stop"});
}

TEST_CASE("Program: is not ready below its schema, until that is migrated", "[service]") {
  World world;
  world.spec.migrations = {{.name = "toy", .migrations = &NewerMigrations()}};
  auto program = StartProgram(world.spec, world.values);
  REQUIRE(program.ok());
  CHECK_FALSE(world.BecomesReady(**program));
  CHECK_FALSE(world.ProbeOf(**program, "startup").ok());
  world.values["CLOUDPOS_PG_OWNER_DSN_FILE"] = world.Secret("owner", world.database.Dsn("owner"));
  world.values["CLOUDPOS_TOY_BATCH"] = "3";  // a job runs with its service's environment
  const absl::Status migrated = RunMigrations(world.spec, world.values);
  INFO(migrated.message());
  REQUIRE(migrated.ok());
  CHECK(world.BecomesReady(**program));
}

TEST_CASE("Program: is not ready without keys, and asks auth for them", "[service]") {
  World world;
  world.spec.is_identity_source = false;
  CHECK_FALSE(StartProgram(world.spec, world.values).ok());  // where is auth?
  world.values["CLOUDPOS_AUTH_ADDR"] = "127.0.0.1:1";
  auto program = StartProgram(world.spec, world.values);
  REQUIRE(program.ok());
  CHECK(world.ProbeOf(**program, "liveness").ok());
  CHECK_FALSE(world.BecomesReady(**program));
}

TEST_CASE("Program: every problem of the settings in one error", "[service]") {
  World world;
  world.values.erase("CLOUDPOS_SERVICE_LISTEN");
  world.values["CLOUDPOS_TOY_BATCH"] = "10";
  world.values["CLOUDPOS_TYPO"] = "1";
  const std::string text(StartProgram(world.spec, world.values).status().message());
  for (const char* name : {"CLOUDPOS_SERVICE_LISTEN", "CLOUDPOS_TOY_BATCH", "CLOUDPOS_TYPO"}) {
    CHECK_THAT(text, Catch::Contains(name));
  }
  CHECK(world.log.empty());
}

}  // namespace cloudpos::service
