// The reporting service: facts and roll-ups from the events of the others.

#include <iostream>
#include <string_view>

#include "libs/rpc/status.h"
#include "services/reporting/rebuild.h"
#include "services/reporting/reporting_service.h"

namespace {

/// `--rebuild`: makes the reports anew beside the live ones, then ends.
int Rebuild() {
  const absl::Status status = cloudpos::reporting::RunRebuild(cloudpos::config::Environment());
  if (status.ok()) return 0;
  std::cerr << "cloudpos-reporting: " << cloudpos::rpc::CauseOf(status) << std::endl;
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace cloudpos;
  if (argc == 2 && std::string_view(argv[1]) == "--rebuild") return Rebuild();
  return service::Main(
      argc, argv,
      {.name = "reporting",
       .migrations = {events::Migrations(), {"reporting", &reporting::Migrations()}},
       .peers = {"auth", "inventory", "transaction"},
       .workers = 2,  // reads are long: so many leave a small machine room to sell
       .make = [] { return std::make_unique<reporting::ReportingService>(); }});
}
