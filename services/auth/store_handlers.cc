// Stores.

#include "libs/base/page.h"
#include "services/auth/organisation_changes.h"
#include "services/auth/organisation_handler.h"
#include "services/auth/store_organisation.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions

Store ParseStore(const v1::CreateStoreRequest& request) {
  Store store;
  store.code = request.code();
  store.name = request.name();
  store.time_zone = request.time_zone();
  store.currency_code = request.currency_code();
  store.cutoff_minutes = request.cutoff_minutes();
  store.address = FromProto(request.address());
  store.receipt_header = request.receipt_header();
  store.receipt_footer = request.receipt_footer();
  store.tax_number = request.tax_number();
  store.phone = request.phone();
  return store;
}

StoreChange ParseChange(const v1::UpdateStoreRequest& request) {
  StoreChange change;
  if (request.has_code()) change.code = request.code();
  if (request.has_name()) change.name = request.name();
  if (request.has_time_zone()) change.time_zone = request.time_zone();
  if (request.has_cutoff_minutes()) change.cutoff_minutes = request.cutoff_minutes();
  if (request.has_address()) change.address = FromProto(request.address());
  if (request.has_receipt_header()) change.receipt_header = request.receipt_header();
  if (request.has_receipt_footer()) change.receipt_footer = request.receipt_footer();
  if (request.has_tax_number()) change.tax_number = request.tax_number();
  if (request.has_phone()) change.phone = request.phone();
  return change;
}

/// The stores in which the caller may do this; nullopt = all.
std::optional<std::vector<base::Uuid>> StoresWith(const token::Claims& claims, Permission p) {
  if (claims.HasForTenant(p)) return std::nullopt;
  std::vector<base::Uuid> stores;
  for (const token::Grant& grant : claims.grants) {
    if (!grant.permissions.Has(p)) continue;
    stores.insert(stores.end(), grant.stores.begin(), grant.stores.end());
  }
  return stores;
}

}  // namespace

absl::Status OrganisationHandler::CreateStore(rpc::CallContext& ctx,
                                              const v1::CreateStoreRequest& request,
                                              v1::Store* response) {
  Store store = ParseStore(request);
  CLOUDPOS_ASSIGN_OR_RETURN(store.store_id, base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_RETURN_IF_ERROR(CheckStore(store));
  store.tenant_id = ctx.tenant();
  store.created_at = store.updated_at = deps_.clock->Now();
  const std::string hash = RequestHash(request);
  const Actor actor = ActorOf(ctx);
  using Replayed = std::optional<Existing>;
  const absl::StatusOr<Replayed> replayed =
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Replayed> {
        CLOUDPOS_ASSIGN_OR_RETURN(Replayed existing, InsertStore(tx, store, hash));
        if (existing) return existing;
        CLOUDPOS_RETURN_IF_ERROR(
            Record<Store>(tx, deps_, actor, "store", "create", nullptr, store));
        return existing;
      });
  if (!replayed.ok()) return Taken(replayed.status());
  if (*replayed) {
    CLOUDPOS_RETURN_IF_ERROR(CheckSameRequest(ctx, **replayed, hash, "storeId"));
    store.created_at = store.updated_at = (*replayed)->created_at;
  }
  Ring(deps_);
  *response = ToProto(store);
  return absl::OkStatus();
}

absl::Status OrganisationHandler::GetStore(rpc::CallContext& ctx,
                                           const v1::GetStoreRequest& request,
                                           v1::Store* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  using Found = std::optional<Store>;
  CLOUDPOS_ASSIGN_OR_RETURN(const Found store,
                            pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) {
                              return SelectStore(tx, ctx.tenant(), id);
                            }));
  if (!store) return NotFound("store");
  *response = ToProto(*store);
  return absl::OkStatus();
}

absl::Status OrganisationHandler::ListStores(rpc::CallContext& ctx,
                                             const v1::ListStoresRequest& request,
                                             v1::ListStoresResponse* response) {
  ctx.MarkStoresChecked();  // only the caller's stores are read
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  const std::string list = request.include_archived() ? "all stores" : "stores";
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(request.page_token(), list, 1));
  const StoreFilter filter{.among = StoresWith(ctx.claims(), STORE_READ),
                           .archived_too = request.include_archived(),
                           .after_code = key.empty() ? "" : key[0]};
  CLOUDPOS_ASSIGN_OR_RETURN(auto rows, pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) {
                              return SelectStores(tx, ctx.tenant(), filter, size + 1);
                            }));
  response->set_next_page_token(FillPage(std::move(rows), size, list, response->mutable_stores()));
  return absl::OkStatus();
}

absl::Status OrganisationHandler::UpdateStore(rpc::CallContext& ctx,
                                              const v1::UpdateStoreRequest& request,
                                              v1::Store* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  const StoreChange change = ParseChange(request);
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  const absl::StatusOr<Store> store =
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Store> {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto before, SelectStoreForUpdate(tx, ctx.tenant(), id));
        if (!before) return NotFound("store");
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before->version, request.version()));
        if (before->archived) return base::Fail(ARCHIVED, "Restore the store first.");
        CLOUDPOS_ASSIGN_OR_RETURN(Store after, Apply(*before, change));
        Touch(after, now);
        CLOUDPOS_RETURN_IF_ERROR(auth::UpdateStore(tx, after));
        CLOUDPOS_RETURN_IF_ERROR(Record(tx, deps_, actor, "store", "update", &*before, after));
        return after;
      });
  if (!store.ok()) return Taken(store.status());
  Ring(deps_);
  *response = ToProto(*store);
  return absl::OkStatus();
}

absl::Status OrganisationHandler::SetArchived(rpc::CallContext& ctx, const std::string& store_id,
                                              int64_t version, bool archived,
                                              v1::Store* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id, base::Uuid::ParseField(store_id, "storeId"));
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Store store,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Store> {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto before, SelectStoreForUpdate(tx, ctx.tenant(), id));
        if (!before) return NotFound("store");
        if (before->archived == archived) return *before;
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before->version, version));
        Store after = *before;
        after.archived = archived;
        Touch(after, now);
        CLOUDPOS_RETURN_IF_ERROR(auth::UpdateStore(tx, after));
        CLOUDPOS_RETURN_IF_ERROR(
            Record(tx, deps_, actor, "store", archived ? "archive" : "restore", &*before, after));
        return after;
      }));
  Ring(deps_);
  *response = ToProto(store);
  return absl::OkStatus();
}

absl::Status OrganisationHandler::ArchiveStore(rpc::CallContext& ctx,
                                               const v1::ArchiveStoreRequest& request,
                                               v1::Store* response) {
  return SetArchived(ctx, request.store_id(), request.version(), true, response);
}

absl::Status OrganisationHandler::RestoreStore(rpc::CallContext& ctx,
                                               const v1::RestoreStoreRequest& request,
                                               v1::Store* response) {
  return SetArchived(ctx, request.store_id(), request.version(), false, response);
}

}  // namespace cloudpos::auth
