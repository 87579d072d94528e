#include "services/inventory/taken.h"

#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/inventory/context.h"
#include "services/inventory/store_products.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

/// A variant of the request and its path there.
struct Placed {
  const Variant* variant;
  std::string path;
};

std::vector<Placed> PlaceVariants(const std::vector<const Product*>& products,
                                  const std::vector<std::string>& at, const std::string& single) {
  std::vector<Placed> placed;
  for (size_t p = 0; p < products.size(); ++p) {
    const auto& variants = products[p]->variants;
    for (size_t v = 0; v < variants.size(); ++v) {
      placed.push_back({&variants[v], single.empty()
                                          ? at[p] + "variants[" + std::to_string(v) + "]."
                                          : single + "."});
    }
  }
  return placed;
}

absl::Status CheckCodes(pg::Tx& tx, const base::Uuid& tenant, const std::vector<Placed>& placed) {
  std::vector<std::string> skus, keys;
  for (const Placed& place : placed) {
    skus.push_back(place.variant->sku);
    for (const Barcode& barcode : place.variant->barcodes) keys.push_back(barcode.lookup_key);
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const auto sku_owners, SelectSkuOwners(tx, tenant, skus));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto barcode_owners, SelectBarcodeOwners(tx, tenant, keys));
  for (const Placed& place : placed) {
    const auto is_other = [&place](const auto& owners, const std::string& key) {
      const auto owner = owners.find(key);
      return owner != owners.end() && owner->second != place.variant->id;
    };
    if (is_other(sku_owners, place.variant->sku)) {
      return base::Fail(SKU_TAKEN, place.path + "sku", "another variant has this SKU");
    }
    const auto& barcodes = place.variant->barcodes;
    for (size_t b = 0; b < barcodes.size(); ++b) {
      if (!is_other(barcode_owners, barcodes[b].lookup_key)) continue;
      return base::Fail(BARCODE_TAKEN, place.path + "barcodes[" + std::to_string(b) + "]",
                        "another variant has this barcode");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckCategories(pg::Tx& tx, const base::Uuid& tenant,
                             const std::vector<const Product*>& products,
                             const std::vector<std::string>& at) {
  std::vector<base::Uuid> wanted;
  for (const Product* product : products) {
    if (!product->category.is_nil()) wanted.push_back(product->category);
  }
  if (wanted.empty()) return absl::OkStatus();
  CLOUDPOS_ASSIGN_OR_RETURN(const auto found, SelectCategoryIds(tx, tenant, wanted));
  for (size_t i = 0; i < products.size(); ++i) {
    const base::Uuid& category = products[i]->category;
    if (category.is_nil() || std::find(found.begin(), found.end(), category) != found.end()) {
      continue;
    }
    return NotFound(at[i] + "categoryId", "category");
  }
  return absl::OkStatus();
}

absl::Status CheckNotTaken(pg::Tx& tx, const base::Uuid& tenant,
                           const std::vector<const Product*>& products,
                           const std::vector<std::string>& at, const std::string& single) {
  const std::vector<Placed> placed = PlaceVariants(products, at, single);
  std::vector<base::Uuid> ids;
  for (const Placed& place : placed) ids.push_back(place.variant->id);
  CLOUDPOS_ASSIGN_OR_RETURN(const auto existing, SelectCreatedVariants(tx, tenant, ids));
  for (const Placed& place : placed) {
    if (!existing.contains(place.variant->id)) continue;
    return base::Fail(ALREADY_EXISTS, place.path + "variantId", "there is a variant with this id");
  }
  return CheckCodes(tx, tenant, placed);
}

absl::Status CheckNotTakenByOthers(pg::Tx& tx, const base::Uuid& tenant, const Variant& variant) {
  return CheckCodes(tx, tenant, {{&variant, ""}});
}

}  // namespace cloudpos::inventory
