// I3: what is on hand, by three ways that know nothing of each other.

#include "libs/base/status_macros.h"
#include "tests/chaos/check/checks.h"

namespace cloudpos::chaos {
namespace {

constexpr Query kLevels{"stock_levels", R"sql(
  SELECT coalesce(l.location_id, m.location_id), coalesce(l.variant_id, m.variant_id),
    coalesce(l.on_hand_milli, 0), coalesce(m.quantity, 0)::bigint, coalesce(l.reserved_milli, 0),
    l.variant_id IS NOT NULL
  FROM (SELECT s.location_id, s.variant_id, s.on_hand_milli, s.reserved_milli
        FROM inventory.stock_levels AS s WHERE s.tenant_id = $1::uuid) AS l
  FULL JOIN (SELECT v.location_id, v.variant_id, sum(v.quantity_milli) AS quantity
             FROM inventory.stock_movements AS v WHERE v.tenant_id = $1::uuid
             GROUP BY v.location_id, v.variant_id) AS m
    ON m.location_id = l.location_id AND m.variant_id = l.variant_id)sql"};

constexpr Query kAdjusted{"adjusted", R"sql(
  SELECT location_id, variant_id, sum(quantity_milli)::bigint FROM inventory.stock_movements
  WHERE tenant_id = $1::uuid AND kind = 3 GROUP BY location_id, variant_id)sql"};

constexpr Query kOrphans{"adjustments_without_movements", R"sql(
  SELECT a.adjustment_id FROM inventory.stock_adjustments AS a
  WHERE a.tenant_id = $1::uuid AND NOT EXISTS (
    SELECT 1 FROM inventory.stock_movements AS m WHERE m.tenant_id = a.tenant_id
      AND m.document_id = a.adjustment_id AND m.kind = 3)
  UNION ALL
  SELECT m.document_id FROM inventory.stock_movements AS m
  WHERE m.tenant_id = $1::uuid AND m.kind = 3 AND NOT EXISTS (
    SELECT 1 FROM inventory.stock_adjustments AS a WHERE a.tenant_id = m.tenant_id
      AND a.adjustment_id = m.document_id))sql"};

std::string Named(const Shelf& shelf) {
  return "variant " + shelf.second.ToString() + " in store " + shelf.first.ToString();
}

class Stock {
 public:
  explicit Stock(const Evidence& e) : e_(e) {}

  void OnLevel(const Row& row) {
    const base::Uuid store = StoreOf(row.Id(0));
    const std::string where =
        "variant " + row.Id(1).ToString() + " at location " + row.Id(0).ToString();
    const int64_t on_hand = row.Int(2);
    e_.report->Compared(Rule::kStock, 1);
    if (on_hand != row.Int(3) || !row.Bool(5)) {
      Wrong(where + ": on hand " + std::to_string(on_hand) + ", the movements' sum is " +
            std::to_string(row.Int(3)));
    }
    // Nothing reserves yet: whoever adds reservations adds their sum here.
    if (row.Int(4) != 0) Wrong(where + ": reserved " + std::to_string(row.Int(4)));
    on_hand_[{store, row.Id(1)}] += on_hand;
  }

  void OnAdjusted(const Row& row) { adjusted_[{StoreOf(row.Id(0)), row.Id(1)}] += row.Int(2); }

  /// Opening less what receipts say.
  void CompareWithReceipts() {
    std::map<Shelf, int64_t> expected = e_.run.opening;
    for (const auto& [shelf, moved] : e_.history.moved) expected[shelf] += moved;
    for (const auto& [shelf, moved] : e_.books->moved_unheard) expected[shelf] += moved;
    for (const auto& [shelf, quantity] : on_hand_) expected.try_emplace(shelf, 0);
    for (const auto& [shelf, quantity] : expected) {
      e_.report->Compared(Rule::kStock, 1);
      const auto found = on_hand_.find(shelf);
      const int64_t has = found == on_hand_.end() ? 0 : found->second;
      if (has == quantity) continue;
      Wrong(Named(shelf) + ": on hand " + std::to_string(has) + ", by opening and receipts " +
            std::to_string(quantity));
    }
    for (const auto& [shelf, quantity] : e_.run.opening) adjusted_[shelf] -= quantity;
    for (const auto& [shelf, left] : adjusted_) {
      e_.report->Compared(Rule::kStock, 1);
      if (left != 0) Wrong(Named(shelf) + ": the opening differs by " + std::to_string(left));
    }
  }

 private:
  base::Uuid StoreOf(const base::Uuid& location) {
    const auto store = e_.books->store_of_location.find(location);
    if (store != e_.books->store_of_location.end()) return store->second;
    Wrong("location " + location.ToString() + " belongs to no store");
    return {};
  }
  void Wrong(std::string what) { e_.report->Broken(Rule::kStock, std::move(what)); }

  const Evidence& e_;
  std::map<Shelf, int64_t> on_hand_, adjusted_;
};

}  // namespace

absl::Status CheckStock(const Evidence& e) {
  Stock stock(e);
  CLOUDPOS_RETURN_IF_ERROR(
      e.database->Stream(kLevels, [&stock](const Row& row) { stock.OnLevel(row); }));
  CLOUDPOS_RETURN_IF_ERROR(
      e.database->Stream(kAdjusted, [&stock](const Row& row) { stock.OnAdjusted(row); }));
  stock.CompareWithReceipts();
  return e.database->Stream(kOrphans, [&e](const Row& row) {
    e.report->Broken(Rule::kStock, "adjustment " + row.Id(0).ToString() +
                                       " and its movements are not both there");
  });
}

}  // namespace cloudpos::chaos
