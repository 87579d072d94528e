#include "services/inventory/catalogue_write.h"

#include "libs/base/status_macros.h"
#include "services/inventory/convert.h"

namespace cloudpos::inventory {
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

void CatalogueWrite::Audit(absl::Time now, const events::AuditedChange& change) {
  events_.push_back(events::AuditEvent(*ctx_, "inventory", ids_->NewId(), now, change));
}

absl::Status CatalogueWrite::Finish() {
  if (version_ == first_version_) return absl::OkStatus();
  CLOUDPOS_RETURN_IF_ERROR(UpdateCatalogueVersion(*tx_, ctx_->tenant(), version_));
  CLOUDPOS_RETURN_IF_ERROR(InsertChanges(*tx_, ctx_->tenant(), changes_));
  return events::AppendAll(*tx_, events_);
}

}  // namespace cloudpos::inventory
