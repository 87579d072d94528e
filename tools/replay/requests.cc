#include "tools/replay/requests.h"

#include <algorithm>
#include <iterator>

#include "libs/base/clock.h"

namespace cloudpos::replay {
namespace {

namespace json = boost::json;

constexpr size_t kBatchMax = 200;  // products of one call
constexpr const char* kTaxCategory = "exempt";
constexpr const char* kPriceReason = "IMPORT";
constexpr const char* kReturnReason = "CREDIT_NOTE";
constexpr const char* kCorrectionReason = "CORRECTION";

json::object Money(int64_t minor) {
  return {{"currencyCode", kCurrency}, {"minorUnits", minor}};
}

json::object Variant(const std::string& sku, const base::Uuid& id, int64_t price, int64_t per,
                     bool is_stocked) {
  json::object object;
  object["variantId"] = id.ToString();
  object["sku"] = sku;
  object["prices"] = json::array{json::object{{"amount", Money(price)}, {"pricePer", per}}};
  object["stocked"] = is_stocked;
  return object;
}

json::object Base(const Product& product) {
  return Variant(product.code, product.VariantId(), product.price_minor, 1, product.is_stocked);
}

json::object Fine(const Product& product) {
  // Named, since a product's variants must be told apart.
  json::object object = Variant(product.FineSku(), product.FineVariantId(),
                                product.fine_price_minor, kFinePer, product.is_stocked);
  object["name"] = "per " + std::to_string(kFinePer);
  return object;
}

json::object NewProduct(const Product& product) {
  json::array variants{Base(product)};
  if (product.has_fine) variants.push_back(Fine(product));
  json::object object;
  object["productId"] = product.ProductId().ToString();
  object["name"] = product.name;
  object["taxCategory"] = kTaxCategory;
  object["variants"] = std::move(variants);
  return object;
}

std::string VariantOf(const Product& product, bool is_fine, const Known& known) {
  const auto found = known.find(is_fine ? product.FineSku() : product.code);
  if (found != known.end()) return found->second.variant_id;
  return (is_fine ? product.FineVariantId() : product.VariantId()).ToString();
}

/// What sales and returns have in common.
json::object Header(const Document& document, const Place& place) {
  json::object body;
  body["storeId"] = place.store_id;
  body["registerId"] = place.register_id;
  body["occurredAt"] = base::FormatTime(document.at);
  body["orderReference"] = document.invoice;
  body["expectedTotal"] = Money(document.total_minor);
  if (const std::string customer = document.CustomerRef(); !customer.empty()) {
    body["customerRef"] = customer;
  }
  json::array tenders;
  if (document.total_minor > 0) {
    tenders.push_back(json::object{{"type", "OTHER"}, {"amountMinor", document.total_minor}});
  }
  body["tenders"] = std::move(tenders);
  return body;
}

Request Sale(const Plan& plan, const Document& document, const Place& place, const Known& known) {
  json::object body = Header(document, place);
  body["saleId"] = document.Id().ToString();
  json::array lines;
  for (const Line& line : document.lines) {
    lines.push_back(json::object{
        {"variantId", VariantOf(plan.products[line.product], line.is_fine, known)},
        {"quantityMilli", line.quantity_milli},
        {"override", json::object{{"unitPriceMinor", line.unit_price_minor},
                                  {"reasonCode", kPriceReason}}}});
  }
  body["lines"] = std::move(lines);
  return {"/v1/sales", std::move(body)};
}

Request Return(const Plan& plan, const Document& document, const Place& place,
               const Known& known) {
  json::object body = Header(document, place);
  body["returnId"] = document.Id().ToString();
  body["reasonCode"] = kReturnReason;
  json::array lines;
  for (const Line& line : document.lines) {
    lines.push_back(json::object{
        {"variantId", VariantOf(plan.products[line.product], line.is_fine, known)},
        {"quantityMilli", line.quantity_milli},
        {"unitPriceMinor", line.unit_price_minor}});
  }
  body["lines"] = std::move(lines);
  return {"/v1/returns", std::move(body)};
}

Request Correction(const Plan& plan, const Document& document, const Place& place,
                   const Known& known) {
  json::object body;
  body["adjustmentId"] = document.Id().ToString();
  body["storeId"] = place.store_id;
  body["reasonCode"] = kCorrectionReason;
  body["note"] = "invoice " + document.invoice;
  body["occurredAt"] = base::FormatTime(document.at);
  json::array lines;
  for (const Line& line : document.lines) {
    lines.push_back(
        json::object{{"variantId", VariantOf(plan.products[line.product], false, known)},
                     {"quantityMilli", line.quantity_milli}});
  }
  body["lines"] = std::move(lines);
  return {"/v1/stock/adjustments", std::move(body)};
}

}  // namespace

std::vector<Request> ProductRequests(const Plan& plan, const Known& known) {
  std::vector<Request> requests;
  json::array batch;
  std::vector<Request> variants;
  const auto flush = [&] {
    if (batch.empty()) return;
    requests.push_back({"/v1/products:batchCreate", json::object{{"products", std::move(batch)}}});
    batch = json::array();
  };
  for (const Product& product : plan.products) {
    const auto existing = known.find(product.code);
    if (existing == known.end()) {
      batch.push_back(NewProduct(product));
      if (batch.size() == kBatchMax) flush();
    } else if (product.has_fine && !known.contains(product.FineSku())) {
      variants.push_back({"/v1/products/" + existing->second.product_id + "/variants",
                          json::object{{"variant", Fine(product)}}});
    }
  }
  flush();
  std::move(variants.begin(), variants.end(), std::back_inserter(requests));
  return requests;
}

Request DocumentRequest(const Plan& plan, const Document& document, const Place& place,
                        const Known& known) {
  switch (document.kind) {
    case Kind::kSale: return Sale(plan, document, place, known);
    case Kind::kReturn: return Return(plan, document, place, known);
    case Kind::kCorrection: return Correction(plan, document, place, known);
  }
  return {};
}

}  // namespace cloudpos::replay
