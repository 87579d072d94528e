#include "services/inventory/store_search.h"

#include <set>
#include <utility>

#include "libs/base/status_macros.h"
#include "services/inventory/domain/words.h"

namespace cloudpos::inventory {
namespace {

constexpr pg::Query kDeleteVariantWords{"delete_variant_words", R"sql(
  DELETE FROM variant_words WHERE tenant_id = $1 AND variant_id = ANY($2::uuid[]))sql"};

constexpr pg::Query kInsertVariantWords{"insert_variant_words", R"sql(
  INSERT INTO variant_words (tenant_id, word, variant_id)
  SELECT $1::uuid, e.word, e.variant_id FROM unnest($2::text[], $3::uuid[]) AS e (word, variant_id)
  ON CONFLICT DO NOTHING)sql"};

constexpr pg::Query kDeleteCategoryWords{"delete_category_words", R"sql(
  DELETE FROM category_words WHERE tenant_id = $1 AND category_id = $2)sql"};

constexpr pg::Query kInsertCategoryWords{"insert_category_words", R"sql(
  INSERT INTO category_words (tenant_id, word, category_id)
  SELECT $1::uuid, e.word, $3::uuid FROM unnest($2::text[]) AS e (word))sql"};

// Answers the names that are new as such: only those get their grams.
constexpr pg::Query kUpsertWords{"upsert_search_words", R"sql(
  INSERT INTO search_words AS s (tenant_id, word, is_name)
  SELECT $1::uuid, e.word, e.is_name FROM unnest($2::text[], $3::boolean[]) AS e (word, is_name)
  ON CONFLICT (tenant_id, word) DO UPDATE SET is_name = true
    WHERE excluded.is_name AND NOT s.is_name
  RETURNING word, is_name)sql"};

constexpr pg::Query kInsertGrams{"insert_word_grams", R"sql(
  INSERT INTO word_grams (tenant_id, gram, word)
  SELECT $1::uuid, e.gram, e.word FROM unnest($2::text[], $3::text[]) AS e (gram, word)
  ON CONFLICT DO NOTHING)sql"};

constexpr pg::Query kSelectWordsByBeginning{"select_words_by_beginning", R"sql(
  SELECT q.place, found.word
  FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS q (low, high, place)
  CROSS JOIN LATERAL (
    SELECT word FROM search_words
    WHERE tenant_id = $1 AND word >= q.low AND word < q.high
    ORDER BY word LIMIT $4) AS found
  ORDER BY q.place, found.word)sql"};

constexpr pg::Query kSelectWordsByGrams{"select_words_by_grams", R"sql(
  SELECT word FROM word_grams WHERE tenant_id = $1 AND gram = ANY($2::text[])
  GROUP BY word ORDER BY count(*) DESC, word LIMIT $3)sql"};

constexpr pg::Query kSelectCategoryWords{"select_category_words", R"sql(
  SELECT word, category_id FROM category_words
  WHERE tenant_id = $1 AND word = ANY($2::text[]))sql"};

constexpr pg::Query kCountByWords{"count_variants_by_words", R"sql(
  SELECT count(*) AS count FROM (
    SELECT 1 FROM variant_words WHERE tenant_id = $1 AND word = ANY($2::text[])
    LIMIT $3) AS counted)sql"};

constexpr pg::Query kSelectVariantsByWords{"select_variants_by_words", R"sql(
  SELECT DISTINCT variant_id FROM (
    SELECT a.variant_id FROM variant_words AS a
    WHERE a.tenant_id = $1 AND a.word = ANY($2::text[])
      AND (cardinality($3::text[]) = 0 OR EXISTS (
        SELECT 1 FROM variant_words AS b WHERE b.tenant_id = $1 AND b.word = ANY($3::text[])
          AND b.variant_id = a.variant_id))
      AND (cardinality($4::text[]) = 0 OR EXISTS (
        SELECT 1 FROM variant_words AS c WHERE c.tenant_id = $1 AND c.word = ANY($4::text[])
          AND c.variant_id = a.variant_id))
    LIMIT $5) AS hits)sql"};

constexpr pg::Query kSelectSearchRows{"select_search_rows", R"sql(
  SELECT v.variant_id, v.product_id, p.name AS product_name, v.name AS variant_name, v.sku,
    coalesce(c.name, '') AS category_name, v.archived OR p.archived AS archived,
    ARRAY(SELECT b.code FROM barcodes AS b
          WHERE b.tenant_id = $1 AND b.variant_id = v.variant_id) AS barcodes
  FROM variants AS v
  JOIN products AS p ON p.tenant_id = v.tenant_id AND p.product_id = v.product_id
  LEFT JOIN categories AS c ON c.tenant_id = p.tenant_id AND c.category_id = p.category_id
  WHERE v.tenant_id = $1 AND v.variant_id = ANY($2::uuid[]))sql"};

std::string CategoryWord(const base::Uuid& id) { return "category:" + id.ToString(); }

/// Words and whether they are of a name, where a slip of the key is worth mending.
using Words = std::map<std::string, bool>;

void AddNames(const std::string& text, Words* words) {
  for (const std::string& word : WordsOf(text)) (*words)[word] = true;
}

void AddCode(const std::string& text, Words* words) {
  std::string joined;
  for (const std::string& word : WordsOf(text)) {
    words->emplace(word, false);
    joined += word;
  }
  // "AB-12" is also looked for as "ab12".
  if (!joined.empty()) words->emplace(joined.substr(0, kWordBytesMax), false);
}

absl::Status AddToVocabulary(pg::Tx& tx, const base::Uuid& tenant, const Words& words) {
  std::vector<std::string> texts;
  std::vector<bool> are_names;
  for (const auto& [word, is_name] : words) {
    texts.push_back(word);
    are_names.push_back(is_name);
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kUpsertWords, tenant, texts, are_names));
  std::vector<std::string> grams, of;
  for (const pg::Row row : rows) {
    const auto word = row.Get<std::string>("word");
    if (!row.Get<bool>("is_name") || !HasLetter(word)) continue;
    for (std::string& gram : GramsOf(word)) {
      grams.push_back(std::move(gram));
      of.push_back(word);
    }
  }
  if (grams.empty()) return absl::OkStatus();
  return tx.Exec(kInsertGrams, tenant, grams, of).status();
}

Words WordsOfVariant(const Product& product, const Variant& variant) {
  Words words;
  AddNames(product.name, &words);
  AddNames(variant.name, &words);
  AddCode(variant.sku, &words);
  for (const Barcode& barcode : variant.barcodes) AddCode(barcode.code, &words);
  return words;
}

}  // namespace

absl::Status IndexProducts(pg::Tx& tx, const base::Uuid& tenant,
                           const std::vector<const Product*>& products, bool is_new) {
  Words all;
  std::vector<std::string> texts;
  std::vector<base::Uuid> of, variants;
  for (const Product* product : products) {
    for (const Variant& variant : product->variants) {
      variants.push_back(variant.id);
      for (const auto& [word, is_name] : WordsOfVariant(*product, variant)) {
        texts.push_back(word);
        of.push_back(variant.id);
        all[word] = all[word] || is_name;
      }
      if (product->category.is_nil()) continue;
      texts.push_back(CategoryWord(product->category));
      of.push_back(variant.id);
    }
  }
  if (!is_new) {
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kDeleteVariantWords, tenant, variants).status());
  }
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kInsertVariantWords, tenant, texts, of).status());
  return AddToVocabulary(tx, tenant, all);
}

absl::Status IndexCategory(pg::Tx& tx, const base::Uuid& tenant, const Category& category,
                           bool is_new) {
  if (!is_new) {
    CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kDeleteCategoryWords, tenant, category.id).status());
  }
  Words words;
  AddNames(category.name, &words);
  if (words.empty()) return absl::OkStatus();
  std::vector<std::string> texts;
  for (const auto& [word, is_name] : words) texts.push_back(word);
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kInsertCategoryWords, tenant, texts, category.id).status());
  return AddToVocabulary(tx, tenant, words);
}

absl::StatusOr<std::vector<std::vector<std::string>>> SelectWordsByBeginning(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::string>& typed, int most) {
  std::vector<std::string> ends;
  // The last code point there is: every word that begins with `typed` sorts before it.
  for (const std::string& word : typed) ends.push_back(word + "\xF4\x8F\xBF\xBF");
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectWordsByBeginning, tenant, typed, ends, most));
  std::vector<std::vector<std::string>> found(typed.size());
  for (const pg::Row row : rows) {
    found[static_cast<size_t>(row.Get<int64_t>("place") - 1)].push_back(
        row.Get<std::string>("word"));
  }
  return found;
}

absl::StatusOr<std::vector<std::string>> SelectWordsByGrams(pg::Tx& tx, const base::Uuid& tenant,
                                                            const std::string& typed, int most) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectWordsByGrams, tenant, GramsOf(typed), most));
  std::vector<std::string> words;
  for (const pg::Row row : rows) words.push_back(row.Get<std::string>("word"));
  return words;
}

absl::StatusOr<std::map<std::string, std::vector<std::string>>> SelectCategoryWords(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::string>& words) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectCategoryWords, tenant, words));
  std::map<std::string, std::vector<std::string>> found;
  for (const pg::Row row : rows) {
    found[row.Get<std::string>("word")].push_back(CategoryWord(row.Get<base::Uuid>("category_id")));
  }
  return found;
}

absl::StatusOr<std::vector<int64_t>> CountByWords(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::vector<std::string>>& groups,
    int most) {
  std::vector<int64_t> counts;
  for (const auto& words : groups) {
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kCountByWords, tenant, words, most));
    counts.push_back(rows[0].Get<int64_t>("count"));
  }
  return counts;
}

absl::StatusOr<std::vector<base::Uuid>> SelectVariantsByWords(
    pg::Tx& tx, const base::Uuid& tenant, const std::vector<std::string>& first,
    const std::vector<std::string>& second, const std::vector<std::string>& third, int most) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSelectVariantsByWords, tenant, first, second, third, most));
  std::vector<base::Uuid> variants;
  for (const pg::Row row : rows) variants.push_back(row.Get<base::Uuid>("variant_id"));
  return variants;
}

absl::StatusOr<std::vector<SearchRow>> SelectSearchRows(pg::Tx& tx, const base::Uuid& tenant,
                                                        const std::vector<base::Uuid>& variants) {
  std::vector<SearchRow> found;
  if (variants.empty()) return found;
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectSearchRows, tenant, variants));
  for (const pg::Row row : rows) {
    found.push_back({.variant = row.Get<base::Uuid>("variant_id"),
                     .product = row.Get<base::Uuid>("product_id"),
                     .product_name = row.Get<std::string>("product_name"),
                     .variant_name = row.Get<std::string>("variant_name"),
                     .sku = row.Get<std::string>("sku"),
                     .category_name = row.Get<std::string>("category_name"),
                     .barcodes = row.Get<std::vector<std::string>>("barcodes"),
                     .archived = row.Get<bool>("archived")});
  }
  return found;
}

}  // namespace cloudpos::inventory
