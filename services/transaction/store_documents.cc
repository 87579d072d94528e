#include "services/transaction/store_documents.h"

#include "absl/strings/str_join.h"
#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"
#include "libs/journal/canonical.h"

namespace cloudpos::transaction {
namespace {

using OptionalText = std::vector<std::optional<std::string>>;
using OptionalId = std::vector<std::optional<base::Uuid>>;

std::optional<std::string> TextOrNull(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<base::Uuid> IdOrNull(const std::string& text) { return base::Uuid::Parse(text); }

std::string BytesOf(const journal::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string Micros(int64_t micros) { return base::FormatTime(absl::FromUnixMicros(micros)); }

/// [{"id": ..., "name": ...}]: names as printed, which the journal leaves out.
std::string TaxNames(const Document& document) {
  std::string json;
  journal::Writer writer(&json);
  writer.BeginArray();
  for (size_t i = 0; i < document.entry.taxes.size(); ++i) {
    writer.BeginObject();
    writer.Field("id", std::string_view(document.entry.taxes[i].tax_id));
    writer.Field("name", std::string_view(document.tax_names[i]));
    writer.EndObject();
  }
  writer.EndArray();
  return json;
}

/// [{"amount": ..., "id": ..., "inclusive": ...}]: the allocation of a line, for refunds and
/// people.
std::string LineTaxes(const journal::EntryLine& line) {
  std::string json;
  journal::Writer writer(&json);
  writer.BeginArray();
  for (const journal::EntryTax& tax : line.taxes) {
    writer.BeginObject();
    writer.Field("amount", tax.amount);
    writer.Field("id", std::string_view(tax.tax_id));
    writer.OptionalField("inclusive", tax.inclusive);
    writer.EndObject();
  }
  writer.EndArray();
  return json;
}

constexpr const char* kNoDate = "epoch";

/// The parallel arrays of the call, column by column.
struct DocumentColumns {
  std::vector<base::Uuid> sale, store, reg, journal, event;
  std::vector<std::string> kind, receipt_number, series, currency, taxes, occurred, recorded,
      business, posting;
  std::vector<pg::Bytes> fingerprint, previous, hash, payload;
  OptionalId op, device, shift, drawer, customer, source;
  std::vector<int64_t> no, gross, discount, net, tax, total, rounding, change, catalogue,
      grand_total;
  std::vector<std::optional<int64_t>> receipt;
  OptionalText reason, order, note, trace;
  std::vector<int32_t> lines;

  void Add(const Document& d, const base::Uuid& event_id) {
    const journal::SaleEntry& e = d.entry;
    // Without a document nobody looks at its columns, which may hold anything then.
    const bool has_document = !d.upload || d.upload->mode != UploadDetails::Mode::kEntry;
    const bool is_believed = !d.upload || !d.upload->believed_at;
    const std::string& date = is_believed ? e.business_date : d.upload->believed_date;
    sale.push_back(d.id);
    kind.push_back(e.kind);
    fingerprint.push_back({d.fingerprint});
    store.push_back(d.upload ? d.upload->store : *base::Uuid::Parse(e.store));
    reg.push_back(*base::Uuid::Parse(e.register_id));
    op.push_back(IdOrNull(e.operator_id));
    device.push_back(IdOrNull(e.device));
    journal.push_back(d.journal);
    no.push_back(e.n);
    receipt.push_back(d.is_receipt() && e.receipt_no > 0 ? std::optional(e.receipt_no)
                                                         : std::nullopt);
    receipt_number.push_back(d.receipt_number());
    series.push_back(e.series);
    currency.push_back(e.currency);
    gross.push_back(e.totals.gross);
    discount.push_back(e.totals.discount);
    net.push_back(e.totals.net);
    tax.push_back(e.totals.tax);
    total.push_back(e.totals.total);
    rounding.push_back(e.totals.cash_rounding);
    change.push_back(e.totals.change);
    taxes.push_back(has_document ? TaxNames(d) : "[]");
    occurred.push_back(is_believed ? Micros(e.occurred_at_us)
                                   : base::FormatTime(*d.upload->believed_at));
    recorded.push_back(base::FormatTime(d.recorded_at));
    business.push_back(has_document ? date : kNoDate);
    posting.push_back(!has_document ? kNoDate : is_believed ? e.posting_date : date);
    shift.push_back(IdOrNull(e.shift_id));
    drawer.push_back(IdOrNull(e.drawer_id));
    catalogue.push_back(e.catalogue_version);
    customer.push_back(IdOrNull(e.customer_ref));
    source.push_back(IdOrNull(e.source_sale_id));
    if (SEEDED_BUG("refund_not_counted")) source.back().reset();
    reason.push_back(TextOrNull(e.reason));
    order.push_back(TextOrNull(d.order_reference));
    note.push_back(TextOrNull(d.note));
    previous.push_back({BytesOf(d.previous)});
    hash.push_back({BytesOf(d.hash)});
    grand_total.push_back(e.grand_total);
    payload.push_back({d.payload});
    event.push_back(event_id);
    trace.push_back(TextOrNull(d.traceparent));
    lines.push_back(static_cast<int32_t>(e.lines.size()));
  }
};

struct LineColumns {
  std::vector<int32_t> doc, no;
  std::vector<base::Uuid> variant;
  std::vector<std::string> sku, name, taxes;
  std::vector<int64_t> quantity, per, list, unit, gross, discount, order_discount, net, tax, total;
  std::vector<std::optional<int64_t>> source_no, returned_before;
  OptionalText note;

  void Add(const Document& d, int32_t index) {
    for (size_t i = 0; i < d.entry.lines.size(); ++i) {
      const journal::EntryLine& line = d.entry.lines[i];
      const bool linked = line.source_line_no > 0 && d.returned_before[i] >= 0;
      int64_t line_discount = 0;
      for (const journal::EntryDiscount& taken : line.discounts) line_discount += taken.amount;
      doc.push_back(index);
      no.push_back(static_cast<int32_t>(line.line_no));
      variant.push_back(*base::Uuid::Parse(line.variant_id));
      sku.push_back(line.sku);
      name.push_back(d.line_texts[i].name);
      quantity.push_back(line.quantity_milli);
      per.push_back(line.price_per);
      list.push_back(line.list_price);
      unit.push_back(line.unit_price);
      gross.push_back(line.gross);
      discount.push_back(line_discount);
      order_discount.push_back(line.order_discount);
      net.push_back(line.net);
      tax.push_back(line.total - line.net);
      total.push_back(line.total);
      taxes.push_back(LineTaxes(line));
      source_no.push_back(linked ? std::optional(line.source_line_no) : std::nullopt);
      returned_before.push_back(linked ? std::optional(d.returned_before[i]) : std::nullopt);
      note.push_back(TextOrNull(d.line_texts[i].note));
    }
  }
};

struct TenderColumns {
  std::vector<int32_t> doc, no;
  std::vector<std::string> type;
  std::vector<int64_t> applied, tendered, change, rounding;
  OptionalText reference;

  void Add(const Document& d, int32_t index) {
    for (size_t i = 0; i < d.entry.tenders.size(); ++i) {
      const journal::EntryTender& tender = d.entry.tenders[i];
      doc.push_back(index);
      no.push_back(static_cast<int32_t>(tender.tender_no));
      type.push_back(tender.type);
      applied.push_back(tender.amount);
      tendered.push_back(tender.tendered);
      change.push_back(tender.change);
      rounding.push_back(tender.rounding);
      reference.push_back(TextOrNull(d.tender_references[i]));
    }
  }
};

const char* ModeName(UploadDetails::Mode mode) {
  switch (mode) {
    case UploadDetails::Mode::kDocument:
      return "DOCUMENT";
    case UploadDetails::Mode::kEntry:
      return "ENTRY";
    case UploadDetails::Mode::kRelease:
      return "RELEASE";
  }
  return "";
}

/// Of uploaded documents alone; empty in a call without any.
struct UploadColumns {
  std::vector<int32_t> doc;
  std::vector<std::string> mode, state, findings, key;
  std::vector<bool> supersedes;
  OptionalText believed_at, believed_date;
  std::vector<pg::Bytes> signature;

  void Add(const UploadDetails& d, int32_t index) {
    doc.push_back(index);
    mode.push_back(ModeName(d.mode));
    state.push_back(d.is_held ? "QUARANTINED" : "ACCEPTED");
    supersedes.push_back(d.supersedes);
    believed_at.push_back(d.believed_at ? std::optional(base::FormatTime(*d.believed_at))
                                        : std::nullopt);
    believed_date.push_back(TextOrNull(d.believed_date));
    findings.push_back(absl::StrJoin(d.findings, ","));
    signature.push_back({d.signature});
    key.push_back(d.key_id);
  }
};

constexpr pg::Query kRecordEntries{"record_entries", R"sql(
  SELECT record_entries($1,
    $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
    $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40,
    $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59,
    $60, $61, $62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72, $73, $74, $75, $76, $77)
    AS outcomes)sql"};

constexpr pg::Query kSelectHead{"select_journal_head", R"sql(
  SELECT journal_no, receipt_no, grand_total, hash FROM journals
  WHERE tenant_id = $1 AND journal_id = $2)sql"};

constexpr pg::Query kInsertJournal{"insert_journal", R"sql(
  INSERT INTO journals (tenant_id, journal_id, store_id, register_id, device_id, generation, series)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING)sql"};

absl::StatusOr<Head> HeadOf(const pg::Row& row) {
  Head head{.journal_no = row.Get<int64_t>("journal_no"),
            .receipt_no = row.Get<int64_t>("receipt_no"),
            .grand_total = row.Get<int64_t>("grand_total")};
  const std::string hash = row.Get<pg::Bytes>("hash").value;
  std::copy(hash.begin(), hash.end(), reinterpret_cast<char*>(head.hash.data()));
  return head;
}

constexpr pg::Query kSelectDocument{"select_document", R"sql(
  SELECT s.kind, s.fingerprint, s.receipt_number, s.taxes::text AS taxes, s.note,
    s.order_reference, s.recorded_at, e.payload, e.hash
  FROM sales s
  JOIN journal_entries e ON e.tenant_id = s.tenant_id AND e.journal_id = s.journal_id
    AND e.journal_no = s.journal_no
  WHERE s.tenant_id = $1 AND s.sale_id = $2)sql"};

constexpr pg::Query kSelectDocumentLines{"select_document_lines", R"sql(
  SELECT name, note, returned_milli FROM sale_lines
  WHERE tenant_id = $1 AND sale_id = $2 ORDER BY line_no)sql"};

constexpr pg::Query kSelectTenderReferences{"select_tender_references", R"sql(
  SELECT reference FROM tenders WHERE tenant_id = $1 AND sale_id = $2 ORDER BY tender_no)sql"};

constexpr pg::Query kListDocuments{"list_documents", R"sql(
  SELECT sale_id, recorded_at FROM sales
  WHERE tenant_id = $1 AND store_id = $2 AND (recorded_at, sale_id) < ($3, $4)
    AND kind <> 'ABANDONED' AND ($5::date IS NULL OR business_date = $5)
  ORDER BY recorded_at DESC, sale_id DESC LIMIT $6)sql"};

}  // namespace

namespace {

/// Runs T1 by `exec`, a pool's or a transaction's.
template <typename Exec>
absl::StatusOr<std::vector<Outcome>> Record(const base::Uuid& tenant,
                                            const std::vector<const Document*>& documents,
                                            const std::vector<base::Uuid>& event_ids,
                                            const Exec& exec) {
  DocumentColumns d;
  LineColumns l;
  TenderColumns t;
  UploadColumns u;
  for (size_t i = 0; i < documents.size(); ++i) {
    const Document& document = *documents[i];
    const int32_t index = static_cast<int32_t>(i) + 1;
    d.Add(document, event_ids[i]);
    if (document.upload) u.Add(*document.upload, index);
    if (document.upload && document.upload->mode == UploadDetails::Mode::kEntry) continue;
    l.Add(document, index);
    t.Add(document, index);
  }
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      exec(kRecordEntries, tenant, d.sale, d.kind, d.fingerprint, d.store, d.reg, d.op, d.device,
           d.journal, d.no, d.receipt, d.receipt_number, d.series, d.currency, d.gross, d.discount,
           d.net, d.tax, d.total, d.rounding, d.change, d.taxes, d.occurred, d.recorded, d.business,
           d.posting, d.shift, d.drawer, d.catalogue, d.customer, d.source, d.reason, d.order,
           d.note, d.previous, d.hash, d.grand_total, d.payload, d.event, d.trace, d.lines, l.doc,
           l.no, l.variant, l.sku, l.name, l.quantity, l.per, l.list, l.unit, l.gross, l.discount,
           l.order_discount, l.net, l.tax, l.total, l.taxes, l.source_no, l.returned_before, l.note,
           t.doc, t.no, t.type, t.applied, t.tendered, t.change, t.rounding, t.reference, u.doc,
           u.mode, u.state, u.supersedes, u.believed_at, u.believed_date, u.findings, u.signature,
           u.key));
  std::vector<Outcome> outcomes;
  for (const int64_t outcome : rows[0].Get<std::vector<int64_t>>("outcomes")) {
    outcomes.push_back(static_cast<Outcome>(outcome));
  }
  return outcomes;
}

}  // namespace

absl::StatusOr<std::vector<Outcome>> RecordDocuments(pg::Pool& pool, const base::Uuid& tenant,
                                                     const std::vector<const Document*>& documents,
                                                     const std::vector<base::Uuid>& event_ids,
                                                     absl::Time deadline) {
  // The function sets app.tenant itself: no statement of its own before it.
  return Record(tenant, documents, event_ids, [&](const pg::Query& query, const auto&... args) {
    return pool.Exec({.deadline = deadline}, query, args...);
  });
}

absl::StatusOr<Outcome> ReleaseDocument(pg::Tx& tx, const Document& document,
                                        const base::Uuid& event_id) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<Outcome> outcomes,
                            Record(document.tenant, {&document}, {event_id},
                                   [&tx](const pg::Query& query, const auto&... args) {
                                     return tx.Exec(query, args...);
                                   }));
  return outcomes.front();
}

absl::StatusOr<Head> LoadHead(pg::Pool& pool, const JournalKey& key, absl::Time deadline) {
  const pg::CallOptions options{.tenant = key.tenant, .deadline = deadline};
  CLOUDPOS_ASSIGN_OR_RETURN(pg::Result rows,
                            pool.Exec(options, kSelectHead, key.tenant, key.journal));
  if (rows.empty()) {
    CLOUDPOS_RETURN_IF_ERROR(pool.Exec(options, kInsertJournal, key.tenant, key.journal, key.store,
                                       key.register_id, key.device, key.generation, key.series)
                                 .status());
    CLOUDPOS_ASSIGN_OR_RETURN(rows, pool.Exec(options, kSelectHead, key.tenant, key.journal));
  }
  if (rows.empty()) return base::Fail(common::v1::INTERNAL, "the journal could not be made");
  return HeadOf(rows[0]);
}

absl::StatusOr<std::optional<StoredDocument>> LoadDocument(pg::Pool& pool, const base::Uuid& tenant,
                                                           const base::Uuid& id,
                                                           absl::Time deadline) {
  const pg::CallOptions options{.tenant = tenant, .deadline = deadline};
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, pool.Exec(options, kSelectDocument, tenant, id));
  if (rows.empty()) return std::nullopt;
  const pg::Row row = rows[0];
  StoredDocument stored{
      .kind = row.Get<std::string>("kind"),
      .fingerprint = row.Get<pg::Bytes>("fingerprint").value,
      .payload = row.Get<pg::Bytes>("payload").value,
      .hash = row.Get<pg::Bytes>("hash").value,
      .receipt_number = row.Get<std::string>("receipt_number"),
      .taxes = row.Get<std::string>("taxes"),
      .note = row.Get<std::optional<std::string>>("note").value_or(""),
      .order_reference = row.Get<std::optional<std::string>>("order_reference").value_or(""),
      .recorded_at = row.Get<absl::Time>("recorded_at")};
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result lines,
                            pool.Exec(options, kSelectDocumentLines, tenant, id));
  for (const pg::Row line : lines) {
    stored.lines.push_back({line.Get<std::string>("name"),
                            line.Get<std::optional<std::string>>("note").value_or(""),
                            line.Get<int64_t>("returned_milli")});
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result tenders,
                            pool.Exec(options, kSelectTenderReferences, tenant, id));
  for (const pg::Row tender : tenders) {
    stored.tender_references.push_back(
        tender.Get<std::optional<std::string>>("reference").value_or(""));
  }
  return stored;
}

absl::StatusOr<std::vector<SalePosition>> ListDocuments(pg::Pool& pool, const base::Uuid& tenant,
                                                        const base::Uuid& store,
                                                        const std::optional<SalePosition>& before,
                                                        const std::optional<absl::CivilDay>& date,
                                                        int limit, absl::Time deadline) {
  const std::string infinity = "infinity";
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kListDocuments, tenant, store,
                before ? base::FormatTime(before->recorded_at) : infinity,
                before ? before->id : base::Uuid(), date, limit));
  std::vector<SalePosition> positions;
  for (const pg::Row row : rows) {
    positions.push_back({row.Get<absl::Time>("recorded_at"), row.Get<base::Uuid>("sale_id")});
  }
  return positions;
}

}  // namespace cloudpos::transaction
