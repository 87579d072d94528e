#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/reporting/report_handler.h"

namespace cloudpos::reporting {
namespace {

using base::Fail;
using common::v1::INVALID_PAGE_TOKEN;
using common::v1::LIMIT_EXCEEDED;
using common::v1::OUT_OF_RANGE;

constexpr int kPageDefault = 200;
constexpr int kPageMax = 1000;
constexpr int kAdjustmentsMax = 100;

/// A page token is the id of the last journal before it.
absl::StatusOr<base::Uuid> ParseToken(const std::string& token) {
  if (token.empty()) return base::Uuid();
  const std::optional<std::string> text = base::Base64UrlDecode(token);
  const std::optional<base::Uuid> id = text ? base::Uuid::Parse(*text) : std::nullopt;
  if (!id) return Fail(INVALID_PAGE_TOKEN, "pageToken", "is not a token of this report");
  return *id;
}

absl::StatusOr<std::vector<base::Uuid>> ParseAdjustments(const v1::GetProgressRequest& request) {
  if (request.adjustment_ids_size() > kAdjustmentsMax) {
    return Fail(LIMIT_EXCEEDED, "adjustmentIds", "holds more than 100 ids");
  }
  std::vector<base::Uuid> ids;
  for (int i = 0; i < request.adjustment_ids_size(); ++i) {
    CLOUDPOS_ASSIGN_OR_RETURN(
        ids.emplace_back(),
        base::Uuid::ParseField(request.adjustment_ids(i),
                               "adjustmentIds[" + std::to_string(i) + "]"));
  }
  return ids;
}

}  // namespace

absl::Status ReportHandler::GetProgress(rpc::CallContext& ctx,
                                        const v1::GetProgressRequest& request,
                                        v1::GetProgressResponse* response) {
  if (request.page_size() < 0 || request.page_size() > kPageMax) {
    return Fail(OUT_OF_RANGE, "pageSize", "must be 1 to 1000");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid after, ParseToken(request.page_token()));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<base::Uuid> adjustments, ParseAdjustments(request));
  CLOUDPOS_ASSIGN_OR_RETURN(const std::optional<base::Uuid> store, Scope(ctx, request.store_id()));
  const size_t size =
      static_cast<size_t>(request.page_size() == 0 ? kPageDefault : request.page_size());
  Stamp(as_of(), response);
  if (consumers_ != nullptr) {
    for (const Consumers::Source& source : consumers_->Sources()) {
      v1::SourceProgress* out = response->add_sources();
      out->set_producer(source.producer);
      Stamp(source.as_of, out);
    }
  }
  std::vector<JournalSeen> journals;
  std::vector<base::Uuid> missing;
  CLOUDPOS_RETURN_IF_ERROR(Read(ctx, [&](pg::Tx& tx) -> absl::Status {
    CLOUDPOS_ASSIGN_OR_RETURN(journals, SelectJournals(tx, ctx.tenant(), store, after,
                                                       static_cast<int64_t>(size) + 1));
    CLOUDPOS_ASSIGN_OR_RETURN(missing,
                              SelectMissingAdjustments(tx, ctx.tenant(), store, adjustments));
    return absl::OkStatus();
  }));
  if (journals.size() > size) {
    journals.resize(size);
    response->set_next_page_token(base::Base64UrlEncode(journals.back().journal.ToString()));
  }
  for (const JournalSeen& journal : journals) {
    v1::JournalProgress* out = response->add_journals();
    out->set_journal_id(journal.journal.ToString());
    out->set_store_id(journal.store.ToString());
    out->set_dense_no(journal.dense_no);
    out->set_highest_no(journal.highest_no);
  }
  for (const base::Uuid& id : missing) response->add_missing_adjustment_ids(id.ToString());
  return absl::OkStatus();
}

}  // namespace cloudpos::reporting
