#pragma once

// Sums over a batch of facts, by everything that reports group by. Pure: no I/O.

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "libs/base/ids.h"
#include "services/reporting/domain/facts.h"
#include "services/reporting/domain/figures.h"

namespace cloudpos::reporting {

/// What every sum is keyed by.
struct DayKey {
  base::Uuid tenant;
  std::string business_date;
  base::Uuid store;
  std::string currency;
  friend auto operator<=>(const DayKey&, const DayKey&) = default;
};

struct HourKey {
  DayKey day;
  base::Uuid register_id, operator_id;
  int64_t hour_start_us = 0;
  int64_t utc_offset_min = 0;
  friend auto operator<=>(const HourKey&, const HourKey&) = default;
};

struct ProductKey {
  DayKey day;
  base::Uuid product, category;
  friend auto operator<=>(const ProductKey&, const ProductKey&) = default;
};

struct CustomerKey {
  DayKey day;
  std::string customer_ref;
  friend auto operator<=>(const CustomerKey&, const CustomerKey&) = default;
};

struct TaxKey {
  DayKey day;
  std::string jurisdiction;
  Treatment treatment = Treatment::kTaxed;
  int64_t rate_ppm = 0;
  int64_t fixed_per_unit = 0;
  std::string tax_id;
  bool inclusive = false;
  friend auto operator<=>(const TaxKey&, const TaxKey&) = default;
};

struct StockKey {
  base::Uuid tenant, store, variant;
  friend auto operator<=>(const StockKey&, const StockKey&) = default;
};

/// In key order, so that every writer locks rows in the same order.
struct Rollups {
  std::map<DayKey, Figures> days;
  std::map<HourKey, Figures> hours;
  std::map<ProductKey, Figures> products;
  std::map<CustomerKey, Figures> customers;
  std::map<TaxKey, TaxSums> taxes;
  std::map<StockKey, int64_t> stock;  // thousandths, signed

  void Add(const Fact& fact);
};

}  // namespace cloudpos::reporting
