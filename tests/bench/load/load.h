#pragma once

// The load: clients that send the next request when the last is answered, later when they are told
// to come later (closed loop), or requests that come at their own rate whatever the answers do
// (open loop: Poisson arrivals, latency counted from when the request was due).

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/load/request.h"

namespace cloudpos::bench {

struct ClientOptions {
  int clients = 1;
  double seconds = 1;
  uint64_t seed = 1;
  std::string token;  // the user's
};

struct LoadOptions : ClientOptions {
  int port = 0;
  double rate = 0;       // arrivals per second; 0: closed loop
  double patience = 10;  // seconds after which a client hangs up
};

struct LoadResult {
  double seconds = 0;  // from the first request to the last answer
  int64_t sent = 0;
  std::map<int, int64_t> by_status;
  int64_t lost = 0;       // connection refused, reset or closed before the answer
  int64_t timed_out = 0;  // the client hung up
  int64_t unsent = 0;     // open loop: due, but no connection was free within the client's patience
  int64_t bare_refusals = 0;         // 429 or 503 without Retry-After
  std::vector<uint32_t> latency_us;  // of 2xx
  struct Second {
    int64_t ok = 0;
    int64_t refused = 0;  // 429, 503
    int64_t failed = 0;   // all else
  };
  std::vector<Second> series;
  double cpu_us = 0;  // of this program

  int64_t ok() const;
};

LoadResult RunLoad(const LoadOptions& options, const Template& request);

/// One JSON object, latencies in milliseconds.
std::string ToJson(LoadResult result);

}  // namespace cloudpos::bench
