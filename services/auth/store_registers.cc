// Registers and devices.

#include "services/auth/store_organisation.h"
#include "services/auth/store_rows.h"

namespace cloudpos::auth {
namespace {

Register ToRegister(const pg::Row& row) {
  return {.tenant_id = row.Get<base::Uuid>("tenant_id"),
          .store_id = row.Get<base::Uuid>("store_id"),
          .register_id = row.Get<base::Uuid>("register_id"),
          .version = row.Get<int64_t>("version"),
          .code = row.Get<std::string>("code"),
          .name = row.Get<std::string>("name"),
          .active = row.Get<bool>("active"),
          .created_at = row.Get<absl::Time>("created_at"),
          .updated_at = row.Get<absl::Time>("updated_at")};
}

constexpr pg::Query kInsertRegister{"insert_register", R"sql(
  INSERT INTO auth.registers (tenant_id, register_id, store_id, version, code, name, active,
    request_hash, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (tenant_id, register_id) DO NOTHING)sql"};

constexpr pg::Query kSelectRegisterRequest{"select_register_request", R"sql(
  SELECT request_hash, created_at FROM auth.registers
  WHERE tenant_id = $1 AND register_id = $2)sql"};

constexpr pg::Query kSelectRegister{"select_register", R"sql(
  SELECT tenant_id, store_id, register_id, version, code, name, active, created_at, updated_at
  FROM auth.registers WHERE tenant_id = $1 AND store_id = $2 AND register_id = $3)sql"};

constexpr pg::Query kSelectRegisterForUpdate{"select_register_for_update", R"sql(
  SELECT tenant_id, store_id, register_id, version, code, name, active, created_at, updated_at
  FROM auth.registers WHERE tenant_id = $1 AND store_id = $2 AND register_id = $3 FOR UPDATE)sql"};

constexpr pg::Query kSelectRegisters{"select_registers", R"sql(
  SELECT tenant_id, store_id, register_id, version, code, name, active, created_at, updated_at
  FROM auth.registers WHERE tenant_id = $1 AND store_id = $2 AND code > $3
  ORDER BY code LIMIT $4)sql"};

constexpr pg::Query kSelectAllRegisters{"select_all_registers", R"sql(
  SELECT tenant_id, store_id, register_id, version, code, name, active, created_at, updated_at
  FROM auth.registers WHERE (tenant_id, register_id) > ($1, $2)
  ORDER BY tenant_id, register_id LIMIT $3)sql"};

constexpr pg::Query kUpdateRegister{"update_register", R"sql(
  UPDATE auth.registers SET version = $3, code = $4, name = $5, active = $6, updated_at = $7
  WHERE tenant_id = $1 AND register_id = $2)sql"};

constexpr pg::Query kInsertDevice{"insert_device", R"sql(
  INSERT INTO auth.devices (tenant_id, device_id, store_id, version, code, name, register_id,
    request_hash, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (tenant_id, device_id) DO NOTHING)sql"};

constexpr pg::Query kSelectDeviceRequest{"select_device_request", R"sql(
  SELECT request_hash, created_at FROM auth.devices WHERE tenant_id = $1 AND device_id = $2)sql"};

constexpr pg::Query kSelectDevice{"select_device", R"sql(
  SELECT tenant_id, store_id, device_id, version, code, name, register_id, public_key, revoked_at,
    created_at, updated_at
  FROM auth.devices WHERE tenant_id = $1 AND store_id = $2 AND device_id = $3)sql"};

constexpr pg::Query kSelectDeviceForUpdate{"select_device_for_update", R"sql(
  SELECT tenant_id, store_id, device_id, version, code, name, register_id, public_key, revoked_at,
    created_at, updated_at
  FROM auth.devices WHERE tenant_id = $1 AND store_id = $2 AND device_id = $3 FOR UPDATE)sql"};

constexpr pg::Query kSelectDeviceByIdForUpdate{"select_device_by_id_for_update", R"sql(
  SELECT tenant_id, store_id, device_id, version, code, name, register_id, public_key, revoked_at,
    created_at, updated_at
  FROM auth.devices WHERE tenant_id = $1 AND device_id = $2 FOR UPDATE)sql"};

constexpr pg::Query kSelectDevices{"select_devices", R"sql(
  SELECT tenant_id, store_id, device_id, version, code, name, register_id, public_key, revoked_at,
    created_at, updated_at
  FROM auth.devices WHERE tenant_id = $1 AND store_id = $2 AND code > $3
  ORDER BY code LIMIT $4)sql"};

constexpr pg::Query kSelectAllDevices{"select_all_devices", R"sql(
  SELECT tenant_id, store_id, device_id, version, code, name, register_id, public_key, revoked_at,
    created_at, updated_at
  FROM auth.devices WHERE (tenant_id, device_id) > ($1, $2)
  ORDER BY tenant_id, device_id LIMIT $3)sql"};

constexpr pg::Query kUpdateDevice{"update_device", R"sql(
  UPDATE auth.devices SET version = $3, code = $4, name = $5, register_id = $6, revoked_at = $7,
    public_key = $8, updated_at = $9
  WHERE tenant_id = $1 AND device_id = $2)sql"};

}  // namespace

Device ToDevice(const pg::Row& row) {
  const auto key = row.Get<std::optional<pg::Bytes>>("public_key");
  return {.tenant_id = row.Get<base::Uuid>("tenant_id"),
          .store_id = row.Get<base::Uuid>("store_id"),
          .device_id = row.Get<base::Uuid>("device_id"),
          .version = row.Get<int64_t>("version"),
          .code = row.Get<std::string>("code"),
          .name = row.Get<std::string>("name"),
          .register_id = row.Get<std::optional<base::Uuid>>("register_id"),
          .public_key = key ? key->value : std::string(),
          .revoked_at = row.Get<std::optional<absl::Time>>("revoked_at"),
          .created_at = row.Get<absl::Time>("created_at"),
          .updated_at = row.Get<absl::Time>("updated_at")};
}

absl::StatusOr<std::optional<Existing>> InsertRegister(pg::Tx& tx, const Register& reg,
                                                       const std::string& request_hash) {
  return InsertedOr(tx,
                    tx.Exec(kInsertRegister, reg.tenant_id, reg.register_id, reg.store_id,
                            reg.version, reg.code, reg.name, reg.active, pg::Bytes{request_hash},
                            reg.created_at, reg.updated_at),
                    kSelectRegisterRequest, reg.tenant_id, reg.register_id);
}

absl::StatusOr<std::optional<Register>> SelectRegister(pg::Tx& tx, const base::Uuid& tenant,
                                                       const base::Uuid& store,
                                                       const base::Uuid& reg) {
  return One<Register>(tx.Exec(kSelectRegister, tenant, store, reg), ToRegister);
}

absl::StatusOr<std::optional<Register>> SelectRegisterForUpdate(pg::Tx& tx,
                                                                const base::Uuid& tenant,
                                                                const base::Uuid& store,
                                                                const base::Uuid& reg) {
  return One<Register>(tx.Exec(kSelectRegisterForUpdate, tenant, store, reg), ToRegister);
}

absl::Status UpdateRegister(pg::Tx& tx, const Register& reg) {
  return tx
      .Exec(kUpdateRegister, reg.tenant_id, reg.register_id, reg.version, reg.code, reg.name,
            reg.active, reg.updated_at)
      .status();
}

absl::StatusOr<std::vector<Register>> SelectRegisters(pg::Tx& tx, const base::Uuid& tenant,
                                                      const base::Uuid& store,
                                                      const std::string& after_code, int limit) {
  return Many<Register>(tx.Exec(kSelectRegisters, tenant, store, after_code, limit), ToRegister);
}

absl::StatusOr<std::vector<Register>> SelectAllRegisters(pg::Tx& tx, const OrganisationKey& after,
                                                         int limit) {
  return Many<Register>(tx.Exec(kSelectAllRegisters, after.tenant, after.id, limit), ToRegister);
}

absl::StatusOr<std::optional<Existing>> InsertDevice(pg::Tx& tx, const Device& device,
                                                     const std::string& request_hash) {
  return InsertedOr(tx,
                    tx.Exec(kInsertDevice, device.tenant_id, device.device_id, device.store_id,
                            device.version, device.code, device.name, device.register_id,
                            pg::Bytes{request_hash}, device.created_at, device.updated_at),
                    kSelectDeviceRequest, device.tenant_id, device.device_id);
}

absl::StatusOr<std::optional<Device>> SelectDevice(pg::Tx& tx, const base::Uuid& tenant,
                                                   const base::Uuid& store,
                                                   const base::Uuid& device) {
  return One<Device>(tx.Exec(kSelectDevice, tenant, store, device), ToDevice);
}

absl::StatusOr<std::optional<Device>> SelectDeviceForUpdate(pg::Tx& tx, const base::Uuid& tenant,
                                                            const base::Uuid& store,
                                                            const base::Uuid& device) {
  return One<Device>(tx.Exec(kSelectDeviceForUpdate, tenant, store, device), ToDevice);
}

absl::StatusOr<std::optional<Device>> SelectDeviceByIdForUpdate(pg::Tx& tx,
                                                                const base::Uuid& tenant,
                                                                const base::Uuid& device) {
  return One<Device>(tx.Exec(kSelectDeviceByIdForUpdate, tenant, device), ToDevice);
}

absl::Status UpdateDevice(pg::Tx& tx, const Device& device) {
  std::optional<pg::Bytes> public_key;
  if (!device.public_key.empty()) public_key = pg::Bytes{device.public_key};
  return tx
      .Exec(kUpdateDevice, device.tenant_id, device.device_id, device.version, device.code,
            device.name, device.register_id, device.revoked_at, public_key, device.updated_at)
      .status();
}

absl::StatusOr<std::vector<Device>> SelectDevices(pg::Tx& tx, const base::Uuid& tenant,
                                                  const base::Uuid& store,
                                                  const std::string& after_code, int limit) {
  return Many<Device>(tx.Exec(kSelectDevices, tenant, store, after_code, limit), ToDevice);
}

absl::StatusOr<std::vector<Device>> SelectAllDevices(pg::Tx& tx, const OrganisationKey& after,
                                                     int limit) {
  return Many<Device>(tx.Exec(kSelectAllDevices, after.tenant, after.id, limit), ToDevice);
}

}  // namespace cloudpos::auth
