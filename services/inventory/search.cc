#include "services/inventory/search.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "libs/base/status_macros.h"
#include "services/inventory/domain/words.h"
#include "services/inventory/store_products.h"
#include "services/inventory/store_search.h"

namespace cloudpos::inventory {
namespace {

constexpr size_t kTypedWordsMax = 8;
constexpr int kWordsByBeginning = 100;  // a short beginning fits many words: these do
constexpr int kWordsByGrams = 200;
constexpr int kCandidatesMax = 500;  // variants ranked: a millisecond or two

// Beyond this a word is common, and no rarer than another common one.
constexpr int kCountMax = 5'000;

/// For one typed word, all words that it may stand for.
using Group = std::vector<std::string>;

absl::StatusOr<Group> MendedWords(pg::Tx& tx, const base::Uuid& tenant, const std::string& typed) {
  Group near;
  const int slips = SlipsAllowed(typed);
  if (slips == 0) return near;
  CLOUDPOS_ASSIGN_OR_RETURN(const auto alike, SelectWordsByGrams(tx, tenant, typed, kWordsByGrams));
  for (const std::string& word : alike) {
    if (IsNear(typed, word, slips)) near.push_back(word);
  }
  return near;
}

absl::StatusOr<std::vector<Group>> GroupsOf(pg::Tx& tx, const base::Uuid& tenant,
                                            const std::vector<std::string>& typed) {
  CLOUDPOS_ASSIGN_OR_RETURN(std::vector<Group> groups,
                            SelectWordsByBeginning(tx, tenant, typed, kWordsByBeginning));
  std::vector<std::string> all;
  for (size_t i = 0; i < typed.size(); ++i) {
    if (groups[i].empty()) {
      CLOUDPOS_ASSIGN_OR_RETURN(groups[i], MendedWords(tx, tenant, typed[i]));
    }
    all.insert(all.end(), groups[i].begin(), groups[i].end());
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const auto categories, SelectCategoryWords(tx, tenant, all));
  for (Group& group : groups) {
    const Group words = group;
    for (const std::string& word : words) {
      const auto found = categories.find(word);
      if (found == categories.end()) continue;
      group.insert(group.end(), found->second.begin(), found->second.end());
    }
  }
  return groups;
}

/// Variants that may be meant: those of the rarest typed word that have the next rarest, too.
absl::StatusOr<std::vector<base::Uuid>> Candidates(pg::Tx& tx, const base::Uuid& tenant,
                                                   const std::vector<Group>& groups) {
  if (groups.size() == 1) {
    return SelectVariantsByWords(tx, tenant, groups[0], {}, {}, kCandidatesMax);
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const auto counts, CountByWords(tx, tenant, groups, kCountMax));
  std::vector<size_t> order(groups.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&counts](size_t a, size_t b) { return counts[a] < counts[b]; });
  if (counts[order[0]] == 0) return std::vector<base::Uuid>{};
  const auto group = [&](size_t place) {
    return place < order.size() ? groups[order[place]] : Group{};
  };
  return SelectVariantsByWords(tx, tenant, group(0), group(1), group(2), kCandidatesMax);
}

SearchDocument DocumentOf(const SearchRow& row) {
  std::string text = row.product_name + " " + row.variant_name + " " + row.sku;
  for (const std::string& barcode : row.barcodes) text += " " + barcode;
  SearchDocument document{.words = WordsOf(text),
                          .categories = WordsOf(row.category_name),
                          .length = row.product_name.size() + row.variant_name.size()};
  std::string sku;
  for (const std::string& word : WordsOf(row.sku)) sku += word;
  document.words.push_back(std::move(sku));
  return document;
}

}  // namespace

absl::StatusOr<std::vector<Hit>> Search(pg::Tx& tx, const base::Uuid& tenant,
                                        const std::string& text, bool archived_too, size_t most) {
  std::vector<std::string> typed = WordsOf(text);
  if (typed.size() > kTypedWordsMax) typed.resize(kTypedWordsMax);
  CLOUDPOS_ASSIGN_OR_RETURN(const auto exact, SelectOwnerOfCode(tx, tenant, text));
  std::vector<base::Uuid> candidates;
  if (!typed.empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(const auto groups, GroupsOf(tx, tenant, typed));
    CLOUDPOS_ASSIGN_OR_RETURN(candidates, Candidates(tx, tenant, groups));
  }
  if (exact) candidates.push_back(*exact);
  CLOUDPOS_ASSIGN_OR_RETURN(std::vector<SearchRow> rows, SelectSearchRows(tx, tenant, candidates));
  struct Ranked {
    int score;
    size_t length;
    const SearchRow* row;
  };
  std::vector<Ranked> ranked;
  for (const SearchRow& row : rows) {
    if (row.archived && !archived_too) continue;
    const SearchDocument document = DocumentOf(row);
    const bool is_exact = exact && *exact == row.variant;
    const int score = is_exact ? 1'000 : ScoreOf(typed, document);
    if (score > 0) ranked.push_back({score, document.length, &row});
  }
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return std::tie(b.score, a.length, a.row->product_name, a.row->variant) <
           std::tie(a.score, b.length, b.row->product_name, b.row->variant);
  });
  if (ranked.size() > most) ranked.resize(most);
  std::vector<Hit> hits;
  for (const Ranked& hit : ranked) {
    hits.push_back({.product = hit.row->product, .variant = hit.row->variant});
  }
  return hits;
}

}  // namespace cloudpos::inventory
