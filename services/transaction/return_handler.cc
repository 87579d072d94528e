// The returns of SaleService; the class is sale_handler.h's.

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/transaction/domain/basket.h"
#include "services/transaction/domain/refund.h"
#include "services/transaction/reply.h"
#include "services/transaction/sale_handler.h"

namespace cloudpos::transaction {
namespace {

using common::v1::CONFLICT;
using common::v1::NOT_FOUND;
using common::v1::NOT_RETURNABLE;
using common::v1::Permission;

/// Another return of the same lines won this often in a row: give up.
constexpr int kAttempts = 8;

/// What a return is made of, either way.
struct Refunded {
  Document document;
  int64_t total = 0;
};

absl::Status FillFromSale(const StoredDocument& source, const std::vector<ReturnLineInput>& lines,
                          Document* document) {
  journal::SaleEntry sold;
  if (!journal::ParseEntry(source.payload, &sold).ok()) {
    return base::Fail(common::v1::INTERNAL, "the stored sale cannot be read");
  }
  if (sold.store != document->entry.store) {
    return base::Fail(NOT_RETURNABLE, "sourceSaleId", "the goods were sold in another store");
  }
  std::vector<LinkedReturnLine> linked;
  for (const ReturnLineInput& line : lines) {
    const size_t index = static_cast<size_t>(line.source_line_no) - 1;
    const int64_t before = index < source.lines.size() ? source.lines[index].returned_milli : 0;
    linked.push_back({line.source_line_no, line.quantity_milli, before, line.disposition});
    document->returned_before.push_back(before);
  }
  CLOUDPOS_RETURN_IF_ERROR(FillLinkedReturn(sold, linked, &document->entry));
  for (journal::EntryLine& line : document->entry.lines) {
    line.return_reason = document->entry.reason;
    document->line_texts.push_back(
        {source.lines[static_cast<size_t>(line.source_line_no) - 1].name, ""});
  }
  document->entry.source_sale_id = sold.sale_id;
  document->entry.catalogue_version = sold.catalogue_version;
  return absl::OkStatus();
}

/// Goods without a receipt: priced as a sale of today, or by the prices given. An archived product
/// can still come back.
absl::Status FillFromCatalogue(const Place& place, const Checkout::Goods& goods,
                               const std::vector<ReturnLineInput>& lines, Document* document) {
  BasketInput input;
  for (const ReturnLineInput& line : lines) {
    LineInput sold;
    sold.variant = line.variant;
    sold.quantity_milli = line.quantity_milli;
    sold.override_price = line.unit_price;
    if (line.unit_price) sold.override_reason = document->entry.reason;
    input.lines.push_back(std::move(sold));
  }
  Catalogue catalogue;
  for (const auto& [id, variant] : goods.catalogue) {
    auto returnable = std::make_shared<Variant>(*variant);
    returnable->archived = false;
    catalogue.emplace(id, std::move(returnable));
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const PricedBasket basket,
                            PriceBasket(input, *place.store, *place.settings, catalogue));
  FillEntry(input, basket, place.settings->PolicyOf(place.store->id), &document->entry);
  for (size_t i = 0; i < lines.size(); ++i) {
    document->entry.lines[i].disposition = lines[i].disposition;
    document->entry.lines[i].return_reason = document->entry.reason;
    document->line_texts.push_back({basket.variants[i]->name, ""});
    document->returned_before.push_back(0);
  }
  document->entry.catalogue_version = goods.version;
  return absl::OkStatus();
}

absl::StatusOr<StoredDocument> LoadSource(rpc::CallContext& ctx, pg::Pool& pool,
                                          const base::Uuid& id) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto source,
                            LoadDocument(pool, ctx.tenant(), id, ctx.deadline()));
  if (!source || source->kind == journal::kKindAbandoned) {
    return base::Fail(NOT_FOUND, "sourceSaleId", "there is no such sale");
  }
  if (source->kind != journal::kKindSale) {
    return base::Fail(NOT_RETURNABLE, "sourceSaleId", "only a sale can be returned against");
  }
  return *source;
}

}  // namespace

absl::Status SaleHandler::CreateReturn(rpc::CallContext& ctx,
                                       const v1::CreateReturnRequest& request,
                                       v1::CreateReturnResponse* response) {
  ctx.Note("sale", request.return_id());
  const std::string fingerprint = FingerprintOf(request);
  Answer answer;
  CLOUDPOS_RETURN_IF_ERROR(
      checkout_.AnswerOnce(ctx, request.return_id(), fingerprint, &answer,
                           [&] { return RecordReturn(ctx, request, fingerprint, &answer); }));
  *response->mutable_return_document() = std::move(answer.sale);
  if (answer.entry) *response->mutable_journal_entry() = *std::move(answer.entry);
  return absl::OkStatus();
}

absl::Status SaleHandler::RecordReturn(rpc::CallContext& ctx,
                                       const v1::CreateReturnRequest& request,
                                       const std::string& fingerprint, Answer* answer) {
  const bool linked = !request.source_sale_id().empty();
  CLOUDPOS_ASSIGN_OR_RETURN(const DocumentInput input, ParseReturn(request));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<ReturnLineInput> lines,
                            ParseReturnLines(request.lines(), linked));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<TenderInput> tenders,
                            ParseTenders(request.tenders()));
  base::Uuid source_id;
  if (linked) {
    CLOUDPOS_ASSIGN_OR_RETURN(source_id,
                              base::Uuid::ParseField(request.source_sale_id(), "sourceSaleId"));
  }
  CLOUDPOS_RETURN_IF_ERROR(Checkout::RequireStore(ctx, input.store));
  if (!linked) {
    CLOUDPOS_RETURN_IF_ERROR(ctx.RequirePermission(Permission::RETURN_UNLINKED, input.store));
  }
  CLOUDPOS_RETURN_IF_ERROR(RequireImport(ctx, input, checkout_.clock()));
  CLOUDPOS_ASSIGN_OR_RETURN(const Place place, checkout_.LoadPlace(ctx, input));

  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Document document =
        checkout_.StartDocument(ctx, place, input, journal::kKindReturn, fingerprint);
    if (linked) {
      CLOUDPOS_ASSIGN_OR_RETURN(const StoredDocument source,
                                LoadSource(ctx, checkout_.pool(), source_id));
      CLOUDPOS_RETURN_IF_ERROR(FillFromSale(source, lines, &document));
    } else {
      std::vector<base::Uuid> variants;
      for (const ReturnLineInput& line : lines) variants.push_back(line.variant);
      CLOUDPOS_ASSIGN_OR_RETURN(const Checkout::Goods goods, checkout_.LoadGoods(ctx, variants));
      CLOUDPOS_RETURN_IF_ERROR(FillFromCatalogue(place, goods, lines, &document));
    }
    const int64_t total = document.entry.totals.total;
    CLOUDPOS_RETURN_IF_ERROR(CheckExpectedTotal(input, *place.store, total));
    CLOUDPOS_ASSIGN_OR_RETURN(
        const pricing::Settlement settlement,
        SettleReturn(total, tenders, place.settings->PolicyOf(input.store).cash));
    FillTenders(tenders, settlement, &document.entry);
    document.tax_names = TaxNamesOf(document.entry, *place.settings);
    for (const TenderInput& tender : tenders) {
      document.tender_references.push_back(tender.reference);
    }
    CLOUDPOS_ASSIGN_OR_RETURN(std::optional<Answer> recorded,
                              checkout_.Record(ctx, place, input, &document));
    if (recorded) {
      *answer = *std::move(recorded);
      return absl::OkStatus();
    }
  }
  return base::Fail(CONFLICT, "other returns of the same sale are under way; try again");
}

}  // namespace cloudpos::transaction
