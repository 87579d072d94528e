#include "services/inventory/catalogue_write.h"

#include "cloudpos/auth/v1/events.pb.h"
#include "google/protobuf/util/json_util.h"
#include "libs/base/status_macros.h"
#include "services/inventory/convert.h"

namespace cloudpos::inventory {
namespace {

std::string ToJson(const google::protobuf::Message* message) {
  std::string json;
  if (message == nullptr) return json;
  // A message of ours always has a JSON form; an empty text then is no state at all.
  const auto status = google::protobuf::util::MessageToJsonString(*message, &json);
  if (!status.ok()) json.clear();
  return json;
}

}  // namespace

events::NewEvent AuditEvent(const rpc::CallContext& ctx, const base::Uuid& audit_id, absl::Time now,
                            const AuditedChange& change) {
  auth::v1::AuditRecorded row;
  row.set_tenant_id(ctx.tenant().ToString());
  row.set_audit_id(audit_id.ToString());
  SetTime(now, row.mutable_occurred_at());
  row.set_service("inventory");
  row.set_action(std::string(change.action));
  row.set_actor_id(ctx.subject().ToString());
  row.set_session_id(ctx.claims().session.ToString());
  row.set_subject_type(std::string(change.subject_type));
  row.set_subject_id(IdText(change.subject));
  row.set_store_id(IdText(change.store));
  row.set_client_ip(ctx.client_ip());
  row.set_before_json(ToJson(change.before));
  row.set_after_json(ToJson(change.after));
  row.set_request_id(ctx.request_id());
  return events::MakeEvent(audit_id, ctx.tenant(), "audit", audit_id.ToString(), row,
                           ctx.traceparent());
}

absl::StatusOr<CatalogueWrite> CatalogueWrite::Begin(pg::Tx& tx, const rpc::CallContext& ctx,
                                                     base::IdSource& ids) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int64_t version, LockCatalogue(tx, ctx.tenant()));
  return CatalogueWrite(tx, ctx, ids, version);
}

void CatalogueWrite::AddEvent(bool is_category, const base::Uuid& entity, int64_t version,
                              const google::protobuf::Message& event) {
  events_.push_back(events::MakeEvent(ids_->NewId(), ctx_->tenant(),
                                      is_category ? "category" : "variant", entity.ToString(),
                                      event, ctx_->traceparent()));
  changes_.push_back({.version = version,
                      .is_category = is_category,
                      .entity = entity,
                      .payload = events_.back().payload});
}

void CatalogueWrite::Add(const Category& category) {
  AddEvent(true, category.id, category.version, ToEvent(ctx_->tenant(), category));
}

void CatalogueWrite::Add(const Product& product, const Variant& variant) {
  AddEvent(false, variant.id, variant.version, ToEvent(ctx_->tenant(), product, variant));
}

void CatalogueWrite::TouchVariants(Product& product, absl::Time now) {
  for (Variant& variant : product.variants) {
    variant.version = NextVersion();
    variant.updated_at = now;
    Add(product, variant);
  }
}

void CatalogueWrite::Audit(absl::Time now, const AuditedChange& change) {
  events_.push_back(AuditEvent(*ctx_, ids_->NewId(), now, change));
}

absl::Status CatalogueWrite::Finish() {
  if (version_ == first_version_) return absl::OkStatus();
  CLOUDPOS_RETURN_IF_ERROR(UpdateCatalogueVersion(*tx_, ctx_->tenant(), version_));
  CLOUDPOS_RETURN_IF_ERROR(InsertChanges(*tx_, ctx_->tenant(), changes_));
  return events::AppendAll(*tx_, events_);
}

}  // namespace cloudpos::inventory
