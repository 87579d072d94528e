// SaleEntry -> canonical bytes. Keys are written in ascending order, which Writer checks.
#include "libs/journal/canonical.h"
#include "libs/journal/entry.h"

namespace cloudpos::journal {
namespace {

// A rough size, so that the bytes are appended without growing the string step by step.
constexpr std::size_t kEntryBytes = 1'200;
constexpr std::size_t kLineBytes = 500;

void Write(const EntryDiscount& discount, Writer* w) {
  w->BeginObject();
  w->Field("amount", discount.amount);
  w->OptionalField("code", discount.code);
  w->Field("kind", discount.kind);
  w->OptionalField("ratePpm", discount.rate_ppm);
  w->EndObject();
}

void Write(const EntryTax& tax, Writer* w) {
  w->BeginObject();
  w->Field("amount", tax.amount);
  w->OptionalField("base", tax.base);
  w->OptionalField("exempt", tax.exempt);
  w->OptionalField("fixedPerUnit", tax.fixed_per_unit);
  w->OptionalField("inclusive", tax.inclusive);
  w->OptionalField("jurisdiction", tax.jurisdiction);
  // Zero-rated says 0; exempt and fixed have no rate at all.
  if (!tax.exempt && tax.fixed_per_unit == 0) w->Field("ratePpm", tax.rate_ppm);
  w->Field("taxId", tax.tax_id);
  w->EndObject();
}

void Write(const EntryTender& tender, Writer* w) {
  w->BeginObject();
  w->Field("amount", tender.amount);
  w->OptionalField("change", tender.change);
  w->OptionalField("paymentId", tender.payment_id);
  w->OptionalField("rounding", tender.rounding);
  w->Field("tenderNo", tender.tender_no);
  w->Field("tendered", tender.tendered);
  w->Field("type", tender.type);
  w->EndObject();
}

void Write(const std::string& id, Writer* w) { w->String(id); }
void Write(const EntryLine& line, Writer* w);

template <typename T>
void WriteArray(std::string_view key, const std::vector<T>& values, Writer* w) {
  if (values.empty()) return;
  w->Key(key);
  w->BeginArray();
  for (const T& value : values) Write(value, w);
  w->EndArray();
}

void Write(const EntryLine& line, Writer* w) {
  w->BeginObject();
  w->OptionalField("categoryId", line.category_id);
  WriteArray("discounts", line.discounts, w);
  w->OptionalField("disposition", line.disposition);
  w->Field("gross", line.gross);
  w->Field("lineNo", line.line_no);
  if (line.list_price != line.unit_price) w->Field("listPrice", line.list_price);
  w->Field("net", line.net);
  w->OptionalField("orderDiscount", line.order_discount);
  w->OptionalField("overrideReason", line.override_reason);
  if (line.price_per != 1) w->Field("pricePer", line.price_per);
  w->OptionalField("productId", line.product_id);
  w->Field("quantityMilli", line.quantity_milli);
  w->OptionalField("returnReason", line.return_reason);
  w->Field("sku", line.sku);
  w->OptionalField("sourceLineNo", line.source_line_no);
  w->Field("stocked", line.stocked);
  w->OptionalField("taxCategory", line.tax_category);
  WriteArray("taxes", line.taxes, w);
  w->Field("total", line.total);
  w->Field("unitPrice", line.unit_price);
  w->Field("variantId", line.variant_id);
  w->EndObject();
}

void WritePolicy(const EntryPolicy& policy, Writer* w) {
  w->Key("policy");
  w->BeginObject();
  if (policy.cash_increment != 1) w->Field("cashIncrement", policy.cash_increment);
  w->Field("discountOrder", policy.discount_order);
  w->Field("discountRounding", policy.discount_rounding);
  w->Field("inclusiveRounding", policy.inclusive_rounding);
  w->Field("roundingLevel", policy.rounding_level);
  w->Field("taxRounding", policy.tax_rounding);
  w->EndObject();
}

void WriteTotals(const EntryTotals& totals, Writer* w) {
  w->Key("totals");
  w->BeginObject();
  w->OptionalField("cashRounding", totals.cash_rounding);
  w->OptionalField("change", totals.change);
  w->OptionalField("discount", totals.discount);
  w->Field("gross", totals.gross);
  w->Field("net", totals.net);
  w->Field("tax", totals.tax);
  w->Field("total", totals.total);
  w->EndObject();
}

}  // namespace

int EntrySign(const SaleEntry& entry) {
  if (entry.training) return 0;
  if (entry.kind == kKindSale) return 1;
  return entry.kind == kKindReturn ? -1 : 0;
}

bool IsReceipt(const SaleEntry& entry) {
  return entry.kind == kKindSale || entry.kind == kKindReturn;
}

Error EncodeEntry(const SaleEntry& entry, std::string* out) {
  out->reserve(out->size() + kEntryBytes + kLineBytes * entry.lines.size());
  Writer w(out);
  w.BeginObject();
  WriteArray("approvals", entry.approvals, &w);
  w.Field("businessDate", entry.business_date);
  w.OptionalField("catalogueVersion", entry.catalogue_version);
  w.Field("currency", entry.currency);
  w.OptionalField("customerRef", entry.customer_ref);
  w.OptionalField("device", entry.device);
  w.OptionalField("drawerId", entry.drawer_id);
  w.Field("generation", entry.generation);
  w.Field("grandTotal", entry.grand_total);
  w.Field("journal", entry.journal);
  w.Field("kind", entry.kind);
  WriteArray("lines", entry.lines, &w);
  w.Field("n", entry.n);
  w.Field("occurredAtUs", entry.occurred_at_us);
  w.OptionalField("operatorId", entry.operator_id);
  WriteArray("orderDiscounts", entry.order_discounts, &w);
  if (!entry.lines.empty()) WritePolicy(entry.policy, &w);
  w.Field("postingDate", entry.posting_date);
  w.OptionalField("reason", entry.reason);
  w.OptionalField("receiptNo", entry.receipt_no);
  w.Field("register", entry.register_id);
  w.Field("saleId", entry.sale_id);
  w.OptionalField("series", entry.series);
  w.OptionalField("shiftId", entry.shift_id);
  w.OptionalField("sourceSaleId", entry.source_sale_id);
  w.Field("store", entry.store);
  WriteArray("taxes", entry.taxes, &w);
  w.Field("tenant", entry.tenant);
  WriteArray("tenders", entry.tenders, &w);
  if (!entry.lines.empty()) WriteTotals(entry.totals, &w);
  w.OptionalField("training", entry.training);
  w.OptionalField("utcOffsetMin", entry.utc_offset_min);
  w.Field("v", entry.v);
  w.EndObject();
  return w.error();
}

}  // namespace cloudpos::journal
