#include "services/inventory/convert.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/money.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

std::string At(const std::string& field, int index) {
  return field + "[" + std::to_string(index) + "]";
}

std::string Etag(const Product& product) {
  int64_t newest = 0;
  for (const Variant& variant : product.variants) newest = std::max(newest, variant.version);
  return std::to_string(product.version) + "-" + std::to_string(newest);
}

}  // namespace

absl::StatusOr<absl::Time> ParseTimestamp(const google::protobuf::Timestamp& message,
                                          std::string_view field) {
  constexpr int64_t kYear1 = -62'135'596'800, kYear9999 = 253'402'300'799;
  if (message.seconds() < kYear1 || message.seconds() > kYear9999 || message.nanos() < 0 ||
      message.nanos() > 999'999'999) {
    return base::Fail(INVALID_ARGUMENT, field, "is not a time");
  }
  return absl::FromUnixSeconds(message.seconds()) + absl::Microseconds(message.nanos() / 1'000);
}

std::string IdText(const base::Uuid& id) { return id.is_nil() ? std::string() : id.ToString(); }

absl::StatusOr<base::Uuid> OptionalId(const std::string& text, std::string_view field) {
  if (text.empty()) return base::Uuid();
  return base::Uuid::ParseField(text, field);
}

v1::Category ToProto(const Category& category) {
  v1::Category out;
  out.set_category_id(category.id.ToString());
  out.set_version(category.version);
  out.set_name(category.name);
  out.set_parent_category_id(IdText(category.parent));
  out.set_archived(category.archived);
  base::SetTime(category.created_at, out.mutable_created_at());
  base::SetTime(category.updated_at, out.mutable_updated_at());
  out.set_etag(std::to_string(category.version));
  return out;
}

v1::VariantPrice ToProto(const Price& price) {
  v1::VariantPrice out;
  out.set_store_id(IdText(price.store));
  base::SetMoney(price.currency, price.amount, out.mutable_amount());
  out.set_price_per(price.per);
  return out;
}

v1::Variant ToProto(const Variant& variant) {
  v1::Variant out;
  out.set_variant_id(variant.id.ToString());
  out.set_product_id(variant.product.ToString());
  out.set_version(variant.version);
  out.set_sku(variant.sku);
  out.set_name(variant.name);
  for (const Option& option : variant.options) {
    v1::VariantOption* added = out.add_options();
    added->set_name(option.name);
    added->set_value(option.value);
  }
  for (const Barcode& barcode : variant.barcodes) {
    v1::Barcode* added = out.add_barcodes();
    added->set_code(barcode.code);
    added->set_symbology(static_cast<v1::Symbology>(barcode.symbology));
  }
  for (const Price& price : variant.prices) *out.add_prices() = ToProto(price);
  out.set_stocked(variant.stocked);
  out.set_negative_stock_policy(static_cast<v1::NegativeStockPolicy>(variant.negative_stock));
  out.set_archived(variant.archived);
  base::SetTime(variant.created_at, out.mutable_created_at());
  base::SetTime(variant.updated_at, out.mutable_updated_at());
  return out;
}

v1::Product ToProto(const Product& product) {
  v1::Product out;
  out.set_product_id(product.id.ToString());
  out.set_version(product.version);
  out.set_name(product.name);
  out.set_description(product.description);
  out.set_category_id(IdText(product.category));
  out.set_tax_category(product.tax_category);
  out.set_archived(product.archived);
  for (const Variant& variant : product.variants) *out.add_variants() = ToProto(variant);
  base::SetTime(product.created_at, out.mutable_created_at());
  base::SetTime(product.updated_at, out.mutable_updated_at());
  out.set_etag(Etag(product));
  return out;
}

v1::CatalogueItem ToItem(const Product& product, const Variant& variant) {
  v1::CatalogueItem out;
  *out.mutable_variant() = ToProto(variant);
  out.set_product_name(product.name);
  out.set_category_id(IdText(product.category));
  out.set_tax_category(product.tax_category);
  out.set_product_archived(product.archived);
  out.set_etag(std::to_string(variant.version));
  return out;
}

v1::CategoryChanged ToEvent(const base::Uuid& tenant, const Category& category) {
  v1::CategoryChanged out;
  out.set_tenant_id(tenant.ToString());
  out.set_category_id(category.id.ToString());
  out.set_version(category.version);
  out.set_name(category.name);
  out.set_parent_category_id(IdText(category.parent));
  out.set_archived(category.archived);
  return out;
}

v1::VariantChanged ToEvent(const base::Uuid& tenant, const Product& product,
                           const Variant& variant) {
  v1::VariantChanged out;
  out.set_tenant_id(tenant.ToString());
  out.set_variant_id(variant.id.ToString());
  out.set_product_id(product.id.ToString());
  out.set_version(variant.version);
  out.set_sku(variant.sku);
  out.set_product_name(product.name);
  out.set_variant_name(variant.name);
  out.set_category_id(IdText(product.category));
  out.set_tax_category(product.tax_category);
  out.set_stocked(variant.stocked);
  out.set_archived(product.archived || variant.archived);
  for (const Barcode& barcode : variant.barcodes) out.add_barcodes(barcode.code);
  for (const Price& price : variant.prices) *out.add_prices() = ToProto(price);
  out.set_negative_stock_policy(static_cast<v1::NegativeStockPolicy>(variant.negative_stock));
  return out;
}

absl::StatusOr<std::vector<Barcode>> ParseBarcodes(
    const google::protobuf::RepeatedPtrField<v1::Barcode>& barcodes, const std::string& field) {
  std::vector<Barcode> out;
  for (int i = 0; i < barcodes.size(); ++i) {
    const std::string at = At(field, i);
    if (!v1::Symbology_IsValid(barcodes[i].symbology())) {
      return base::Fail(INVALID_ARGUMENT, at + ".symbology", "is not known");
    }
    CLOUDPOS_ASSIGN_OR_RETURN(
        Barcode barcode,
        ParseBarcode(barcodes[i].code(), static_cast<Symbology>(barcodes[i].symbology()),
                     at + ".code"));
    out.push_back(std::move(barcode));
  }
  return out;
}

absl::StatusOr<std::vector<Price>> ParsePrices(
    const google::protobuf::RepeatedPtrField<v1::VariantPrice>& prices, const std::string& field) {
  std::vector<Price> out;
  for (int i = 0; i < prices.size(); ++i) {
    const std::string at = At(field, i);
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                              OptionalId(prices[i].store_id(), at + ".storeId"));
    if (!prices[i].has_amount()) return base::Fail(FIELD_REQUIRED, at + ".amount", "is required");
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Money amount,
                              base::MoneyFromProto(prices[i].amount(), at + ".amount"));
    out.push_back({.store = store,
                   .currency = amount.currency.code(),
                   .amount = amount.minor,
                   .per = prices[i].price_per() == 0 ? 1 : prices[i].price_per()});
  }
  // Before they are sorted: refusals name the place in the request.
  CLOUDPOS_RETURN_IF_ERROR(CheckPrices(out, field));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Option> ParseOptions(
    const google::protobuf::RepeatedPtrField<v1::VariantOption>& options) {
  std::vector<Option> out;
  for (const v1::VariantOption& option : options) {
    out.push_back({.name = option.name(), .value = option.value()});
  }
  return out;
}

absl::StatusOr<NegativeStock> ParsePolicy(v1::NegativeStockPolicy policy, std::string_view field) {
  if (policy == v1::NEGATIVE_STOCK_POLICY_UNSPECIFIED) return NegativeStock::kWarn;
  if (!v1::NegativeStockPolicy_IsValid(policy)) {
    return base::Fail(INVALID_ARGUMENT, field, "is not known");
  }
  return static_cast<NegativeStock>(policy);
}

absl::StatusOr<Variant> ParseVariant(const v1::NewVariant& request, const std::string& at) {
  Variant variant;
  CLOUDPOS_ASSIGN_OR_RETURN(variant.id,
                            base::Uuid::ParseField(request.variant_id(), at + "variantId"));
  variant.sku = request.sku();
  variant.options = ParseOptions(request.options());
  variant.name = request.name().empty() ? NameOf(variant.options) : request.name();
  CLOUDPOS_ASSIGN_OR_RETURN(variant.barcodes, ParseBarcodes(request.barcodes(), at + "barcodes"));
  CLOUDPOS_ASSIGN_OR_RETURN(variant.prices, ParsePrices(request.prices(), at + "prices"));
  variant.stocked = !request.has_stocked() || request.stocked();
  CLOUDPOS_ASSIGN_OR_RETURN(variant.negative_stock, ParsePolicy(request.negative_stock_policy(),
                                                                at + "negativeStockPolicy"));
  return variant;
}

absl::StatusOr<Product> ParseProduct(const v1::CreateProductRequest& request,
                                     const std::string& at) {
  Product product;
  CLOUDPOS_ASSIGN_OR_RETURN(product.id,
                            base::Uuid::ParseField(request.product_id(), at + "productId"));
  product.name = request.name();
  product.description = request.description();
  CLOUDPOS_ASSIGN_OR_RETURN(product.category, OptionalId(request.category_id(), at + "categoryId"));
  product.tax_category = request.tax_category();
  for (int i = 0; i < request.variants_size(); ++i) {
    CLOUDPOS_ASSIGN_OR_RETURN(Variant variant,
                              ParseVariant(request.variants(i), At(at + "variants", i) + "."));
    variant.product = product.id;
    variant.position = i + 1;
    product.variants.push_back(std::move(variant));
  }
  CLOUDPOS_RETURN_IF_ERROR(CheckProduct(product, at));
  return product;
}

}  // namespace cloudpos::inventory
