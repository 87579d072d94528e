// strangers: who must not get in, tried at a running suite (README.md of the folder above).

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/security/strangers/certificates.h"
#include "tests/security/strangers/matrix.h"

namespace cloudpos::strangers {
namespace {

constexpr char kUsage[] =
    "usage: strangers --gateway URL --dsn DSN --ca FILE --ca-key FILE --signing-key FILE\n"
    "                 --service NAME=HOST:PORT... [--only PART-OF-AN-RPCS-NAME]\n";

// Faults of one method that are told in full.
constexpr int kShown = 4;

// A run that tries less than this has lost something on the way.
constexpr int64_t kRpcsMin = 90;
constexpr int64_t kCellsMin = 20'000;
// Of the methods that name things, those whose refusals can be told from any other answer.
constexpr double kSightedMin = 0.85;

struct Options {
  std::string gateway, dsn, signing_key, only;
  Authority authority;
  Addresses services;
};

Options Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--gateway") {
      options.gateway = value;
    } else if (name == "--dsn") {
      options.dsn = value;
    } else if (name == "--ca") {
      options.authority.certificate = value;
    } else if (name == "--ca-key") {
      options.authority.key = value;
    } else if (name == "--signing-key") {
      options.signing_key = value;
    } else if (name == "--only") {
      options.only = value;
    } else if (name == "--service" && value.find('=') != std::string::npos) {
      options.services[value.substr(0, value.find('='))] = value.substr(value.find('=') + 1);
    } else {
      throw std::invalid_argument(kUsage);
    }
  }
  if (argc % 2 == 0 || options.gateway.empty() || options.services.empty()) {
    throw std::invalid_argument(kUsage);
  }
  return options;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void PrintProbes(const Matrix& matrix, Findings* findings) {
  std::map<Depth, int> depths;
  int naming = 0, sighted = 0;
  std::string blind, shallow;
  for (const auto& [rpc, probe] : matrix.probes()) {
    ++depths[probe.depth];
    if (probe.depth >= Depth::kMalformed) {
      shallow += "\n  " + rpc->name() + ": " + probe.answer.ToString();
    }
    if (!probe.names_things) continue;
    ++naming;
    if (probe.is_sighted) {
      ++sighted;
    } else {
      blind += "\n  " + rpc->name() + ": " + probe.answer.ToString();
    }
  }
  std::printf("as the administrator:");
  for (const auto& [depth, count] : depths) std::printf(" %d %s,", count, NameOf(depth));
  std::printf(" of %zu RPCs; %d of %d that name things tell theirs from what does not exist\n",
              matrix.probes().size(), sighted, naming);
  if (!shallow.empty()) std::printf("refused for the request itself:%s\n", shallow.c_str());
  if (!blind.empty()) std::printf("alike for what does not exist:%s\n", blind.c_str());
  if (sighted < kSightedMin * naming) findings->Add("too many methods tell nothing apart");
}

int Report(const Findings& findings) {
  for (const auto& [what, count] : findings.counts()) {
    std::printf("%10lld %s\n", static_cast<long long>(count), what.c_str());
  }
  const auto& faults = findings.faults();
  std::map<std::string, int> shown;  // by what comes before the details
  for (const std::string& fault : faults) {
    const int count = ++shown[fault.substr(0, fault.find_first_of("|:"))];
    if (count <= kShown) std::printf("failed: %s\n", fault.c_str());
  }
  for (const auto& [what, count] : shown) {
    if (count > kShown) std::printf("%10d more of %s\n", count - kShown, what.c_str());
  }
  std::printf("%zu faults\n", faults.size());
  return faults.empty() ? 0 : 1;
}

int Run(const Options& options) {
  const auto begin = std::chrono::steady_clock::now();
  const auto gateway = replay::ParseAddress(options.gateway);
  if (!gateway.ok()) throw std::invalid_argument(gateway.status().ToString());
  std::vector<std::string> processes;
  for (const auto& [name, address] : options.services) processes.push_back(name);
  const std::vector<Rpc> rpcs = AllRpcs(processes);
  std::vector<std::string> names = AllCallers(rpcs);
  names.push_back("stranger");
  const std::map<std::string, Peer> peers = PeersOf(names, options.authority, options.services);
  const Mint mint(ReadFile(options.signing_key));
  BookKeeper books(options.dsn);
  Rest rest(*gateway);
  const World world(rest, peers.at("pos"), mint);
  Findings findings;
  Matrix matrix({.gateway = *gateway, .only = options.only}, rpcs, world, mint, peers, &books,
                &findings);
  const auto seconds = [&begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  std::printf("%5.1f s the world is made: %zu people of tenant A, %zu certificates\n", seconds(),
              world.people().size(), peers.size());
  matrix.ProbeAll();
  PrintProbes(matrix, &findings);
  matrix.AwaitRevocations();
  std::printf("%5.1f s turning away\n", seconds());
  matrix.TurnAway();
  std::printf("%5.1f s letting in\n", seconds());
  matrix.LetIn();
  matrix.CheckComplete();
  std::printf("%5.1f s strange certificates\n", seconds());
  if (options.only.empty()) {
    TryStrangeCertificates(rpcs, options.authority, options.services, world, &findings);
    if (static_cast<int64_t>(matrix.probes().size()) < kRpcsMin ||
        findings.count("cells") < kCellsMin) {
      findings.Add("that was too little: RPCs or cells are missing");
    }
  }
  std::printf("%5.1f s done: %zu RPCs\n", seconds(), matrix.probes().size());
  return Report(findings);
}

}  // namespace
}  // namespace cloudpos::strangers

int main(int argc, char** argv) {
  try {
    return cloudpos::strangers::Run(cloudpos::strangers::Parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "strangers: %s\n", error.what());
    return 2;
  }
}
