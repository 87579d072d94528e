#include "tests/chaos/check/report.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iomanip>
#include <sstream>
#include <utility>

namespace cloudpos::chaos {
namespace {

struct RuleText {
  const char* name;
  const char* what;
};

constexpr RuleText kTexts[kRules] = {
    {"I1", "amounts add up"},
    {"I3", "stock is opening and movements"},
    {"I4", "one movement for each stocked line"},
    {"I7", "one event and one fact for each entry; roll-ups are their sums"},
    {"I8", "numbers without gaps or doubles"},
    {"I9", "hash chain"},
    {"I11", "one outcome for each id"},
    {"I12", "no more returned than sold"},
    {"I13", "one answer for each request, for ever, and none a fault of ours"},
    {"I14", "what was acknowledged exists as acknowledged"},
    {"I15", "what exists was asked for"},
    {"I19", "numbers in the order that clients saw"},
    {"I21", "nothing parked, unread or left open"},
    {"CAUSE", "each refusal has a cause"},
    {"LOG", "the clients' logs make sense"},
};

}  // namespace

Report::Report() : findings_(kRules) {}

const char* Report::NameOf(Rule rule) { return kTexts[static_cast<size_t>(rule)].name; }

void Report::Compared(Rule rule, uint64_t things) {
  findings_[static_cast<size_t>(rule)].compared += things;
}

void Report::Broken(Rule rule, std::string in_words) {
  Findings& findings = findings_[static_cast<size_t>(rule)];
  ++findings.violations;
  if (findings.examples.size() < kExamplesMax) findings.examples.push_back(std::move(in_words));
}

void Report::BrokenToo(Rule rule, uint64_t violations) {
  findings_[static_cast<size_t>(rule)].violations += violations;
}

bool Report::WantsWords(Rule rule) const { return Of(rule).examples.size() < kExamplesMax; }

void Report::NotAsked(Rule rule) { findings_[static_cast<size_t>(rule)].is_asked = false; }

void Report::Note(std::string name, int64_t value) { notes_.emplace_back(std::move(name), value); }

int Report::ExitCode() const {
  const auto is_broken = [](const Findings& f) { return f.violations > 0; };
  if (std::any_of(findings_.begin(), findings_.end(), is_broken)) return 1;
  const auto is_empty = [](const Findings& f) { return f.compared == 0 && f.is_asked; };
  return std::any_of(findings_.begin(), findings_.end(), is_empty) ? 2 : 0;
}

std::string Report::AsText() const {
  std::ostringstream out;
  for (const auto& [name, value] : notes_) {
    out << "  " << std::left << std::setw(28) << name << std::right << std::setw(12) << value
        << "\n";
  }
  for (size_t i = 0; i < findings_.size(); ++i) {
    const Findings& f = findings_[i];
    const char* verdict = f.violations > 0 ? "BROKEN"
                          : f.compared > 0 ? "ok"
                          : f.is_asked     ? "EMPTY"
                                           : "-";
    out << std::left << std::setw(6) << kTexts[i].name << std::setw(8) << verdict << std::right
        << std::setw(12) << f.compared << " compared";
    if (f.violations > 0) out << ", " << f.violations << " violations";
    out << "  " << kTexts[i].what << "\n";
    for (const std::string& example : f.examples) out << "       - " << example << "\n";
    if (f.violations > f.examples.size()) {
      out << "       - and " << f.violations - f.examples.size() << " more\n";
    }
  }
  return out.str();
}

std::string Report::AsJson() const {
  boost::json::array rules;
  for (size_t i = 0; i < findings_.size(); ++i) {
    const Findings& f = findings_[i];
    rules.push_back(boost::json::object{
        {"name", kTexts[i].name},
        {"what", kTexts[i].what},
        {"held", f.violations == 0},
        {"compared", f.compared},
        {"violations", f.violations},
        {"examples", boost::json::array(f.examples.begin(), f.examples.end())}});
  }
  boost::json::object notes;
  for (const auto& [name, value] : notes_) notes[name] = value;
  return boost::json::serialize(boost::json::object{{"held", ExitCode() == 0},
                                                    {"exit", ExitCode()},
                                                    {"invariants", std::move(rules)},
                                                    {"counts", std::move(notes)}});
}

}  // namespace cloudpos::chaos
