#include "tests/chaos/harness/program.h"

#include <charconv>
#include <iostream>
#include <map>
#include <optional>
#include <string>

#include "libs/base/clock.h"
#include "libs/log/log.h"
#include "tests/chaos/harness/bugs.h"
#include "tests/chaos/harness/round.h"
#include "tests/chaos/harness/schedule.h"

namespace cloudpos::chaos {
namespace {

constexpr std::string_view kHelp =
    "usage: chaos --state FOLDER --shift N --pos FILE --faults FOLDER --proxy SOCKET\n"
    "         --gateway PORT --logs FOLDER --checker FILE --scripts FOLDER\n"
    "         [--short | --minutes N] [--only FAULT] [--bugs [--bug NAME]]\n"
    "         [--seed S [--from N]] [--json] [--keep-logs] [--report FILE [--more]]\n"
    "\n"
    "FILE holds the rounds of earlier calls, and these ones afterwards; with --more nothing is "
    "told\n"
    "yet, unless it is not good.\n"
    "\n"
    "Crash tests against a suite that runs; tests/chaos/run starts one and calls this.\n";

/// Faults of one round: its tenant's logs stay small enough to be checked in seconds.
constexpr size_t kFaultsPerRound = 40;
constexpr Micros kRoundMax = 5 * 60 * kSecond;
/// A shorter one would sell too little to say anything.
constexpr Micros kRoundMin = 60 * kSecond;

struct Arguments {
  std::map<std::string, std::string, std::less<>> values;
  std::map<std::string, bool, std::less<>> flags;

  std::string Value(std::string_view name) const {
    const auto found = values.find(name);
    return found == values.end() ? "" : found->second;
  }
  std::optional<uint64_t> Number(std::string_view name) const {
    const std::string text = Value(name);
    uint64_t number = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || at != text.data() + text.size()) return std::nullopt;
    return number;
  }
};

std::optional<Arguments> Parse(int argc, char** argv) {
  static const char* const kValues[] = {
      "--state",   "--shift", "--pos",  "--faults",  "--proxy",   "--gateway", "--logs",
      "--checker", "--seed",  "--only", "--minutes", "--scripts", "--bug",     "--report"};
  static const char* const kFlags[] = {"--short", "--bugs", "--json", "--keep-logs", "--more"};
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto is = [word](const char* name) { return word == name; };
    if (std::any_of(std::begin(kFlags), std::end(kFlags), is)) {
      arguments.flags[std::string(word)] = true;
    } else if (std::any_of(std::begin(kValues), std::end(kValues), is) && i + 1 < argc) {
      arguments.values[std::string(word)] = argv[++i];
    } else {
      return std::nullopt;
    }
  }
  for (const char* name :
       {"--state", "--pos", "--faults", "--proxy", "--logs", "--checker", "--scripts"}) {
    if (arguments.Value(name).empty()) return std::nullopt;
  }
  const bool is_long = arguments.Number("--minutes").has_value();
  const int ways = is_long + arguments.flags["--short"];
  if (!arguments.Number("--shift") || !arguments.Number("--gateway") || ways > 1 ||
      (ways == 0 && !arguments.flags["--bugs"])) {
    return std::nullopt;
  }
  return arguments;
}

class Program {
 public:
  explicit Program(const Arguments& arguments)
      : arguments_(arguments),
        suite_({.state = arguments.Value("--state"),
                .shift = static_cast<int>(*arguments.Number("--shift")),
                .pos = arguments.Value("--pos"),
                .faults = arguments.Value("--faults"),
                .scripts = arguments.Value("--scripts")}),
        proxy_(arguments.Value("--proxy")) {
    const int64_t nanos = absl::ToUnixNanos(base::SystemClock().Now());
    report_.seed = arguments.Number("--seed").value_or(static_cast<uint64_t>(nanos) % 1'000'000);
  }

  int Run() {
    const Micros begin = Now();
    const std::string save = arguments_.Value("--report");
    const Report before = ReadReport(ReadFile(save).value_or(""));
    report_.rounds = before.rounds;
    std::cerr << "seed " << report_.seed << std::endl;
    report_.is_short = Has("--short");
    if (report_.is_short) Short();
    if (const auto minutes = arguments_.Number("--minutes")) {
      Long(begin + static_cast<Micros>(*minutes) * 60 * kSecond);
    }
    // After a break the database stays as it is.
    if (Has("--bugs") && (report_.rounds.empty() || report_.rounds.back().is_good())) {
      report_.bugs = RunBugs(Options(report_.seed), arguments_.Value("--bug"));
    }
    report_.took = before.took + Now() - begin;
    if (!save.empty() && !WriteFile(save, report_.Json()).ok()) return 1;
    if (Has("--more") && report_.is_good()) return 0;
    std::cout << (Has("--json") ? report_.Json() + "\n" : report_.Table()) << std::flush;
    if (Has("--json")) std::cerr << report_.Table();
    return report_.is_good() ? 0 : 1;
  }

 private:
  bool Has(std::string_view flag) const {
    const auto found = arguments_.flags.find(flag);
    return found != arguments_.flags.end() && found->second;
  }

  void Short() {
    RoundOptions options = Options(report_.seed);
    options.is_short = true;
    options.gap = 200 * kMilli;
    Round(options, EachOnce(Select(AllFaults(), arguments_.Value("--only")), report_.seed));
  }

  /// Rounds until the time is over; a round that is not good ends the run: its database and logs
  /// are then as it left them.
  void Long(Micros end) {
    const std::vector<Fault> faults = Select(AllFaults(), arguments_.Value("--only"));
    for (bool is_first = true; is_first || Now() + kRoundMin < end; is_first = false) {
      const size_t from = arguments_.Number("--from").value_or(0) + FaultsSoFar();
      RoundOptions options = Options(report_.seed + from);
      options.until = std::min(end, Now() + kRoundMax);
      std::cerr << "faults from " << from << " of seed " << report_.seed << std::endl;
      Round(options, Draw(faults, report_.seed, from, kFaultsPerRound));
      if (!report_.rounds.back().is_good()) return;
    }
  }

  size_t FaultsSoFar() const {
    size_t count = 0;
    for (const RoundResult& round : report_.rounds) count += round.faults.size();
    return count;
  }

  RoundOptions Options(uint64_t seed) {
    const std::string name = "r" + std::to_string(report_.rounds.size() + 1) + "-" +
                             std::to_string(absl::ToUnixSeconds(base::SystemClock().Now()));
    return {.name = name,
            .seed = seed,
            .suite = &suite_,
            .proxy = &proxy_,
            .gateway_port = static_cast<int>(*arguments_.Number("--gateway")),
            .logs = arguments_.Value("--logs") + "/" + name,
            .checker = arguments_.Value("--checker"),
            .keep_logs = Has("--keep-logs")};
  }

  void Round(const RoundOptions& options, const std::vector<Fault>& faults) {
    std::cerr << "round " << options.name << ", seed " << options.seed << std::endl;
    report_.rounds.push_back(RunRound(options, faults));
    const RoundResult& round = report_.rounds.back();
    for (const std::string& text : round.invalid) std::cerr << "  INVALID: " << text << std::endl;
    for (const std::string& text : round.broken) std::cerr << "  BROKEN: " << text << std::endl;
  }

  const Arguments arguments_;
  Suite suite_;
  ProxyControl proxy_;
  Report report_;
};

}  // namespace

int RunProgram(int argc, char** argv) {
  const std::optional<Arguments> arguments = Parse(argc, argv);
  if (!arguments) {
    std::cerr << kHelp;
    return 2;
  }
  log::Init("chaos", log::Level::kError);  // a database that is away is no news here
  return Program(*arguments).Run();
}

}  // namespace cloudpos::chaos
