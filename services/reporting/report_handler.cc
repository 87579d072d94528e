#include "services/reporting/report_handler.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"

namespace cloudpos::reporting {
namespace {

using base::Fail;
using common::v1::NOT_FOUND;
using common::v1::OUT_OF_RANGE;
using common::v1::PERMISSION_DENIED;

constexpr int kDaysMax = 400;

}  // namespace

void SetFigures(const Figures& figures, v1::SalesFigures* message) {
  message->set_sales_minor(figures.sales);
  message->set_returns_minor(figures.returns);
  message->set_total_minor(figures.total());
  message->set_gross_minor(figures.gross);
  message->set_discount_minor(figures.discount);
  message->set_net_minor(figures.net);
  message->set_tax_minor(figures.tax);
  message->set_units_sold_milli(figures.units_sold);
  message->set_units_returned_milli(figures.units_returned);
  message->set_sale_count(figures.sale_count);
  message->set_return_count(figures.return_count);
}

rpc::MethodTable ReportHandler::Methods() {
  rpc::MethodTable table("cloudpos.reporting.v1.ReportService");
  table.Unary("GetDailyReport", this, &ReportHandler::GetDailyReport);
  table.Unary("GetSalesReport", this, &ReportHandler::GetSalesReport);
  table.Unary("GetTaxReport", this, &ReportHandler::GetTaxReport);
  table.Unary("GetDashboard", this, &ReportHandler::GetDashboard);
  table.Unary("GetProgress", this, &ReportHandler::GetProgress);
  return table;
}

absl::Time ReportHandler::as_of() const {
  return consumers_ == nullptr ? absl::InfinitePast() : consumers_->as_of();
}

absl::Status ReportHandler::Read(rpc::CallContext& ctx,
                                 const std::function<absl::Status(pg::Tx&)>& body) {
  return pg::TransactRaw(pool_,
                         {.tenant = ctx.tenant(),
                          .deadline = ctx.deadline(),
                          .read_only = true,
                          .repeatable_read = true},
                         body);
}

absl::StatusOr<std::optional<base::Uuid>> ReportHandler::Scope(rpc::CallContext& ctx,
                                                               const std::string& store) {
  if (store.empty()) {
    ctx.MarkStoresChecked();
    if (ctx.claims().HasForTenant(common::v1::REPORT_READ)) return std::optional<base::Uuid>();
    return Fail(PERMISSION_DENIED, "storeId", "the right report.read for every store is missing",
                "name a store that you may see the reports of");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id, base::Uuid::ParseField(store, "storeId"));
  CLOUDPOS_RETURN_IF_ERROR(ctx.RequireStore(id));
  bool is_known = false;
  const auto look = [&](pg::Tx& tx) -> absl::Status {
    CLOUDPOS_ASSIGN_OR_RETURN(const auto stores, SelectStores(tx, ctx.tenant(), id));
    is_known = !stores.empty();
    return absl::OkStatus();
  };
  CLOUDPOS_RETURN_IF_ERROR(Read(ctx, look));
  if (!is_known && consumers_ != nullptr) {
    consumers_->CatchUpStores(ctx.deadline());
    CLOUDPOS_RETURN_IF_ERROR(Read(ctx, look));
  }
  if (!is_known) return Fail(NOT_FOUND, "storeId", "there is no such store");
  return std::optional<base::Uuid>(id);
}

absl::StatusOr<Range> ReportHandler::ParseRange(rpc::CallContext& ctx, const std::string& from,
                                                const std::string& to, const std::string& store) {
  Range range;
  CLOUDPOS_ASSIGN_OR_RETURN(range.from, base::ParseDate(from, "from"));
  CLOUDPOS_ASSIGN_OR_RETURN(range.to, base::ParseDate(to, "to"));
  if (range.to < range.from) return Fail(OUT_OF_RANGE, "to", "lies before from");
  if (range.to - range.from >= kDaysMax) {
    return Fail(OUT_OF_RANGE, "to", "a report covers at most 400 days");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(range.store, Scope(ctx, store));
  range.tenant = ctx.tenant();
  return range;
}

absl::Status ReportHandler::GetTaxReport(rpc::CallContext& ctx,
                                         const v1::GetTaxReportRequest& request,
                                         v1::GetTaxReportResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Range range,
                            ParseRange(ctx, request.from(), request.to(), request.store_id()));
  Stamp(as_of(), response);
  return Read(ctx, [&](pg::Tx& tx) -> absl::Status {
    CLOUDPOS_ASSIGN_OR_RETURN(auto taxes, SelectTaxes(tx, range));
    response->mutable_taxes()->Assign(taxes.begin(), taxes.end());
    return absl::OkStatus();
  });
}

}  // namespace cloudpos::reporting
