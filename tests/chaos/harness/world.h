#pragma once

// The shop a round sells in: a tenant of its own, made through the operator's gRPC method and the
// REST API alone.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/rpc/tls.h"
#include "tests/chaos/harness/api.h"
#include "tests/chaos/harness/dice.h"

namespace cloudpos::chaos {

struct Till {
  std::string id;
  std::string store;
};

struct Variant {
  std::string id;
  std::string sku;
  bool stocked = true;
  /// Tax is in the price: what is due can be told without the server.
  bool inclusive = true;
  /// Its price changes now and then.
  bool lively = false;
  /// Of the next request; the server may have another one already, or not yet.
  std::atomic<int64_t> price_minor{0};
};

struct World {
  std::string tenant;
  Account account;
  std::vector<std::string> stores;
  std::vector<Till> tills;
  std::vector<std::unique_ptr<Variant>> variants;
  std::unique_ptr<Session> session;
  /// Aggregates that the run makes unreadable on purpose; of the faults' thread.
  std::vector<std::string> expect_parked;
};

/// Stock that each store begins with, per variant that is counted.
constexpr int64_t kOpeningMilli = 5'000'000;

struct WorldOptions {
  int gateway_port = 0;
  std::string auth_address;  // gRPC
  rpc::TlsFiles tls;         // certificate "pos"
  int stores = 2;
  int tills_per_store = 4;
  int variants = 24;
};

/// `name` becomes slug and e-mail address: unique per round.
absl::StatusOr<std::unique_ptr<World>> MakeWorld(const WorldOptions& options,
                                                 const std::string& name, Dice* dice);

/// run.json for the checker.
std::string RunJson(const World& world, uint64_t seed);

}  // namespace cloudpos::chaos
