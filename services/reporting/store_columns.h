#pragma once

// Rows on their way into unnest(): one vector per column, bound in the order they are added.

#include <string>
#include <utility>
#include <vector>

#include "libs/pg/pg.h"
#include "services/reporting/domain/figures.h"

namespace cloudpos::reporting {

/// Parameters of a statement: the set first, then columns.
class Params {
 public:
  explicit Params(int set) { params_.emplace_back(set); }
  template <typename T>
  Params& Add(T&& value) {
    params_.emplace_back(std::forward<T>(value));
    return *this;
  }
  absl::StatusOr<pg::Result> Exec(pg::Tx& tx, const pg::Query& query) const {
    return tx.ExecParams(query, params_.data(), params_.size());
  }

 private:
  std::vector<pg::Param> params_;
};

/// The ten columns of Figures, in the order of CLOUDPOS_FIGURE_COLUMNS.
class FigureColumns {
 public:
  void Add(const Figures& f) {
    const int64_t values[] = {f.sales, f.returns,    f.gross,          f.discount,   f.net,
                              f.tax,   f.units_sold, f.units_returned, f.sale_count,
                              f.return_count};
    for (size_t i = 0; i < kColumns; ++i) columns_[i].push_back(values[i]);
  }
  void AddTo(Params* params) const {
    for (const std::vector<int64_t>& column : columns_) params->Add(column);
  }

 private:
  static constexpr size_t kColumns = 10;
  std::vector<int64_t> columns_[kColumns];
};

#define CLOUDPOS_FIGURE_COLUMNS                                                         \
  "sales_minor, returns_minor, gross_minor, discount_minor, net_minor, tax_minor, "     \
  "units_sold_milli, units_returned_milli, sale_count, return_count"

}  // namespace cloudpos::reporting
