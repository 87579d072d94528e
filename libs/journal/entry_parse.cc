// Canonical bytes -> SaleEntry.
#include "libs/journal/canonical.h"
#include "libs/journal/entry.h"

namespace cloudpos::journal {
namespace {

// Reads the members of one object. Asked for keys in ascending order it walks the members once;
// keys nobody asks for belong to a later version and are passed by. The first error sticks.
class Fields {
 public:
  Fields(const Value& object, Error* error) : next_(object.First()), error_(error) {
    if (!object.IsObject()) Fail(ErrorCode::kWrongType);
  }

  void Required(std::string_view key, std::string* out) { Read(key, true, out); }
  void Required(std::string_view key, std::int64_t* out) { Read(key, true, out); }
  void Required(std::string_view key, bool* out) { Read(key, true, out); }
  void Optional(std::string_view key, std::string* out) { Read(key, false, out); }
  void Optional(std::string_view key, std::int64_t* out) { Read(key, false, out); }
  void Optional(std::string_view key, bool* out) { Read(key, false, out); }

  // Missing if absent; an error unless it is an array.
  Value OptionalArray(std::string_view key) {
    const Value value = Take(key);
    if (value.present() && !value.IsArray()) Fail(ErrorCode::kWrongType);
    return value.IsArray() ? value : Value();
  }
  Value OptionalObject(std::string_view key) { return Take(key); }

  void Fail(ErrorCode code) {
    if (error_->ok()) *error_ = {code, 0};
  }

 private:
  Value Take(std::string_view key) {
    while (next_.present() && KeyLess(next_.Key(), key)) next_ = next_.Next();
    if (!next_.present() || next_.Key() != key) return {};
    const Value found = next_;
    next_ = next_.Next();
    return found;
  }

  template <typename T>
  void Read(std::string_view key, bool required, T* out) {
    const Value value = Take(key);
    if (!value.present()) {
      if (required) Fail(ErrorCode::kMissingField);
    } else if (!Set(value, out)) {
      Fail(ErrorCode::kWrongType);
    }
  }

  static bool Set(const Value& value, std::string* out) {
    *out = value.String();
    return value.IsString();
  }
  static bool Set(const Value& value, std::int64_t* out) {
    *out = value.Int();
    return value.IsInt();
  }
  static bool Set(const Value& value, bool* out) {
    *out = value.Bool();
    return value.IsBool();
  }

  Value next_;
  Error* error_;
};

void Read(const Value& value, EntryDiscount* discount, Error* error) {
  Fields f(value, error);
  f.Required("amount", &discount->amount);
  f.Optional("code", &discount->code);
  f.Required("kind", &discount->kind);
  f.Optional("ratePpm", &discount->rate_ppm);
}

void Read(const Value& value, EntryTax* tax, Error* error) {
  Fields f(value, error);
  f.Required("amount", &tax->amount);
  f.Optional("base", &tax->base);
  f.Optional("exempt", &tax->exempt);
  f.Optional("fixedPerUnit", &tax->fixed_per_unit);
  f.Optional("inclusive", &tax->inclusive);
  f.Optional("jurisdiction", &tax->jurisdiction);
  f.Optional("ratePpm", &tax->rate_ppm);
  f.Required("taxId", &tax->tax_id);
}

void Read(const Value& value, EntryTender* tender, Error* error) {
  Fields f(value, error);
  f.Required("amount", &tender->amount);
  f.Optional("change", &tender->change);
  f.Optional("paymentId", &tender->payment_id);
  f.Optional("rounding", &tender->rounding);
  f.Required("tenderNo", &tender->tender_no);
  f.Required("tendered", &tender->tendered);
  f.Required("type", &tender->type);
}

void Read(const Value& value, std::string* id, Error* error) {
  if (!value.IsString() && error->ok()) *error = {ErrorCode::kWrongType, 0};
  *id = value.String();
}

void Read(const Value& value, EntryLine* line, Error* error);

template <typename T>
void ReadArray(const Value& array, std::vector<T>* out, Error* error) {
  out->clear();
  out->reserve(array.size());
  for (Value value = array.First(); value.present(); value = value.Next()) {
    Read(value, &out->emplace_back(), error);
  }
}

void Read(const Value& value, EntryLine* line, Error* error) {
  Fields f(value, error);
  f.Optional("categoryId", &line->category_id);
  ReadArray(f.OptionalArray("discounts"), &line->discounts, error);
  f.Optional("disposition", &line->disposition);
  f.Required("gross", &line->gross);
  f.Required("lineNo", &line->line_no);
  constexpr std::int64_t kAbsent = -1;
  line->list_price = kAbsent;
  f.Optional("listPrice", &line->list_price);
  f.Required("net", &line->net);
  f.Optional("orderDiscount", &line->order_discount);
  f.Optional("overrideReason", &line->override_reason);
  f.Optional("pricePer", &line->price_per);
  f.Optional("productId", &line->product_id);
  f.Required("quantityMilli", &line->quantity_milli);
  f.Optional("returnReason", &line->return_reason);
  f.Required("sku", &line->sku);
  f.Optional("sourceLineNo", &line->source_line_no);
  f.Required("stocked", &line->stocked);
  f.Optional("taxCategory", &line->tax_category);
  ReadArray(f.OptionalArray("taxes"), &line->taxes, error);
  f.Required("total", &line->total);
  f.Required("unitPrice", &line->unit_price);
  f.Required("variantId", &line->variant_id);
  if (line->list_price == kAbsent) line->list_price = line->unit_price;
}

void ReadPolicy(const Value& value, EntryPolicy* policy, Error* error) {
  Fields f(value, error);
  f.Optional("cashIncrement", &policy->cash_increment);
  f.Required("discountOrder", &policy->discount_order);
  f.Required("discountRounding", &policy->discount_rounding);
  f.Required("inclusiveRounding", &policy->inclusive_rounding);
  f.Required("roundingLevel", &policy->rounding_level);
  f.Required("taxRounding", &policy->tax_rounding);
}

void ReadTotals(const Value& value, EntryTotals* totals, Error* error) {
  Fields f(value, error);
  f.Optional("cashRounding", &totals->cash_rounding);
  f.Optional("change", &totals->change);
  f.Optional("discount", &totals->discount);
  f.Required("gross", &totals->gross);
  f.Required("net", &totals->net);
  f.Required("tax", &totals->tax);
  f.Required("total", &totals->total);
}

void ReadEntry(const Value& root, SaleEntry* entry, Error* error) {
  Fields f(root, error);
  ReadArray(f.OptionalArray("approvals"), &entry->approvals, error);
  f.Required("businessDate", &entry->business_date);
  f.Optional("catalogueVersion", &entry->catalogue_version);
  f.Required("currency", &entry->currency);
  f.Optional("customerRef", &entry->customer_ref);
  f.Optional("device", &entry->device);
  f.Optional("drawerId", &entry->drawer_id);
  f.Required("generation", &entry->generation);
  f.Required("grandTotal", &entry->grand_total);
  f.Required("journal", &entry->journal);
  f.Required("kind", &entry->kind);
  ReadArray(f.OptionalArray("lines"), &entry->lines, error);
  f.Required("n", &entry->n);
  f.Required("occurredAtUs", &entry->occurred_at_us);
  f.Optional("operatorId", &entry->operator_id);
  ReadArray(f.OptionalArray("orderDiscounts"), &entry->order_discounts, error);
  const Value policy = f.OptionalObject("policy");
  f.Required("postingDate", &entry->posting_date);
  f.Optional("reason", &entry->reason);
  f.Optional("receiptNo", &entry->receipt_no);
  f.Required("register", &entry->register_id);
  f.Required("saleId", &entry->sale_id);
  f.Optional("series", &entry->series);
  f.Optional("shiftId", &entry->shift_id);
  f.Optional("sourceSaleId", &entry->source_sale_id);
  f.Required("store", &entry->store);
  ReadArray(f.OptionalArray("taxes"), &entry->taxes, error);
  f.Required("tenant", &entry->tenant);
  ReadArray(f.OptionalArray("tenders"), &entry->tenders, error);
  const Value totals = f.OptionalObject("totals");
  f.Optional("training", &entry->training);
  f.Optional("utcOffsetMin", &entry->utc_offset_min);
  f.Required("v", &entry->v);
  if (policy.present()) ReadPolicy(policy, &entry->policy, error);
  if (totals.present()) ReadTotals(totals, &entry->totals, error);
  const bool priced = !entry->lines.empty();
  if (policy.present() != priced || totals.present() != priced) f.Fail(ErrorCode::kMissingField);
  if (entry->v < 1 || entry->n < 1) f.Fail(ErrorCode::kBadValue);
}

}  // namespace

Error ParseEntry(std::string_view payload, SaleEntry* entry) {
  Document document;
  Error error = Document::Parse(payload, ParseMode::kCanonical, &document);
  if (!error.ok()) return error;
  *entry = {};
  ReadEntry(document.root(), entry, &error);
  return error;
}

}  // namespace cloudpos::journal
