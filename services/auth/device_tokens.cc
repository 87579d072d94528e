// Tokens of devices: a challenge, signed by the device's key.

#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/token/device_key.h"
#include "services/auth/convert.h"
#include "services/auth/domain/enrolment.h"
#include "services/auth/domain/grants.h"
#include "services/auth/enrolment_handler.h"
#include "services/auth/store_enrolment.h"
#include "services/auth/store_organisation.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes
using Found = std::optional<EnrolledDevice>;

absl::Status Refused() {
  return base::Fail(INVALID_CREDENTIALS, "The challenge is too old or the proof does not fit.");
}

/// A key nobody has the private half of, in place of that of a device that is not there: the answer
/// to a wrong signature shall take as long either way.
const std::string& NobodysKey() {
  static const std::string point = token::DeviceKey::Generate().public_point();
  return point;
}

absl::StatusOr<Found> Load(pg::Pool& pool, const base::Uuid& device, absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto entry,
                            pg::Transact(pool, {.deadline = deadline}, [&](pg::Tx& tx) {
                              return SelectDirectory(tx, "device", device.ToString());
                            }));
  // Also for an unknown device: the same steps, in a tenant that holds nothing.
  const base::Uuid tenant = entry ? entry->tenant : device;
  return pg::Transact(pool, {.tenant = tenant, .deadline = deadline, .read_only = true},
                      [&](pg::Tx& tx) { return SelectEnrolledDevice(tx, tenant, device); });
}

}  // namespace

absl::Status EnrolmentHandler::ChallengeDevice(rpc::CallContext&,
                                               const v1::ChallengeDeviceRequest& request,
                                               v1::ChallengeDeviceResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid device,
                            base::Uuid::ParseField(request.device_id(), "deviceId"));
  const absl::Time expires_at = deps_.clock->Now() + kChallengeLife;
  response->set_challenge(
      MakeChallenge(deps_.device_secret, device, expires_at, base::RandomBytes(kNonceBytes)));
  base::SetTime(expires_at, response->mutable_expires_at());
  return absl::OkStatus();
}

absl::Status EnrolmentHandler::CreateDeviceToken(rpc::CallContext& ctx,
                                                 const v1::CreateDeviceTokenRequest& request,
                                                 v1::CreateDeviceTokenResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.device_id(), "deviceId"));
  if (request.challenge().empty()) return base::Fail(FIELD_REQUIRED, "challenge", "is required");
  if (request.signature().empty()) return base::Fail(FIELD_REQUIRED, "signature", "is required");
  const absl::Time now = deps_.clock->Now();
  if (!IsChallengeFor(deps_.device_secret, id, request.challenge(), now)) return Refused();
  CLOUDPOS_ASSIGN_OR_RETURN(const Found found, Load(*deps_.pool, id, ctx.deadline()));
  const bool has_key = found && !found->device.public_key.empty();
  const bool is_proven =
      token::VerifyP256(has_key ? found->device.public_key : NobodysKey(),
                        TokenStatement(request.challenge()), request.signature());
  if (!has_key || !is_proven || !found->tenant_active) return Refused();
  const Device& device = found->device;
  if (device.revoked_at) return base::Fail(DEVICE_REVOKED, "This device was revoked.");

  token::Claims claims;
  claims.tenant = device.tenant_id;
  claims.subject = device.device_id;
  claims.session = deps_.ids->NewId();
  claims.device = device.device_id;
  claims.grants = {{.stores = {device.store_id}, .permissions = DevicePermissions()}};
  claims.issued_at = IssueTime(now, found->not_before);
  claims.expires_at = claims.issued_at + deps_.rules.session.access_token;
  response->set_access_token(deps_.signer->Sign(claims));
  response->set_expires_in_s(absl::ToInt64Seconds(deps_.rules.session.access_token));
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
