#include "libs/service/service.h"

#include <cstdio>
#include <iostream>

#include "libs/base/status_macros.h"
#include "libs/config/service.h"
#include "libs/rpc/signals.h"
#include "libs/rpc/status.h"
#include "libs/service/probe.h"
#include "libs/service/program.h"

namespace cloudpos::service {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int Report(const Spec& spec, const absl::Status& status) {
  if (status.ok()) return 0;
  std::cerr << "cloudpos-" << spec.name << ": " << rpc::CauseOf(status) << std::endl;
  return kFailed;
}

absl::Status Serve(const Spec& spec) {
  rpc::BlockSignals();  // before any thread exists
  CLOUDPOS_ASSIGN_OR_RETURN(const auto program, StartProgram(spec, config::Environment()));
  program->Wait();
  return absl::OkStatus();
}

absl::Status RunProbe(const Spec& spec, const std::string& check) {
  config::Reader reader(config::Environment());
  const config::ServiceSettings settings = config::ReadServiceSettings(reader);
  return Probe(
      spec.name, settings.listen,
      {.ca = settings.tls_ca, .certificate = settings.tls_certificate, .key = settings.tls_key},
      check);
}

int Usage(const Spec& spec) {
  std::cerr << "usage: cloudpos-" << spec.name
            << " [--migrate | --print-config | --version | --probe liveness|readiness|startup]\n";
  return kUsage;
}

}  // namespace

int Main(int argc, char** argv, const Spec& spec) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.empty()) return Report(spec, Serve(spec));
  if (args.size() == 2 && args[0] == "--probe") return Report(spec, RunProbe(spec, args[1]));
  if (args.size() != 1) return Usage(spec);
  if (args[0] == "--migrate") return Report(spec, RunMigrations(spec, config::Environment()));
  if (args[0] == "--version") {
    std::cout << "cloudpos-" << spec.name << " " << CLOUDPOS_VERSION << std::endl;
    return 0;
  }
  if (args[0] == "--print-config") {
    std::cout << config::FormatTable(SettingsOf(spec));
    return 0;
  }
  return Usage(spec);
}

}  // namespace cloudpos::service
