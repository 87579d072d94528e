#pragma once

// cloudpos.auth.v1.EnrolmentService: devices' keys and tokens.

#include "cloudpos/auth/v1/enrolment.pb.h"
#include "services/auth/context.h"

namespace cloudpos::auth {

class EnrolmentHandler {
 public:
  explicit EnrolmentHandler(const Deps& deps) : deps_(deps) {}
  rpc::MethodTable Methods();

  absl::Status CreateEnrolmentCode(rpc::CallContext& ctx,
                                   const v1::CreateEnrolmentCodeRequest& request,
                                   v1::CreateEnrolmentCodeResponse* response);
  absl::Status EnrolDevice(rpc::CallContext& ctx, const v1::EnrolDeviceRequest& request,
                           v1::EnrolDeviceResponse* response);
  // device_tokens.cc
  absl::Status ChallengeDevice(rpc::CallContext& ctx, const v1::ChallengeDeviceRequest& request,
                               v1::ChallengeDeviceResponse* response);
  absl::Status CreateDeviceToken(rpc::CallContext& ctx, const v1::CreateDeviceTokenRequest& request,
                                 v1::CreateDeviceTokenResponse* response);

 private:
  const Deps& deps_;
};

}  // namespace cloudpos::auth
