#pragma once

// The reporting service: what it is made of.

#include <memory>
#include <vector>

#include "libs/pg/migrate.h"
#include "libs/service/service.h"
#include "services/reporting/completeness.h"
#include "services/reporting/consumers.h"
#include "services/reporting/report_handler.h"

namespace cloudpos::reporting {

const std::vector<pg::Migration>& Migrations();

class ReportingService final : public service::Service {
 public:
  absl::Status Start(service::Runtime& runtime) override;
  void Stop() override;

 private:
  std::unique_ptr<Consumers> consumers_;
  std::unique_ptr<Completeness> completeness_;
  std::unique_ptr<ReportHandler> reports_;
};

}  // namespace cloudpos::reporting
