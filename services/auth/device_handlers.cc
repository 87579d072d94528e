// Devices as records; their keys come with enrolment (enrolment_handler.cc).

#include "libs/base/page.h"
#include "services/auth/identity_state.h"
#include "services/auth/organisation_changes.h"
#include "services/auth/organisation_handler.h"
#include "services/auth/store_enrolment.h"
#include "services/auth/store_organisation.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

struct DeviceKey {
  base::Uuid store;
  base::Uuid device;
};

template <typename Request>
absl::StatusOr<DeviceKey> ParseKey(const Request& request) {
  DeviceKey key;
  CLOUDPOS_ASSIGN_OR_RETURN(key.store, base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(key.device, base::Uuid::ParseField(request.device_id(), "deviceId"));
  return key;
}

/// The register a device works for: none for an empty text.
absl::StatusOr<std::optional<base::Uuid>> ParseRegister(const std::string& text) {
  if (text.empty()) return std::optional<base::Uuid>();
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id, base::Uuid::ParseField(text, "registerId"));
  return std::optional<base::Uuid>(id);
}

absl::Status CheckRegisterExists(pg::Tx& tx, const Device& device) {
  if (!device.register_id) return absl::OkStatus();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const auto reg, SelectRegister(tx, device.tenant_id, device.store_id, *device.register_id));
  if (reg) return absl::OkStatus();
  return base::Fail(NOT_FOUND, "registerId", "is no register of this store");
}

}  // namespace

absl::Status OrganisationHandler::CreateDevice(rpc::CallContext& ctx,
                                               const v1::CreateDeviceRequest& request,
                                               v1::Device* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const DeviceKey key, ParseKey(request));
  Device device;
  device.tenant_id = ctx.tenant();
  device.store_id = key.store;
  device.device_id = key.device;
  device.code = request.code();
  device.name = request.name();
  CLOUDPOS_ASSIGN_OR_RETURN(device.register_id, ParseRegister(request.register_id()));
  CLOUDPOS_RETURN_IF_ERROR(CheckDevice(device));
  device.created_at = device.updated_at = deps_.clock->Now();
  const std::string hash = RequestHash(request);
  const Actor actor = ActorOf(ctx);
  using Replayed = std::optional<Existing>;
  const absl::StatusOr<Replayed> replayed =
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Replayed> {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto store,
                                  SelectStoreForUpdate(tx, ctx.tenant(), key.store));
        if (!store) return NotFound("store");
        CLOUDPOS_RETURN_IF_ERROR(CheckRegisterExists(tx, device));
        CLOUDPOS_ASSIGN_OR_RETURN(Replayed existing, InsertDevice(tx, device, hash));
        if (existing) return existing;
        CLOUDPOS_RETURN_IF_ERROR(
            InsertDirectory(tx, "device", key.device.ToString(), ctx.tenant(), key.device));
        if (store->archived) return base::Fail(ARCHIVED, "The store is archived.");
        CLOUDPOS_RETURN_IF_ERROR(
            Record<Device>(tx, deps_, actor, "device", "create", nullptr, device));
        return existing;
      });
  if (!replayed.ok()) return Taken(replayed.status());
  if (*replayed) {
    CLOUDPOS_RETURN_IF_ERROR(CheckSameRequest(ctx, **replayed, hash, "deviceId"));
    device.created_at = device.updated_at = (*replayed)->created_at;
  }
  Ring(deps_);
  *response = ToProto(device);
  return absl::OkStatus();
}

absl::Status OrganisationHandler::GetDevice(rpc::CallContext& ctx,
                                            const v1::GetDeviceRequest& request,
                                            v1::Device* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const DeviceKey key, ParseKey(request));
  using Found = std::optional<Device>;
  CLOUDPOS_ASSIGN_OR_RETURN(const Found device,
                            pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) {
                              return SelectDevice(tx, ctx.tenant(), key.store, key.device);
                            }));
  if (!device) return NotFound("device in this store");
  *response = ToProto(*device);
  return absl::OkStatus();
}

absl::Status OrganisationHandler::ListDevices(rpc::CallContext& ctx,
                                              const v1::ListDevicesRequest& request,
                                              v1::ListDevicesResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  const std::string list = "devices " + store.ToString();
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(request.page_token(), list, 1));
  using Rows = std::vector<Device>;
  CLOUDPOS_ASSIGN_OR_RETURN(
      Rows rows, pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Rows> {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto found, SelectStore(tx, ctx.tenant(), store));
        if (!found) return NotFound("store");
        return SelectDevices(tx, ctx.tenant(), store, key.empty() ? "" : key[0], size + 1);
      }));
  response->set_next_page_token(FillPage(std::move(rows), size, list, response->mutable_devices()));
  return absl::OkStatus();
}

absl::Status OrganisationHandler::UpdateDevice(rpc::CallContext& ctx,
                                               const v1::UpdateDeviceRequest& request,
                                               v1::Device* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const DeviceKey key, ParseKey(request));
  DeviceChange change;
  if (request.has_code()) change.code = request.code();
  if (request.has_name()) change.name = request.name();
  if (request.has_register_id()) {
    CLOUDPOS_ASSIGN_OR_RETURN(change.register_id, ParseRegister(request.register_id()));
  }
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  const absl::StatusOr<Device> device =
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Device> {
        CLOUDPOS_ASSIGN_OR_RETURN(
            const auto before, SelectDeviceForUpdate(tx, ctx.tenant(), key.store, key.device));
        if (!before) return NotFound("device in this store");
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before->version, request.version()));
        if (before->revoked_at) return base::Fail(ARCHIVED, "The device is revoked.");
        CLOUDPOS_ASSIGN_OR_RETURN(Device after, Apply(*before, change));
        CLOUDPOS_RETURN_IF_ERROR(CheckRegisterExists(tx, after));
        Touch(after, now);
        CLOUDPOS_RETURN_IF_ERROR(auth::UpdateDevice(tx, after));
        CLOUDPOS_RETURN_IF_ERROR(Record(tx, deps_, actor, "device", "update", &*before, after));
        return after;
      });
  if (!device.ok()) return Taken(device.status());
  Ring(deps_);
  *response = ToProto(*device);
  return absl::OkStatus();
}

absl::Status OrganisationHandler::RevokeDevice(rpc::CallContext& ctx,
                                               const v1::RevokeDeviceRequest& request,
                                               v1::Device* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const DeviceKey key, ParseKey(request));
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Device device,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Device> {
        CLOUDPOS_ASSIGN_OR_RETURN(
            const auto before, SelectDeviceForUpdate(tx, ctx.tenant(), key.store, key.device));
        if (!before) return NotFound("device in this store");
        if (before->revoked_at) return *before;
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before->version, request.version()));
        Device after = *before;
        after.revoked_at = now;
        Touch(after, now);
        CLOUDPOS_RETURN_IF_ERROR(auth::UpdateDevice(tx, after));
        CLOUDPOS_RETURN_IF_ERROR(RaiseDeviceNotBefore(tx, ctx.tenant(), key.device, now));
        CLOUDPOS_RETURN_IF_ERROR(Record(tx, deps_, actor, "device", "revoke", &*before, after));
        return after;
      }));
  deps_.identity->Poke();
  Ring(deps_);
  *response = ToProto(device);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
