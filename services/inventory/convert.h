#pragma once

// Domain structs to API messages and events, and requests to domain structs.

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cloudpos/inventory/v1/events.pb.h"
#include "cloudpos/inventory/v1/inventory.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "libs/base/ids.h"
#include "services/inventory/domain/catalogue.h"

namespace cloudpos::inventory {

/// To the microsecond, which is what the database keeps; INVALID_ARGUMENT naming `field`.
absl::StatusOr<absl::Time> ParseTimestamp(const google::protobuf::Timestamp& message,
                                          std::string_view field);
/// Empty for nil.
std::string IdText(const base::Uuid& id);
/// Nil for an empty text; INVALID_ARGUMENT naming `field`.
absl::StatusOr<base::Uuid> OptionalId(const std::string& text, std::string_view field);

v1::Category ToProto(const Category& category);
v1::Variant ToProto(const Variant& variant);
v1::Product ToProto(const Product& product);
v1::CatalogueItem ToItem(const Product& product, const Variant& variant);
v1::VariantPrice ToProto(const Price& price);

v1::CategoryChanged ToEvent(const base::Uuid& tenant, const Category& category);
v1::VariantChanged ToEvent(const base::Uuid& tenant, const Product& product,
                           const Variant& variant);

/// The fields that do not parse are refused here, all else by the domain's checks. `at` is the path
/// before the field's name.
absl::StatusOr<Product> ParseProduct(const v1::CreateProductRequest& request,
                                     const std::string& at);
absl::StatusOr<Variant> ParseVariant(const v1::NewVariant& request, const std::string& at);
absl::StatusOr<std::vector<Barcode>> ParseBarcodes(
    const google::protobuf::RepeatedPtrField<v1::Barcode>& barcodes, const std::string& field);
/// Sorted by store and currency.
absl::StatusOr<std::vector<Price>> ParsePrices(
    const google::protobuf::RepeatedPtrField<v1::VariantPrice>& prices, const std::string& field);
std::vector<Option> ParseOptions(
    const google::protobuf::RepeatedPtrField<v1::VariantOption>& options);
absl::StatusOr<NegativeStock> ParsePolicy(v1::NegativeStockPolicy policy, std::string_view field);

}  // namespace cloudpos::inventory
