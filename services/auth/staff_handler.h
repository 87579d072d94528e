#pragma once

// cloudpos.auth.v1.StaffService: people, roles, and who holds which role where.

#include "cloudpos/auth/v1/staff.pb.h"
#include "services/auth/context.h"

namespace cloudpos::auth {

class StaffHandler {
 public:
  explicit StaffHandler(const Deps& deps) : deps_(deps) {}
  rpc::MethodTable Methods();

  // staff_handlers.cc
  absl::Status CreateStaff(rpc::CallContext& ctx, const v1::CreateStaffRequest& request,
                           v1::StaffMember* response);
  absl::Status GetStaff(rpc::CallContext& ctx, const v1::GetStaffRequest& request,
                        v1::StaffMember* response);
  absl::Status ListStaff(rpc::CallContext& ctx, const v1::ListStaffRequest& request,
                         v1::ListStaffResponse* response);
  absl::Status UpdateStaff(rpc::CallContext& ctx, const v1::UpdateStaffRequest& request,
                           v1::StaffMember* response);
  // grant_handlers.cc
  absl::Status SetStaffGrants(rpc::CallContext& ctx, const v1::SetStaffGrantsRequest& request,
                              v1::StaffMember* response);
  // staff_access_handlers.cc
  absl::Status SetStaffPassword(rpc::CallContext& ctx, const v1::SetStaffPasswordRequest& request,
                                v1::SetStaffPasswordResponse* response);
  absl::Status UnlockStaff(rpc::CallContext& ctx, const v1::UnlockStaffRequest& request,
                           v1::UnlockStaffResponse* response);
  absl::Status ListStaffSessions(rpc::CallContext& ctx,
                                 const v1::ListStaffSessionsRequest& request,
                                 v1::ListStaffSessionsResponse* response);
  absl::Status RevokeStaffSessions(rpc::CallContext& ctx,
                                   const v1::RevokeStaffSessionsRequest& request,
                                   v1::RevokeStaffSessionsResponse* response);
  // role_handlers.cc
  absl::Status CreateRole(rpc::CallContext& ctx, const v1::CreateRoleRequest& request,
                          v1::Role* response);
  absl::Status GetRole(rpc::CallContext& ctx, const v1::GetRoleRequest& request,
                       v1::Role* response);
  absl::Status ListRoles(rpc::CallContext& ctx, const v1::ListRolesRequest& request,
                         v1::ListRolesResponse* response);
  absl::Status UpdateRole(rpc::CallContext& ctx, const v1::UpdateRoleRequest& request,
                          v1::Role* response);
  absl::Status DeleteRole(rpc::CallContext& ctx, const v1::DeleteRoleRequest& request,
                          v1::DeleteRoleResponse* response);

 private:
  const Deps& deps_;
};

}  // namespace cloudpos::auth
