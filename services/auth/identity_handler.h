#pragma once

// cloudpos.auth.v1.IdentityService and OperatorService: what other processes and the installation's
// operator ask for.

#include "cloudpos/auth/v1/identity.pb.h"
#include "cloudpos/common/v1/raw_body.pb.h"
#include "services/auth/context.h"

namespace cloudpos::auth {

class IdentityHandler {
 public:
  explicit IdentityHandler(const Deps& deps) : deps_(deps) {}
  rpc::MethodTable Methods();

  absl::Status GetIdentity(rpc::CallContext& ctx, const v1::GetIdentityRequest& request,
                           v1::GetIdentityResponse* response);
  absl::Status GetJwks(rpc::CallContext& ctx, const v1::GetJwksRequest& request,
                       common::v1::RawBody* response);

 private:
  const Deps& deps_;
};

class OperatorHandler {
 public:
  explicit OperatorHandler(const Deps& deps) : deps_(deps) {}
  rpc::MethodTable Methods();

  absl::Status ProvisionReplayTenant(rpc::CallContext& ctx,
                                     const v1::ProvisionReplayTenantRequest& request,
                                     v1::ProvisionReplayTenantResponse* response);
  // create_tenant.cc
  absl::Status CreateTenant(rpc::CallContext& ctx, const v1::CreateTenantRequest& request,
                            v1::CreateTenantResponse* response);

 private:
  const Deps& deps_;
};

}  // namespace cloudpos::auth
