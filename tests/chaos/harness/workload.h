#pragma once

// All clients of a round and the one who changes prices, as threads.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/chaos/harness/client.h"

namespace cloudpos::chaos {

struct WorkloadOptions {
  World* world = nullptr;
  Load* load = nullptr;
  int gateway_port = 0;
  uint64_t seed = 0;
  std::string logs;  // clients/NNN.jsonl go here
  int clients = 24;
  int rate = 230;  // documents begun per second, by all
  Mix mix = {};
  Micros price_pause = 1500 * kMilli;  // between two changes of a price
  /// At the end, asks again about what was refused after a request was lost.
  bool verifies = true;
};

class Workload {
 public:
  static absl::StatusOr<std::unique_ptr<Workload>> Start(WorkloadOptions options);
  ~Workload();

  /// Nothing new is begun; what is under way gets until `limit` from now to come to its end. Then
  /// all threads have ended.
  void Close(Micros limit);

 private:
  explicit Workload(WorkloadOptions options) : options_(std::move(options)) {}
  void ChangePrices();

  const WorkloadOptions options_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::thread> threads_;
  std::atomic<int> running_{0};
};

}  // namespace cloudpos::chaos
