#pragma once

// cloudpos.auth.v1.OrganisationService: the tenant, its stores, registers and devices.

#include "cloudpos/auth/v1/organisation.pb.h"
#include "services/auth/context.h"

namespace cloudpos::auth {

class OrganisationHandler {
 public:
  explicit OrganisationHandler(const Deps& deps) : deps_(deps) {}
  rpc::MethodTable Methods();

  // tenant_handlers.cc
  absl::Status GetTenant(rpc::CallContext& ctx, const v1::GetTenantRequest& request,
                         v1::Tenant* response);
  absl::Status UpdateTenant(rpc::CallContext& ctx, const v1::UpdateTenantRequest& request,
                            v1::Tenant* response);
  // store_handlers.cc
  absl::Status CreateStore(rpc::CallContext& ctx, const v1::CreateStoreRequest& request,
                           v1::Store* response);
  absl::Status GetStore(rpc::CallContext& ctx, const v1::GetStoreRequest& request,
                        v1::Store* response);
  absl::Status ListStores(rpc::CallContext& ctx, const v1::ListStoresRequest& request,
                          v1::ListStoresResponse* response);
  absl::Status UpdateStore(rpc::CallContext& ctx, const v1::UpdateStoreRequest& request,
                           v1::Store* response);
  absl::Status ArchiveStore(rpc::CallContext& ctx, const v1::ArchiveStoreRequest& request,
                            v1::Store* response);
  absl::Status RestoreStore(rpc::CallContext& ctx, const v1::RestoreStoreRequest& request,
                            v1::Store* response);
  // register_handlers.cc
  absl::Status CreateRegister(rpc::CallContext& ctx, const v1::CreateRegisterRequest& request,
                              v1::Register* response);
  absl::Status GetRegister(rpc::CallContext& ctx, const v1::GetRegisterRequest& request,
                           v1::Register* response);
  absl::Status ListRegisters(rpc::CallContext& ctx, const v1::ListRegistersRequest& request,
                             v1::ListRegistersResponse* response);
  absl::Status UpdateRegister(rpc::CallContext& ctx, const v1::UpdateRegisterRequest& request,
                              v1::Register* response);
  // device_handlers.cc
  absl::Status CreateDevice(rpc::CallContext& ctx, const v1::CreateDeviceRequest& request,
                            v1::Device* response);
  absl::Status GetDevice(rpc::CallContext& ctx, const v1::GetDeviceRequest& request,
                         v1::Device* response);
  absl::Status ListDevices(rpc::CallContext& ctx, const v1::ListDevicesRequest& request,
                           v1::ListDevicesResponse* response);
  absl::Status UpdateDevice(rpc::CallContext& ctx, const v1::UpdateDeviceRequest& request,
                            v1::Device* response);
  absl::Status RevokeDevice(rpc::CallContext& ctx, const v1::RevokeDeviceRequest& request,
                            v1::Device* response);

 private:
  absl::Status SetArchived(rpc::CallContext& ctx, const std::string& store_id, int64_t version,
                           bool archived, v1::Store* response);

  const Deps& deps_;
};

}  // namespace cloudpos::auth
