#include "services/auth/convert.h"

#include "libs/base/timestamp.h"

namespace cloudpos::auth {
namespace {

void SetAddress(const Address& address, v1::StoreAddress* message) {
  message->set_line1(address.line1);
  message->set_line2(address.line2);
  message->set_city(address.city);
  message->set_region(address.region);
  message->set_postal_code(address.postal_code);
  message->set_country_code(address.country_code);
}

/// The fields that every versioned message has.
template <typename Object, typename Message>
void SetVersion(const Object& object, Message* message) {
  message->set_version(object.version);
  base::SetTime(object.created_at, message->mutable_created_at());
  base::SetTime(object.updated_at, message->mutable_updated_at());
  message->set_etag("v" + std::to_string(object.version));
}

}  // namespace

absl::Time ToTime(const google::protobuf::Timestamp& message) {
  return absl::FromUnixSeconds(message.seconds()) + absl::Nanoseconds(message.nanos());
}

Address FromProto(const v1::StoreAddress& message) {
  return {.line1 = message.line1(),
          .line2 = message.line2(),
          .city = message.city(),
          .region = message.region(),
          .postal_code = message.postal_code(),
          .country_code = message.country_code()};
}

v1::Tenant ToProto(const Tenant& tenant) {
  v1::Tenant message;
  message.set_tenant_id(tenant.tenant_id.ToString());
  message.set_name(tenant.name);
  message.set_slug(tenant.slug);
  SetVersion(tenant, &message);
  return message;
}

v1::Store ToProto(const Store& store) {
  v1::Store message;
  message.set_store_id(store.store_id.ToString());
  message.set_code(store.code);
  message.set_name(store.name);
  message.set_time_zone(store.time_zone);
  message.set_currency_code(store.currency_code);
  message.set_cutoff_minutes(store.cutoff_minutes);
  SetAddress(store.address, message.mutable_address());
  message.set_receipt_header(store.receipt_header);
  message.set_receipt_footer(store.receipt_footer);
  message.set_tax_number(store.tax_number);
  message.set_phone(store.phone);
  message.set_archived(store.archived);
  SetVersion(store, &message);
  return message;
}

v1::Register ToProto(const Register& reg) {
  v1::Register message;
  message.set_store_id(reg.store_id.ToString());
  message.set_register_id(reg.register_id.ToString());
  message.set_code(reg.code);
  message.set_name(reg.name);
  message.set_active(reg.active);
  SetVersion(reg, &message);
  return message;
}

v1::Device ToProto(const Device& device) {
  v1::Device message;
  message.set_store_id(device.store_id.ToString());
  message.set_device_id(device.device_id.ToString());
  message.set_code(device.code);
  message.set_name(device.name);
  if (device.register_id) message.set_register_id(device.register_id->ToString());
  message.set_revoked(device.revoked_at.has_value());
  if (device.revoked_at) base::SetTime(*device.revoked_at, message.mutable_revoked_at());
  message.set_public_key(device.public_key);
  SetVersion(device, &message);
  return message;
}

v1::Role ToProto(const Role& role) {
  v1::Role message;
  message.set_role_id(role.role_id.ToString());
  message.set_name(role.name);
  for (const token::Permission p : role.permissions.ToList()) message.add_permissions(p);
  message.set_built_in(role.built_in != BuiltInRole::kNone);
  SetVersion(role, &message);
  // A new release may change what a built-in role holds without raising its version.
  message.set_etag(message.etag() + "-" + role.permissions.ToBase64Url());
  return message;
}

v1::StaffMember ToProto(const StaffMember& staff, const std::vector<RoleGrant>& grants,
                        absl::Time locked_until) {
  v1::StaffMember message;
  message.set_staff_id(staff.staff_id.ToString());
  message.set_display_name(staff.display_name);
  message.set_email(staff.email);
  message.set_active(staff.active);
  message.set_password_change_required(staff.password_change_required);
  for (const RoleGrant& grant : grants) {
    v1::RoleGrant* out = message.add_grants();
    out->set_role_id(grant.role_id.ToString());
    out->set_all_stores(grant.all_stores);
    for (const base::Uuid& store : grant.store_ids) out->add_store_ids(store.ToString());
  }
  SetVersion(staff, &message);
  if (locked_until > absl::InfinitePast()) {
    base::SetTime(locked_until, message.mutable_locked_until());
    message.set_etag(message.etag() + "-" + std::to_string(absl::ToUnixSeconds(locked_until)));
  }
  return message;
}

v1::Session ToProto(const Session& session, const base::Uuid& current) {
  v1::Session message;
  message.set_session_id(session.session_id.ToString());
  message.set_staff_id(session.staff_id.ToString());
  base::SetTime(session.created_at, message.mutable_created_at());
  base::SetTime(session.last_used_at, message.mutable_last_used_at());
  base::SetTime(session.expires_at, message.mutable_expires_at());
  message.set_client_ip(session.client_ip);
  message.set_user_agent(session.user_agent);
  message.set_current(session.session_id == current);
  return message;
}

v1::TenantChanged ToEvent(const Tenant& tenant) {
  v1::TenantChanged event;
  event.set_tenant_id(tenant.tenant_id.ToString());
  event.set_version(tenant.version);
  event.set_name(tenant.name);
  event.set_slug(tenant.slug);
  event.set_active(tenant.active);
  return event;
}

v1::StoreChanged ToEvent(const Store& store) {
  v1::StoreChanged event;
  event.set_tenant_id(store.tenant_id.ToString());
  event.set_store_id(store.store_id.ToString());
  event.set_version(store.version);
  event.set_name(store.name);
  event.set_code(store.code);
  event.set_time_zone(store.time_zone);
  event.set_currency_code(store.currency_code);
  event.set_cutoff_minutes(store.cutoff_minutes);
  SetAddress(store.address, event.mutable_address());
  event.set_receipt_header(store.receipt_header);
  event.set_receipt_footer(store.receipt_footer);
  event.set_tax_number(store.tax_number);
  event.set_phone(store.phone);
  event.set_archived(store.archived);
  return event;
}

v1::RegisterChanged ToEvent(const Register& reg) {
  v1::RegisterChanged event;
  event.set_tenant_id(reg.tenant_id.ToString());
  event.set_store_id(reg.store_id.ToString());
  event.set_register_id(reg.register_id.ToString());
  event.set_version(reg.version);
  event.set_name(reg.name);
  event.set_code(reg.code);
  event.set_active(reg.active);
  return event;
}

v1::DeviceChanged ToEvent(const Device& device) {
  v1::DeviceChanged event;
  event.set_tenant_id(device.tenant_id.ToString());
  event.set_store_id(device.store_id.ToString());
  event.set_device_id(device.device_id.ToString());
  event.set_version(device.version);
  event.set_name(device.name);
  event.set_code(device.code);
  if (device.register_id) event.set_register_id(device.register_id->ToString());
  event.set_public_key(device.public_key);
  event.set_revoked(device.revoked_at.has_value());
  if (device.revoked_at) base::SetTime(*device.revoked_at, event.mutable_revoked_at());
  return event;
}

}  // namespace cloudpos::auth
