#pragma once

// Clients that hold connections and give little for them, of four kinds: a head a byte each second,
// a body just fast enough to be waited for, nothing at all, and answers never read. Who is cut off
// comes again at once.

#include <array>
#include <cstdint>
#include <string>

namespace cloudpos::slow {

enum class Kind { kHead, kBody, kIdle, kReader };
inline constexpr std::array<const char*, 4> kKindNames = {"head", "body", "idle", "reader"};

struct Options {
  int port = 0;
  int connections = 300;
};

struct Tally {
  int64_t opened = 0;
  int64_t cut = 0;             // by the server
  double longest_seconds = 0;  // that one connection was held
};

/// Runs until the process gets SIGTERM or SIGINT; prints "ready" once all connections are open, and
/// at the end one JSON object with the tally of each kind.
void RunSlowClients(const Options& options);

}  // namespace cloudpos::slow
