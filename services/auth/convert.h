#pragma once

// Domain structs to API messages and events, and back.

#include <vector>

#include "absl/time/time.h"
#include "cloudpos/auth/v1/auth.pb.h"
#include "cloudpos/auth/v1/events.pb.h"
#include "cloudpos/auth/v1/organisation.pb.h"
#include "cloudpos/auth/v1/staff.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/auth/domain/grants.h"
#include "services/auth/domain/organisation.h"
#include "services/auth/domain/staff.h"

namespace cloudpos::auth {

absl::Time ToTime(const google::protobuf::Timestamp& message);

Address FromProto(const v1::StoreAddress& message);

v1::Tenant ToProto(const Tenant& tenant);
v1::Store ToProto(const Store& store);
v1::Register ToProto(const Register& reg);
v1::Device ToProto(const Device& device);
v1::Role ToProto(const Role& role);
v1::StaffMember ToProto(const StaffMember& staff, const std::vector<RoleGrant>& grants,
                        absl::Time locked_until = absl::InfinitePast());
v1::Session ToProto(const Session& session, const base::Uuid& current);

v1::TenantChanged ToEvent(const Tenant& tenant);
v1::StoreChanged ToEvent(const Store& store);
v1::RegisterChanged ToEvent(const Register& reg);
v1::DeviceChanged ToEvent(const Device& device);

}  // namespace cloudpos::auth
