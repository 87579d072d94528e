#include "services/transaction/journal_handler.h"

#include <algorithm>
#include <set>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/journal/export.h"
#include "libs/token/device_jwk.h"
#include "services/transaction/store_journals.h"

namespace cloudpos::transaction {
namespace {

using common::v1::INTERNAL;
using common::v1::INVALID_PAGE_TOKEN;
using common::v1::NOT_FOUND;
using common::v1::OUT_OF_RANGE;

constexpr int kEntriesMax = 5'000;
constexpr int64_t kBytesMax = 5 << 20;  // of payload; the lines around them keep below 6 MiB
constexpr int kHeadsMax = 10'000;

journal::Hash HashOf(const std::string& bytes) {
  journal::Hash hash{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()),
              reinterpret_cast<char*>(hash.data()));
  return hash;
}

void Fill(const JournalRow& row, v1::Journal* journal) {
  journal->set_journal_id(row.journal.ToString());
  journal->set_store_id(row.store.ToString());
  journal->set_register_id(row.register_id.ToString());
  if (!row.device.is_nil()) journal->set_device_id(row.device.ToString());
  journal->set_generation(row.generation);
  journal->set_series(row.series);
  journal->set_journal_no(row.journal_no);
  journal->set_receipt_no(row.receipt_no);
  journal->set_hash(base::HexEncode(row.hash));
  journal->set_grand_total_minor(row.grand_total);
}

}  // namespace

rpc::MethodTable JournalHandler::Methods() {
  rpc::MethodTable table("cloudpos.transaction.v1.JournalService");
  table.Unary("ListJournals", this, &JournalHandler::ListJournals)
      .Unary("ExportJournal", this, &JournalHandler::ExportJournal)
      .Unary("GetJournalKeys", this, &JournalHandler::GetJournalKeys)
      .Unary("GetDeviceKeys", this, &JournalHandler::GetDeviceKeys)
      .Unary("ListJournalHeads", this, &JournalHandler::ListJournalHeads);
  return table;
}

absl::Status JournalHandler::ListJournals(rpc::CallContext& ctx,
                                          const v1::ListJournalsRequest& request,
                                          v1::ListJournalsResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<JournalRow> rows,
                            SelectJournals(pool_, ctx.tenant(), store, ctx.deadline()));
  for (const JournalRow& row : rows) Fill(row, response->add_journals());
  return absl::OkStatus();
}

absl::Status JournalHandler::ExportJournal(rpc::CallContext& ctx,
                                           const v1::ExportJournalRequest& request,
                                           common::v1::RawBody* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.journal_id(), "journalId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto journal,
                            SelectJournal(pool_, ctx.tenant(), id, ctx.deadline()));
  if (!journal) return base::Fail(NOT_FOUND, "there is no such journal");
  CLOUDPOS_RETURN_IF_ERROR(ctx.RequireStore(journal->store));
  const int64_t from = std::max<int64_t>(request.from_no(), 1);
  const int64_t to = request.to_no() == 0 ? journal->journal_no : request.to_no();
  if (from > to || to > journal->journal_no) {
    return base::Fail(OUT_OF_RANGE, "fromNo",
                      "the journal ends at " + std::to_string(journal->journal_no));
  }
  // The entry before the first one, for the hash that it is chained to.
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<EntryRow> entries,
                            SelectEntries(pool_, ctx.tenant(), id, from == 1 ? 1 : from - 1, to,
                                          kEntriesMax + 1, kBytesMax, ctx.deadline()));
  journal::ExportWriter writer;
  journal::Hash previous = journal::kGenesis;
  std::string* out = response->mutable_data();
  const std::string name = id.ToString();
  for (const EntryRow& entry : entries) {
    const journal::Hash hash = HashOf(entry.hash);
    if (entry.journal_no >= from) {
      const journal::Error error = writer.Append({.journal = name,
                                                  .n = entry.journal_no,
                                                  .payload = entry.payload,
                                                  .hash = hash,
                                                  .previous = previous,
                                                  .signature = entry.signature,
                                                  .signature_key = entry.key_id},
                                                 out);
      if (!error.ok()) return base::Fail(INTERNAL, "the journal cannot be exported");
    }
    previous = hash;
  }
  const auto sign = [this](std::string_view message) { return signer_.SignBytes(message); };
  if (!writer.Finish(signer_.key_id(), sign, out).ok()) {
    return base::Fail(INTERNAL, "the journal cannot be exported");
  }
  response->set_content_type("application/jsonl");
  return absl::OkStatus();
}

absl::Status JournalHandler::GetJournalKeys(rpc::CallContext&, const v1::GetJournalKeysRequest&,
                                            common::v1::RawBody* response) {
  response->set_content_type("application/json");
  response->set_data(token::MakeJwks({signer_.PublicJwk()}));
  return absl::OkStatus();
}

absl::Status JournalHandler::GetDeviceKeys(rpc::CallContext& ctx,
                                           const v1::GetDeviceKeysRequest& request,
                                           common::v1::RawBody* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const Place place, checkout_.LoadStore(ctx, store));
  std::set<std::string> keys;  // in order, so that the same keys are the same bytes
  for (const auto& [id, device] : place.settings->devices) {
    if (device.store != store) continue;
    for (const std::string& key : device.keys) keys.insert(token::P256Jwk(key));
  }
  response->set_content_type("application/json");
  response->set_data(token::MakeJwks({keys.begin(), keys.end()}));
  return absl::OkStatus();
}

absl::Status JournalHandler::ListJournalHeads(rpc::CallContext& ctx,
                                              const v1::ListJournalHeadsRequest& request,
                                              v1::ListJournalHeadsResponse* response) {
  base::Uuid tenant, journal;
  if (!request.page_token().empty()) {
    const auto first = base::Uuid::Parse(request.page_token().substr(0, 36));
    const auto second = request.page_token().size() == 72
                            ? base::Uuid::Parse(request.page_token().substr(36))
                            : std::nullopt;
    if (!first || !second) return base::Fail(INVALID_PAGE_TOKEN, "pageToken", "is not a token");
    tenant = *first;
    journal = *second;
  }
  const int size = request.page_size() <= 0 ? kHeadsMax : std::min(request.page_size(), kHeadsMax);
  CLOUDPOS_ASSIGN_OR_RETURN(
      const std::vector<HeadRow> rows,
      SelectHeads(worker_pool_, tenant, journal, base::Uuid::Parse(request.tenant_id()), size,
                  ctx.deadline()));
  for (const HeadRow& row : rows) {
    v1::JournalHead* head = response->add_heads();
    head->set_tenant_id(row.tenant.ToString());
    head->set_journal_id(row.journal.ToString());
    head->set_journal_no(row.journal_no);
  }
  if (rows.size() == static_cast<size_t>(size)) {
    response->set_next_page_token(rows.back().tenant.ToString() + rows.back().journal.ToString());
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::transaction
