#include "services/transaction/settings_handler.h"

#include <algorithm>
#include <set>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/events/audit.h"
#include "services/transaction/store_read_model.h"
#include "services/transaction/store_settings.h"

namespace cloudpos::transaction {
namespace {

using common::v1::ALREADY_EXISTS;
using common::v1::FIELD_REQUIRED;
using common::v1::INVALID_ARGUMENT;
using common::v1::LIMIT_EXCEEDED;
using common::v1::OUT_OF_RANGE;

constexpr int kAssignmentsMax = 1'000;
constexpr int kTaxesMax = 16;
constexpr int kCashIncrementMax = 1'000'000;

absl::Status CheckName(const std::string& name, const std::string& field, size_t most) {
  if (name.empty()) return base::Fail(FIELD_REQUIRED, field, "is required");
  if (!base::IsPrintableText(name) || base::Utf8Length(name) > most) {
    return base::Fail(INVALID_ARGUMENT, field,
                      "must be 1 to " + std::to_string(most) + " printable characters");
  }
  return absl::OkStatus();
}

absl::Status CheckTax(const v1::Tax& tax) {
  CLOUDPOS_RETURN_IF_ERROR(base::Uuid::ParseField(tax.tax_id(), "tax.taxId").status());
  CLOUDPOS_RETURN_IF_ERROR(CheckName(tax.name(), "tax.name", 60));
  if (!tax.jurisdiction().empty()) {
    CLOUDPOS_RETURN_IF_ERROR(CheckName(tax.jurisdiction(), "tax.jurisdiction", 32));
  }
  if (tax.rate_ppm() <= -pricing::kOneMillionPpm || tax.rate_ppm() > pricing::kOneMillionPpm) {
    return base::Fail(OUT_OF_RANGE, "tax.ratePpm", "must be above -1000000 and at most 1000000");
  }
  if (tax.inclusion() != v1::EXCLUSIVE && tax.inclusion() != v1::INCLUSIVE) {
    return base::Fail(FIELD_REQUIRED, "tax.inclusion", "must be EXCLUSIVE or INCLUSIVE");
  }
  if (tax.fixed_per_unit_minor() < 0 || tax.fixed_per_unit_minor() > pricing::kMaxAmount) {
    return base::Fail(OUT_OF_RANGE, "tax.fixedPerUnitMinor", "must be 0 or more");
  }
  if (tax.fixed_per_unit_minor() > 0 && tax.rate_ppm() != 0) {
    return base::Fail(INVALID_ARGUMENT, "tax.ratePpm", "a fixed tax has no rate");
  }
  if (tax.version() < 0) return base::Fail(OUT_OF_RANGE, "tax.version", "must be 0 or more");
  return absl::OkStatus();
}

bool IsCategoryCode(const std::string& code) {
  return !code.empty() && code.size() <= 32 && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

absl::Status CheckAssignment(const v1::TaxAssignment& assignment, const std::string& at,
                             std::set<std::string>* stores) {
  if (!assignment.store_id().empty()) {
    CLOUDPOS_RETURN_IF_ERROR(
        base::Uuid::ParseField(assignment.store_id(), at + ".storeId").status());
  }
  if (!stores->insert(assignment.store_id()).second) {
    return base::Fail(INVALID_ARGUMENT, at + ".storeId", "each store may be named once");
  }
  if (assignment.tax_ids_size() > kTaxesMax) {
    return base::Fail(LIMIT_EXCEEDED, at + ".taxIds", "at most 16 taxes are allowed");
  }
  std::set<std::string> taxes;
  for (const std::string& id : assignment.tax_ids()) {
    CLOUDPOS_RETURN_IF_ERROR(base::Uuid::ParseField(id, at + ".taxIds").status());
    if (!taxes.insert(id).second) {
      return base::Fail(INVALID_ARGUMENT, at + ".taxIds", "each tax may be named once");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCategory(const v1::TaxCategory& category) {
  if (!IsCategoryCode(category.code())) {
    return base::Fail(INVALID_ARGUMENT, "category.code", "must be 1 to 32 of a-z, 0-9, _ and -");
  }
  if (category.code() == kZeroRated || category.code() == kExempt) {
    return base::Fail(ALREADY_EXISTS, "category.code", "is built in and cannot be changed");
  }
  CLOUDPOS_RETURN_IF_ERROR(CheckName(category.name(), "category.name", 60));
  if (category.assignments_size() > kAssignmentsMax) {
    return base::Fail(LIMIT_EXCEEDED, "category.assignments", "at most 1000 are allowed");
  }
  std::set<std::string> stores;
  for (int i = 0; i < category.assignments_size(); ++i) {
    CLOUDPOS_RETURN_IF_ERROR(CheckAssignment(
        category.assignments(i), "category.assignments[" + std::to_string(i) + "]", &stores));
  }
  return absl::OkStatus();
}

}  // namespace

rpc::MethodTable SettingsHandler::Methods() {
  rpc::MethodTable table("cloudpos.transaction.v1.SettingsService");
  table.Unary("PutTax", this, &SettingsHandler::PutTax)
      .Unary("ListTaxes", this, &SettingsHandler::ListTaxes)
      .Unary("PutTaxCategory", this, &SettingsHandler::PutTaxCategory)
      .Unary("ListTaxCategories", this, &SettingsHandler::ListTaxCategories)
      .Unary("GetStorePolicy", this, &SettingsHandler::GetStorePolicy)
      .Unary("PutStorePolicy", this, &SettingsHandler::PutStorePolicy);
  return table;
}

absl::Status SettingsHandler::Change(rpc::CallContext& ctx, const char* action,
                                     const char* subject_type, const std::string& subject,
                                     const std::string& after_json,
                                     const std::function<absl::Status(pg::Tx&)>& write) {
  const events::NewEvent event =
      events::AuditEvent(ctx, "transaction", ids_.NewId(), checkout_.clock().Now(),
                         {.action = action,
                          .subject_type = subject_type,
                          .subject_id = subject,
                          .after_json = after_json});
  const pg::TxOptions options{.tenant = ctx.tenant(), .deadline = ctx.deadline()};
  const absl::Status changed =
      pg::Transact(checkout_.pool(), options, [&](pg::Tx& tx) -> absl::Status {
        CLOUDPOS_RETURN_IF_ERROR(write(tx));
        CLOUDPOS_RETURN_IF_ERROR(TouchSettings(tx, ctx.tenant()));
        return events::Append(tx, event);
      });
  if (changed.ok()) read_model_.Refresh();
  return changed;
}

absl::Status SettingsHandler::PutTax(rpc::CallContext& ctx, const v1::PutTaxRequest& request,
                                     v1::PutTaxResponse* response) {
  CLOUDPOS_RETURN_IF_ERROR(CheckTax(request.tax()));
  return Change(ctx, "tax.put", "tax", request.tax().tax_id(), events::AuditJson(request.tax()),
                [&](pg::Tx& tx) {
                  *response->mutable_tax() = request.tax();
                  return transaction::PutTax(tx, ctx.tenant(), response->mutable_tax());
                });
}

absl::Status SettingsHandler::ListTaxes(rpc::CallContext& ctx, const v1::ListTaxesRequest&,
                                        v1::ListTaxesResponse* response) {
  ctx.MarkStoresChecked();  // taxes are the tenant's; who sells in one store needs them, too
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<v1::Tax> taxes,
                            SelectTaxes(checkout_.pool(), ctx.tenant(), ctx.deadline()));
  *response->mutable_taxes() = {taxes.begin(), taxes.end()};
  return absl::OkStatus();
}

absl::Status SettingsHandler::PutTaxCategory(rpc::CallContext& ctx,
                                             const v1::PutTaxCategoryRequest& request,
                                             v1::PutTaxCategoryResponse* response) {
  CLOUDPOS_RETURN_IF_ERROR(CheckCategory(request.category()));
  return Change(ctx, "tax_category.put", "tax_category", request.category().code(),
                events::AuditJson(request.category()), [&](pg::Tx& tx) {
                  *response->mutable_category() = request.category();
                  return transaction::PutTaxCategory(tx, ctx.tenant(),
                                                     response->mutable_category());
                });
}

absl::Status SettingsHandler::ListTaxCategories(rpc::CallContext& ctx,
                                                const v1::ListTaxCategoriesRequest&,
                                                v1::ListTaxCategoriesResponse* response) {
  ctx.MarkStoresChecked();
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<v1::TaxCategory> stored,
                            SelectTaxCategories(checkout_.pool(), ctx.tenant(), ctx.deadline()));
  v1::TaxCategory* exempt = response->add_categories();
  exempt->set_code(kExempt);
  exempt->set_name("Exempt");
  exempt->set_exempt(true);
  v1::TaxCategory* zero = response->add_categories();
  zero->set_code(kZeroRated);
  zero->set_name("Zero-rated");
  for (const v1::TaxCategory& category : stored) *response->add_categories() = category;
  return absl::OkStatus();
}

absl::Status SettingsHandler::GetStorePolicy(rpc::CallContext& ctx,
                                             const v1::GetStorePolicyRequest& request,
                                             v1::GetStorePolicyResponse* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(request.store_id(), "storeId"));
  CLOUDPOS_RETURN_IF_ERROR(checkout_.LoadStore(ctx, store).status());
  CLOUDPOS_ASSIGN_OR_RETURN(
      *response->mutable_policy(),
      SelectStorePolicy(checkout_.pool(), ctx.tenant(), store, ctx.deadline()));
  return absl::OkStatus();
}

absl::Status SettingsHandler::PutStorePolicy(rpc::CallContext& ctx,
                                             const v1::PutStorePolicyRequest& request,
                                             v1::PutStorePolicyResponse* response) {
  const v1::StorePolicy& policy = request.policy();
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid store,
                            base::Uuid::ParseField(policy.store_id(), "policy.storeId"));
  if (policy.cash_increment_minor() < 0 || policy.cash_increment_minor() > kCashIncrementMax) {
    return base::Fail(OUT_OF_RANGE, "policy.cashIncrementMinor", "must be 0 to 1000000");
  }
  if (policy.version() < 0) return base::Fail(OUT_OF_RANGE, "policy.version", "must be 0 or more");
  CLOUDPOS_RETURN_IF_ERROR(checkout_.LoadStore(ctx, store).status());
  return Change(ctx, "store_policy.put", "store", policy.store_id(), events::AuditJson(policy),
                [&](pg::Tx& tx) {
                  *response->mutable_policy() = policy;
                  return transaction::PutStorePolicy(tx, ctx.tenant(), response->mutable_policy());
                });
}

}  // namespace cloudpos::transaction
