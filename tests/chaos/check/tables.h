#pragma once

// The tables that must say the same as the journal, each as a type with: the row (and how it is
// told, sum.h), the statement that reads it, and the rows an entry should have made.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libs/journal/entry.h"
#include "tests/chaos/check/database.h"
#include "tests/chaos/check/report.h"
#include "tests/chaos/check/sum.h"
#include "tests/chaos/check/views.h"

namespace cloudpos::chaos {

/// What it takes to say what an entry should have become.
struct Expectation {
  const journal::SaleEntry& entry;
  /// Stock locations by (store, kind): 1 sales floor, 2 damaged, 3 to the vendor.
  const std::map<std::pair<base::Uuid, int64_t>, base::Uuid>& locations;
};

struct SaleTable {
  static constexpr Rule kRule = Rule::kChain;
  static constexpr const char* kName = "transaction.sales";
  struct Row {
    base::Uuid id, store, reg, op, device, journal, customer, source;
    std::string_view kind, series, currency, reason, business_date, posting_date;
    int64_t number = 0, receipt_no = 0, gross = 0, discount = 0, net = 0, tax = 0, total = 0,
            rounding = 0, change = 0, occurred_at = 0, catalogue_version = 0;
  };
  static const Query kRead;
  static base::Uuid DocumentOf(const chaos::Row& row) { return row.Id(0); }
  static Row Parse(const chaos::Row& row);
  static std::vector<Row> Expect(const Expectation& from);
};

struct LineTable {
  static constexpr Rule kRule = Rule::kChain;
  static constexpr const char* kName = "transaction.sale_lines";
  struct Row {
    base::Uuid variant;
    std::string_view sku;
    int64_t number = 0, quantity = 0, per = 0, list = 0, unit = 0, gross = 0, discount = 0,
            order_discount = 0, net = 0, tax = 0, total = 0, source_line = 0;
  };
  static const Query kRead;
  static base::Uuid DocumentOf(const chaos::Row& row) { return row.Id(0); }
  static Row Parse(const chaos::Row& row);
  static std::vector<Row> Expect(const Expectation& from);
};

struct TenderTable {
  static constexpr Rule kRule = Rule::kChain;
  static constexpr const char* kName = "transaction.tenders";
  struct Row {
    std::string_view type;
    int64_t number = 0, amount = 0, tendered = 0, change = 0, rounding = 0;
  };
  static const Query kRead;
  static base::Uuid DocumentOf(const chaos::Row& row) { return row.Id(0); }
  static Row Parse(const chaos::Row& row);
  static std::vector<Row> Expect(const Expectation& from);
};

struct MovementTable {
  static constexpr Rule kRule = Rule::kMovements;
  static constexpr const char* kName = "inventory.stock_movements";
  struct Row {
    base::Uuid location, variant, actor;
    std::string_view reason;
    int64_t line = 0, kind = 0, quantity = 0, occurred_at = 0;
  };
  static const Query kRead;
  static base::Uuid DocumentOf(const chaos::Row& row) { return row.Id(0); }
  static Row Parse(const chaos::Row& row);
  static std::vector<Row> Expect(const Expectation& from);
};

struct FactSaleTable {
  static constexpr Rule kRule = Rule::kEvents;
  static constexpr const char* kName = "reporting.fact_sales";
  struct Row {
    base::Uuid store, reg, op, journal;
    std::string_view customer, currency, business_date;
    int64_t sign = 0, number = 0, occurred_at = 0, utc_offset = 0, gross = 0, discount = 0, net = 0,
            tax = 0, total = 0, rounding = 0;
  };
  static const Query kRead;
  static base::Uuid DocumentOf(const chaos::Row& row) { return row.Id(0); }
  static Row Parse(const chaos::Row& row);
  static std::vector<Row> Expect(const Expectation& from);
};

// How rows are told.

template <typename Out>
void Tell(const SaleTable::Row& r, Out& out) {
  out("sale", r.id);
  out("kind", r.kind);
  out("store", r.store);
  out("register", r.reg);
  out("operator", r.op);
  out("device", r.device);
  out("journal", r.journal);
  out("journal_no", r.number);
  out("receipt_no", r.receipt_no);
  out("series", r.series);
  out("currency", r.currency);
  out("gross", r.gross);
  out("discount", r.discount);
  out("net", r.net);
  out("tax", r.tax);
  out("total", r.total);
  out("cash_rounding", r.rounding);
  out("change", r.change);
  out("occurred_at", r.occurred_at);
  out("business_date", r.business_date);
  out("posting_date", r.posting_date);
  out("catalogue_version", r.catalogue_version);
  out("customer_ref", r.customer);
  out("source", r.source);
  out("reason", r.reason);
}

template <typename Out>
void Tell(const LineTable::Row& r, Out& out) {
  out("line", r.number);
  out("variant", r.variant);
  out("sku", r.sku);
  out("quantity", r.quantity);
  out("price_per", r.per);
  out("list_price", r.list);
  out("unit_price", r.unit);
  out("gross", r.gross);
  out("discount", r.discount);
  out("order_discount", r.order_discount);
  out("net", r.net);
  out("tax", r.tax);
  out("total", r.total);
  out("source_line", r.source_line);
}

template <typename Out>
void Tell(const TenderTable::Row& r, Out& out) {
  out("tender", r.number);
  out("type", r.type);
  out("applied", r.amount);
  out("tendered", r.tendered);
  out("change", r.change);
  out("rounding", r.rounding);
}

template <typename Out>
void Tell(const MovementTable::Row& r, Out& out) {
  out("line", r.line);
  out("kind", r.kind);
  out("location", r.location);
  out("variant", r.variant);
  out("quantity", r.quantity);
  out("reason", r.reason);
  out("actor", r.actor);
  out("occurred_at", r.occurred_at);
}

template <typename Out>
void Tell(const FactSaleTable::Row& r, Out& out) {
  out("sign", r.sign);
  out("store", r.store);
  out("register", r.reg);
  out("operator", r.op);
  out("customer", r.customer);
  out("journal", r.journal);
  out("journal_no", r.number);
  out("business_date", r.business_date);
  out("occurred_at", r.occurred_at);
  out("utc_offset", r.utc_offset);
  out("currency", r.currency);
  out("gross", r.gross);
  out("discount", r.discount);
  out("net", r.net);
  out("tax", r.tax);
  out("total", r.total);
  out("cash_rounding", r.rounding);
}

}  // namespace cloudpos::chaos
