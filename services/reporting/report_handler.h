#pragma once

// The reports (cloudpos.reporting.v1.ReportService).

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cloudpos/reporting/v1/report.pb.h"
#include "libs/base/clock.h"
#include "libs/base/timestamp.h"
#include "libs/pg/pg.h"
#include "libs/rpc/server.h"
#include "services/reporting/consumers.h"
#include "services/reporting/store_reports.h"

namespace cloudpos::reporting {

class ReportHandler {
 public:
  /// `consumers` may be null (tests): then nothing is caught up with and as_of is left out.
  ReportHandler(pg::Pool& pool, const base::Clock& clock, Consumers* consumers)
      : pool_(pool), clock_(clock), consumers_(consumers) {}

  rpc::MethodTable Methods();

  absl::Status GetDailyReport(rpc::CallContext& ctx, const v1::GetDailyReportRequest& request,
                              v1::GetDailyReportResponse* response);
  absl::Status GetSalesReport(rpc::CallContext& ctx, const v1::GetSalesReportRequest& request,
                              v1::GetSalesReportResponse* response);
  absl::Status GetTaxReport(rpc::CallContext& ctx, const v1::GetTaxReportRequest& request,
                            v1::GetTaxReportResponse* response);
  absl::Status GetDashboard(rpc::CallContext& ctx, const v1::GetDashboardRequest& request,
                            v1::GetDashboardResponse* response);
  absl::Status GetProgress(rpc::CallContext& ctx, const v1::GetProgressRequest& request,
                           v1::GetProgressResponse* response);

 private:
  /// Checks right and store; nullopt: the whole tenant.
  absl::StatusOr<std::optional<base::Uuid>> Scope(rpc::CallContext& ctx, const std::string& store);
  absl::StatusOr<Range> ParseRange(rpc::CallContext& ctx, const std::string& from,
                                   const std::string& to, const std::string& store);
  /// One snapshot of the live set.
  absl::Status Read(rpc::CallContext& ctx, const std::function<absl::Status(pg::Tx&)>& body);
  /// Sets `as_of` unless it is unknown.
  template <typename Response>
  void Stamp(absl::Time as_of, Response* response) const;
  absl::Time as_of() const;

  pg::Pool& pool_;
  const base::Clock& clock_;
  Consumers* consumers_;
};

void SetFigures(const Figures& figures, v1::SalesFigures* message);

template <typename Response>
void ReportHandler::Stamp(absl::Time as_of, Response* response) const {
  if (as_of != absl::InfinitePast()) base::SetTime(as_of, response->mutable_as_of());
}

}  // namespace cloudpos::reporting
