#pragma once

// What the checker says: per rule how many things were compared, and what did not hold.

#include <cstdint>
#include <string>
#include <vector>

namespace cloudpos::chaos {

/// Rules by the names of ARCHITECTURE.md and README.md; the order is that of the report.
enum class Rule {
  kAmounts,       // I1
  kStock,         // I3
  kMovements,     // I4
  kEvents,        // I7
  kNumbers,       // I8
  kChain,         // I9
  kOneOutcome,    // I11
  kReturns,       // I12
  kReplies,       // I13
  kAcknowledged,  // I14
  kRequested,     // I15
  kOrder,         // I19
  kQuiet,         // I21
  kCause,         // CAUSE: each refusal has a cause in the request or its past
  kLog,           // LOG: the clients' logs make sense
};
inline constexpr int kRules = 15;

/// Violations told in words, per rule.
inline constexpr size_t kExamplesMax = 20;

class Report {
 public:
  Report();

  void Compared(Rule rule, uint64_t things);
  void Broken(Rule rule, std::string in_words);
  /// The same without words, for those beyond the examples.
  void BrokenToo(Rule rule, uint64_t violations);
  /// True while words are still wanted: making them may cost a query.
  bool WantsWords(Rule rule) const;
  /// The run has nothing that the rule is about: nothing to compare is no failure.
  void NotAsked(Rule rule);
  /// A figure of the run: it says how much was there to be wrong.
  void Note(std::string name, int64_t value);

  uint64_t compared(Rule rule) const { return Of(rule).compared; }
  uint64_t violations(Rule rule) const { return Of(rule).violations; }
  const std::vector<std::string>& examples(Rule rule) const { return Of(rule).examples; }
  static const char* NameOf(Rule rule);

  /// 0: all rules held. 1: one is broken. 2: none is broken, but one had nothing to compare.
  int ExitCode() const;
  std::string AsText() const;
  std::string AsJson() const;

 private:
  struct Findings {
    uint64_t compared = 0;
    uint64_t violations = 0;
    bool is_asked = true;
    std::vector<std::string> examples;
  };
  const Findings& Of(Rule rule) const { return findings_[static_cast<size_t>(rule)]; }

  std::vector<Findings> findings_;
  std::vector<std::pair<std::string, int64_t>> notes_;
};

}  // namespace cloudpos::chaos
