#pragma once

// How well each method can be asked: who may do everything asks it first, so that later a refusal
// can be told from a request that never got so far.

#include <map>
#include <string>

#include "tests/security/strangers/fill.h"
#include "tests/security/strangers/wire.h"
#include "tests/security/strangers/world.h"

namespace cloudpos::strangers {

enum class Depth {
  kDone,       // OK
  kStopped,    // refused for the state of what was found: a stale version, something taken
  kNotFound,   // the things named are not what it asks for
  kMalformed,  // did not get beyond the request itself
  kMissing,    // a field is missing
};

/// What the administrator of tenant A gets for a method.
struct Probe {
  Recipe recipe;  // of the request that went furthest
  Answer answer;
  Depth depth = Depth::kMissing;
  bool names_things = false;
  /// Things that do not exist are answered in another way than one's own: what is hidden can be
  /// told from what is there. Without names there is nothing to tell.
  bool is_sighted = false;
};

/// Certificates by their name, one of them that may call `rpc`.
const Peer& CallerOf(const Rpc& rpc, const std::map<std::string, Peer>& peers);

Probe ProbeOf(const Rpc& rpc, const Peer& caller, const Names& names, const std::string& token);

const char* NameOf(Depth depth);

}  // namespace cloudpos::strangers
