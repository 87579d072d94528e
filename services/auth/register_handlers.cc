// Registers.

#include "libs/base/page.h"
#include "services/auth/organisation_changes.h"
#include "services/auth/organisation_handler.h"
#include "services/auth/store_organisation.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

struct RegisterKey {
  base::Uuid store;
  base::Uuid reg;
};

template <typename Request>
absl::StatusOr<RegisterKey> ParseKey(const Request& request) {
  RegisterKey key;
  CLOUDPOS_ASSIGN_OR_RETURN(key.store, base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(key.reg, base::Uuid::ParseField(request.register_id(), "registerId"));
  return key;
}

}  // namespace

absl::Status OrganisationHandler::CreateRegister(rpc::CallContext& ctx,
                                                 const v1::CreateRegisterRequest& request,
                                                 v1::Register* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const RegisterKey key, ParseKey(request));
  const absl::Time now = deps_.clock->Now();
  Register reg{.tenant_id = ctx.tenant(),
               .store_id = key.store,
               .register_id = key.reg,
               .version = 1,
               .code = request.code(),
               .name = request.name(),
               .active = true,
               .created_at = now,
               .updated_at = now};
  CLOUDPOS_RETURN_IF_ERROR(CheckRegister(reg));
  const std::string hash = RequestHash(request);
  const Actor actor = ActorOf(ctx);
  using Replayed = std::optional<Existing>;
  const absl::StatusOr<Replayed> replayed =
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Replayed> {
        // The store is locked first, so that it cannot be archived meanwhile.
        CLOUDPOS_ASSIGN_OR_RETURN(const auto store,
                                  SelectStoreForUpdate(tx, ctx.tenant(), key.store));
        if (!store) return NotFound("store");
        CLOUDPOS_ASSIGN_OR_RETURN(Replayed existing, InsertRegister(tx, reg, hash));
        if (existing) return existing;
        if (store->archived) return base::Fail(ARCHIVED, "The store is archived.");
        CLOUDPOS_RETURN_IF_ERROR(
            Record<Register>(tx, deps_, actor, "register", "create", nullptr, reg));
        return existing;
      });
  if (!replayed.ok()) return Taken(replayed.status());
  if (*replayed) {
    CLOUDPOS_RETURN_IF_ERROR(CheckSameRequest(ctx, **replayed, hash, "registerId"));
    reg.created_at = reg.updated_at = (*replayed)->created_at;
  }
  Ring(deps_);
  *response = ToProto(reg);
  return absl::OkStatus();
}

absl::Status OrganisationHandler::GetRegister(rpc::CallContext& ctx,
                                              const v1::GetRegisterRequest& request,
                                              v1::Register* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const RegisterKey key, ParseKey(request));
  using Found = std::optional<Register>;
  CLOUDPOS_ASSIGN_OR_RETURN(const Found reg,
                            pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) {
                              return SelectRegister(tx, ctx.tenant(), key.store, key.reg);
                            }));
  if (!reg) return NotFound("register in this store");
  *response = ToProto(*reg);
  return absl::OkStatus();
}

absl::Status OrganisationHandler::ListRegisters(rpc::CallContext& ctx,
                                                const v1::ListRegistersRequest& request,
                                                v1::ListRegistersResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  const std::string list = "registers " + store.ToString();
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(request.page_token(), list, 1));
  using Rows = std::vector<Register>;
  CLOUDPOS_ASSIGN_OR_RETURN(
      Rows rows, pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Rows> {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto found, SelectStore(tx, ctx.tenant(), store));
        if (!found) return NotFound("store");
        return SelectRegisters(tx, ctx.tenant(), store, key.empty() ? "" : key[0], size + 1);
      }));
  response->set_next_page_token(
      FillPage(std::move(rows), size, list, response->mutable_registers()));
  return absl::OkStatus();
}

absl::Status OrganisationHandler::UpdateRegister(rpc::CallContext& ctx,
                                                 const v1::UpdateRegisterRequest& request,
                                                 v1::Register* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const RegisterKey key, ParseKey(request));
  RegisterChange change;
  if (request.has_code()) change.code = request.code();
  if (request.has_name()) change.name = request.name();
  if (request.has_active()) change.active = request.active();
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  const absl::StatusOr<Register> reg =
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Register> {
        CLOUDPOS_ASSIGN_OR_RETURN(
            const auto before, SelectRegisterForUpdate(tx, ctx.tenant(), key.store, key.reg));
        if (!before) return NotFound("register in this store");
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before->version, request.version()));
        CLOUDPOS_ASSIGN_OR_RETURN(Register after, Apply(*before, change));
        Touch(after, now);
        CLOUDPOS_RETURN_IF_ERROR(auth::UpdateRegister(tx, after));
        CLOUDPOS_RETURN_IF_ERROR(Record(tx, deps_, actor, "register", "update", &*before, after));
        return after;
      });
  if (!reg.ok()) return Taken(reg.status());
  Ring(deps_);
  *response = ToProto(*reg);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
