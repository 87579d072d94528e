#include "services/transaction/store_settings.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"

namespace cloudpos::transaction {
namespace {

using common::v1::NOT_FOUND;
using common::v1::STALE_VERSION;

absl::Status Stale(const pg::Result& current, int64_t asked) {
  const int64_t version = current.empty() ? 0 : current[0].Get<int64_t>("version");
  return base::Fail({.code = STALE_VERSION,
                     .detail = "version " + std::to_string(asked) + " is not the stored one",
                     .fields = {{"version", "the stored version is " + std::to_string(version)}},
                     .hint = "read it again and repeat the change",
                     .data = {{"version", std::to_string(version)}}});
}

constexpr pg::Query kInsertTax{"insert_tax", R"sql(
  INSERT INTO taxes (tenant_id, tax_id, version, name, jurisdiction, rate_ppm, inclusive,
    affects_base, compound, fixed_per_unit_minor, archived)
  VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT DO NOTHING RETURNING version)sql"};

constexpr pg::Query kUpdateTax{"update_tax", R"sql(
  UPDATE taxes SET version = version + 1, name = $3, jurisdiction = $4, rate_ppm = $5,
    inclusive = $6, affects_base = $7, compound = $8, fixed_per_unit_minor = $9, archived = $10
  WHERE tenant_id = $1 AND tax_id = $2 AND version = $11 RETURNING version)sql"};

constexpr pg::Query kSelectTaxVersion{"select_tax_version", R"sql(
  SELECT version FROM taxes WHERE tenant_id = $1 AND tax_id = $2)sql"};

constexpr pg::Query kSelectAllTaxes{"select_all_taxes", R"sql(
  SELECT tax_id, version, name, jurisdiction, rate_ppm, inclusive, affects_base, compound,
    fixed_per_unit_minor, archived
  FROM taxes WHERE tenant_id = $1 ORDER BY name, tax_id LIMIT 2000)sql"};

constexpr pg::Query kInsertTaxCategory{"insert_tax_category", R"sql(
  INSERT INTO tax_categories (tenant_id, code, version, name, exempt) VALUES ($1, $2, 1, $3, $4)
  ON CONFLICT DO NOTHING RETURNING version)sql"};

constexpr pg::Query kUpdateTaxCategory{"update_tax_category", R"sql(
  UPDATE tax_categories SET version = version + 1, name = $3, exempt = $4
  WHERE tenant_id = $1 AND code = $2 AND version = $5 RETURNING version)sql"};

constexpr pg::Query kSelectTaxCategoryVersion{"select_tax_category_version", R"sql(
  SELECT version FROM tax_categories WHERE tenant_id = $1 AND code = $2)sql"};

constexpr pg::Query kDeleteAssignments{"delete_tax_assignments", R"sql(
  DELETE FROM tax_assignments WHERE tenant_id = $1 AND code = $2)sql"};

constexpr pg::Query kInsertAssignment{"insert_tax_assignment", R"sql(
  INSERT INTO tax_assignments (tenant_id, code, store_id, tax_ids) VALUES ($1, $2, $3, $4))sql"};

constexpr pg::Query kCountTaxes{"count_taxes", R"sql(
  SELECT count(*) AS found FROM taxes
  WHERE tenant_id = $1 AND tax_id = ANY ($2) AND NOT archived)sql"};

constexpr pg::Query kSelectAllTaxCategories{"select_all_tax_categories", R"sql(
  SELECT c.code, c.version, c.name, c.exempt, a.store_id, a.tax_ids
  FROM tax_categories c
  LEFT JOIN tax_assignments a ON a.tenant_id = c.tenant_id AND a.code = c.code
  WHERE c.tenant_id = $1 ORDER BY c.code, a.store_id LIMIT 10000)sql"};

constexpr pg::Query kInsertPolicy{"insert_store_policy", R"sql(
  INSERT INTO store_policies (tenant_id, store_id, version, tax_rounding, rounding_level,
    inclusive_rounding, cash_increment, cash_due_mode, cash_payout_mode)
  VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING version)sql"};

constexpr pg::Query kUpdatePolicy{"update_store_policy", R"sql(
  UPDATE store_policies SET version = version + 1, tax_rounding = $3, rounding_level = $4,
    inclusive_rounding = $5, cash_increment = $6, cash_due_mode = $7, cash_payout_mode = $8
  WHERE tenant_id = $1 AND store_id = $2 AND version = $9 RETURNING version)sql"};

constexpr pg::Query kSelectPolicyVersion{"select_store_policy_version", R"sql(
  SELECT version FROM store_policies WHERE tenant_id = $1 AND store_id = $2)sql"};

constexpr pg::Query kSelectPolicy{"select_store_policy", R"sql(
  SELECT version, tax_rounding, rounding_level, inclusive_rounding, cash_increment, cash_due_mode,
    cash_payout_mode
  FROM store_policies WHERE tenant_id = $1 AND store_id = $2)sql"};

base::Uuid IdOrNil(const std::string& text) {
  return base::Uuid::Parse(text).value_or(base::Uuid());
}

v1::RoundingMode ModeOf(const std::string& name) {
  v1::RoundingMode mode = v1::HALF_UP;
  v1::RoundingMode_Parse(name, &mode);
  return mode;
}

/// A mode left out means HALF_UP.
std::string NameOf(v1::RoundingMode mode) {
  return v1::RoundingMode_Name(mode == v1::ROUNDING_MODE_UNSPECIFIED ? v1::HALF_UP : mode);
}

absl::Status CheckTaxesExist(pg::Tx& tx, const base::Uuid& tenant, const v1::TaxAssignment& wanted,
                             int index) {
  std::vector<base::Uuid> ids;
  for (const std::string& id : wanted.tax_ids()) ids.push_back(IdOrNil(id));
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kCountTaxes, tenant, ids));
  if (rows[0].Get<int64_t>("found") == static_cast<int64_t>(ids.size())) return absl::OkStatus();
  return base::Fail(NOT_FOUND, "category.assignments[" + std::to_string(index) + "].taxIds",
                    "names a tax that does not exist or is archived");
}

}  // namespace

absl::Status PutTax(pg::Tx& tx, const base::Uuid& tenant, v1::Tax* tax) {
  const base::Uuid id = IdOrNil(tax->tax_id());
  const bool inclusive = tax->inclusion() == v1::INCLUSIVE;
  absl::StatusOr<pg::Result> written =
      tax->version() == 0
          ? tx.Exec(kInsertTax, tenant, id, tax->name(), tax->jurisdiction(), tax->rate_ppm(),
                    inclusive, tax->affects_base(), tax->compound(), tax->fixed_per_unit_minor(),
                    tax->archived())
          : tx.Exec(kUpdateTax, tenant, id, tax->name(), tax->jurisdiction(), tax->rate_ppm(),
                    inclusive, tax->affects_base(), tax->compound(), tax->fixed_per_unit_minor(),
                    tax->archived(), tax->version());
  CLOUDPOS_RETURN_IF_ERROR(written.status());
  if (written->empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result current, tx.Exec(kSelectTaxVersion, tenant, id));
    return Stale(current, tax->version());
  }
  tax->set_version((*written)[0].Get<int64_t>("version"));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Tax>> SelectTaxes(pg::Pool& pool, const base::Uuid& tenant,
                                                 absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectAllTaxes, tenant));
  std::vector<v1::Tax> taxes;
  for (const pg::Row row : rows) {
    v1::Tax tax;
    tax.set_tax_id(row.Get<base::Uuid>("tax_id").ToString());
    tax.set_version(row.Get<int64_t>("version"));
    tax.set_name(row.Get<std::string>("name"));
    tax.set_jurisdiction(row.Get<std::string>("jurisdiction"));
    tax.set_rate_ppm(row.Get<int32_t>("rate_ppm"));
    tax.set_inclusion(row.Get<bool>("inclusive") ? v1::INCLUSIVE : v1::EXCLUSIVE);
    tax.set_affects_base(row.Get<bool>("affects_base"));
    tax.set_compound(row.Get<bool>("compound"));
    tax.set_fixed_per_unit_minor(row.Get<int64_t>("fixed_per_unit_minor"));
    tax.set_archived(row.Get<bool>("archived"));
    taxes.push_back(std::move(tax));
  }
  return taxes;
}

absl::Status PutTaxCategory(pg::Tx& tx, const base::Uuid& tenant, v1::TaxCategory* category) {
  for (int i = 0; i < category->assignments_size(); ++i) {
    CLOUDPOS_RETURN_IF_ERROR(CheckTaxesExist(tx, tenant, category->assignments(i), i));
  }
  absl::StatusOr<pg::Result> written =
      category->version() == 0 ? tx.Exec(kInsertTaxCategory, tenant, category->code(),
                                         category->name(), category->exempt())
                               : tx.Exec(kUpdateTaxCategory, tenant, category->code(),
                                         category->name(), category->exempt(), category->version());
  CLOUDPOS_RETURN_IF_ERROR(written.status());
  if (written->empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result current,
                              tx.Exec(kSelectTaxCategoryVersion, tenant, category->code()));
    return Stale(current, category->version());
  }
  category->set_version((*written)[0].Get<int64_t>("version"));
  CLOUDPOS_RETURN_IF_ERROR(tx.Exec(kDeleteAssignments, tenant, category->code()).status());
  for (const v1::TaxAssignment& assignment : category->assignments()) {
    std::vector<base::Uuid> ids;
    for (const std::string& id : assignment.tax_ids()) ids.push_back(IdOrNil(id));
    CLOUDPOS_RETURN_IF_ERROR(
        tx.Exec(kInsertAssignment, tenant, category->code(), IdOrNil(assignment.store_id()), ids)
            .status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::TaxCategory>> SelectTaxCategories(pg::Pool& pool,
                                                                 const base::Uuid& tenant,
                                                                 absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectAllTaxCategories, tenant));
  std::vector<v1::TaxCategory> categories;
  for (const pg::Row row : rows) {
    const auto code = row.Get<std::string>("code");
    if (categories.empty() || categories.back().code() != code) {
      v1::TaxCategory& category = categories.emplace_back();
      category.set_code(code);
      category.set_name(row.Get<std::string>("name"));
      category.set_exempt(row.Get<bool>("exempt"));
      category.set_version(row.Get<int64_t>("version"));
    }
    const auto store = row.Get<std::optional<base::Uuid>>("store_id");
    if (!store) continue;
    v1::TaxAssignment* assignment = categories.back().add_assignments();
    if (!store->is_nil()) assignment->set_store_id(store->ToString());
    for (const base::Uuid& id : row.Get<std::vector<base::Uuid>>("tax_ids")) {
      assignment->add_tax_ids(id.ToString());
    }
  }
  return categories;
}

absl::Status PutStorePolicy(pg::Tx& tx, const base::Uuid& tenant, v1::StorePolicy* policy) {
  const base::Uuid store = IdOrNil(policy->store_id());
  const std::string level = policy->tax_rounding_level() == v1::PER_RATE_GROUP
                                ? v1::RoundingLevel_Name(v1::PER_RATE_GROUP)
                                : v1::RoundingLevel_Name(v1::PER_LINE);
  const std::string inclusive = policy->round_net() ? "ROUND_NET" : "ROUND_TAX";
  const int32_t increment = std::max(policy->cash_increment_minor(), 1);
  absl::StatusOr<pg::Result> written =
      policy->version() == 0
          ? tx.Exec(kInsertPolicy, tenant, store, NameOf(policy->tax_rounding_mode()), level,
                    inclusive, increment, NameOf(policy->cash_rounding_mode()),
                    NameOf(policy->cash_refund_rounding_mode()))
          : tx.Exec(kUpdatePolicy, tenant, store, NameOf(policy->tax_rounding_mode()), level,
                    inclusive, increment, NameOf(policy->cash_rounding_mode()),
                    NameOf(policy->cash_refund_rounding_mode()), policy->version());
  CLOUDPOS_RETURN_IF_ERROR(written.status());
  if (written->empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result current,
                              tx.Exec(kSelectPolicyVersion, tenant, store));
    return Stale(current, policy->version());
  }
  policy->set_version((*written)[0].Get<int64_t>("version"));
  return absl::OkStatus();
}

absl::StatusOr<v1::StorePolicy> SelectStorePolicy(pg::Pool& pool, const base::Uuid& tenant,
                                                  const base::Uuid& store, absl::Time deadline) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const pg::Result rows,
      pool.Exec({.tenant = tenant, .deadline = deadline}, kSelectPolicy, tenant, store));
  v1::StorePolicy policy;
  policy.set_store_id(store.ToString());
  if (rows.empty()) {
    policy.set_tax_rounding_mode(v1::HALF_UP);
    policy.set_tax_rounding_level(v1::PER_LINE);
    policy.set_cash_increment_minor(1);
    policy.set_cash_rounding_mode(v1::HALF_UP);
    policy.set_cash_refund_rounding_mode(v1::HALF_UP);
    return policy;
  }
  const pg::Row row = rows[0];
  v1::RoundingLevel level = v1::PER_LINE;
  v1::RoundingLevel_Parse(row.Get<std::string>("rounding_level"), &level);
  policy.set_tax_rounding_mode(ModeOf(row.Get<std::string>("tax_rounding")));
  policy.set_tax_rounding_level(level);
  policy.set_round_net(row.Get<std::string>("inclusive_rounding") == "ROUND_NET");
  policy.set_cash_increment_minor(static_cast<int32_t>(row.Get<int64_t>("cash_increment")));
  policy.set_cash_rounding_mode(ModeOf(row.Get<std::string>("cash_due_mode")));
  policy.set_cash_refund_rounding_mode(ModeOf(row.Get<std::string>("cash_payout_mode")));
  policy.set_version(row.Get<int64_t>("version"));
  return policy;
}

}  // namespace cloudpos::transaction
