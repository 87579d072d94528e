// Runs every vector of pricing.json twice: through the C++ structs, read by Boost.JSON, and through
// the JSON interface that WebAssembly exports. Both must hold what `expected` says.
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "libs/journal/chain.h"
#include "libs/pricing/allocate.h"
#include "libs/pricing/price.h"
#include "libs/pricing/refund.h"
#include "libs/pricing/tender.h"
#include "libs/pricing/wasm/api.h"

namespace cloudpos::pricing {
namespace {

namespace json = boost::json;

std::int64_t Int(const json::object& object, std::string_view key, std::int64_t fallback = 0) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? fallback : value->as_int64();
}

bool Bool(const json::object& object, std::string_view key, bool fallback = false) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? fallback : value->as_bool();
}

template <typename Enum>
Enum Name(const json::object& object, std::string_view key,
          std::optional<Enum> (*parse)(std::string_view), Enum fallback) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return fallback;
  const json::string& name = value->as_string();
  const std::optional<Enum> found = parse(std::string_view(name.data(), name.size()));
  REQUIRE(found);
  return *found;
}

const json::array& Array(const json::object& object, std::string_view key) {
  static const json::array empty;
  const json::value* value = object.if_contains(key);
  return value == nullptr ? empty : value->as_array();
}

std::vector<Discount> ReadDiscounts(const json::array& array) {
  std::vector<Discount> discounts;
  for (const json::value& value : array) {
    const json::object& object = value.as_object();
    Discount& discount = discounts.emplace_back();
    if (object.at("kind").as_string() == "FIXED") discount.kind = Discount::Kind::kFixed;
    discount.rate_ppm = static_cast<std::int32_t>(Int(object, "ratePpm"));
    discount.amount = Int(object, "amount");
  }
  return discounts;
}

Tax ReadTax(const json::object& object) {
  Tax tax;
  tax.kind = Name(object, "kind", ParseTaxKind, TaxKind::kPercent);
  tax.rate_ppm = static_cast<std::int32_t>(Int(object, "ratePpm"));
  tax.amount_per_unit = Int(object, "amountPerUnit");
  tax.inclusive = Bool(object, "inclusive");
  tax.affects_base = Bool(object, "affectsBase");
  tax.compound = Bool(object, "compound");
  if (object.contains("rounding")) {
    tax.rounding = Name(object, "rounding", ParseRoundingMode, RoundingMode::kHalfUp);
  }
  return tax;
}

PriceRequest ReadRequest(const json::object& object) {
  PriceRequest request;
  if (const json::value* value = object.if_contains("policy")) {
    const json::object& policy = value->as_object();
    PricePolicy& p = request.policy;
    p.tax_rounding = Name(policy, "taxRounding", ParseRoundingMode, p.tax_rounding);
    p.rounding_level = Name(policy, "roundingLevel", ParseRoundingLevel, p.rounding_level);
    p.inclusive_rounding =
        Name(policy, "inclusiveRounding", ParseInclusiveRounding, p.inclusive_rounding);
    p.discount_order = Name(policy, "discountOrder", ParseDiscountOrder, p.discount_order);
    p.discount_rounding = Name(policy, "discountRounding", ParseRoundingMode, p.discount_rounding);
  }
  for (const json::value& tax : Array(object, "taxes")) {
    request.taxes.push_back(ReadTax(tax.as_object()));
  }
  for (const json::value& value : Array(object, "lines")) {
    const json::object& member = value.as_object();
    PriceLine& line = request.lines.emplace_back();
    line.quantity_milli = Int(member, "quantityMilli");
    line.unit_price = Int(member, "unitPrice");
    line.price_per = Int(member, "pricePer", 1);
    line.discountable = Bool(member, "discountable", true);
    line.discounts = ReadDiscounts(Array(member, "discounts"));
    for (const json::value& tax : Array(member, "taxes")) {
      line.taxes.push_back(static_cast<std::int32_t>(tax.as_int64()));
    }
  }
  request.order_discounts = ReadDiscounts(Array(object, "orderDiscounts"));
  return request;
}

json::value ErrorOf(const Error& error) {
  json::object object{{"code", ErrorName(error.code)}};
  if (error.line >= 0) object["line"] = error.line;
  if (error.item >= 0) object["item"] = error.item;
  return {{"error", object}};
}

json::array TaxesOf(const std::vector<LineTax>& taxes) {
  json::array array;
  for (const LineTax& tax : taxes) {
    array.push_back({{"tax", tax.tax}, {"base", tax.base}, {"amount", tax.amount}});
  }
  return array;
}

json::value PriceOf(const json::object& input, PriceRequest* request, PriceResult* result) {
  *request = ReadRequest(input);
  Trace trace;
  const bool traced = Bool(input, "trace");
  const Error error = Price(*request, result, traced ? &trace : nullptr);
  if (!error.ok()) return ErrorOf(error);
  json::array lines;
  for (const PricedLine& line : result->lines) {
    lines.push_back({{"gross", line.gross},
                     {"lineDiscount", line.line_discount},
                     {"orderDiscount", line.order_discount},
                     {"amount", line.amount},
                     {"net", line.net},
                     {"tax", line.tax},
                     {"total", line.total},
                     {"discounts", json::value_from(line.discounts)},
                     {"orderShares", json::value_from(line.order_shares)},
                     {"taxes", TaxesOf(line.taxes)}});
  }
  const PriceTotals& totals = result->totals;
  json::object answer{{"lines", lines},
                      {"orderDiscounts", json::value_from(result->order_discounts)},
                      {"taxes", TaxesOf(result->taxes)},
                      {"totals",
                       {{"gross", totals.gross},
                        {"lineDiscount", totals.line_discount},
                        {"orderDiscount", totals.order_discount},
                        {"net", totals.net},
                        {"tax", totals.tax},
                        {"inclusiveTax", totals.inclusive_tax},
                        {"total", totals.total}}}};
  if (traced) {
    json::array sentences;
    const int exponent = static_cast<int>(Int(input, "exponent", 2));
    for (const TraceStep& step : trace) sentences.emplace_back(Explain(step, exponent));
    answer["trace"] = sentences;
  }
  return answer;
}

json::value SettlementOf(std::int64_t total, const json::object& input) {
  CashRounding rounding;
  if (const json::value* value = input.if_contains("cashRounding")) {
    const json::object& object = value->as_object();
    rounding.increment = Int(object, "increment", 1);
    rounding.due_mode = Name(object, "dueMode", ParseRoundingMode, rounding.due_mode);
    rounding.payout_mode = Name(object, "payoutMode", ParseRoundingMode, rounding.payout_mode);
  }
  std::vector<Tender> tenders;
  for (const json::value& value : Array(input, "tenders")) {
    tenders.push_back({Bool(value.as_object(), "cash"), Int(value.as_object(), "amount")});
  }
  Settlement settlement;
  const Error error = Bool(input, "refund") ? SettleRefund(total, tenders, rounding, &settlement)
                                            : Settle(total, tenders, rounding, &settlement);
  if (!error.ok()) return ErrorOf(error);
  json::array settled;
  for (const SettledTender& tender : settlement.tenders) {
    settled.push_back({{"tendered", tender.tendered},
                       {"applied", tender.applied},
                       {"change", tender.change},
                       {"rounding", tender.rounding}});
  }
  return {{"tenders", settled},
          {"dueLeft", settlement.due_left},
          {"change", settlement.change},
          {"rounding", settlement.rounding},
          {"cashMoved", settlement.cash_moved}};
}

json::value ReturnsOf(const json::object& input) {
  PriceRequest request;
  PriceResult result;
  json::object answer;
  answer["sale"] = PriceOf(input.at("sale").as_object(), &request, &result);
  const auto index = static_cast<std::size_t>(Int(input, "line"));
  const PricedLine& line = result.lines.at(index);
  SoldLine sold{
      request.lines[index].quantity_milli, line.gross, line.line_discount, line.order_discount, {}};
  for (const LineTax& tax : line.taxes) {
    sold.taxes.push_back({tax.amount, request.taxes[static_cast<std::size_t>(tax.tax)].inclusive});
  }
  json::array returns;
  std::int64_t returned = 0;
  for (const json::value& quantity : Array(input, "quantities")) {
    RefundedLine refunded;
    REQUIRE(Refund(sold, returned, quantity.as_int64(), &refunded).ok());
    returned += quantity.as_int64();
    returns.push_back({{"gross", refunded.gross},
                       {"lineDiscount", refunded.line_discount},
                       {"orderDiscount", refunded.order_discount},
                       {"amount", refunded.amount},
                       {"net", refunded.net},
                       {"tax", refunded.tax},
                       {"total", refunded.total}});
  }
  answer["returns"] = returns;
  return answer;
}

json::value DrawerOf(const json::object& input) {
  DrawerMoves moves;
  moves.opening = Int(input, "opening");
  moves.cash_sales = Int(input, "cashSales");
  moves.cash_refunds = Int(input, "cashRefunds");
  moves.paid_in = Int(input, "paidIn");
  moves.paid_out = Int(input, "paidOut");
  moves.drops = Int(input, "drops");
  moves.loans = Int(input, "loans");
  std::int64_t expected = 0;
  const Error error = ExpectedCash(moves, &expected);
  if (!error.ok()) return ErrorOf(error);
  return {{"expected", expected}};
}

json::value ChainOf(const json::object& input) {
  json::array hashes;
  journal::Hash hash = journal::kGenesis;
  std::uint64_t n = 0;
  for (const json::value& payload : Array(input, "payloads")) {
    const json::string& text = payload.as_string();
    hash = journal::ChainHash(++n, hash, std::string_view(text.data(), text.size()));
    hashes.emplace_back(journal::ToHex(hash));
  }
  return {{"hashes", hashes}};
}

json::value RunNatively(std::string_view op, const json::object& input) {
  PriceRequest request;
  PriceResult result;
  const auto mode = [&] { return Name(input, "mode", ParseRoundingMode, RoundingMode::kHalfUp); };
  if (op == "price") return PriceOf(input, &request, &result);
  if (op == "returns") return ReturnsOf(input);
  if (op == "settle") return SettlementOf(Int(input, "total"), input);
  if (op == "drawer") return DrawerOf(input);
  if (op == "chain") return ChainOf(input);
  if (op == "checkout") {
    json::object answer;
    answer["sale"] = PriceOf(input.at("sale").as_object(), &request, &result);
    answer["settlement"] = SettlementOf(result.totals.total, input);
    return answer;
  }
  if (op == "allocate") {
    const auto weights = json::value_to<std::vector<std::int64_t>>(input.at("weights"));
    std::vector<std::int64_t> shares(weights.size());
    REQUIRE(Allocate(Int(input, "total"), weights, shares).ok());
    return {{"shares", json::value_from(shares)}};
  }
  if (op == "round") {
    const Int128 value = RoundDiv(Int(input, "numerator"), Int(input, "denominator"), mode());
    return {{"result", static_cast<std::int64_t>(value)}};
  }
  REQUIRE(op == "cashRound");
  return {{"result", RoundToIncrement(Int(input, "amount"), Int(input, "increment"), mode())}};
}

json::value Call(std::string_view op, const json::value& request) {
  return json::parse(api::Call(op, json::serialize(request)));
}

// The composite operations are made of calls, as the register makes them.
json::value RunThroughJson(std::string_view op, const json::object& input) {
  if (op != "checkout" && op != "returns") return Call(op, input);
  const json::object& request = input.at("sale").as_object();
  const json::value sale = Call("price", request);
  if (op == "checkout") {
    json::object settle = input;
    settle.erase("sale");
    settle["total"] = sale.at("totals").at("total");
    return {{"sale", sale}, {"settlement", Call("settle", settle)}};
  }
  const auto index = static_cast<std::size_t>(Int(input, "line"));
  const json::object& line = sale.at("lines").at(index).as_object();
  json::array taxes;
  for (const json::value& tax : line.at("taxes").as_array()) {
    const json::object& rule =
        request.at("taxes").at(static_cast<std::size_t>(tax.at("tax").as_int64())).as_object();
    taxes.push_back({{"amount", tax.at("amount")}, {"inclusive", Bool(rule, "inclusive")}});
  }
  const json::value sold{{"quantityMilli", request.at("lines").at(index).at("quantityMilli")},
                         {"gross", line.at("gross")},
                         {"lineDiscount", line.at("lineDiscount")},
                         {"orderDiscount", line.at("orderDiscount")},
                         {"taxes", taxes}};
  json::array returns;
  std::int64_t returned = 0;
  for (const json::value& quantity : Array(input, "quantities")) {
    returns.push_back(
        Call("refund", {{"sold", sold}, {"returnedMilli", returned}, {"quantityMilli", quantity}}));
    returned += quantity.as_int64();
  }
  return {{"sale", sale}, {"returns", returns}};
}

// Everything in `expected` is in `found`; empty if so, else the first place that differs.
std::string Difference(const json::value& expected, const json::value& found,
                       const std::string& place) {
  if (expected.is_object() && found.is_object()) {
    for (const json::key_value_pair& member : expected.as_object()) {
      const std::string inner = place + "." + std::string(member.key().data(), member.key().size());
      const json::value* value = found.as_object().if_contains(member.key());
      if (value == nullptr) return inner + " is missing";
      const std::string difference = Difference(member.value(), *value, inner);
      if (!difference.empty()) return difference;
    }
    return "";
  }
  if (expected.is_array() && found.is_array()) {
    if (expected.as_array().size() != found.as_array().size()) return place + " differs in size";
    for (std::size_t i = 0; i < expected.as_array().size(); ++i) {
      const std::string difference =
          Difference(expected.at(i), found.at(i), place + "[" + std::to_string(i) + "]");
      if (!difference.empty()) return difference;
    }
    return "";
  }
  if (expected == found) return "";
  return place + ": expected " + json::serialize(expected) + ", found " + json::serialize(found);
}

TEST_CASE("Vectors: every one of pricing.json holds", "[pricing][vectors][domain]") {
  std::ifstream file(VECTORS_FILE);
  std::stringstream text;
  text << file.rdbuf();
  const json::value all = json::parse(text.str());
  const json::array& vectors = all.at("vectors").as_array();
  REQUIRE(vectors.size() >= 100);
  for (const json::value& vector : vectors) {
    const std::string id = json::value_to<std::string>(vector.at("id"));
    const std::string op = json::value_to<std::string>(vector.at("op"));
    CAPTURE(id);
    const json::object& input = vector.at("input").as_object();
    CHECK(Difference(vector.at("expected"), RunNatively(op, input), "") == "");
    CHECK(Difference(vector.at("expected"), RunThroughJson(op, input), "") == "");
  }
}

}  // namespace
}  // namespace cloudpos::pricing
