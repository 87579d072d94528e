#include "libs/metrics/metrics.h"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "libs/base/error.h"
#include "libs/metrics/process.h"
#include "prometheus/exposer.h"
#include "prometheus/text_serializer.h"

namespace cloudpos::metrics {
namespace {

// Never destroyed: threads may count until the process is gone.
const std::shared_ptr<prometheus::Registry>& SharedRegistry() {
  static const auto* const registry =
      new std::shared_ptr<prometheus::Registry>(std::make_shared<prometheus::Registry>());
  return *registry;
}

const std::shared_ptr<ProcessCollector>& SharedProcess() {
  static const auto* const process =
      new std::shared_ptr<ProcessCollector>(std::make_shared<ProcessCollector>());
  return *process;
}

// A malformed name, or one used for two kinds of metric, is a bug of ours: say which and stop.
template <typename Make>
auto& OrAbort(const std::string& name, Make&& make) {
  try {
    return make();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fatal: metric %s: %s\n", name.c_str(), error.what());
    std::abort();
  }
}

}  // namespace

prometheus::Registry& Registry() { return *SharedRegistry(); }

prometheus::Counter& Counter(const std::string& name, const std::string& help,
                             const Labels& labels) {
  return OrAbort(name, [&]() -> prometheus::Counter& {
    return prometheus::BuildCounter().Name(name).Help(help).Register(Registry()).Add(labels);
  });
}

prometheus::Gauge& Gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return OrAbort(name, [&]() -> prometheus::Gauge& {
    return prometheus::BuildGauge().Name(name).Help(help).Register(Registry()).Add(labels);
  });
}

prometheus::Histogram& Latency(const std::string& name, const std::string& help,
                               const Labels& labels) {
  static const prometheus::Histogram::BucketBoundaries kSeconds = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return OrAbort(name, [&]() -> prometheus::Histogram& {
    return prometheus::BuildHistogram()
        .Name(name)
        .Help(help)
        .Register(Registry())
        .Add(labels, kSeconds);
  });
}

struct Endpoint::Impl {
  explicit Impl(const std::vector<std::string>& options) : exposer(options) {}
  prometheus::Exposer exposer;
};

Endpoint::Endpoint() = default;
Endpoint::~Endpoint() = default;

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Listen(const std::string& address) {
  // The server below writes "every interface" as a bare port.
  const std::string ports = address.starts_with(':') ? address.substr(1) : address;
  std::unique_ptr<Endpoint> endpoint(new Endpoint());
  try {
    endpoint->impl_ = std::make_unique<Impl>(std::vector<std::string>{
        "listening_ports", ports, "num_threads", "2", "request_timeout_ms", "5000"});
    endpoint->impl_->exposer.RegisterCollectable(SharedRegistry());
    endpoint->impl_->exposer.RegisterCollectable(SharedProcess());
  } catch (const std::exception&) {
    return base::Fail(common::v1::UNAVAILABLE, "cannot serve metrics on " + address);
  }
  return endpoint;
}

int Endpoint::port() const { return impl_->exposer.GetListeningPorts().at(0); }

std::string Render() {
  std::vector<prometheus::MetricFamily> families = Registry().Collect();
  for (auto& family : SharedProcess()->Collect()) families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace cloudpos::metrics
