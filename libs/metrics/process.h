#pragma once

// What the kernel knows of this process, under Prometheus's customary names.

#include <vector>

#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"

namespace cloudpos::metrics {

/// Memory, CPU time, open files, threads and start time, read from /proc at each scrape.
class ProcessCollector : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace cloudpos::metrics
