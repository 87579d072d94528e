#include "tests/security/strangers/probe.h"

#include <stdexcept>
#include <utility>

namespace cloudpos::strangers {
namespace {

// Refusals for the request itself that are followed, one field at a time.
constexpr int kAttempts = 12;

Depth DepthOf(const Answer& answer) {
  if (answer.ok()) return Depth::kDone;
  if (answer.code == common::v1::FIELD_REQUIRED) return Depth::kMissing;
  switch (base::MeaningOf(answer.code).status) {
    case absl::StatusCode::kNotFound:
      return Depth::kNotFound;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return Depth::kMalformed;
    default:
      return Depth::kStopped;
  }
}

bool IsBetter(const Probe& probe, const Probe& best) {
  return std::make_pair(probe.depth, !probe.is_sighted) <
         std::make_pair(best.depth, !best.is_sighted);
}

/// Does as the refusal says: leaves the field out, or fills it. False: that was tried.
bool Follow(const std::string& field, const Filled& filled, Recipe* recipe) {
  if (field.empty() || recipe->without.contains(field)) return false;
  if (!Holds(filled, field)) return recipe->with.insert(field).second;
  recipe->without.insert(field);
  return true;
}

}  // namespace

const Peer& CallerOf(const Rpc& rpc, const std::map<std::string, Peer>& peers) {
  if (rpc.IsFor("gateway")) return peers.at("gateway");
  for (const std::string& name : rpc.policy.callers()) {
    const auto found = peers.find(name);
    if (found != peers.end()) return found->second;
  }
  throw std::runtime_error(rpc.name() + " is for nobody");
}

Probe ProbeOf(const Rpc& rpc, const Peer& caller, const Names& names, const std::string& token) {
  Probe best;
  for (const bool is_much : {false, true}) {
    Recipe recipe{.is_much = is_much};
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const Filled filled = Fill(rpc, recipe, names);
      Probe probe{.recipe = recipe, .answer = caller.Call(rpc, filled, token)};
      probe.depth = DepthOf(probe.answer);
      probe.names_things = !filled.named.empty();
      if (probe.names_things) {
        const Answer strange = caller.Call(rpc, WithStrangeNames(filled, nullptr), token);
        probe.is_sighted = WithoutIds(probe.answer) != WithoutIds(strange);
      }
      const std::string field = probe.answer.field;
      const bool is_done = probe.depth < Depth::kMalformed || !Follow(field, filled, &recipe);
      if (IsBetter(probe, best)) best = std::move(probe);
      if (is_done) break;
    }
  }
  return best;
}

const char* NameOf(Depth depth) {
  switch (depth) {
    case Depth::kDone:
      return "done";
    case Depth::kStopped:
      return "stopped by state";
    case Depth::kNotFound:
      return "not found";
    case Depth::kMalformed:
      return "malformed";
    case Depth::kMissing:
      return "incomplete";
  }
  return "";
}

}  // namespace cloudpos::strangers
