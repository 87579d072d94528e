#include <map>

#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "services/reporting/report_handler.h"

namespace cloudpos::reporting {
namespace {

constexpr int64_t kTopProducts = 10;
constexpr int64_t kLowestStock = 10;
constexpr absl::Duration kHoursShown = absl::Hours(24);

struct Today {
  std::vector<StoreInfo> stores;
  std::vector<StoreDay> days;  // of the same index
  std::vector<Group> figures;  // by store
  std::vector<Group> products;
  std::map<std::string, std::string> product_names;
  std::vector<HourFigures> hours;
};

void AddStores(const Today& today, v1::GetDashboardResponse* response) {
  std::map<std::string, Figures> by_store;
  for (const Group& group : today.figures) by_store[group.key] += group.figures;
  std::map<std::string, Figures> by_currency;
  for (size_t i = 0; i < today.stores.size(); ++i) {
    const StoreInfo& store = today.stores[i];
    const Figures figures = by_store[store.id.ToString()];
    by_currency[store.currency] += figures;
    v1::StoreToday* out = response->add_stores();
    out->set_store_id(store.id.ToString());
    out->set_name(store.name);
    out->set_business_date(base::FormatDate(today.days[i].second));
    out->set_currency_code(store.currency);
    SetFigures(figures, out->mutable_figures());
  }
  for (const auto& [currency, figures] : by_currency) {
    v1::CurrencyFigures* out = response->add_today();
    out->set_currency_code(currency);
    SetFigures(figures, out->mutable_figures());
  }
}

void AddHours(const Today& today, v1::GetDashboardResponse* response) {
  for (const HourFigures& hour : today.hours) {
    v1::HourVolume* out = response->add_hours();
    base::SetTime(hour.hour_start, out->mutable_hour_start());
    out->set_currency_code(hour.currency);
    out->set_total_minor(hour.figures.total());
    out->set_sale_count(hour.figures.sale_count);
    out->set_return_count(hour.figures.return_count);
  }
}

void AddProducts(const Today& today, v1::GetDashboardResponse* response) {
  for (const Group& group : today.products) {
    v1::SalesGroup* out = response->add_top_products();
    out->set_key(group.key);
    const auto name = today.product_names.find(group.key);
    if (name != today.product_names.end()) out->set_name(name->second);
    out->set_currency_code(group.currency);
    SetFigures(group.figures, out->mutable_figures());
  }
}

}  // namespace

absl::Status ReportHandler::GetDashboard(rpc::CallContext& ctx,
                                         const v1::GetDashboardRequest& request,
                                         v1::GetDashboardResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::optional<base::Uuid> store, Scope(ctx, request.store_id()));
  Stamp(as_of(), response);
  const absl::Time now = clock_.Now();
  Today today;
  CLOUDPOS_RETURN_IF_ERROR(Read(ctx, [&](pg::Tx& tx) -> absl::Status {
    today = Today();
    CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<StoreInfo> all,
                              SelectStores(tx, ctx.tenant(), store));
    for (const StoreInfo& info : all) {
      if (info.archived) continue;
      today.stores.push_back(info);
      today.days.emplace_back(info.id, base::BusinessDate(now, info.zone, info.cutoff_minutes));
    }
    CLOUDPOS_ASSIGN_OR_RETURN(today.figures, SelectStoreDays(tx, ctx.tenant(), today.days));
    CLOUDPOS_ASSIGN_OR_RETURN(today.products,
                              SelectTopProducts(tx, ctx.tenant(), today.days, kTopProducts));
    CLOUDPOS_ASSIGN_OR_RETURN(today.product_names,
                              SelectNames(tx, ctx.tenant(), v1::PRODUCT, today.products));
    CLOUDPOS_ASSIGN_OR_RETURN(today.hours, SelectHours(tx, ctx.tenant(), store, now - kHoursShown));
    CLOUDPOS_ASSIGN_OR_RETURN(*response->mutable_stock(),
                              SelectStock(tx, ctx.tenant(), store, kLowestStock));
    return absl::OkStatus();
  }));
  AddStores(today, response);
  AddHours(today, response);
  AddProducts(today, response);
  return absl::OkStatus();
}

}  // namespace cloudpos::reporting
