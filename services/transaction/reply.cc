#include "services/transaction/reply.h"

#include <map>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/journal/canonical.h"
#include "libs/journal/entry.h"
#include "libs/log/log.h"

namespace cloudpos::transaction {
namespace {

using TaxNames = std::map<std::string, std::string, std::less<>>;

TaxNames ParseTaxNames(const std::string& json) {
  TaxNames names;
  journal::Document document;
  if (!journal::Document::Parse(json, journal::ParseMode::kAnyJson, &document).ok()) return names;
  for (journal::Value v = document.root().First(); v.present(); v = v.Next()) {
    names.emplace(v.Find("id").String(), v.Find("name").String());
  }
  return names;
}

template <typename Proto>
void FillTax(const journal::EntryTax& tax, const TaxNames& names, Proto* out) {
  const auto name = names.find(tax.tax_id);
  out->set_tax_id(tax.tax_id);
  if (name != names.end()) out->set_name(name->second);
  out->set_rate_ppm(static_cast<int32_t>(tax.rate_ppm));
  out->set_inclusive(tax.inclusive);
  out->set_amount_minor(tax.amount);
}

void FillLine(const journal::EntryLine& line, const StoredDocument::Line& stored,
              const TaxNames& names, bool with_returns, v1::SaleLine* out) {
  int64_t discount = 0;
  for (const journal::EntryDiscount& taken : line.discounts) discount += taken.amount;
  out->set_line_no(static_cast<int32_t>(line.line_no));
  out->set_variant_id(line.variant_id);
  out->set_sku(line.sku);
  out->set_name(stored.name);
  out->set_quantity_milli(line.quantity_milli);
  out->set_price_per(line.price_per);
  out->set_list_price_minor(line.list_price);
  out->set_unit_price_minor(line.unit_price);
  out->set_override_reason(line.override_reason);
  out->set_gross_minor(line.gross);
  out->set_discount_minor(discount);
  out->set_order_discount_minor(line.order_discount);
  out->set_net_minor(line.net);
  out->set_tax_minor(line.total - line.net);
  out->set_total_minor(line.total);
  for (const journal::EntryTax& tax : line.taxes) FillTax(tax, names, out->add_taxes());
  out->set_note(stored.note);
  if (with_returns) out->set_returned_milli(stored.returned_milli);
  out->set_source_line_no(static_cast<int32_t>(line.source_line_no));
  v1::Disposition disposition;
  if (v1::Disposition_Parse(line.disposition, &disposition)) out->set_disposition(disposition);
}

void FillTotals(const journal::EntryTotals& totals, v1::SaleTotals* out) {
  out->set_gross_minor(totals.gross);
  out->set_discount_minor(totals.discount);
  out->set_net_minor(totals.net);
  out->set_tax_minor(totals.tax);
  out->set_total_minor(totals.total);
  out->set_cash_rounding_minor(totals.cash_rounding);
  out->set_change_minor(totals.change);
}

void FillTender(const journal::EntryTender& tender, const std::string& reference, v1::Tender* out) {
  v1::TenderType type = v1::OTHER;
  v1::TenderType_Parse(tender.type, &type);
  out->set_tender_no(static_cast<int32_t>(tender.tender_no));
  out->set_type(type);
  out->set_applied_minor(tender.amount);
  out->set_tendered_minor(tender.tendered);
  out->set_change_minor(tender.change);
  out->set_rounding_minor(tender.rounding);
  out->set_reference(reference);
}

void FillHeader(const journal::SaleEntry& entry, v1::Sale* sale) {
  sale->set_sale_id(entry.sale_id);
  sale->set_kind(entry.kind == journal::kKindReturn ? v1::RETURN : v1::SALE);
  sale->set_state(entry.kind == journal::kKindAbandoned ? v1::ABANDONED : v1::COMPLETED);
  sale->set_store_id(entry.store);
  sale->set_register_id(entry.register_id);
  sale->set_operator_id(entry.operator_id);
  sale->set_journal_id(entry.journal);
  sale->set_journal_no(entry.n);
  sale->set_receipt_no(entry.receipt_no);
  sale->set_currency_code(entry.currency);
  base::SetTime(absl::FromUnixMicros(entry.occurred_at_us), sale->mutable_occurred_at());
  sale->set_business_date(entry.business_date);
  sale->set_catalogue_version(entry.catalogue_version);
  sale->set_customer_ref(entry.customer_ref);
  sale->set_source_sale_id(entry.source_sale_id);
  sale->set_reason_code(entry.reason);
}

absl::StatusOr<journal::SaleEntry> EntryOf(const StoredDocument& stored) {
  journal::SaleEntry entry;
  if (const journal::Error error = journal::ParseEntry(stored.payload, &entry); !error.ok()) {
    log::Error("stored journal entry cannot be read", {{"error", journal::ErrorName(error.code)}});
    return base::Fail(common::v1::INTERNAL, "the stored sale cannot be read");
  }
  return entry;
}

/// Answers the sale of an entry and the texts stored beside it.
v1::Sale Compose(const journal::SaleEntry& entry, const StoredDocument& stored,
                 const TaxNames& names, bool with_returns) {
  v1::Sale sale;
  FillHeader(entry, &sale);
  for (size_t i = 0; i < entry.lines.size() && i < stored.lines.size(); ++i) {
    FillLine(entry.lines[i], stored.lines[i], names, with_returns, sale.add_lines());
  }
  for (const journal::EntryTax& tax : entry.taxes) {
    v1::TaxTotal* total = sale.add_taxes();
    FillTax(tax, names, total);
    total->set_base_minor(tax.base);
  }
  FillTotals(entry.totals, sale.mutable_totals());
  for (size_t i = 0; i < entry.tenders.size() && i < stored.tender_references.size(); ++i) {
    FillTender(entry.tenders[i], stored.tender_references[i], sale.add_tenders());
  }
  sale.set_receipt_number(stored.receipt_number);
  base::SetTime(stored.recorded_at, sale.mutable_recorded_at());
  sale.set_note(stored.note);
  sale.set_order_reference(stored.order_reference);
  sale.set_journal_hash(base::HexEncode(stored.hash));
  return sale;
}

Answer AnswerWith(const journal::SaleEntry& entry, const StoredDocument& stored,
                  const TaxNames& names) {
  Answer answer{.sale = Compose(entry, stored, names, false), .entry = std::nullopt};
  if (!entry.device.empty()) {
    answer.entry.emplace();
    answer.entry->set_payload(stored.payload);
    answer.entry->set_hash(stored.hash);
  }
  return answer;
}

}  // namespace

v1::Sale PreviewOf(const journal::SaleEntry& entry, const std::vector<VariantPtr>& variants,
                   const std::vector<std::string>& tax_names) {
  v1::Sale sale;
  TaxNames names;
  for (size_t i = 0; i < entry.taxes.size(); ++i) names[entry.taxes[i].tax_id] = tax_names[i];
  for (size_t i = 0; i < entry.lines.size(); ++i) {
    FillLine(entry.lines[i], {variants[i]->name, "", 0}, names, false, sale.add_lines());
  }
  for (const journal::EntryTax& tax : entry.taxes) {
    v1::TaxTotal* total = sale.add_taxes();
    FillTax(tax, names, total);
    total->set_base_minor(tax.base);
  }
  FillTotals(entry.totals, sale.mutable_totals());
  for (const journal::EntryTender& tender : entry.tenders) {
    FillTender(tender, "", sale.add_tenders());
  }
  return sale;
}

absl::StatusOr<v1::Sale> SaleFrom(const StoredDocument& stored, bool with_returns) {
  CLOUDPOS_ASSIGN_OR_RETURN(const journal::SaleEntry entry, EntryOf(stored));
  return Compose(entry, stored, ParseTaxNames(stored.taxes), with_returns);
}

absl::StatusOr<Answer> AnswerFrom(const StoredDocument& stored) {
  CLOUDPOS_ASSIGN_OR_RETURN(const journal::SaleEntry entry, EntryOf(stored));
  return AnswerWith(entry, stored, ParseTaxNames(stored.taxes));
}

Answer AnswerOf(const Document& document) {
  StoredDocument texts{
      .kind = document.entry.kind,
      .fingerprint = {},
      .payload = document.entry.device.empty() ? std::string() : document.payload,
      .hash = {reinterpret_cast<const char*>(document.hash.data()), document.hash.size()},
      .receipt_number = document.receipt_number(),
      .taxes = {},
      .note = document.note,
      .order_reference = document.order_reference,
      .recorded_at = document.recorded_at,
      .lines = {},
      .tender_references = document.tender_references};
  for (const LineText& text : document.line_texts) {
    texts.lines.push_back({text.name, text.note, 0});
  }
  TaxNames names;
  for (size_t i = 0; i < document.entry.taxes.size(); ++i) {
    names.emplace(document.entry.taxes[i].tax_id, document.tax_names[i]);
  }
  return AnswerWith(document.entry, texts, names);
}

}  // namespace cloudpos::transaction
