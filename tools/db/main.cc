// cloudpos-db: the suite's database, schemas and roles. Migrations are the services' own.

#include <cstdio>

#include "tools/db/commands.h"

namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.code() == absl::StatusCode::kInvalidArgument ? 2 : 1;
}

int PrintVersions(const cloudpos::db::Options& options) {
  const auto versions = cloudpos::db::Versions(options);
  if (!versions.ok()) return Fail(versions.status());
  for (const auto& [service, set, version] : *versions) {
    std::printf("%s %s %d\n", service.c_str(), set.c_str(), version);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = cloudpos::db::ParseArguments({argv + 1, argv + argc});
  if (!options.ok()) return Fail(options.status());
  if (options->command == "version") return PrintVersions(*options);
  if (const absl::Status status = cloudpos::db::Init(*options); !status.ok()) return Fail(status);
  std::printf("database %s is ready\n", options->database.c_str());
  return 0;
}
