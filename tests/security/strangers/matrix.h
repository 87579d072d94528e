#pragma once

// The authorisation matrix: every RPC x everybody x every situation, over REST and over gRPC.

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "tests/security/strangers/books.h"
#include "tests/security/strangers/expect.h"
#include "tests/security/strangers/forge.h"
#include "tests/security/strangers/probe.h"
#include "tests/security/strangers/world.h"

namespace cloudpos::strangers {

enum class Side { kRest, kGrpc };

/// Failures and counts of a run. Thread-safe.
class Findings {
 public:
  void Count(const std::string& what, int64_t by = 1);
  void Add(const std::string& fault);
  /// A cell that was executed; each once.
  void Cell(const std::string& key);

  int64_t count(const std::string& what) const;
  const std::map<std::string, int64_t>& counts() const { return counts_; }
  const std::vector<std::string>& faults() const { return faults_; }
  const std::set<std::string>& cells() const { return cells_; }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int64_t> counts_;
  std::vector<std::string> faults_;
  std::set<std::string> cells_;
};

struct MatrixOptions {
  replay::HttpAddress gateway;
  std::string only;  // a part of RPCs' names; empty: all
};

class Matrix {
 public:
  Matrix(MatrixOptions options, const std::vector<Rpc>& rpcs, const World& world, const Mint& mint,
         const std::map<std::string, Peer>& peers, BookKeeper* books, Findings* findings);

  /// Asks each RPC as the administrator; to be done first.
  void ProbeAll();
  /// Waits until every process knows who has gone: within five seconds.
  void AwaitRevocations();
  /// Everybody who must be turned away; nothing of either tenant may change.
  void TurnAway();
  /// Everybody who must be let in; nothing of tenant B may change.
  void LetIn();
  /// Every cell was executed; as many as the three dimensions say.
  void CheckComplete();

  const std::map<const Rpc*, Probe>& probes() const { return probes_; }
  std::vector<Person> PeopleFor(const Rpc& rpc) const;

 private:
  struct Cell {
    const Rpc* rpc;
    Person person;
    Side side;
    const Binding* binding;  // over REST; nullptr: no route
    Place place;
    Proof proof;
    std::string certificate;  // over gRPC
    Filled filled;
    Names mine;
    Asked asked;
    Verdict verdict;
    std::string key() const;
  };
  using Cells = std::vector<Cell>;

  void Plan();
  void PlanFor(const Rpc& rpc, const Person& person);
  void PlanSide(Cell cell);
  Verdict VerdictOf(const Cell& cell, bool through_gateway) const;
  void PlanCertificates(const Cell& base);
  void PlanTricks(const Rpc& rpc);
  Cell At(const Rpc& rpc, const Person& person, Place place) const;
  void Put(Cell cell);

  void Run(const Cells& cells, int threads);
  void Execute(const Cell& cell, Rest& rest);
  Answer Ask(const Cell& cell, const Filled& filled, Rest& rest) const;
  Answer AskPatiently(const Cell& cell, Rest& rest) const;
  std::string TokenOf(const Cell& cell) const;
  void Judge(const Cell& cell, const Answer& answer, Rest& rest);
  void JudgeHidden(const Cell& cell, const Answer& answer, Rest& rest);
  void CheckLeaks(const Cell& cell, const Answer& answer);
  void Compare(const Books& before, const std::vector<std::string>& tenants,
               const std::string& when);

  const MatrixOptions options_;
  const std::vector<Rpc>& rpcs_;
  const World& world_;
  const Mint& mint_;
  const Forge forge_;
  const std::map<std::string, Peer>& peers_;
  BookKeeper& books_;
  Findings& findings_;
  std::map<const Rpc*, Probe> probes_;
  Cells away_;
  Cells in_;
  std::mutex later_mutex_;
  std::vector<std::pair<Cell, Answer>> later_;  // hidden, but not by NOT_FOUND: to be compared
};

}  // namespace cloudpos::strangers
