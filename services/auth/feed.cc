#include "services/auth/feed.h"

#include "libs/base/status_macros.h"
#include "libs/base/timestamp.h"
#include "libs/events/events.h"
#include "services/auth/convert.h"
#include "services/auth/organisation_changes.h"
#include "services/auth/staff_rights.h"
#include "services/auth/store_organisation.h"
#include "services/auth/store_staff.h"

namespace cloudpos::auth {
namespace {

constexpr int kBatch = 200;

using Send = std::function<absl::Status(std::vector<common::v1::Event>)>;

template <typename Object>
common::v1::Event EventOf(const char* type, const Object& object) {
  const auto payload = ToEvent(object);
  const base::Uuid id = IdOf(object);
  common::v1::Event event;
  // The same state has the same id, so that a repeat can be seen as one.
  event.set_event_id(base::DeriveUuidV5(id, type + std::to_string(object.version)).ToString());
  event.set_tenant_id(object.tenant_id.ToString());
  event.set_aggregate_type(type);
  event.set_aggregate_id(id.ToString());
  event.set_event_type(payload.GetTypeName());
  payload.SerializeToString(event.mutable_payload());
  base::SetTime(object.updated_at, event.mutable_recorded_at());
  event.set_shard(events::ShardOf(object.tenant_id));
  return event;
}

template <typename Object>
absl::Status SendAll(pg::Tx& tx, const char* type, const Send& send,
                     absl::StatusOr<std::vector<Object>> (*select)(pg::Tx&, const OrganisationKey&,
                                                                   int)) {
  OrganisationKey after;
  while (true) {
    CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<Object> rows, select(tx, after, kBatch));
    if (rows.empty()) return absl::OkStatus();
    std::vector<common::v1::Event> events;
    for (const Object& row : rows) events.push_back(EventOf(type, row));
    CLOUDPOS_RETURN_IF_ERROR(send(std::move(events)));
    after = {.tenant = rows.back().tenant_id, .id = IdOf(rows.back())};
  }
}

common::v1::Event EventOf(const StaffRights& one) {
  const v1::StaffRightsChanged payload = RightsEvent(one.staff, one.grants, one.changed_at);
  const base::Uuid& id = one.staff.staff_id;
  common::v1::Event event;
  event.set_event_id(
      base::DeriveUuidV5(id, "staff_rights" + base::FormatTime(one.changed_at)).ToString());
  event.set_tenant_id(one.staff.tenant_id.ToString());
  event.set_aggregate_type("staff_rights");
  event.set_aggregate_id(id.ToString());
  event.set_event_type(payload.GetTypeName());
  payload.SerializeToString(event.mutable_payload());
  base::SetTime(one.changed_at, event.mutable_recorded_at());
  event.set_shard(events::ShardOf(one.staff.tenant_id));
  return event;
}

absl::Status SendRights(pg::Tx& tx, const Send& send) {
  base::Uuid tenant, staff;
  while (true) {
    CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<StaffRights> people,
                              SelectAllRights(tx, tenant, staff, kBatch));
    if (people.empty()) return absl::OkStatus();
    std::vector<common::v1::Event> events;
    for (const StaffRights& one : people) events.push_back(EventOf(one));
    CLOUDPOS_RETURN_IF_ERROR(send(std::move(events)));
    tenant = people.back().staff.tenant_id;
    staff = people.back().staff.staff_id;
  }
}

}  // namespace

absl::Status SendSnapshot(pg::Tx& tx, const Send& send) {
  CLOUDPOS_RETURN_IF_ERROR(SendAll<Tenant>(tx, "tenant", send, SelectAllTenants));
  CLOUDPOS_RETURN_IF_ERROR(SendAll<Store>(tx, "store", send, SelectAllStores));
  CLOUDPOS_RETURN_IF_ERROR(SendAll<Register>(tx, "register", send, SelectAllRegisters));
  CLOUDPOS_RETURN_IF_ERROR(SendAll<Device>(tx, "device", send, SelectAllDevices));
  return SendRights(tx, send);
}

}  // namespace cloudpos::auth
