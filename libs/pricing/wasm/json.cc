#include "libs/pricing/wasm/json.h"

#include <algorithm>
#include <limits>

namespace cloudpos::pricing::api {

Object::Object(const Value& value, std::initializer_list<std::string_view> known, Problem* problem)
    : value_(value), problem_(problem) {
  if (!value.IsObject()) problem_->Set("WRONG_TYPE", "");
  for (Value member = value.First(); member.present(); member = member.Next()) {
    if (std::find(known.begin(), known.end(), member.Key()) == known.end()) {
      problem_->Set("UNKNOWN_FIELD", member.Key());
    }
  }
}

void Object::Int(std::string_view key, std::int64_t* out) const {
  const Value member = value_.Find(key);
  if (!member.present()) return;
  if (!member.IsInt()) problem_->Set("WRONG_TYPE", key);
  *out = member.Int();
}

void Object::Int32(std::string_view key, std::int32_t* out) const {
  std::int64_t wide = *out;
  Int(key, &wide);
  if (wide > std::numeric_limits<std::int32_t>::max() ||
      wide < std::numeric_limits<std::int32_t>::min()) {
    return problem_->Set("OUT_OF_RANGE", key);
  }
  *out = static_cast<std::int32_t>(wide);
}

void Object::Bool(std::string_view key, bool* out) const {
  const Value member = value_.Find(key);
  if (!member.present()) return;
  if (!member.IsBool()) problem_->Set("WRONG_TYPE", key);
  *out = member.Bool();
}

void Object::String(std::string_view key, std::string* out) const {
  const Value member = value_.Find(key);
  if (!member.present()) return;
  if (!member.IsString()) problem_->Set("WRONG_TYPE", key);
  *out = member.String();
}

Value Object::Array(std::string_view key) const {
  const Value member = value_.Find(key);
  if (member.present() && !member.IsArray()) problem_->Set("WRONG_TYPE", key);
  return member.IsArray() ? member : Value();
}

namespace {

std::optional<Discount::Kind> ParseDiscountKind(std::string_view name) {
  if (name == "PERCENT") return Discount::Kind::kPercent;
  if (name == "FIXED") return Discount::Kind::kFixed;
  return std::nullopt;
}

void ReadDiscounts(const Value& array, std::vector<Discount>* discounts, Problem* problem) {
  for (Value value = array.First(); value.present(); value = value.Next()) {
    const Object object(value, {"kind", "ratePpm", "amount"}, problem);
    Discount& discount = discounts->emplace_back();
    object.Name("kind", ParseDiscountKind, &discount.kind);
    object.Int32("ratePpm", &discount.rate_ppm);
    object.Int("amount", &discount.amount);
  }
}

void ReadTaxes(const Value& array, std::vector<Tax>* taxes, Problem* problem) {
  for (Value value = array.First(); value.present(); value = value.Next()) {
    const Object object(
        value,
        {"kind", "ratePpm", "amountPerUnit", "inclusive", "affectsBase", "compound", "rounding"},
        problem);
    Tax& tax = taxes->emplace_back();
    object.Name("kind", ParseTaxKind, &tax.kind);
    object.Int32("ratePpm", &tax.rate_ppm);
    object.Int("amountPerUnit", &tax.amount_per_unit);
    object.Bool("inclusive", &tax.inclusive);
    object.Bool("affectsBase", &tax.affects_base);
    object.Bool("compound", &tax.compound);
    if (object.Member("rounding").present()) {
      RoundingMode mode = RoundingMode::kHalfUp;
      object.Name("rounding", ParseRoundingMode, &mode);
      tax.rounding = mode;
    }
  }
}

void ReadLines(const Value& array, std::vector<PriceLine>* lines, Problem* problem) {
  for (Value value = array.First(); value.present(); value = value.Next()) {
    const Object object(
        value, {"quantityMilli", "unitPrice", "pricePer", "discountable", "discounts", "taxes"},
        problem);
    PriceLine& line = lines->emplace_back();
    object.Int("quantityMilli", &line.quantity_milli);
    object.Int("unitPrice", &line.unit_price);
    object.Int("pricePer", &line.price_per);
    object.Bool("discountable", &line.discountable);
    ReadDiscounts(object.Array("discounts"), &line.discounts, problem);
    for (Value tax = object.Array("taxes").First(); tax.present(); tax = tax.Next()) {
      // -1 names no tax: what is no number is refused with its place.
      const std::int64_t index = tax.Int(-1);
      line.taxes.push_back(index >= 0 && index < kMaxTaxes ? static_cast<std::int32_t>(index) : -1);
    }
  }
}

void ReadPolicy(const Value& value, PricePolicy* policy, Problem* problem) {
  if (!value.present()) return;
  const Object object(
      value,
      {"taxRounding", "roundingLevel", "inclusiveRounding", "discountOrder", "discountRounding"},
      problem);
  object.Name("taxRounding", ParseRoundingMode, &policy->tax_rounding);
  object.Name("roundingLevel", ParseRoundingLevel, &policy->rounding_level);
  object.Name("inclusiveRounding", ParseInclusiveRounding, &policy->inclusive_rounding);
  object.Name("discountOrder", ParseDiscountOrder, &policy->discount_order);
  object.Name("discountRounding", ParseRoundingMode, &policy->discount_rounding);
}

void WriteTaxes(const std::vector<LineTax>& taxes, Writer* w) {
  w->Key("taxes");
  w->BeginArray();
  for (const LineTax& tax : taxes) {
    w->BeginObject();
    w->Field("amount", tax.amount);
    w->Field("base", tax.base);
    w->Field("tax", std::int64_t{tax.tax});
    w->EndObject();
  }
  w->EndArray();
}

void WriteLine(const PricedLine& line, Writer* w) {
  w->BeginObject();
  w->Field("amount", line.amount);
  WriteInts("discounts", line.discounts, w);
  w->Field("gross", line.gross);
  w->Field("lineDiscount", line.line_discount);
  w->Field("net", line.net);
  w->Field("orderDiscount", line.order_discount);
  WriteInts("orderShares", line.order_shares, w);
  w->Field("tax", line.tax);
  WriteTaxes(line.taxes, w);
  w->Field("total", line.total);
  w->EndObject();
}

}  // namespace

void WriteInts(std::string_view key, const std::vector<std::int64_t>& values, Writer* w) {
  w->Key(key);
  w->BeginArray();
  for (const std::int64_t value : values) w->Int(value);
  w->EndArray();
}

void ReadPrice(const Value& value, PriceRequest* request, bool* trace, std::int32_t* exponent,
               Problem* problem) {
  const Object object(value, {"policy", "taxes", "lines", "orderDiscounts", "trace", "exponent"},
                      problem);
  ReadPolicy(object.Member("policy"), &request->policy, problem);
  ReadTaxes(object.Array("taxes"), &request->taxes, problem);
  ReadLines(object.Array("lines"), &request->lines, problem);
  ReadDiscounts(object.Array("orderDiscounts"), &request->order_discounts, problem);
  object.Bool("trace", trace);
  object.Int32("exponent", exponent);
  if (*exponent < 0 || *exponent > 6) problem->Set("OUT_OF_RANGE", "exponent");
}

void WritePrice(const PriceResult& result, const std::vector<std::string>* trace, Writer* w) {
  w->BeginObject();
  w->Key("lines");
  w->BeginArray();
  for (const PricedLine& line : result.lines) WriteLine(line, w);
  w->EndArray();
  WriteInts("orderDiscounts", result.order_discounts, w);
  WriteTaxes(result.taxes, w);
  w->Key("totals");
  w->BeginObject();
  w->Field("gross", result.totals.gross);
  w->Field("inclusiveTax", result.totals.inclusive_tax);
  w->Field("lineDiscount", result.totals.line_discount);
  w->Field("net", result.totals.net);
  w->Field("orderDiscount", result.totals.order_discount);
  w->Field("tax", result.totals.tax);
  w->Field("total", result.totals.total);
  w->EndObject();
  if (trace != nullptr) {
    w->Key("trace");
    w->BeginArray();
    for (const std::string& sentence : *trace) w->String(sentence);
    w->EndArray();
  }
  w->EndObject();
}

void ReadSold(const Value& value, SoldLine* sold, Problem* problem) {
  const Object object(value, {"quantityMilli", "gross", "lineDiscount", "orderDiscount", "taxes"},
                      problem);
  object.Int("quantityMilli", &sold->quantity_milli);
  object.Int("gross", &sold->gross);
  object.Int("lineDiscount", &sold->line_discount);
  object.Int("orderDiscount", &sold->order_discount);
  for (Value tax = object.Array("taxes").First(); tax.present(); tax = tax.Next()) {
    const Object member(tax, {"amount", "inclusive"}, problem);
    SoldTax& sold_tax = sold->taxes.emplace_back();
    member.Int("amount", &sold_tax.amount);
    member.Bool("inclusive", &sold_tax.inclusive);
  }
}

void ReadTenders(const Value& array, std::vector<Tender>* tenders, Problem* problem) {
  for (Value value = array.First(); value.present(); value = value.Next()) {
    const Object object(value, {"cash", "amount"}, problem);
    Tender& tender = tenders->emplace_back();
    object.Bool("cash", &tender.cash);
    object.Int("amount", &tender.amount);
  }
}

void ReadCashRounding(const Value& value, CashRounding* rounding, Problem* problem) {
  if (!value.present()) return;
  const Object object(value, {"increment", "dueMode", "payoutMode"}, problem);
  object.Int("increment", &rounding->increment);
  object.Name("dueMode", ParseRoundingMode, &rounding->due_mode);
  object.Name("payoutMode", ParseRoundingMode, &rounding->payout_mode);
}

}  // namespace cloudpos::pricing::api
