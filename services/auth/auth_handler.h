#pragma once

// cloudpos.auth.v1.AuthService: signing in and out, sessions, one's own account.

#include "cloudpos/auth/v1/auth.pb.h"
#include "services/auth/context.h"
#include "services/auth/sessions.h"

namespace cloudpos::auth {

class AuthHandler {
 public:
  explicit AuthHandler(const Deps& deps) : deps_(deps) {}
  rpc::MethodTable Methods();

  // bootstrap.cc
  absl::Status BootstrapAdmin(rpc::CallContext& ctx, const v1::BootstrapAdminRequest& request,
                              v1::BootstrapAdminResponse* response);
  // sign_in.cc
  absl::Status SignIn(rpc::CallContext& ctx, const v1::SignInRequest& request,
                      v1::SignInResponse* response);
  absl::Status ChangePassword(rpc::CallContext& ctx, const v1::ChangePasswordRequest& request,
                              v1::ChangePasswordResponse* response);
  // refresh.cc
  absl::Status RefreshSession(rpc::CallContext& ctx, const v1::RefreshSessionRequest& request,
                              v1::RefreshSessionResponse* response);
  // account.cc
  absl::Status SignOut(rpc::CallContext& ctx, const v1::SignOutRequest& request,
                       v1::SignOutResponse* response);
  absl::Status GetMe(rpc::CallContext& ctx, const v1::GetMeRequest& request,
                     v1::GetMeResponse* response);
  absl::Status ListSessions(rpc::CallContext& ctx, const v1::ListSessionsRequest& request,
                            v1::ListSessionsResponse* response);
  absl::Status RevokeSession(rpc::CallContext& ctx, const v1::RevokeSessionRequest& request,
                             v1::RevokeSessionResponse* response);
  absl::Status ListPermissions(rpc::CallContext& ctx, const v1::ListPermissionsRequest& request,
                               v1::ListPermissionsResponse* response);

 private:
  const Deps& deps_;
};

}  // namespace cloudpos::auth
