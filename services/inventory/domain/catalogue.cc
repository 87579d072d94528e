#include "services/inventory/domain/catalogue.h"

#include <algorithm>
#include <set>
#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/money.h"
#include "libs/base/status_macros.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

constexpr size_t kProductNameMax = 200;
constexpr size_t kVariantNameMax = 120;
constexpr size_t kCategoryNameMax = 100;
constexpr size_t kDescriptionMax = 5'000;
constexpr size_t kSkuBytesMax = 64;
constexpr size_t kOptionsMax = 8;
constexpr size_t kOptionNameMax = 40;
constexpr size_t kOptionValueMax = 60;
constexpr size_t kBarcodesMax = 20;
constexpr size_t kPricesMax = 500;
constexpr int64_t kPricePerMax = 1'000'000;

std::string Indexed(const std::string& field, size_t index) {
  return field + "[" + std::to_string(index) + "]";
}

absl::Status CheckText(const std::string& text, const std::string& field, size_t most) {
  if (text.empty()) return base::Fail(FIELD_REQUIRED, field, "is required");
  if (!base::IsPrintableText(text) || base::Utf8Length(text) > most) {
    return base::Fail(INVALID_ARGUMENT, field,
                      "must be 1 to " + std::to_string(most) + " printable characters");
  }
  return absl::OkStatus();
}

absl::Status CheckDescription(std::string text, const std::string& field) {
  if (text.empty()) return absl::OkStatus();
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  const bool is_blank = text.find_first_not_of(' ') == std::string::npos;
  if ((!is_blank && !base::IsPrintableText(text)) || base::Utf8Length(text) > kDescriptionMax) {
    return base::Fail(INVALID_ARGUMENT, field, "must be at most 5000 characters of text");
  }
  return absl::OkStatus();
}

absl::Status CheckTaxCategory(const std::string& code, const std::string& field) {
  if (code.empty()) return base::Fail(FIELD_REQUIRED, field, "is required");
  const bool is_code =
      code.size() <= 32 && std::all_of(code.begin(), code.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
      });
  if (is_code) return absl::OkStatus();
  return base::Fail(INVALID_ARGUMENT, field, "must be 1 to 32 of a-z, 0-9, _ and -");
}

absl::Status CheckSku(const std::string& sku, const std::string& field) {
  if (sku.empty()) return base::Fail(FIELD_REQUIRED, field, "is required");
  if (sku.size() > kSkuBytesMax || !base::IsPrintableText(sku) || sku.front() == ' ' ||
      sku.back() == ' ') {
    return base::Fail(INVALID_ARGUMENT, field,
                      "must be 1 to 64 printable bytes without blanks around them");
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const std::vector<Option>& options, const std::string& field) {
  if (options.size() > kOptionsMax) {
    return base::Fail(LIMIT_EXCEEDED, field, "at most 8 are allowed");
  }
  std::set<std::string> names;
  for (size_t i = 0; i < options.size(); ++i) {
    const std::string at = Indexed(field, i);
    CLOUDPOS_RETURN_IF_ERROR(CheckText(options[i].name, at + ".name", kOptionNameMax));
    CLOUDPOS_RETURN_IF_ERROR(CheckText(options[i].value, at + ".value", kOptionValueMax));
    if (!names.insert(options[i].name).second) {
      return base::Fail(INVALID_ARGUMENT, at + ".name", "each option may be named once");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPrice(const Price& price, const std::string& at) {
  if (price.amount < 0 || price.amount > base::kMaxSafeInteger) {
    return base::Fail(OUT_OF_RANGE, at + ".amount", "must be 0 or more");
  }
  if (price.per < 1 || price.per > kPricePerMax) {
    return base::Fail(OUT_OF_RANGE, at + ".pricePer", "must be 1 to 1000000");
  }
  return absl::OkStatus();
}

}  // namespace

Variant* FindVariant(Product& product, const base::Uuid& id) {
  for (Variant& variant : product.variants) {
    if (variant.id == id) return &variant;
  }
  return nullptr;
}

std::string NameOf(const std::vector<Option>& options) {
  std::string name;
  for (const Option& option : options) {
    if (!name.empty()) name += " / ";
    name += option.value;
  }
  return name;
}

absl::Status CheckCategoryName(const std::string& name) {
  return CheckText(name, "name", kCategoryNameMax);
}

absl::Status CheckPrices(const std::vector<Price>& prices, const std::string& field) {
  if (prices.size() > kPricesMax) {
    return base::Fail(LIMIT_EXCEEDED, field, "at most 500 are allowed");
  }
  std::set<std::pair<base::Uuid, std::string>> seen;
  for (size_t i = 0; i < prices.size(); ++i) {
    CLOUDPOS_RETURN_IF_ERROR(CheckPrice(prices[i], Indexed(field, i)));
    if (!seen.emplace(prices[i].store, prices[i].currency).second) {
      return base::Fail(INVALID_ARGUMENT, Indexed(field, i),
                        "there is another price for this store and currency");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckVariant(const Variant& variant, const std::string& at) {
  CLOUDPOS_RETURN_IF_ERROR(CheckSku(variant.sku, at + "sku"));
  CLOUDPOS_RETURN_IF_ERROR(CheckOptions(variant.options, at + "options"));
  if (!variant.name.empty()) {
    CLOUDPOS_RETURN_IF_ERROR(CheckText(variant.name, at + "name", kVariantNameMax));
  }
  if (variant.barcodes.size() > kBarcodesMax) {
    return base::Fail(LIMIT_EXCEEDED, at + "barcodes", "at most 20 are allowed");
  }
  return CheckPrices(variant.prices, at + "prices");
}

absl::Status CheckProduct(const Product& product, const std::string& at) {
  CLOUDPOS_RETURN_IF_ERROR(CheckText(product.name, at + "name", kProductNameMax));
  CLOUDPOS_RETURN_IF_ERROR(CheckDescription(product.description, at + "description"));
  CLOUDPOS_RETURN_IF_ERROR(CheckTaxCategory(product.tax_category, at + "taxCategory"));
  if (product.variants.empty()) {
    return base::Fail(FIELD_REQUIRED, at + "variants", "a product has at least one variant");
  }
  if (product.variants.size() > kVariantsMax) {
    return base::Fail(LIMIT_EXCEEDED, at + "variants", "at most 100 are allowed");
  }
  for (size_t i = 0; i < product.variants.size(); ++i) {
    CLOUDPOS_RETURN_IF_ERROR(CheckVariant(product.variants[i], Indexed(at + "variants", i) + "."));
  }
  return absl::OkStatus();
}

absl::Status CheckDistinct(const std::vector<const Product*>& products,
                           const std::vector<std::string>& at) {
  std::set<base::Uuid> product_ids, variant_ids;
  std::set<std::string_view> skus, barcodes;
  for (size_t p = 0; p < products.size(); ++p) {
    if (!product_ids.insert(products[p]->id).second) {
      return base::Fail(INVALID_ARGUMENT, at[p] + "productId", "is in this request twice");
    }
    const auto& variants = products[p]->variants;
    for (size_t v = 0; v < variants.size(); ++v) {
      const std::string path = Indexed(at[p] + "variants", v);
      if (!variant_ids.insert(variants[v].id).second) {
        return base::Fail(INVALID_ARGUMENT, path + ".variantId", "is in this request twice");
      }
      if (!skus.insert(variants[v].sku).second) {
        return base::Fail(SKU_TAKEN, path + ".sku", "is in this request twice");
      }
      for (size_t b = 0; b < variants[v].barcodes.size(); ++b) {
        if (barcodes.insert(variants[v].barcodes[b].lookup_key).second) continue;
        return base::Fail(BARCODE_TAKEN, Indexed(path + ".barcodes", b),
                          "is in this request twice");
      }
    }
  }
  return absl::OkStatus();
}

std::vector<Price> ChangedPrices(const std::vector<Price>& before,
                                 const std::vector<Price>& after) {
  std::vector<Price> changed;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                std::back_inserter(changed));
  return changed;
}

absl::Status CheckVersion(int64_t present, int64_t asked) {
  if (present == asked) return absl::OkStatus();
  if (asked == 0) return base::Fail(FIELD_REQUIRED, "version", "is required");
  return base::Fail({.code = STALE_VERSION,
                     .detail = "It was changed meanwhile.",
                     .fields = {},
                     .hint = "Read it again and repeat the change.",
                     .data = {{"version", std::to_string(present)}},
                     .retry_after = std::nullopt});
}

}  // namespace cloudpos::inventory
