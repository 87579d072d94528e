#pragma once

// SQL of search: words, the variants that have them, and words that look like a mistyped one.

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/pg/pg.h"
#include "services/inventory/domain/catalogue.h"

namespace cloudpos::inventory {

/// Makes variants of the product found by their names, SKU, barcodes and category. `is_new`: they
/// have no words yet.
absl::Status IndexProducts(pg::Tx& tx, const base::Uuid& tenant,
                           const std::vector<const Product*>& products, bool is_new);
absl::Status IndexCategory(pg::Tx& tx, const base::Uuid& tenant, const Category& category,
                           bool is_new);

/// For each of `typed`, in order: the words that begin with it, at most `most`.
absl::StatusOr<std::vector<std::vector<std::string>>> SelectWordsByBeginning(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::string>& typed, int most);
/// Words that share letters with `typed`, most alike first, at most `most`.
absl::StatusOr<std::vector<std::string>> SelectWordsByGrams(pg::Tx& tx, const base::Uuid& tenant,
                                                            const std::string& typed, int most);
/// The words that the variants of a category carry, for each of `words` that names a category.
absl::StatusOr<std::map<std::string, std::vector<std::string>>> SelectCategoryWords(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::string>& words);
/// How many rows have one of the words of each group; counting ends at `most`.
absl::StatusOr<std::vector<int64_t>> CountByWords(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::vector<std::string>>& groups,
    int most);
/// Variants that have a word of `first` and, where they are not empty, of `second` and of `third`.
absl::StatusOr<std::vector<base::Uuid>> SelectVariantsByWords(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::string>& first,
    const std::vector<std::string>& second, const std::vector<std::string>& third, int most);

/// What is needed to rank a hit.
struct SearchRow {
  base::Uuid variant;
  base::Uuid product;
  std::string product_name;
  std::string variant_name;
  std::string sku;
  std::string category_name;
  std::vector<std::string> barcodes;
  bool archived = false;  // it or its product
};
absl::StatusOr<std::vector<SearchRow>> SelectSearchRows(pg::Tx& tx, const base::Uuid& tenant,
                                                        const std::vector<base::Uuid>& variants);

}  // namespace cloudpos::inventory
