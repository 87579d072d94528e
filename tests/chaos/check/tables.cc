#include "tests/chaos/check/tables.h"

namespace cloudpos::chaos {

const Query SaleTable::kRead{"sales", R"sql(
  SELECT sale_id, store_id, register_id, operator_id, device_id, journal_id, customer_ref,
    source_sale_id, kind, series, currency_code, coalesce(reason_code, '') AS reason,
    business_date::text, posting_date::text, journal_no, coalesce(receipt_no, 0), gross, discount,
    net, tax, total, cash_rounding, change, occurred_at, catalogue_version, receipt_number,
    coalesce(array_to_string(exceptions, ','), '')
  FROM transaction.sales
  WHERE tenant_id = $1::uuid AND ($2::uuid[] IS NULL OR sale_id = ANY ($2::uuid[])))sql"};

SaleTable::Row SaleTable::Parse(const chaos::Row& row) {
  Row out;
  out.id = row.Id(0);
  out.store = row.Id(1);
  out.reg = row.Id(2);
  out.op = row.Id(3);
  out.device = row.Id(4);
  out.journal = row.Id(5);
  out.customer = row.Id(6);
  out.source = row.Id(7);
  out.kind = row.Text(8);
  out.series = row.Text(9);
  out.currency = row.Text(10);
  out.reason = row.Text(11);
  out.business_date = row.Text(12);
  out.posting_date = row.Text(13);
  out.number = row.Int(14);
  out.receipt_no = row.Int(15);
  out.gross = row.Int(16);
  out.discount = row.Int(17);
  out.net = row.Int(18);
  out.tax = row.Int(19);
  out.total = row.Int(20);
  out.rounding = row.Int(21);
  out.change = row.Int(22);
  out.occurred_at = row.Micros(23);
  out.catalogue_version = row.Int(24);
  return out;
}

std::vector<SaleTable::Row> SaleTable::Expect(const Expectation& from) {
  const journal::SaleEntry& e = from.entry;
  return {{.id = IdOf(e.sale_id),
           .store = IdOf(e.store),
           .reg = IdOf(e.register_id),
           .op = IdOf(e.operator_id),
           .device = IdOf(e.device),
           .journal = IdOf(e.journal),
           .customer = IdOf(e.customer_ref),
           .source = IdOf(e.source_sale_id),
           .kind = e.kind,
           .series = e.series,
           .currency = e.currency,
           .reason = e.reason,
           .business_date = e.business_date,
           .posting_date = e.posting_date,
           .number = e.n,
           .receipt_no = e.receipt_no,
           .gross = e.totals.gross,
           .discount = e.totals.discount,
           .net = e.totals.net,
           .tax = e.totals.tax,
           .total = e.totals.total,
           .rounding = e.totals.cash_rounding,
           .change = e.totals.change,
           .occurred_at = e.occurred_at_us,
           .catalogue_version = e.catalogue_version}};
}

const Query LineTable::kRead{"sale_lines", R"sql(
  SELECT sale_id, line_no, variant_id, sku, quantity_milli, price_per, list_price, unit_price,
    gross, discount, order_discount, net, tax, total, coalesce(source_line_no, 0), returned_milli
  FROM transaction.sale_lines
  WHERE tenant_id = $1::uuid AND ($2::uuid[] IS NULL OR sale_id = ANY ($2::uuid[])))sql"};

LineTable::Row LineTable::Parse(const chaos::Row& row) {
  Row out;
  out.number = row.Int(1);
  out.variant = row.Id(2);
  out.sku = row.Text(3);
  out.quantity = row.Int(4);
  out.per = row.Int(5);
  out.list = row.Int(6);
  out.unit = row.Int(7);
  out.gross = row.Int(8);
  out.discount = row.Int(9);
  out.order_discount = row.Int(10);
  out.net = row.Int(11);
  out.tax = row.Int(12);
  out.total = row.Int(13);
  out.source_line = row.Int(14);
  return out;
}

std::vector<LineTable::Row> LineTable::Expect(const Expectation& from) {
  std::vector<Row> rows;
  for (const journal::EntryLine& line : from.entry.lines) {
    Row row{.variant = IdOf(line.variant_id),
            .sku = line.sku,
            .number = line.line_no,
            .quantity = line.quantity_milli,
            .per = line.price_per,
            .list = line.list_price,
            .unit = line.unit_price,
            .gross = line.gross,
            .order_discount = line.order_discount,
            .net = line.net,
            .tax = line.total - line.net,
            .total = line.total,
            .source_line = line.source_line_no};
    for (const journal::EntryDiscount& taken : line.discounts) row.discount += taken.amount;
    rows.push_back(row);
  }
  return rows;
}

const Query TenderTable::kRead{"tenders", R"sql(
  SELECT sale_id, tender_no, type, applied, tendered, change, rounding FROM transaction.tenders
  WHERE tenant_id = $1::uuid AND ($2::uuid[] IS NULL OR sale_id = ANY ($2::uuid[])))sql"};

TenderTable::Row TenderTable::Parse(const chaos::Row& row) {
  return {.type = row.Text(2),
          .number = row.Int(1),
          .amount = row.Int(3),
          .tendered = row.Int(4),
          .change = row.Int(5),
          .rounding = row.Int(6)};
}

std::vector<TenderTable::Row> TenderTable::Expect(const Expectation& from) {
  std::vector<Row> rows;
  for (const journal::EntryTender& tender : from.entry.tenders) {
    rows.push_back({.type = tender.type,
                    .number = tender.tender_no,
                    .amount = tender.amount,
                    .tendered = tender.tendered,
                    .change = tender.change,
                    .rounding = tender.rounding});
  }
  return rows;
}

// Adjustments (kind 3) belong to no entry: see stock.cc.
const Query MovementTable::kRead{"stock_movements", R"sql(
  SELECT document_id, line_no, kind, location_id, variant_id, quantity_milli, reason_code, actor_id,
    occurred_at
  FROM inventory.stock_movements
  WHERE tenant_id = $1::uuid AND kind IN (1, 2)
    AND ($2::uuid[] IS NULL OR document_id = ANY ($2::uuid[])))sql"};

MovementTable::Row MovementTable::Parse(const chaos::Row& row) {
  return {.location = row.Id(3),
          .variant = row.Id(4),
          .actor = row.Id(7),
          .reason = row.Text(6),
          .line = row.Int(1),
          .kind = row.Int(2),
          .quantity = row.Int(5),
          .occurred_at = row.Micros(8)};
}

std::vector<MovementTable::Row> MovementTable::Expect(const Expectation& from) {
  const journal::SaleEntry& entry = from.entry;
  const bool is_return = entry.kind == journal::kKindReturn;
  std::vector<Row> rows;
  for (const journal::EntryLine& line : entry.lines) {
    if (!line.stocked || line.quantity_milli == 0) continue;
    int64_t place = 1;
    if (is_return && line.disposition == "DAMAGED") place = 2;
    if (is_return && line.disposition == "TO_VENDOR") place = 3;
    const auto location = from.locations.find({IdOf(entry.store), place});
    rows.push_back({.location = location == from.locations.end() ? base::Uuid() : location->second,
                    .variant = IdOf(line.variant_id),
                    .actor = IdOf(entry.operator_id),
                    .reason = line.return_reason,
                    .line = line.line_no,
                    .kind = is_return ? 2 : 1,
                    .quantity = is_return ? line.quantity_milli : -line.quantity_milli,
                    .occurred_at = entry.occurred_at_us});
  }
  return rows;
}

const Query FactSaleTable::kRead{"fact_sales", R"sql(
  SELECT f.sale_id, f.store_id, f.register_id, f.operator_id, f.journal_id, f.customer_ref,
    f.currency_code, f.business_date::text, f.sign, f.journal_no, f.occurred_at, f.utc_offset_min,
    f.gross_minor, f.discount_minor, f.net_minor, f.tax_minor, f.total_minor, f.cash_rounding_minor
  FROM reporting.fact_sales AS f
  WHERE f.tenant_id = $1::uuid
    AND f.set_id = (SELECT s.set_id FROM reporting.report_sets AS s WHERE s.state = 'LIVE')
    AND ($2::uuid[] IS NULL OR f.sale_id = ANY ($2::uuid[])))sql"};

FactSaleTable::Row FactSaleTable::Parse(const chaos::Row& row) {
  Row out;
  out.store = row.Id(1);
  out.reg = row.Id(2);
  out.op = row.Id(3);
  out.journal = row.Id(4);
  out.customer = row.Text(5);
  out.currency = row.Text(6);
  out.business_date = row.Text(7);
  out.sign = row.Int(8);
  out.number = row.Int(9);
  out.occurred_at = row.Micros(10);
  out.utc_offset = row.Int(11);
  out.gross = row.Int(12);
  out.discount = row.Int(13);
  out.net = row.Int(14);
  out.tax = row.Int(15);
  out.total = row.Int(16);
  out.rounding = row.Int(17);
  return out;
}

std::vector<FactSaleTable::Row> FactSaleTable::Expect(const Expectation& from) {
  const journal::SaleEntry& e = from.entry;
  return {{.store = IdOf(e.store),
           .reg = IdOf(e.register_id),
           .op = IdOf(e.operator_id),
           .journal = IdOf(e.journal),
           .customer = e.customer_ref,
           .currency = e.currency,
           .business_date = e.business_date,
           .sign = journal::EntrySign(e),
           .number = e.n,
           .occurred_at = e.occurred_at_us,
           .utc_offset = e.utc_offset_min,
           .gross = e.totals.gross,
           .discount = e.totals.discount,
           .net = e.totals.net,
           .tax = e.totals.tax,
           .total = e.totals.total,
           .rounding = e.totals.cash_rounding}};
}

}  // namespace cloudpos::chaos
