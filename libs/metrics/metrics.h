#pragma once

// Prometheus metrics of this process: one registry, served on a port of its own. Names are
// cloudpos_<service>_<thing>_<unit>[_total]; labels come from closed sets, never ids.

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace cloudpos::metrics {

using Labels = prometheus::Labels;

/// The process's registry.
prometheus::Registry& Registry();

/// Each returns the same object for the same name and labels; keep the reference, lookups lock.
prometheus::Counter& Counter(const std::string& name, const std::string& help, const Labels& = {});
prometheus::Gauge& Gauge(const std::string& name, const std::string& help, const Labels& = {});
/// Seconds, with buckets from 0.5 ms to 10 s.
prometheus::Histogram& Latency(const std::string& name, const std::string& help,
                               const Labels& = {});

/// Serves /metrics (and nothing else) until destroyed: the registry and the process's own figures
/// (memory, CPU, open files, start time).
class Endpoint {
 public:
  /// `address` is host:port; UNAVAILABLE when it cannot be bound.
  static absl::StatusOr<std::unique_ptr<Endpoint>> Listen(const std::string& address);
  ~Endpoint();
  int port() const;  // the one bound (the address may say 0)

 private:
  Endpoint();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What the endpoint serves, in Prometheus text form; for tests and golden lists.
std::string Render();

}  // namespace cloudpos::metrics
