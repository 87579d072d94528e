#include "services/transaction/domain/upload_goods.h"

#include <algorithm>

#include "libs/pricing/price.h"

namespace cloudpos::transaction {
namespace {

using journal::EntryLine;
using journal::EntryTax;
using journal::SaleEntry;

class Findings {
 public:
  void Add(const char* name) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
  }
  void AddIf(bool is_so, const char* name) {
    if (is_so) Add(name);
  }
  std::vector<const char*> Take() { return std::move(names_); }

 private:
  std::vector<const char*> names_;
};

/// The price of the catalogue version that the entry states; another one needs a reason.
bool IsPriceRight(const EntryLine& line, const Variant& variant, const Store& store) {
  const bool has_reason = !line.override_reason.empty();
  const VariantPrice* price = variant.PriceIn(store);
  if (price == nullptr) return has_reason;
  return line.list_price == price->amount && line.price_per == price->price_per &&
         (line.unit_price == line.list_price || has_reason);
}

bool IsTax(const EntryTax& tax, const base::Uuid& id, const Settings& settings) {
  const auto found = settings.taxes.find(id);
  if (found == settings.taxes.end()) return false;
  const TaxDefinition& definition = found->second;
  return tax.tax_id == id.ToString() && tax.rate_ppm == definition.rate_ppm && !tax.exempt &&
         tax.inclusive == definition.inclusive && tax.fixed_per_unit == definition.fixed_per_unit;
}

/// The taxes set up for the product's category in this store, in whatever order.
bool AreTaxesRight(const EntryLine& line, const Variant& variant, const Store& store,
                   const Settings& settings) {
  const std::string& category = variant.tax_category;
  if (category == kZeroRated) return line.taxes.empty();
  const auto found = settings.tax_categories.find(category);
  const bool is_known = found != settings.tax_categories.end();
  if (category == kExempt || (is_known && found->second.exempt)) {
    return line.taxes.size() == 1 && line.taxes.front().exempt;
  }
  const std::vector<base::Uuid>* taxes = is_known ? found->second.TaxesOf(store.id) : nullptr;
  if (taxes == nullptr || taxes->size() != line.taxes.size()) return false;
  return std::all_of(taxes->begin(), taxes->end(), [&](const base::Uuid& id) {
    return std::any_of(line.taxes.begin(), line.taxes.end(),
                       [&](const EntryTax& tax) { return IsTax(tax, id, settings); });
  });
}

bool IsPolicyRight(const journal::EntryPolicy& entry, const StorePolicy& policy) {
  return entry.cash_increment == policy.cash.increment &&
         entry.discount_order == pricing::DiscountOrderName(policy.price.discount_order) &&
         entry.discount_rounding == pricing::RoundingModeName(policy.price.discount_rounding) &&
         entry.inclusive_rounding ==
             pricing::InclusiveRoundingName(policy.price.inclusive_rounding) &&
         entry.rounding_level == pricing::RoundingLevelName(policy.price.rounding_level) &&
         entry.tax_rounding == pricing::RoundingModeName(policy.price.tax_rounding);
}

void CheckLine(const EntryLine& line, bool is_return, const Store& store,
               const Circumstances& known, Findings* findings) {
  const auto id = base::Uuid::Parse(line.variant_id);
  const auto found = id ? known.goods->find(*id) : known.goods->end();
  if (found == known.goods->end() || found->second == nullptr) {
    return findings->Add(finding::kUnknownVariant);
  }
  const Variant& variant = *found->second;
  // What is not sold any more can still come back.
  findings->AddIf(variant.archived && !is_return, finding::kVariantArchived);
  findings->AddIf(!IsPriceRight(line, variant, store), finding::kPrice);
  findings->AddIf(!AreTaxesRight(line, variant, store, *known.settings), finding::kTax);
}

void CheckAgainstSource(const SaleEntry& entry, const SourceSale& source, Findings* findings) {
  const std::vector<int64_t> before = ReturnedBefore(entry, &source);
  for (size_t i = 0; i < entry.lines.size(); ++i) {
    const EntryLine& line = entry.lines[i];
    const size_t index = static_cast<size_t>(line.source_line_no) - 1;
    if (before[i] < 0 || index >= source.entry.lines.size()) {
      findings->Add(finding::kUnknownSource);
      continue;
    }
    const EntryLine& sold = source.entry.lines[index];
    findings->AddIf(sold.variant_id != line.variant_id, finding::kUnknownSource);
    findings->AddIf(
        line.quantity_milli > sold.quantity_milli - before[i] || line.total > sold.total,
        finding::kReturnExceedsSold);
  }
}

}  // namespace

std::vector<const char*> GoodsFindings(const SaleEntry& entry, const Store& store,
                                       const Circumstances& known) {
  Findings findings;
  const bool is_return = entry.kind == journal::kKindReturn;
  if (is_return && !entry.source_sale_id.empty()) {
    if (known.source == nullptr) {
      findings.Add(finding::kUnknownSource);
    } else {
      CheckAgainstSource(entry, *known.source, &findings);
    }
    return findings.Take();
  }
  for (const EntryLine& line : entry.lines) CheckLine(line, is_return, store, known, &findings);
  findings.AddIf(!IsPolicyRight(entry.policy, known.settings->PolicyOf(store.id)),
                 finding::kPolicy);
  return findings.Take();
}

}  // namespace cloudpos::transaction
