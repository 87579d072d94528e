#pragma once

// The sums of reporting, added up from the journal and read from the tables.

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "libs/journal/entry.h"
#include "tests/chaos/check/database.h"
#include "tests/chaos/check/report.h"

namespace cloudpos::chaos {

/// Returns count negative in every amount; units are positive.
struct Figures {
  int64_t sales = 0, returns = 0, gross = 0, discount = 0, net = 0, tax = 0, units_sold = 0,
          units_returned = 0, sale_count = 0, return_count = 0;

  void Add(const Figures& other);
  friend bool operator==(const Figures&, const Figures&) = default;
};

template <typename Out>
void Tell(const Figures& f, Out& out) {
  out("sales", f.sales);
  out("returns", f.returns);
  out("gross", f.gross);
  out("discount", f.discount);
  out("net", f.net);
  out("tax", f.tax);
  out("units_sold", f.units_sold);
  out("units_returned", f.units_returned);
  out("sale_count", f.sale_count);
  out("return_count", f.return_count);
}

/// Rows by their key in words ("day=2026-01-05 store=...").
using FigureRows = absl::flat_hash_map<std::string, Figures>;

struct Rollups {
  FigureRows days, hours, products, customers;
  /// base, tax, returned base, returned tax.
  absl::flat_hash_map<std::string, std::array<int64_t, 4>> taxes;
  absl::flat_hash_map<std::string, int64_t> stock;  // by store and variant

  void Add(const journal::SaleEntry& entry);
  void AddTaxes(const journal::EntryLine& line, const std::string& day, int64_t sign);
  void AddCorrection(const base::Uuid& store, const base::Uuid& variant, int64_t quantity);
};

/// Holds the tables of the live set against `expected` (I7).
absl::Status CheckRollups(Database* database, const Rollups& expected, Report* report);

}  // namespace cloudpos::chaos
