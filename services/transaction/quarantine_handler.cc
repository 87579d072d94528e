#include "services/transaction/quarantine_handler.h"

#include <boost/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/events/audit.h"
#include "services/transaction/upload_knowledge.h"

namespace cloudpos::transaction {
namespace {

using common::v1::CONFLICT;
using common::v1::INTERNAL;
using common::v1::NOT_FOUND;
using common::v1::NOT_RELEASABLE;

constexpr const char* kReleased = "RELEASED";
constexpr const char* kDismissed = "DISMISSED";
/// Another return of the same lines won this often in a row: give up.
constexpr int kAttempts = 8;

int64_t CashOf(const journal::SaleEntry& entry) {
  int64_t cash = 0;
  for (const journal::EntryTender& tender : entry.tenders) {
    if (tender.type == "CASH") cash += tender.tendered - tender.change;
  }
  return cash;
}

void Fill(const QuarantinedRow& row, v1::QuarantinedEntry* out) {
  journal::SaleEntry entry;
  // Stored bytes were parsed before they were stored; what is missing stays empty.
  if (journal::ParseEntry(row.payload, &entry).ok()) {
    out->set_register_id(entry.register_id);
    out->set_kind(entry.kind);
    out->set_document_id(entry.sale_id);
    out->set_operator_id(entry.operator_id);
    out->set_currency_code(entry.currency);
    out->set_total_minor(entry.totals.total);
    out->set_cash_minor(CashOf(entry));
    base::SetTime(absl::FromUnixMicros(entry.occurred_at_us), out->mutable_occurred_at());
  }
  out->set_journal_id(row.journal.ToString());
  out->set_journal_no(row.journal_no);
  out->set_store_id(row.store.ToString());
  out->set_device_id(row.device.ToString());
  base::SetTime(row.recorded_at, out->mutable_recorded_at());
  *out->mutable_reasons() = {row.reasons.begin(), row.reasons.end()};
  out->mutable_entry()->set_payload(row.payload);
  out->mutable_entry()->set_hash(row.hash);
  out->set_state(v1::HELD);
  if (!row.resolution) return;
  out->set_state(row.resolution->name == kReleased ? v1::RELEASED : v1::DISMISSED);
  base::SetTime(row.resolution->at, out->mutable_resolved_at());
  out->set_resolved_by(row.resolution->actor.ToString());
  out->set_resolution_reason(row.resolution->reason_code);
}

constexpr std::string_view kList = "quarantine";

std::string PageToken(const QuarantinedRow& row) {
  return base::MakePageToken(kList, {std::to_string(absl::ToUnixMicros(row.recorded_at)),
                                     row.journal.ToString(), std::to_string(row.journal_no)});
}

absl::StatusOr<std::optional<QuarantinePosition>> ParsePageToken(const std::string& token) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto parts, base::ParsePageToken(token, kList, 3));
  if (parts.empty()) return std::nullopt;
  int64_t micros = 0, number = 0;
  const auto journal = base::Uuid::Parse(parts[1]);
  if (!journal || !absl::SimpleAtoi(parts[0], &micros) || !absl::SimpleAtoi(parts[2], &number)) {
    return base::BadPageToken();
  }
  return std::optional(QuarantinePosition{absl::FromUnixMicros(micros), *journal, number});
}

absl::Status NotReleasable(const std::vector<std::string>& reasons) {
  return base::Fail({.code = NOT_RELEASABLE,
                     .detail = "the entry still cannot stand",
                     .hint = "book what is right by hand, then dismiss it",
                     .data = {{"reasons", absl::StrJoin(reasons, ",")}}});
}

absl::Status DecidedOtherwise(const Resolution& resolution) {
  return base::Fail({.code = NOT_RELEASABLE,
                     .detail = "it was decided already",
                     .data = {{"state", resolution.name}, {"reason", resolution.reason_code}}});
}

std::string ResolutionJson(const QuarantinedRow& row, const Resolution& resolution) {
  boost::json::object json{{"journalId", row.journal.ToString()},
                           {"journalNo", row.journal_no},
                           {"reasons", absl::StrJoin(row.reasons, ",")},
                           {"state", resolution.name}};
  if (!resolution.reason_code.empty()) json["reasonCode"] = resolution.reason_code;
  return boost::json::serialize(json);
}

}  // namespace

rpc::MethodTable QuarantineHandler::Methods() {
  rpc::MethodTable table("cloudpos.transaction.v1.QuarantineService");
  table.Unary("ListQuarantinedEntries", this, &QuarantineHandler::ListQuarantinedEntries)
      .Unary("ReleaseQuarantinedEntry", this, &QuarantineHandler::ReleaseQuarantinedEntry)
      .Unary("DismissQuarantinedEntry", this, &QuarantineHandler::DismissQuarantinedEntry);
  return table;
}

absl::Status QuarantineHandler::ListQuarantinedEntries(
    rpc::CallContext& ctx, const v1::ListQuarantinedEntriesRequest& request,
    v1::ListQuarantinedEntriesResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const int asked, base::PageSize(request.page_size()));
  const auto size = static_cast<size_t>(asked);
  CLOUDPOS_ASSIGN_OR_RETURN(const auto after, ParsePageToken(request.page_token()));
  CLOUDPOS_ASSIGN_OR_RETURN(
      const std::vector<QuarantinedRow> rows,
      SelectQuarantined(checkout_.pool(), ctx.tenant(), store, after, request.include_resolved(),
                        asked + 1, ctx.deadline()));
  for (size_t i = 0; i < rows.size() && i < size; ++i) Fill(rows[i], response->add_entries());
  if (rows.size() > size) response->set_next_page_token(PageToken(rows[size - 1]));
  return absl::OkStatus();
}

absl::Status QuarantineHandler::ReleaseQuarantinedEntry(
    rpc::CallContext& ctx, const v1::ReleaseQuarantinedEntryRequest& request,
    v1::ReleaseQuarantinedEntryResponse* response) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    CLOUDPOS_ASSIGN_OR_RETURN(const QuarantinedRow row,
                              Load(ctx, request.journal_id(), request.journal_no()));
    if (row.resolution) {
      if (row.resolution->name != kReleased) return DecidedOtherwise(*row.resolution);
      Fill(row, response->mutable_entry());
      return absl::OkStatus();
    }
    const absl::StatusOr<std::optional<Document>> judged = DocumentToRelease(ctx, row);
    if (!judged.ok()) {
      // Released meanwhile, its own document would stand in its way.
      CLOUDPOS_ASSIGN_OR_RETURN(const QuarantinedRow now,
                                Load(ctx, request.journal_id(), request.journal_no()));
      if (now.resolution) continue;
      return judged.status();
    }
    const Resolution resolution{.name = kReleased,
                                .reason_code = "",
                                .actor = ctx.subject(),
                                .at = checkout_.clock().Now()};
    const absl::Status released = Resolve(ctx, row, resolution, *judged ? &**judged : nullptr);
    // Lost to another decision, or to another return: the next turn sees it.
    if (!released.ok() && base::CodeOf(released) != CONFLICT) return released;
  }
  return base::Fail(CONFLICT, "the entry is being decided by others; try again");
}

absl::Status QuarantineHandler::DismissQuarantinedEntry(
    rpc::CallContext& ctx, const v1::DismissQuarantinedEntryRequest& request,
    v1::DismissQuarantinedEntryResponse* response) {
  CLOUDPOS_RETURN_IF_ERROR(CheckReasonCode(request.reason_code(), "reasonCode", true));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    CLOUDPOS_ASSIGN_OR_RETURN(const QuarantinedRow row,
                              Load(ctx, request.journal_id(), request.journal_no()));
    if (row.resolution) {
      if (row.resolution->name != kDismissed ||
          row.resolution->reason_code != request.reason_code()) {
        return DecidedOtherwise(*row.resolution);
      }
      Fill(row, response->mutable_entry());
      return absl::OkStatus();
    }
    const Resolution resolution{.name = kDismissed,
                                .reason_code = request.reason_code(),
                                .actor = ctx.subject(),
                                .at = checkout_.clock().Now()};
    const absl::Status dismissed = Resolve(ctx, row, resolution, nullptr);
    if (!dismissed.ok() && base::CodeOf(dismissed) != CONFLICT) return dismissed;
  }
  return base::Fail(CONFLICT, "the entry is being decided by others; try again");
}

absl::StatusOr<QuarantinedRow> QuarantineHandler::Load(rpc::CallContext& ctx,
                                                       const std::string& journal_id,
                                                       int64_t journal_no) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid journal,
                            base::Uuid::ParseField(journal_id, "journalId"));
  CLOUDPOS_ASSIGN_OR_RETURN(auto row, SelectQuarantinedEntry(checkout_.pool(), ctx.tenant(),
                                                             journal, journal_no, ctx.deadline()));
  if (!row) return base::Fail(NOT_FOUND, "there is no such entry");
  CLOUDPOS_RETURN_IF_ERROR(ctx.RequireStore(row->store));
  return *std::move(row);
}

/// Judges the entry by what is known now; nullopt when it is no document, and needs none.
absl::StatusOr<std::optional<Document>> QuarantineHandler::DocumentToRelease(
    rpc::CallContext& ctx, const QuarantinedRow& row) {
  UploadedEntry uploaded;
  if (!journal::ParseEntry(row.payload, &uploaded.entry).ok()) {
    return base::Fail(INTERNAL, "the stored entry cannot be read");
  }
  uploaded.payload = row.payload;
  uploaded.document = *base::Uuid::Parse(uploaded.entry.sale_id);
  std::copy(row.hash.begin(), row.hash.end(), reinterpret_cast<char*>(uploaded.hash.data()));
  CLOUDPOS_ASSIGN_OR_RETURN(const Place place, checkout_.LoadDevice(ctx, row.device));
  CLOUDPOS_ASSIGN_OR_RETURN(const Knowledge knowledge, LoadKnowledge(ctx, checkout_, {&uploaded}));
  // Judged as of when it came, as it was then.
  const Setting setting{.place = &place,
                        .series = row.series,
                        .now = row.recorded_at,
                        .head = nullptr,
                        .is_vouched = true};
  UploadDetails details = JudgeEntry(uploaded, knowledge, setting);
  if (details.is_held) return NotReleasable(details.findings);
  if (details.mode == UploadDetails::Mode::kEntry) return std::optional<Document>();
  details.mode = UploadDetails::Mode::kRelease;
  Document document = DocumentOf(uploaded, std::move(details), knowledge, setting);
  document.recorded_at = checkout_.clock().Now();
  document.traceparent = ctx.traceparent();
  return std::optional(std::move(document));
}

/// Decision, document and audit row in one transaction. CONFLICT: something came first.
absl::Status QuarantineHandler::Resolve(rpc::CallContext& ctx, const QuarantinedRow& row,
                                        const Resolution& resolution, const Document* document) {
  const events::NewEvent audit = events::AuditEvent(
      ctx, "transaction", ids_.NewId(), resolution.at,
      {.action = resolution.name == kReleased ? "journal.release" : "journal.dismiss",
       .subject_type = "journal",
       .subject_id = row.journal.ToString(),
       .store_id = row.store.ToString(),
       .after_json = ResolutionJson(row, resolution)});
  const base::Uuid event_id = ids_.NewId();
  const pg::TxOptions options{.tenant = ctx.tenant(), .deadline = ctx.deadline()};
  const absl::Status resolved =
      pg::Transact(checkout_.pool(), options, [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(const bool is_first,
                                  InsertResolution(tx, ctx.tenant(), row, resolution));
        if (!is_first) return base::Fail(CONFLICT, "it was decided at the same time");
        if (document != nullptr) {
          CLOUDPOS_ASSIGN_OR_RETURN(const Outcome outcome,
                                    ReleaseDocument(tx, *document, event_id));
          if (outcome != Outcome::kRecorded) {
            return base::Fail(CONFLICT, "the document changed at the same time");
          }
        }
        return events::Append(tx, audit);
      });
  if (resolved.ok()) checkout_.RingBell();
  return resolved;
}

}  // namespace cloudpos::transaction
