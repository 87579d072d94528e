#include "services/auth/identity_handler.h"

#include "services/auth/identity_state.h"

namespace cloudpos::auth {

rpc::MethodTable IdentityHandler::Methods() {
  rpc::MethodTable table("cloudpos.auth.v1.IdentityService");
  table.Unary("GetIdentity", this, &IdentityHandler::GetIdentity)
      .Unary("GetJwks", this, &IdentityHandler::GetJwks);
  return table;
}

absl::Status IdentityHandler::GetIdentity(rpc::CallContext&, const v1::GetIdentityRequest&,
                                          v1::GetIdentityResponse* response) {
  const auto current = deps_.identity->Current();
  // Without the list an answer would clear the one that the caller still has.
  if (current == nullptr) {
    return base::Fail(common::v1::UNAVAILABLE, "The revocations are not read yet.");
  }
  *response = *current;
  return absl::OkStatus();
}

absl::Status IdentityHandler::GetJwks(rpc::CallContext&, const v1::GetJwksRequest&,
                                      common::v1::RawBody* response) {
  response->set_content_type("application/jwk-set+json");
  response->set_data(deps_.identity->jwks());
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
