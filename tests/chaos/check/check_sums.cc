// The second way: PostgreSQL adds up by itself, over the columns rather than the journal entries.
// Each statement answers one row: how many things were compared, how many differ, and the first of
// those in words.

#include "libs/base/status_macros.h"
#include "tests/chaos/check/checks.h"

namespace cloudpos::chaos {
namespace {

#define VERDICT                                          \
  " count(*), count(*) FILTER (WHERE c.is_bad),"         \
  " coalesce(array_to_string((array_agg(c.words) FILTER" \
  " (WHERE c.is_bad))[1:20], E'\\n'), '')"

constexpr Query kDocuments{"sales_add_up", "SELECT" VERDICT R"sql(
  FROM (
    SELECT s.kind || ' ' || s.sale_id || ': total ' || s.total || ', its lines come to '
        || coalesce(l.total, 0) || ', its tenders to ' || coalesce(t.applied, 0) || ', change '
        || s.change || ' and ' || coalesce(t.change, 0) AS words,
      s.gross <> coalesce(l.gross, 0) OR s.discount <> coalesce(l.discount, 0)
        OR s.net <> coalesce(l.net, 0) OR s.tax <> coalesce(l.tax, 0)
        OR s.total <> coalesce(l.total, 0) OR s.total <> coalesce(t.applied, 0)
        OR s.change <> coalesce(t.change, 0) OR s.cash_rounding <> coalesce(t.rounding, 0)
        OR coalesce(t.kept, 0) <> s.total + s.cash_rounding AS is_bad
    FROM transaction.sales AS s
    LEFT JOIN (
      SELECT x.sale_id, sum(x.gross) AS gross, sum(x.discount + x.order_discount) AS discount,
        sum(x.net) AS net, sum(x.tax) AS tax, sum(x.total) AS total
      FROM transaction.sale_lines AS x WHERE x.tenant_id = $1::uuid GROUP BY x.sale_id
    ) AS l ON l.sale_id = s.sale_id
    LEFT JOIN (
      SELECT x.sale_id, sum(x.applied) AS applied, sum(x.change) AS change,
        sum(x.rounding) AS rounding, sum(x.tendered - x.change) AS kept
      FROM transaction.tenders AS x WHERE x.tenant_id = $1::uuid GROUP BY x.sale_id
    ) AS t ON t.sale_id = s.sale_id
    WHERE s.tenant_id = $1::uuid
  ) AS c)sql"};

// What inventory's ledger adds up to, and the stock that reporting tells: two consumers that never
// speak to each other.
constexpr Query kMoved{"moved", "SELECT" VERDICT R"sql(
  FROM (
    SELECT 'variant ' || coalesce(r.variant_id, m.variant_id) || ' in store '
        || coalesce(r.store_id, m.store_id) || ': ' || coalesce(m.quantity, 0)
        || ' by its movements, ' || coalesce(r.on_hand_milli, 0) || ' by reporting' AS words,
      coalesce(r.on_hand_milli, 0) <> coalesce(m.quantity, 0) AS is_bad
    FROM (
      SELECT x.store_id, x.variant_id, x.on_hand_milli FROM reporting.rollup_stock AS x
      WHERE x.tenant_id = $1::uuid
        AND x.set_id = (SELECT l.set_id FROM reporting.report_sets AS l WHERE l.state = 'LIVE')
    ) AS r
    FULL JOIN (
      SELECT p.store_id, x.variant_id, sum(x.quantity_milli) AS quantity
      FROM inventory.stock_movements AS x
      JOIN inventory.stock_locations AS p ON p.tenant_id = x.tenant_id
        AND p.location_id = x.location_id
      WHERE x.tenant_id = $1::uuid
      GROUP BY p.store_id, x.variant_id
    ) AS m ON m.store_id = r.store_id AND m.variant_id = r.variant_id
  ) AS c)sql"};

constexpr Query kDays{"days", "SELECT" VERDICT R"sql(
  FROM (
    SELECT 'store ' || coalesce(r.store_id, s.store_id, f.store_id) || ' on '
        || coalesce(r.business_date, s.business_date, f.business_date) || ': roll-up '
        || coalesce(r.total, 0) || ' in ' || coalesce(r.count, 0) || ', facts '
        || coalesce(f.total, 0) || ' in ' || coalesce(f.count, 0) || ', sales '
        || coalesce(s.total, 0) || ' in ' || coalesce(s.count, 0) AS words,
      (coalesce(r.total, 0), coalesce(r.tax, 0), coalesce(r.count, 0))
          <> (coalesce(s.total, 0), coalesce(s.tax, 0), coalesce(s.count, 0))
        OR (coalesce(f.total, 0), coalesce(f.tax, 0), coalesce(f.count, 0))
          <> (coalesce(s.total, 0), coalesce(s.tax, 0), coalesce(s.count, 0)) AS is_bad
    FROM (
      SELECT x.store_id, x.business_date, x.currency_code,
        sum(CASE x.kind WHEN 'SALE' THEN x.total ELSE -x.total END) AS total,
        sum(CASE x.kind WHEN 'SALE' THEN x.tax ELSE -x.tax END) AS tax, count(*) AS count
      FROM transaction.sales AS x
      WHERE x.tenant_id = $1::uuid AND x.kind IN ('SALE', 'RETURN') AND x.series <> 'TRAINING'
        AND NOT EXISTS (SELECT 1 FROM reporting.dead_letter AS d
          WHERE d.tenant_id = x.tenant_id AND d.aggregate_id = x.sale_id::text)
      GROUP BY x.store_id, x.business_date, x.currency_code
    ) AS s
    FULL JOIN (
      SELECT x.store_id, x.business_date, x.currency_code, sum(x.sign * x.total_minor) AS total,
        sum(x.sign * x.tax_minor) AS tax, count(*) AS count
      FROM reporting.fact_sales AS x
      WHERE x.tenant_id = $1::uuid
        AND x.set_id = (SELECT l.set_id FROM reporting.report_sets AS l WHERE l.state = 'LIVE')
      GROUP BY x.store_id, x.business_date, x.currency_code
    ) AS f ON f.store_id = s.store_id AND f.business_date = s.business_date
      AND f.currency_code = s.currency_code
    FULL JOIN (
      SELECT x.store_id, x.business_date, x.currency_code,
        x.sales_minor + x.returns_minor AS total, x.tax_minor AS tax,
        x.sale_count + x.return_count AS count
      FROM reporting.rollup_days AS x
      WHERE x.tenant_id = $1::uuid
        AND x.set_id = (SELECT l.set_id FROM reporting.report_sets AS l WHERE l.state = 'LIVE')
    ) AS r ON r.store_id = coalesce(s.store_id, f.store_id)
      AND r.business_date = coalesce(s.business_date, f.business_date)
      AND r.currency_code = coalesce(s.currency_code, f.currency_code)
  ) AS c)sql"};

constexpr Query kReturned{"returned", "SELECT" VERDICT R"sql(
  FROM (
    SELECT 'line ' || b.line_no || ' of sale ' || b.sale_id || ': sold ' || coalesce(l.quantity_milli, 0)
        || ', counted as returned ' || coalesce(l.returned_milli, 0) || ', came back '
        || coalesce(b.quantity, 0) AS words,
      CASE WHEN b.is_excused THEN l.returned_milli <> least(b.quantity, l.quantity_milli)
        ELSE l.line_no IS NULL OR l.returned_milli <> b.quantity OR b.quantity > l.quantity_milli
        END AS is_bad
    FROM (
      SELECT s.source_sale_id AS sale_id, x.source_line_no AS line_no,
        sum(x.quantity_milli) AS quantity,
        bool_or(coalesce(s.exceptions && '{RETURN_EXCEEDS_SOLD,UNKNOWN_SOURCE}', false))
          AS is_excused
      FROM transaction.sales AS s
      JOIN transaction.sale_lines AS x ON x.tenant_id = s.tenant_id AND x.sale_id = s.sale_id
      WHERE s.tenant_id = $1::uuid AND s.kind = 'RETURN' AND s.source_sale_id IS NOT NULL
      GROUP BY s.source_sale_id, x.source_line_no
    ) AS b
    LEFT JOIN transaction.sale_lines AS l ON l.tenant_id = $1::uuid AND l.sale_id = b.sale_id
      AND l.line_no = b.line_no
  ) AS c)sql"};

absl::Status Judge(const Evidence& e, Rule rule, const Query& query) {
  return e.database->Read(query, [&](const Row& row) {
    e.report->Compared(rule, static_cast<uint64_t>(row.Int(0)));
    const auto violations = static_cast<uint64_t>(row.Int(1));
    std::string_view words = row.Text(2);
    uint64_t told = 0;
    while (told < violations && !words.empty()) {
      const size_t end = std::min(words.find('\n'), words.size());
      e.report->Broken(rule, std::string(words.substr(0, end)));
      words.remove_prefix(std::min(end + 1, words.size()));
      ++told;
    }
    e.report->BrokenToo(rule, violations - told);
  });
}

}  // namespace

absl::Status CheckSums(const Evidence& e) {
  CLOUDPOS_RETURN_IF_ERROR(Judge(e, Rule::kAmounts, kDocuments));
  CLOUDPOS_RETURN_IF_ERROR(Judge(e, Rule::kReturns, kReturned));
  CLOUDPOS_RETURN_IF_ERROR(Judge(e, Rule::kEvents, kDays));
  return Judge(e, Rule::kMovements, kMoved);
}

}  // namespace cloudpos::chaos
