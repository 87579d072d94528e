#pragma once

// What reports add up.

#include <cstdint>

namespace cloudpos::reporting {

/// Sums over documents or lines. Returns count negative in every amount; both units are positive.
struct Figures {
  int64_t sales = 0;  // totals of sales, tax included
  int64_t returns = 0;
  int64_t gross = 0;
  int64_t discount = 0;
  int64_t net = 0;
  int64_t tax = 0;
  int64_t units_sold = 0;  // thousandths, as the next
  int64_t units_returned = 0;
  int64_t sale_count = 0;
  int64_t return_count = 0;

  int64_t total() const { return sales + returns; }

  Figures& operator+=(const Figures& other) {
    sales += other.sales;
    returns += other.returns;
    gross += other.gross;
    discount += other.discount;
    net += other.net;
    tax += other.tax;
    units_sold += other.units_sold;
    units_returned += other.units_returned;
    sale_count += other.sale_count;
    return_count += other.return_count;
    return *this;
  }
  friend bool operator==(const Figures&, const Figures&) = default;
};

/// Sums of a tax; the returned part is zero or negative and in the first two already.
struct TaxSums {
  int64_t base = 0;
  int64_t tax = 0;
  int64_t returned_base = 0;
  int64_t returned_tax = 0;

  TaxSums& operator+=(const TaxSums& other) {
    base += other.base;
    tax += other.tax;
    returned_base += other.returned_base;
    returned_tax += other.returned_tax;
    return *this;
  }
  friend bool operator==(const TaxSums&, const TaxSums&) = default;
};

}  // namespace cloudpos::reporting
