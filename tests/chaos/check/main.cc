// chaos-check --logs DIR --dsn DSN [--json] [--steps]
//
// Exit code 0: every invariant held. 1: one is broken. 2: nothing can be said.

#include <chrono>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>

#include "tests/chaos/check/checker.h"

namespace cloudpos::chaos {
namespace {

constexpr int kCannotCheck = 2;
constexpr std::chrono::seconds kPatience{10};

constexpr std::string_view kHelp =
    "usage: chaos-check --logs DIR --dsn DSN [--json] [--steps]\n"
    "\n"
    "Holds what clients saw (DIR/run.json, DIR/clients/*.jsonl) and what the database holds of "
    "the\n"
    "same tenant against the invariants of tests/chaos/check/README.md.\n"
    "\n"
    "  --dsn DSN  libpq connection string of a superuser\n"
    "  --json     the report as JSON\n"
    "  --steps    say on standard error what is being done, and how long it took\n";

/// Says each step when the next begins.
class Steps {
 public:
  void Begin(const char* name) {
    End();
    name_ = name;
    begun_ = Clock::now();
  }
  void End() {
    if (name_ == nullptr) return;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_);
    std::cerr << std::setw(8) << took.count() << " ms  " << name_ << "\n";
    name_ = nullptr;
  }

 private:
  using Clock = std::chrono::steady_clock;
  const char* name_ = nullptr;
  Clock::time_point begun_;
};

int Main(int argc, char** argv) {
  CheckOptions options{.patience = kPatience};
  bool as_json = false;
  Steps steps;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--logs" && i + 1 < argc) {
      options.logs = argv[++i];
    } else if (arg == "--dsn" && i + 1 < argc) {
      options.dsn = argv[++i];
    } else if (arg == "--json") {
      as_json = true;
    } else if (arg == "--steps") {
      options.on_step = [&steps](const char* name) { steps.Begin(name); };
    } else {
      std::cerr << kHelp;
      return kCannotCheck;
    }
  }
  if (options.logs.empty() || options.dsn.empty()) {
    std::cerr << kHelp;
    return kCannotCheck;
  }
  Report report;
  const absl::Status status = Check(options, &report);
  steps.End();
  if (!status.ok()) {
    std::cerr << "chaos-check: " << status.message() << "\n";
    return kCannotCheck;
  }
  std::cout << (as_json ? report.AsJson() + "\n" : report.AsText());
  return report.ExitCode();
}

}  // namespace
}  // namespace cloudpos::chaos

int main(int argc, char** argv) { return cloudpos::chaos::Main(argc, argv); }
