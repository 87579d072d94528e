#include "services/auth/enrolment_handler.h"

#include "libs/base/encoding.h"
#include "libs/base/timestamp.h"
#include "libs/token/device_key.h"
#include "services/auth/domain/enrolment.h"
#include "services/auth/identity_state.h"
#include "services/auth/organisation_changes.h"
#include "services/auth/store_enrolment.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_sessions.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes

std::string CodeHash(const Deps& deps, std::string_view code) {
  return base::HmacSha256(deps.device_secret, "enrolment-code:" + std::string(code));
}

/// One refusal for all that is wrong with a code: what it was is nobody's business.
absl::Status Refused() {
  return base::Fail({.code = INVALID_CREDENTIALS,
                     .detail = "The code is wrong, used or expired, or the proof does not fit.",
                     .fields = {},
                     .hint = "Make a new code for the device and try again.",
                     .data = {},
                     .retry_after = std::nullopt});
}

/// The request, its proof checked.
struct Proven {
  std::string code_hash;
  std::string public_key;
};

absl::StatusOr<Proven> CheckProof(const Deps& deps, const v1::EnrolDeviceRequest& request) {
  if (request.code().empty()) return base::Fail(FIELD_REQUIRED, "code", "is required");
  if (request.public_key().empty()) return base::Fail(FIELD_REQUIRED, "publicKey", "is required");
  if (request.signature().empty()) return base::Fail(FIELD_REQUIRED, "signature", "is required");
  if (!token::IsP256Point(request.public_key())) {
    return base::Fail(INVALID_ARGUMENT, "publicKey", "must be an uncompressed point of P-256");
  }
  const auto code = NormalizeEnrolmentCode(request.code());
  if (!code) return Refused();
  if (!token::VerifyP256(request.public_key(), EnrolmentStatement(*code), request.signature())) {
    return Refused();
  }
  return Proven{.code_hash = CodeHash(deps, *code), .public_key = request.public_key()};
}

/// A device with its new key; what it had before no longer counts.
absl::StatusOr<Device> GiveKey(pg::Tx& tx, const Deps& deps, const Actor& actor,
                               const Device& before, const std::string& public_key,
                               absl::Time now) {
  Device after = before;
  after.public_key = public_key;
  Touch(after, now);
  CLOUDPOS_RETURN_IF_ERROR(UpdateDevice(tx, after));
  CLOUDPOS_RETURN_IF_ERROR(UseEnrolmentCode(tx, after.tenant_id, after.device_id, public_key));
  if (!before.public_key.empty()) {
    CLOUDPOS_RETURN_IF_ERROR(RaiseDeviceNotBefore(tx, after.tenant_id, after.device_id, now));
  }
  CLOUDPOS_RETURN_IF_ERROR(Record(tx, deps, actor, "device", "enrol", &before, after));
  return after;
}

absl::Status FillEnrolled(pg::Tx& tx, const Device& device, v1::EnrolDeviceResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto store, SelectStore(tx, device.tenant_id, device.store_id));
  if (!store) return NotFound("store");
  *response->mutable_device() = ToProto(device);
  response->set_tenant_id(device.tenant_id.ToString());
  response->set_store_code(store->code);
  response->clear_register_code();
  if (!device.register_id) return absl::OkStatus();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const auto reg, SelectRegister(tx, device.tenant_id, device.store_id, *device.register_id));
  if (reg) response->set_register_code(reg->code);
  return absl::OkStatus();
}

}  // namespace

rpc::MethodTable EnrolmentHandler::Methods() {
  rpc::MethodTable table("cloudpos.auth.v1.EnrolmentService");
  table.Unary("CreateEnrolmentCode", this, &EnrolmentHandler::CreateEnrolmentCode)
      .Unary("EnrolDevice", this, &EnrolmentHandler::EnrolDevice)
      .Unary("ChallengeDevice", this, &EnrolmentHandler::ChallengeDevice)
      .Unary("CreateDeviceToken", this, &EnrolmentHandler::CreateDeviceToken);
  return table;
}

absl::Status EnrolmentHandler::CreateEnrolmentCode(rpc::CallContext& ctx,
                                                   const v1::CreateEnrolmentCodeRequest& request,
                                                   v1::CreateEnrolmentCodeResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid device,
                            base::Uuid::ParseField(request.device_id(), "deviceId"));
  const absl::Time now = deps_.clock->Now();
  const Actor actor = ActorOf(ctx);
  const std::string code = MakeEnrolmentCode(base::RandomBytes(kCodeBytes));
  const std::string code_hash = CodeHash(deps_, code);
  const EnrolmentCode row{.tenant_id = ctx.tenant(),
                          .device_id = device,
                          .created_by = ctx.subject(),
                          .expires_at = now + kCodeLife,
                          .public_key = {}};
  CLOUDPOS_RETURN_IF_ERROR(
      pg::TransactRaw(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_ASSIGN_OR_RETURN(const auto found,
                                  SelectDeviceForUpdate(tx, ctx.tenant(), store, device));
        if (!found) return NotFound("device in this store");
        if (found->revoked_at) return base::Fail(ARCHIVED, "The device is revoked.");
        CLOUDPOS_RETURN_IF_ERROR(PutEnrolmentCode(tx, row, code_hash));
        return RecordAudit(tx, *deps_.ids, actor,
                           {.action = "device.enrolment-code",
                            .subject_type = "device",
                            .subject_id = device.ToString(),
                            .store = store,
                            .before = nullptr,
                            .after = nullptr},
                           now);
      }));
  Ring(deps_);
  response->set_code(code);
  base::SetTime(row.expires_at, response->mutable_expires_at());
  return absl::OkStatus();
}

absl::Status EnrolmentHandler::EnrolDevice(rpc::CallContext& ctx,
                                           const v1::EnrolDeviceRequest& request,
                                           v1::EnrolDeviceResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Proven proven, CheckProof(deps_, request));
  const absl::Time now = deps_.clock->Now();
  // Whose code it is; whether it still counts is decided below, with its device locked.
  CLOUDPOS_ASSIGN_OR_RETURN(
      const auto known, pg::Transact(*deps_.pool, {.deadline = ctx.deadline()}, [&](pg::Tx& tx) {
        return SelectEnrolmentCode(tx, proven.code_hash);
      }));
  if (!known) return Refused();
  const Actor actor = ActorOf(ctx, known->tenant_id, known->created_by);
  const pg::TxOptions options{.tenant = known->tenant_id, .deadline = ctx.deadline()};
  CLOUDPOS_ASSIGN_OR_RETURN(
      const EnrolmentDecision decision,
      pg::Transact(*deps_.pool, options, [&](pg::Tx& tx) -> absl::StatusOr<EnrolmentDecision> {
        CLOUDPOS_ASSIGN_OR_RETURN(
            const auto device, SelectDeviceByIdForUpdate(tx, known->tenant_id, known->device_id));
        if (!device) return Refused();
        CLOUDPOS_ASSIGN_OR_RETURN(const auto code, SelectEnrolmentCode(tx, proven.code_hash));
        const auto decided =
            DecideEnrolment(code, device->revoked_at.has_value(), proven.public_key, now);
        if (decided == EnrolmentDecision::kRefuse) return Refused();
        Device enrolled = *device;
        if (decided == EnrolmentDecision::kEnrol) {
          CLOUDPOS_ASSIGN_OR_RETURN(enrolled,
                                    GiveKey(tx, deps_, actor, *device, proven.public_key, now));
        }
        CLOUDPOS_RETURN_IF_ERROR(FillEnrolled(tx, enrolled, response));
        return decided;
      }));
  if (decision == EnrolmentDecision::kReplay) ctx.SetReplayed();
  deps_.identity->Poke();
  Ring(deps_);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
