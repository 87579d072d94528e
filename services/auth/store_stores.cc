// Stores.

#include "services/auth/store_organisation.h"
#include "services/auth/store_rows.h"

namespace cloudpos::auth {
namespace {

Store ToStore(const pg::Row& row) {
  return {.tenant_id = row.Get<base::Uuid>("tenant_id"),
          .store_id = row.Get<base::Uuid>("store_id"),
          .version = row.Get<int64_t>("version"),
          .code = row.Get<std::string>("code"),
          .name = row.Get<std::string>("name"),
          .time_zone = row.Get<std::string>("time_zone"),
          .currency_code = row.Get<std::string>("currency_code"),
          .cutoff_minutes = row.Get<int32_t>("cutoff_minutes"),
          .address = {.line1 = row.Get<std::string>("address_line1"),
                      .line2 = row.Get<std::string>("address_line2"),
                      .city = row.Get<std::string>("city"),
                      .region = row.Get<std::string>("region"),
                      .postal_code = row.Get<std::string>("postal_code"),
                      .country_code = row.Get<std::string>("country_code")},
          .receipt_header = row.Get<std::string>("receipt_header"),
          .receipt_footer = row.Get<std::string>("receipt_footer"),
          .tax_number = row.Get<std::string>("tax_number"),
          .phone = row.Get<std::string>("phone"),
          .archived = row.Get<bool>("archived"),
          .created_at = row.Get<absl::Time>("created_at"),
          .updated_at = row.Get<absl::Time>("updated_at")};
}

constexpr pg::Query kInsertStore{"insert_store", R"sql(
  INSERT INTO auth.stores (tenant_id, store_id, version, code, name, time_zone, currency_code,
    cutoff_minutes, address_line1, address_line2, city, region, postal_code, country_code,
    receipt_header, receipt_footer, tax_number, phone, archived, created_at, updated_at,
    request_hash)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $21, $22)
  ON CONFLICT (tenant_id, store_id) DO NOTHING)sql"};

constexpr pg::Query kSelectStoreRequest{"select_store_request", R"sql(
  SELECT request_hash, created_at FROM auth.stores WHERE tenant_id = $1 AND store_id = $2)sql"};

constexpr pg::Query kSelectStore{"select_store", R"sql(
  SELECT tenant_id, store_id, version, code, name, time_zone, currency_code, cutoff_minutes,
    address_line1, address_line2, city, region, postal_code, country_code, receipt_header,
    receipt_footer, tax_number, phone, archived, created_at, updated_at
  FROM auth.stores WHERE tenant_id = $1 AND store_id = $2)sql"};

constexpr pg::Query kSelectStoreForUpdate{"select_store_for_update", R"sql(
  SELECT tenant_id, store_id, version, code, name, time_zone, currency_code, cutoff_minutes,
    address_line1, address_line2, city, region, postal_code, country_code, receipt_header,
    receipt_footer, tax_number, phone, archived, created_at, updated_at
  FROM auth.stores WHERE tenant_id = $1 AND store_id = $2 FOR UPDATE)sql"};

constexpr pg::Query kSelectStores{"select_stores", R"sql(
  SELECT tenant_id, store_id, version, code, name, time_zone, currency_code, cutoff_minutes,
    address_line1, address_line2, city, region, postal_code, country_code, receipt_header,
    receipt_footer, tax_number, phone, archived, created_at, updated_at
  FROM auth.stores
  WHERE tenant_id = $1 AND ($2::uuid[] IS NULL OR store_id = ANY ($2))
    AND ($3 OR NOT archived) AND code > $4
  ORDER BY code LIMIT $5)sql"};

constexpr pg::Query kSelectAllStores{"select_all_stores", R"sql(
  SELECT tenant_id, store_id, version, code, name, time_zone, currency_code, cutoff_minutes,
    address_line1, address_line2, city, region, postal_code, country_code, receipt_header,
    receipt_footer, tax_number, phone, archived, created_at, updated_at
  FROM auth.stores WHERE (tenant_id, store_id) > ($1, $2)
  ORDER BY tenant_id, store_id LIMIT $3)sql"};

constexpr pg::Query kUpdateStore{"update_store", R"sql(
  UPDATE auth.stores SET version = $3, code = $4, name = $5, time_zone = $6, cutoff_minutes = $7,
    address_line1 = $8, address_line2 = $9, city = $10, region = $11, postal_code = $12,
    country_code = $13, receipt_header = $14, receipt_footer = $15, tax_number = $16, phone = $17,
    archived = $18, updated_at = $19
  WHERE tenant_id = $1 AND store_id = $2)sql"};

constexpr pg::Query kCountStores{"count_stores", R"sql(
  SELECT count(*) AS stores FROM auth.stores
  WHERE tenant_id = $1 AND store_id = ANY ($2::uuid[]))sql"};

}  // namespace

absl::StatusOr<std::optional<Existing>> InsertStore(pg::Tx& tx, const Store& store,
                                                    const std::string& request_hash) {
  const Address& at = store.address;
  return InsertedOr(
      tx,
      tx.Exec(kInsertStore, store.tenant_id, store.store_id, store.version, store.code, store.name,
              store.time_zone, store.currency_code, store.cutoff_minutes, at.line1, at.line2,
              at.city, at.region, at.postal_code, at.country_code, store.receipt_header,
              store.receipt_footer, store.tax_number, store.phone, store.archived,
              store.created_at, store.updated_at, pg::Bytes{request_hash}),
      kSelectStoreRequest, store.tenant_id, store.store_id);
}

absl::StatusOr<std::optional<Store>> SelectStore(pg::Tx& tx, const base::Uuid& tenant,
                                                 const base::Uuid& store) {
  return One<Store>(tx.Exec(kSelectStore, tenant, store), ToStore);
}

absl::StatusOr<std::optional<Store>> SelectStoreForUpdate(pg::Tx& tx, const base::Uuid& tenant,
                                                          const base::Uuid& store) {
  return One<Store>(tx.Exec(kSelectStoreForUpdate, tenant, store), ToStore);
}

absl::Status UpdateStore(pg::Tx& tx, const Store& store) {
  const Address& at = store.address;
  return tx
      .Exec(kUpdateStore, store.tenant_id, store.store_id, store.version, store.code, store.name,
            store.time_zone, store.cutoff_minutes, at.line1, at.line2, at.city, at.region,
            at.postal_code, at.country_code, store.receipt_header, store.receipt_footer,
            store.tax_number, store.phone, store.archived, store.updated_at)
      .status();
}

absl::StatusOr<std::vector<Store>> SelectStores(pg::Tx& tx, const base::Uuid& tenant,
                                                const StoreFilter& filter, int limit) {
  return Many<Store>(tx.Exec(kSelectStores, tenant, filter.among, filter.archived_too,
                             filter.after_code, limit),
                     ToStore);
}

absl::StatusOr<std::vector<Store>> SelectAllStores(pg::Tx& tx, const OrganisationKey& after,
                                                   int limit) {
  return Many<Store>(tx.Exec(kSelectAllStores, after.tenant, after.id, limit), ToStore);
}

absl::StatusOr<size_t> CountStores(pg::Tx& tx, const base::Uuid& tenant,
                                   const std::vector<base::Uuid>& stores) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kCountStores, tenant, stores));
  return static_cast<size_t>(rows[0].Get<int64_t>("stores"));
}

}  // namespace cloudpos::auth
