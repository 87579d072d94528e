#include "services/transaction/upload_handler.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "services/transaction/domain/numbering.h"
#include "services/transaction/store_upload.h"
#include "services/transaction/upload.h"

namespace cloudpos::transaction {
namespace {

using common::v1::INVALID_ARGUMENT;
using common::v1::NOT_FOUND;
using common::v1::OVERLOADED;
using common::v1::PERMISSION_DENIED;

/// One of the uploads at the same time; the checkout goes first.
class Seat {
 public:
  Seat(std::atomic<int>& taken, int seats) : taken_(taken), has_(++taken <= seats) {}
  ~Seat() { --taken_; }
  Seat(const Seat&) = delete;
  bool has() const { return has_; }

 private:
  std::atomic<int>& taken_;
  const bool has_;
};

/// A signature that no key of the device known here has made.
bool IsSignatureRefused(const absl::Status& status) {
  const base::ErrorInfo info = base::InfoOf(status);
  return info.code == INVALID_ARGUMENT && !info.fields.empty() &&
         info.fields.front().field.ends_with(".signature");
}

absl::Status NoSuchDevice() { return base::Fail(NOT_FOUND, "deviceId", "there is no such device"); }

}  // namespace

rpc::MethodTable UploadHandler::Methods() {
  rpc::MethodTable table("cloudpos.transaction.v1.JournalUploadService");
  table.Unary("UploadJournal", this, &UploadHandler::UploadJournal);
  return table;
}

absl::Status UploadHandler::UploadJournal(rpc::CallContext& ctx,
                                          const v1::UploadJournalRequest& request,
                                          v1::UploadJournalResponse* response) {
  const Seat seat(under_way_, options_.at_once);
  if (!seat.has()) {
    return base::Fail({.code = OVERLOADED,
                       .detail = "other registers are uploading",
                       .retry_after = std::chrono::milliseconds(500)});
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const UploadInput input, ParseUpload(request));
  const absl::Status done = Run(ctx, request, input, response);
  if (!IsSignatureRefused(done)) return done;
  // The device may have been enrolled anew a moment ago. Nothing was written.
  checkout_.CatchUpPlaces(ctx);
  return Run(ctx, request, input, response);
}

absl::Status UploadHandler::Run(rpc::CallContext& ctx, const v1::UploadJournalRequest& request,
                                const UploadInput& input, v1::UploadJournalResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Place place, LoadDevice(ctx, input.device));
  CLOUDPOS_ASSIGN_OR_RETURN(std::vector<UploadedEntry> entries,
                            ParseEntries(request, input, ctx.tenant()));

  const base::Uuid reg = entries.empty() ? input.reg.value_or(place.device->register_id)
                                         : *base::Uuid::Parse(entries.front().entry.register_id);
  const JournalKey key{.tenant = ctx.tenant(),
                       .journal = JournalId(reg, input.device, input.generation, input.series),
                       .store = place.device->store,
                       .register_id = reg,
                       .device = input.device,
                       .generation = input.generation,
                       .series = input.series};
  ctx.Note("journal", key.journal.ToString());
  ctx.Note("entries", std::to_string(entries.size()));
  if (!entries.empty()) {
    Upload upload(ctx, checkout_, ids_, place, key, std::move(entries));
    CLOUDPOS_RETURN_IF_ERROR(upload.Run(input.previous, response));
  }
  return FillHead(ctx, key.journal, response->mutable_head());
}

/// The device, where the caller may upload for it: the device itself, or staff with the right (to
/// rescue the file of one that is broken or was revoked).
absl::StatusOr<Place> UploadHandler::LoadDevice(rpc::CallContext& ctx, const base::Uuid& device) {
  CLOUDPOS_ASSIGN_OR_RETURN(Place place, checkout_.LoadDevice(ctx, device));
  const absl::Status right = ctx.RequireStore(place.device->store);
  if (base::CodeOf(right) == NOT_FOUND) return NoSuchDevice();
  CLOUDPOS_RETURN_IF_ERROR(right);
  const bool is_device = ctx.claims().device && *ctx.claims().device == ctx.subject();
  if (is_device && ctx.subject() != device) return NoSuchDevice();
  if (is_device && place.device->revoked) {
    return base::Fail(PERMISSION_DENIED, "deviceId", "this device was revoked",
                      "a manager can upload its file");
  }
  return place;
}

absl::Status UploadHandler::FillHead(rpc::CallContext& ctx, const base::Uuid& journal,
                                     v1::JournalHeadState* out) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Head head,
                            SelectHead(checkout_.pool(), ctx.tenant(), journal, ctx.deadline()));
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Safety safety,
      SelectSafety(checkout_.pool(), ctx.tenant(), journal, head.journal_no,
                   checkout_.clock().Now() - options_.durable_after, ctx.deadline()));
  out->set_journal_id(journal.ToString());
  out->set_journal_no(head.journal_no);
  out->set_receipt_no(head.receipt_no);
  out->set_grand_total_minor(head.grand_total);
  out->set_hash(std::string(reinterpret_cast<const char*>(head.hash.data()), head.hash.size()));
  out->set_durable_head(safety.durable_head);
  out->set_signed_head(safety.signed_head);
  return absl::OkStatus();
}

}  // namespace cloudpos::transaction
