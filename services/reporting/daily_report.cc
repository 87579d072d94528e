#include <map>
#include <utility>

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "services/reporting/report_handler.h"

namespace cloudpos::reporting {
namespace {

/// By business date and currency.
using Days = std::map<std::pair<std::string, std::string>, v1::DailyFigures>;

v1::DailyFigures& DayOf(const std::string& date, const std::string& currency, Days* days) {
  v1::DailyFigures& day = (*days)[{date, currency}];
  day.set_business_date(date);
  day.set_currency_code(currency);
  return day;
}

void AddFigures(const DayFigures& figures, Days* days) {
  v1::DailyFigures& day = DayOf(figures.business_date, figures.currency, days);
  const Figures& f = figures.figures;
  day.set_sales_minor(f.sales);
  day.set_returns_minor(f.returns);
  day.set_total_minor(f.total());
  day.set_gross_minor(f.gross);
  day.set_discount_minor(f.discount);
  day.set_net_minor(f.net);
  day.set_tax_minor(f.tax);
  day.set_units_sold_milli(f.units_sold);
  day.set_units_returned_milli(f.units_returned);
  day.set_sale_count(f.sale_count);
  day.set_credit_note_count(f.return_count);
}

/// Dates corrections by their store's zone and cut-off as they are now. Answers false when one is
/// of a store that is not known yet.
bool AddCorrections(const std::vector<MinuteCorrections>& corrections,
                    const std::vector<StoreInfo>& stores, const Range& range, Days* days) {
  std::map<base::Uuid, const StoreInfo*> by_id;
  for (const StoreInfo& store : stores) by_id[store.id] = &store;
  bool all_known = true;
  for (const MinuteCorrections& correction : corrections) {
    const auto store = by_id.find(correction.store);
    if (store == by_id.end()) {
      all_known = false;
      continue;
    }
    const absl::CivilDay date = base::BusinessDate(correction.minute, store->second->zone,
                                                   store->second->cutoff_minutes);
    if (date < range.from || date > range.to) continue;
    v1::DailyFigures& day = DayOf(base::FormatDate(date), store->second->currency, days);
    day.set_correction_count(day.correction_count() + correction.count);
    day.set_correction_units_milli(day.correction_units_milli() + correction.units_milli);
  }
  return all_known;
}

}  // namespace

absl::Status ReportHandler::GetDailyReport(rpc::CallContext& ctx,
                                           const v1::GetDailyReportRequest& request,
                                           v1::GetDailyReportResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Range range, ParseRange(ctx, request.from(), request.to(), request.store_id()));
  // Before the figures are read: they are at least as new.
  Stamp(as_of(), response);
  Days days;
  bool all_known = false;
  const auto read = [&](pg::Tx& tx) -> absl::Status {
    days.clear();
    CLOUDPOS_ASSIGN_OR_RETURN(const auto figures, SelectDays(tx, range));
    for (const DayFigures& day : figures) AddFigures(day, &days);
    CLOUDPOS_ASSIGN_OR_RETURN(const auto corrections, SelectCorrections(tx, range));
    if (corrections.empty()) {
      all_known = true;
      return absl::OkStatus();
    }
    CLOUDPOS_ASSIGN_OR_RETURN(const auto stores, SelectStores(tx, range.tenant, range.store));
    all_known = AddCorrections(corrections, stores, range, &days);
    return absl::OkStatus();
  };
  CLOUDPOS_RETURN_IF_ERROR(Read(ctx, read));
  if (!all_known && consumers_ != nullptr) {
    consumers_->CatchUpStores(ctx.deadline());
    CLOUDPOS_RETURN_IF_ERROR(Read(ctx, read));
  }
  for (auto& [key, day] : days) *response->add_days() = std::move(day);
  return absl::OkStatus();
}

}  // namespace cloudpos::reporting
