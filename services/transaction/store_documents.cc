#include "services/transaction/store_documents.h"

#include "absl/strings/str_join.h"
#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"
#include "libs/journal/canonical.h"

namespace cloudpos::transaction {
namespace {

std::optional<base::Uuid> IdOrNull(const std::string& text) { return base::Uuid::Parse(text); }

void Append(const journal::Hash& hash, std::string* out) {
  out->append(reinterpret_cast<const char*>(hash.data()), hash.size());
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
constexpr size_t kDigestBytes = 32;  // SHA-256

/// The parallel arrays of the call, column by column.
struct DocumentColumns {
  pg::Bytes payloads;  // one after the other
  pg::Bytes digests;   // fingerprint, previous hash and hash of each: 32 bytes, always
  pg::Array payload_at, payload_size, sale, kind, store, reg, op, device, journal, no, receipt,
      receipt_number, series, currency, gross, discount, net, tax, total, rounding, change, taxes,
      occurred, recorded, business, posting, shift, drawer, catalogue, customer, source, reason,
      order, note, grand_total, event, trace, lines;

  void Add(const Document& d, const base::Uuid& event_id) {
    const journal::SaleEntry& e = d.entry;
    AddBytes(d);
    sale.Add(d.id);
    kind.Add(e.kind);
    store.Add(d.upload ? d.upload->store : *base::Uuid::Parse(e.store));
    reg.Add(e.register_id);
    op.Add(IdOrNull(e.operator_id));
    device.Add(IdOrNull(e.device));
    journal.Add(d.journal);
    no.Add(e.n);
    receipt.Add(d.is_receipt() && e.receipt_no > 0 ? std::optional(e.receipt_no) : std::nullopt);
    receipt_number.Add(d.receipt_number());
    series.Add(e.series);
    currency.Add(e.currency);
    gross.Add(e.totals.gross);
    discount.Add(e.totals.discount);
    net.Add(e.totals.net);
    tax.Add(e.totals.tax);
    total.Add(e.totals.total);
    rounding.Add(e.totals.cash_rounding);
    change.Add(e.totals.change);
    AddTimes(d);
    shift.Add(IdOrNull(e.shift_id));
    drawer.Add(IdOrNull(e.drawer_id));
    catalogue.Add(e.catalogue_version);
    customer.Add(IdOrNull(e.customer_ref));
    source.Add(SEEDED_BUG("refund_not_counted") ? std::nullopt : IdOrNull(e.source_sale_id));
    reason.AddOrNull(e.reason);
    order.AddOrNull(d.order_reference);
    note.AddOrNull(d.note);
    grand_total.Add(e.grand_total);
    event.Add(event_id);
    trace.AddOrNull(d.traceparent);
    lines.Add(e.lines.size());
  }

 private:
  void AddBytes(const Document& d) {
    payload_at.Add(payloads.value.size() + 1);
    payload_size.Add(d.payload.size());
    payloads.value += d.payload;
    const size_t begin = digests.value.size();
    digests.value.append(d.fingerprint, 0, kDigestBytes);
    digests.value.resize(begin + kDigestBytes);
    Append(d.previous, &digests.value);
    Append(d.hash, &digests.value);
  }

  void AddTimes(const Document& d) {
    const journal::SaleEntry& e = d.entry;
    // Without a document nobody looks at its columns, which may hold anything then.
    const bool has_document = !d.upload || d.upload->mode != UploadDetails::Mode::kEntry;
    const bool is_believed = !d.upload || !d.upload->believed_at;
    const std::string& date = is_believed ? e.business_date : d.upload->believed_date;
    taxes.Add(has_document ? TaxNames(d) : "[]");
    occurred.Add(is_believed ? Micros(e.occurred_at_us) : base::FormatTime(*d.upload->believed_at));
    recorded.Add(base::FormatTime(d.recorded_at));
    business.Add(has_document ? date : kNoDate);
    posting.Add(!has_document ? kNoDate : is_believed ? e.posting_date : date);
  }
};

struct LineColumns {
  pg::Array doc, no, variant, sku, name, taxes, quantity, per, list, unit, gross, discount,
      order_discount, net, tax, total, source_no, returned_before, note;

  void Add(const Document& d, int32_t index) {
    for (size_t i = 0; i < d.entry.lines.size(); ++i) {
      const journal::EntryLine& line = d.entry.lines[i];
      const bool linked = line.source_line_no > 0 && d.returned_before[i] >= 0;
      int64_t line_discount = 0;
      for (const journal::EntryDiscount& taken : line.discounts) line_discount += taken.amount;
      doc.Add(index);
      no.Add(line.line_no);
      variant.Add(line.variant_id);
      sku.Add(line.sku);
      name.Add(d.line_texts[i].name);
      quantity.Add(line.quantity_milli);
      per.Add(line.price_per);
      list.Add(line.list_price);
      unit.Add(line.unit_price);
      gross.Add(line.gross);
      discount.Add(line_discount);
      order_discount.Add(line.order_discount);
      net.Add(line.net);
      tax.Add(line.total - line.net);
      total.Add(line.total);
      taxes.Add(LineTaxes(line));
      source_no.Add(linked ? std::optional(line.source_line_no) : std::nullopt);
      returned_before.Add(linked ? std::optional(d.returned_before[i]) : std::nullopt);
      note.AddOrNull(d.line_texts[i].note);
    }
  }
};

struct TenderColumns {
  pg::Array doc, no, type, applied, tendered, change, rounding, reference;

  void Add(const Document& d, int32_t index) {
    for (size_t i = 0; i < d.entry.tenders.size(); ++i) {
      const journal::EntryTender& tender = d.entry.tenders[i];
      doc.Add(index);
      no.Add(tender.tender_no);
      type.Add(tender.type);
      applied.Add(tender.amount);
      tendered.Add(tender.tendered);
      change.Add(tender.change);
      rounding.Add(tender.rounding);
      reference.AddOrNull(d.tender_references[i]);
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
  pg::Array doc, mode, state, supersedes, believed_at, believed_date, findings, signature, key;

  void Add(const UploadDetails& d, int32_t index) {
    doc.Add(index);
    mode.Add(ModeName(d.mode));
    state.Add(d.is_held ? "QUARANTINED" : "ACCEPTED");
    supersedes.Add(d.supersedes);
    believed_at.Add(d.believed_at ? std::optional(base::FormatTime(*d.believed_at)) : std::nullopt);
    believed_date.AddOrNull(d.believed_date);
    findings.Add(absl::StrJoin(d.findings, ","));
    signature.AddBytes(d.signature);
    key.Add(d.key_id);
  }
};

constexpr pg::Query kRecordBatch{"record_batch", R"sql(
  SELECT record_batch($1,
    $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
    $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39,
    $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57,
    $58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72, $73, $74, $75,
    $76, $77)
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

StoredDocument StoredOf(const pg::Row& row) {
  return {.kind = row.Get<std::string>("kind"),
          .fingerprint = row.Get<pg::Bytes>("fingerprint").value,
          .payload = row.Get<pg::Bytes>("payload").value,
          .hash = row.Get<pg::Bytes>("hash").value,
          .receipt_number = row.Get<std::string>("receipt_number"),
          .taxes = row.Get<std::string>("taxes"),
          .note = row.Get<std::optional<std::string>>("note").value_or(""),
          .order_reference = row.Get<std::optional<std::string>>("order_reference").value_or(""),
          .recorded_at = row.Get<absl::Time>("recorded_at")};
}

constexpr pg::Query kSelectDocuments{"select_documents", R"sql(
  SELECT s.sale_id, s.kind, s.fingerprint, s.receipt_number, s.taxes::text AS taxes, s.note,
    s.order_reference, s.recorded_at, e.payload, e.hash
  FROM sales s
  JOIN journal_entries e ON e.tenant_id = s.tenant_id AND e.journal_id = s.journal_id
    AND e.journal_no = s.journal_no
  WHERE s.tenant_id = $1 AND s.sale_id = ANY ($2::uuid[]))sql"};

constexpr pg::Query kSelectDocumentLines{"select_document_lines", R"sql(
  SELECT sale_id, name, note, returned_milli FROM sale_lines
  WHERE tenant_id = $1 AND sale_id = ANY ($2::uuid[]) ORDER BY sale_id, line_no)sql"};

constexpr pg::Query kSelectTenderReferences{"select_tender_references", R"sql(
  SELECT sale_id, reference FROM tenders
  WHERE tenant_id = $1 AND sale_id = ANY ($2::uuid[]) ORDER BY sale_id, tender_no)sql"};

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
      exec(kRecordBatch, tenant, d.payloads, d.digests, d.payload_at, d.payload_size, d.sale,
           d.kind, d.store, d.reg, d.op, d.device, d.journal, d.no, d.receipt, d.receipt_number,
           d.series, d.currency, d.gross, d.discount, d.net, d.tax, d.total, d.rounding, d.change,
           d.taxes, d.occurred, d.recorded, d.business, d.posting, d.shift, d.drawer, d.catalogue,
           d.customer, d.source, d.reason, d.order, d.note, d.grand_total, d.event, d.trace,
           d.lines, l.doc, l.no, l.variant, l.sku, l.name, l.quantity, l.per, l.list, l.unit,
           l.gross, l.discount, l.order_discount, l.net, l.tax, l.total, l.taxes, l.source_no,
           l.returned_before, l.note, t.doc, t.no, t.type, t.applied, t.tendered, t.change,
           t.rounding, t.reference, u.doc, u.mode, u.state, u.supersedes, u.believed_at,
           u.believed_date, u.findings, u.signature, u.key));
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
  CLOUDPOS_ASSIGN_OR_RETURN(auto found, LoadDocuments(pool, tenant, {id}, deadline));
  if (found.empty()) return std::nullopt;
  return std::move(found.begin()->second);
}

absl::StatusOr<std::map<base::Uuid, StoredDocument>> LoadDocuments(
    pg::Pool& pool, const base::Uuid& tenant, const std::vector<base::Uuid>& ids,
    absl::Time deadline) {
  const pg::CallOptions options{.tenant = tenant, .deadline = deadline};
  std::map<base::Uuid, StoredDocument> found;
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            pool.Exec(options, kSelectDocuments, tenant, ids));
  if (rows.empty()) return found;
  for (const pg::Row row : rows) found.emplace(row.Get<base::Uuid>("sale_id"), StoredOf(row));
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result lines,
                            pool.Exec(options, kSelectDocumentLines, tenant, ids));
  for (const pg::Row line : lines) {
    const auto document = found.find(line.Get<base::Uuid>("sale_id"));
    if (document == found.end()) continue;  // recorded between the two statements
    document->second.lines.push_back({line.Get<std::string>("name"),
                                      line.Get<std::optional<std::string>>("note").value_or(""),
                                      line.Get<int64_t>("returned_milli")});
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result tenders,
                            pool.Exec(options, kSelectTenderReferences, tenant, ids));
  for (const pg::Row tender : tenders) {
    const auto document = found.find(tender.Get<base::Uuid>("sale_id"));
    if (document == found.end()) continue;
    document->second.tender_references.push_back(
        tender.Get<std::optional<std::string>>("reference").value_or(""));
  }
  return found;
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
