#include "services/transaction/sale_handler.h"

#include "libs/base/error.h"
#include "libs/base/money.h"
#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"
#include "libs/pricing/trace.h"
#include "services/transaction/domain/basket.h"
#include "services/transaction/reply.h"

namespace cloudpos::transaction {
namespace {

using common::v1::NOT_FOUND;
using common::v1::OUT_OF_RANGE;
using common::v1::Permission;

constexpr const char* kImportReason = "IMPORT";
constexpr int kQuickLinesMax = 50;

std::vector<base::Uuid> VariantIdsOf(const BasketInput& basket) {
  std::vector<base::Uuid> ids;
  for (const LineInput& line : basket.lines) ids.push_back(line.variant);
  return ids;
}

/// Discounts and own prices are rights of their own.
absl::Status RequireRights(rpc::CallContext& ctx, const base::Uuid& store,
                           const BasketInput& basket) {
  if (!basket.discounts.empty()) {
    CLOUDPOS_RETURN_IF_ERROR(ctx.RequirePermission(Permission::SALE_DISCOUNT_ORDER, store));
  }
  bool discount = false, import = false, override_price = false;
  for (const LineInput& line : basket.lines) {
    discount |= !line.discounts.empty();
    if (line.override_price) {
      (line.override_reason == kImportReason ? import : override_price) = true;
    }
  }
  if (discount) {
    CLOUDPOS_RETURN_IF_ERROR(ctx.RequirePermission(Permission::SALE_DISCOUNT_LINE, store));
  }
  if (override_price) {
    CLOUDPOS_RETURN_IF_ERROR(ctx.RequirePermission(Permission::SALE_PRICE_OVERRIDE, store));
  }
  return import ? ctx.RequirePermission(Permission::SALE_IMPORT, store) : absl::OkStatus();
}

void FillResponse(Answer answer, v1::CreateSaleResponse* response) {
  *response->mutable_sale() = std::move(answer.sale);
  if (answer.entry) *response->mutable_journal_entry() = *std::move(answer.entry);
}

/// A token is of its list: one store's, of one business date or of all.
std::string ListName(const v1::ListSalesRequest& request) {
  return "sales " + request.store_id() + " " + request.business_date();
}

std::string PageToken(const v1::ListSalesRequest& request, const SalePosition& position) {
  return base::MakePageToken(
      ListName(request),
      {std::to_string(absl::ToUnixMicros(position.recorded_at)), position.id.ToString()});
}

absl::StatusOr<std::optional<SalePosition>> ParsePageToken(const v1::ListSalesRequest& request) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto parts,
                            base::ParsePageToken(request.page_token(), ListName(request), 2));
  if (parts.empty()) return std::nullopt;
  int64_t micros = 0;
  const auto id = base::Uuid::Parse(parts[1]);
  if (!id || !absl::SimpleAtoi(parts[0], &micros)) return base::BadPageToken();
  return std::optional(SalePosition{absl::FromUnixMicros(micros), *id});
}

}  // namespace

rpc::MethodTable SaleHandler::Methods() {
  rpc::MethodTable table("cloudpos.transaction.v1.SaleService");
  table.Unary("PriceSale", this, &SaleHandler::PriceSale)
      .Unary("CreateSale", this, &SaleHandler::CreateSale)
      .Quick(this, &SaleHandler::TryCreateSale)
      .Unary("GetSale", this, &SaleHandler::GetSale)
      .Unary("ListSales", this, &SaleHandler::ListSales)
      .Unary("CreateReturn", this, &SaleHandler::CreateReturn)
      .Unary("AbandonSale", this, &SaleHandler::AbandonSale)
      .Unary("GetReceipt", this, &SaleHandler::GetReceipt)
      .Unary("GetReceiptHtml", this, &SaleHandler::GetReceiptHtml)
      .Unary("GetReceiptText", this, &SaleHandler::GetReceiptText);
  return table;
}

absl::Status SaleHandler::PriceSale(rpc::CallContext& ctx, const v1::PriceSaleRequest& request,
                                    v1::PriceSaleResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store_id,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const BasketInput input,
                            ParseBasket(request.lines(), request.discounts()));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<TenderInput> tenders,
                            ParseTenders(request.tenders()));
  CLOUDPOS_ASSIGN_OR_RETURN(const Place place, checkout_.LoadStore(ctx, store_id));
  CLOUDPOS_RETURN_IF_ERROR(RequireRights(ctx, store_id, input));
  CLOUDPOS_ASSIGN_OR_RETURN(const Checkout::Goods goods,
                            checkout_.LoadGoods(ctx, VariantIdsOf(input)));
  pricing::Trace trace;
  CLOUDPOS_ASSIGN_OR_RETURN(const PricedBasket basket,
                            PriceBasket(input, *place.store, *place.settings, goods.catalogue,
                                        request.explain() ? &trace : nullptr));
  const StorePolicy policy = place.settings->PolicyOf(store_id);
  Document document;
  FillEntry(input, basket, policy, &document.entry);
  if (!tenders.empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(const pricing::Settlement settlement,
                              SettleSale(basket.result.totals.total, tenders, policy.cash));
    FillTenders(tenders, settlement, &document.entry);
  }
  v1::Sale sale =
      PreviewOf(document.entry, basket.variants, TaxNamesOf(document.entry, *place.settings));
  response->set_currency_code(place.store->currency_code);
  response->mutable_lines()->Swap(sale.mutable_lines());
  response->mutable_taxes()->Swap(sale.mutable_taxes());
  response->mutable_totals()->Swap(sale.mutable_totals());
  response->mutable_tenders()->Swap(sale.mutable_tenders());
  response->set_catalogue_version(goods.version);
  const auto currency = base::Currency::Parse(place.store->currency_code);
  for (const pricing::TraceStep& step : trace) {
    response->add_derivation(pricing::Explain(step, currency ? currency->exponent() : 2));
  }
  return absl::OkStatus();
}

absl::Status SaleHandler::CreateSale(rpc::CallContext& ctx, const v1::CreateSaleRequest& request,
                                     v1::CreateSaleResponse* response) {
  ctx.Note("sale", request.sale_id());
  const std::string fingerprint = FingerprintOf(request);
  Answer answer;
  CLOUDPOS_RETURN_IF_ERROR(checkout_.AnswerOnce(ctx, request.sale_id(), fingerprint, &answer, [&] {
    return RecordSale(ctx, request, fingerprint, &answer);
  }));
  FillResponse(std::move(answer), response);
  return absl::OkStatus();
}

absl::StatusOr<SaleHandler::PreparedSale> SaleHandler::PrepareSale(
    rpc::CallContext& ctx, const v1::CreateSaleRequest& request, const std::string& fingerprint,
    Reading reading) {
  PreparedSale sale;
  CLOUDPOS_ASSIGN_OR_RETURN(sale.input, ParseSale(request));
  const DocumentInput& input = sale.input;
  CLOUDPOS_ASSIGN_OR_RETURN(const BasketInput basket_input,
                            ParseBasket(request.lines(), request.discounts()));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<TenderInput> tenders,
                            ParseTenders(request.tenders()));
  CLOUDPOS_RETURN_IF_ERROR(Checkout::RequireStore(ctx, input.store));
  CLOUDPOS_RETURN_IF_ERROR(RequireRights(ctx, input.store, basket_input));
  CLOUDPOS_RETURN_IF_ERROR(RequireImport(ctx, input, checkout_.clock()));
  CLOUDPOS_ASSIGN_OR_RETURN(sale.place, checkout_.LoadPlace(ctx, input, reading));
  const Place& place = sale.place;

  CLOUDPOS_ASSIGN_OR_RETURN(const Checkout::Goods goods,
                            checkout_.LoadGoods(ctx, VariantIdsOf(basket_input), reading));
  CLOUDPOS_ASSIGN_OR_RETURN(
      const PricedBasket basket,
      PriceBasket(basket_input, *place.store, *place.settings, goods.catalogue));
  const int64_t total = basket.result.totals.total;
  CLOUDPOS_RETURN_IF_ERROR(CheckExpectedTotal(input, *place.store, total));
  const StorePolicy policy = place.settings->PolicyOf(input.store);
  CLOUDPOS_ASSIGN_OR_RETURN(const pricing::Settlement settlement,
                            SettleSale(total, tenders, policy.cash));

  sale.document = checkout_.StartDocument(ctx, place, input, journal::kKindSale, fingerprint);
  Document& document = sale.document;
  FillEntry(basket_input, basket, policy, &document.entry);
  FillTenders(tenders, settlement, &document.entry);
  document.entry.catalogue_version = goods.version;
  document.tax_names = TaxNamesOf(document.entry, *place.settings);
  for (size_t i = 0; i < basket.variants.size(); ++i) {
    document.line_texts.push_back({basket.variants[i]->name, basket_input.lines[i].note});
  }
  for (const TenderInput& tender : tenders) document.tender_references.push_back(tender.reference);
  return sale;
}

absl::Status SaleHandler::RecordSale(rpc::CallContext& ctx, const v1::CreateSaleRequest& request,
                                     const std::string& fingerprint, Answer* answer) {
  CLOUDPOS_ASSIGN_OR_RETURN(PreparedSale sale,
                            PrepareSale(ctx, request, fingerprint, Reading::kMayWait));
  CLOUDPOS_ASSIGN_OR_RETURN(std::optional<Answer> recorded,
                            checkout_.Record(ctx, sale.place, sale.input, &sale.document));
  *answer = *std::move(recorded);
  return absl::OkStatus();
}

bool SaleHandler::TryCreateSale(rpc::CallContext& ctx, const v1::CreateSaleRequest& request,
                                v1::CreateSaleResponse* response, rpc::QuickCall& call) {
  // Under load the workers' queue decides who is served; long sales are theirs, too.
  if (request.lines_size() > kQuickLinesMax || checkout_.IsBusy()) return false;
  // Whatever is refused here may have been recorded before: the ordinary way looks the id up.
  absl::StatusOr<PreparedSale> sale =
      PrepareSale(ctx, request, FingerprintOf(request), Reading::kHeldOnly);
  if (!sale.ok()) return false;
  ctx.Note("sale", request.sale_id());
  return checkout_.RecordQuickly(ctx, sale->place, sale->input, std::move(sale->document),
                                 [response, &call](absl::StatusOr<std::optional<Answer>> answer) {
                                   if (!answer.ok()) return call.End(answer.status());
                                   if (!*answer) return call.RunOrdinarily();
                                   FillResponse(**std::move(answer), response);
                                   call.End(absl::OkStatus());
                                 });
}

absl::StatusOr<v1::Sale> SaleHandler::LoadSale(rpc::CallContext& ctx, const std::string& sale_id) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id, base::Uuid::ParseField(sale_id, "saleId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto stored,
                            LoadDocument(checkout_.pool(), ctx.tenant(), id, ctx.deadline()));
  if (!stored || stored->kind == journal::kKindAbandoned) {
    return base::Fail(NOT_FOUND, "there is no such sale");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(v1::Sale sale, SaleFrom(*stored, true));
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(sale.store_id(), "storeId"));
  CLOUDPOS_RETURN_IF_ERROR(ctx.RequireStore(store));
  return sale;
}

absl::Status SaleHandler::GetSale(rpc::CallContext& ctx, const v1::GetSaleRequest& request,
                                  v1::GetSaleResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(*response->mutable_sale(), LoadSale(ctx, request.sale_id()));
  return absl::OkStatus();
}

absl::Status SaleHandler::ListSales(rpc::CallContext& ctx, const v1::ListSalesRequest& request,
                                    v1::ListSalesResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const int asked, base::PageSize(request.page_size()));
  const size_t size = static_cast<size_t>(asked);
  CLOUDPOS_ASSIGN_OR_RETURN(const auto before, ParsePageToken(request));
  std::optional<absl::CivilDay> date;
  if (!request.business_date().empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(date, base::ParseDate(request.business_date(), "businessDate"));
  }
  CLOUDPOS_ASSIGN_OR_RETURN(std::vector<SalePosition> positions,
                            ListDocuments(checkout_.pool(), ctx.tenant(), store, before, date,
                                          asked + 1, ctx.deadline()));
  if (positions.size() > size) {
    positions.resize(size);
    response->set_next_page_token(PageToken(request, positions.back()));
  }
  std::vector<base::Uuid> ids;
  for (const SalePosition& position : positions) ids.push_back(position.id);
  CLOUDPOS_ASSIGN_OR_RETURN(const auto stored,
                            LoadDocuments(checkout_.pool(), ctx.tenant(), ids, ctx.deadline()));
  for (const base::Uuid& id : ids) {
    const auto found = stored.find(id);
    if (found == stored.end()) continue;
    CLOUDPOS_ASSIGN_OR_RETURN(*response->add_sales(), SaleFrom(found->second, true));
  }
  return absl::OkStatus();
}

absl::Status SaleHandler::AbandonSale(rpc::CallContext& ctx, const v1::AbandonSaleRequest& request,
                                      v1::AbandonSaleResponse* response) {
  ctx.Note("sale", request.sale_id());
  CLOUDPOS_ASSIGN_OR_RETURN(const DocumentInput input, ParseAbandon(request));
  if (SEEDED_BUG("tombstone_not_written")) {
    response->set_state(v1::ABANDONED);
    return absl::OkStatus();
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const Place place, checkout_.LoadPlace(ctx, input));
  Document document =
      checkout_.StartDocument(ctx, place, input, journal::kKindAbandoned, FingerprintOf(request));
  const auto recorded = checkout_.Record(ctx, place, input, &document);
  if (recorded.ok()) {
    response->set_state(v1::ABANDONED);
    return absl::OkStatus();
  }
  // Something stands under the id already: a sale wins over the tombstone, a tombstone stays.
  CLOUDPOS_ASSIGN_OR_RETURN(const auto stored,
                            LoadDocument(checkout_.pool(), ctx.tenant(), input.id, ctx.deadline()));
  if (!stored) return recorded.status();
  response->set_state(stored->kind == journal::kKindAbandoned ? v1::ABANDONED : v1::COMPLETED);
  return absl::OkStatus();
}

}  // namespace cloudpos::transaction
