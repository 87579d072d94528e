// Categories, and the table of the service's methods.

#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "services/inventory/catalogue_handler.h"
#include "services/inventory/catalogue_write.h"
#include "services/inventory/convert.h"
#include "services/inventory/store_catalogue.h"
#include "services/inventory/store_search.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

/// NOT_FOUND for a parent that does not exist, INVALID_ARGUMENT for one that is below the category.
absl::Status CheckParent(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& category,
                         base::Uuid parent) {
  for (int depth = 0; !parent.is_nil(); ++depth) {
    if (parent == category) {
      return base::Fail(INVALID_ARGUMENT, "parentCategoryId", "a category is not below itself");
    }
    if (depth == kCategoryDepthMax) {
      return base::Fail(INVALID_ARGUMENT, "parentCategoryId",
                        "categories are nested 10 deep at most");
    }
    CLOUDPOS_ASSIGN_OR_RETURN(const auto above, SelectCategory(tx, tenant, parent));
    if (!above) return NotFound("parentCategoryId", "category");
    parent = above->parent;
  }
  return absl::OkStatus();
}

struct CategoryChange {
  std::optional<std::string> name;
  std::optional<base::Uuid> parent;
  std::optional<bool> archived;
};

absl::StatusOr<CategoryChange> ParseChange(const v1::UpdateCategoryRequest& request) {
  CategoryChange change;
  if (request.has_name()) {
    CLOUDPOS_RETURN_IF_ERROR(CheckCategoryName(request.name()));
    change.name = request.name();
  }
  if (request.has_parent_category_id()) {
    CLOUDPOS_ASSIGN_OR_RETURN(change.parent,
                              OptionalId(request.parent_category_id(), "parentCategoryId"));
  }
  if (request.has_archived()) change.archived = request.archived();
  return change;
}

/// False when nothing changes.
bool Apply(const CategoryChange& change, Category* category) {
  const Category before = *category;
  category->name = change.name.value_or(category->name);
  category->parent = change.parent.value_or(category->parent);
  category->archived = change.archived.value_or(category->archived);
  return category->name != before.name || category->parent != before.parent ||
         category->archived != before.archived;
}

}  // namespace

rpc::MethodTable CatalogueHandler::Methods() {
  using H = CatalogueHandler;
  rpc::MethodTable table("cloudpos.inventory.v1.CatalogueService");
  table.Unary("CreateCategory", this, &H::CreateCategory)
      .Unary("GetCategory", this, &H::GetCategory)
      .Unary("ListCategories", this, &H::ListCategories)
      .Unary("UpdateCategory", this, &H::UpdateCategory)
      .Unary("CreateProduct", this, &H::CreateProduct)
      .Unary("BatchCreateProducts", this, &H::BatchCreateProducts)
      .Unary("GetProduct", this, &H::GetProduct)
      .Unary("ListProducts", this, &H::ListProducts)
      .Unary("UpdateProduct", this, &H::UpdateProduct)
      .Unary("ArchiveProduct", this, &H::ArchiveProduct)
      .Unary("UnarchiveProduct", this, &H::UnarchiveProduct)
      .Unary("AddVariant", this, &H::AddVariant)
      .Unary("GetVariant", this, &H::GetVariant)
      .Unary("UpdateVariant", this, &H::UpdateVariant)
      .Unary("SetPrices", this, &H::SetPrices)
      .Unary("ListPriceHistory", this, &H::ListPriceHistory)
      .Unary("LookupVariant", this, &H::LookupVariant)
      .Unary("SearchVariants", this, &H::SearchVariants)
      .Unary("ListCatalogueChanges", this, &H::ListCatalogueChanges);
  return table;
}

absl::Status CatalogueHandler::CreateCategory(rpc::CallContext& ctx,
                                              const v1::CreateCategoryRequest& request,
                                              v1::Category* response) {
  Category category;
  CLOUDPOS_ASSIGN_OR_RETURN(category.id,
                            base::Uuid::ParseField(request.category_id(), "categoryId"));
  category.name = request.name();
  CLOUDPOS_RETURN_IF_ERROR(CheckCategoryName(category.name));
  CLOUDPOS_ASSIGN_OR_RETURN(category.parent,
                            OptionalId(request.parent_category_id(), "parentCategoryId"));
  const std::string hash = RequestHash(request);
  const absl::Time now = deps_.clock->Now();
  bool is_replay = false;
  CLOUDPOS_RETURN_IF_ERROR(pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::Status {
    CLOUDPOS_ASSIGN_OR_RETURN(CatalogueWrite write, CatalogueWrite::Begin(tx, ctx, *deps_.ids));
    CLOUDPOS_ASSIGN_OR_RETURN(const auto created,
                              SelectCreatedCategory(tx, ctx.tenant(), category.id));
    is_replay = created.has_value();
    if (is_replay) {
      category.version = created->created_version;
      category.created_at = category.updated_at = created->created_at;
      return CheckSameRequest(created->request_hash, hash, "categoryId");
    }
    CLOUDPOS_RETURN_IF_ERROR(CheckParent(tx, ctx.tenant(), category.id, category.parent));
    CLOUDPOS_ASSIGN_OR_RETURN(const int64_t count, CountCategories(tx, ctx.tenant()));
    if (count >= kCategoriesMax) {
      return base::Fail(LIMIT_EXCEEDED, "There are 2000 categories already.");
    }
    category.version = write.NextVersion();
    category.created_at = category.updated_at = now;
    CLOUDPOS_RETURN_IF_ERROR(InsertCategory(tx, ctx.tenant(), category, hash));
    CLOUDPOS_RETURN_IF_ERROR(IndexCategory(tx, ctx.tenant(), category, true));
    write.Add(category);
    const v1::Category after = ToProto(category);
    write.Audit(now, {.action = "category.create",
                      .subject_type = "category",
                      .subject_id = category.id.ToString(),
                      .after_json = events::AuditJson(after)});
    return write.Finish();
  }));
  if (is_replay) ctx.SetReplayed();
  Ring(deps_);
  *response = ToProto(category);
  return absl::OkStatus();
}

absl::Status CatalogueHandler::GetCategory(rpc::CallContext& ctx,
                                           const v1::GetCategoryRequest& request,
                                           v1::Category* response) {
  ctx.MarkStoresChecked();  // the catalogue is the tenant's
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.category_id(), "categoryId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto category,
                            pg::Transact(*deps_.pool, ReadFor(ctx), [&](pg::Tx& tx) {
                              return SelectCategory(tx, ctx.tenant(), id);
                            }));
  if (!category) return NotFound("category");
  *response = ToProto(*category);
  return absl::OkStatus();
}

absl::Status CatalogueHandler::ListCategories(rpc::CallContext& ctx,
                                              const v1::ListCategoriesRequest& request,
                                              v1::ListCategoriesResponse* response) {
  ctx.MarkStoresChecked();
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size()));
  const std::string list = request.include_archived() ? "all categories" : "categories";
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(request.page_token(), list, 2));
  std::optional<NameKey> after;
  if (!key.empty()) {
    const auto id = base::Uuid::Parse(key[1]);
    if (!id) return base::BadPageToken();
    after = {.name = key[0], .id = *id};
  }
  CLOUDPOS_ASSIGN_OR_RETURN(auto rows, pg::Transact(*deps_.pool, ReadFor(ctx), [&](pg::Tx& tx) {
                              return SelectCategories(tx, ctx.tenant(), request.include_archived(),
                                                      after, size + 1);
                            }));
  const bool has_more = rows.size() > static_cast<size_t>(size);
  if (has_more) rows.pop_back();
  for (const Category& category : rows) *response->add_categories() = ToProto(category);
  if (has_more) {
    response->set_next_page_token(
        base::MakePageToken(list, {rows.back().name, rows.back().id.ToString()}));
  }
  return absl::OkStatus();
}

absl::Status CatalogueHandler::UpdateCategory(rpc::CallContext& ctx,
                                              const v1::UpdateCategoryRequest& request,
                                              v1::Category* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                            base::Uuid::ParseField(request.category_id(), "categoryId"));
  CLOUDPOS_ASSIGN_OR_RETURN(const CategoryChange change, ParseChange(request));
  const absl::Time now = deps_.clock->Now();
  CLOUDPOS_ASSIGN_OR_RETURN(
      const Category category,
      pg::Transact(*deps_.pool, TxFor(ctx), [&](pg::Tx& tx) -> absl::StatusOr<Category> {
        CLOUDPOS_ASSIGN_OR_RETURN(CatalogueWrite write, CatalogueWrite::Begin(tx, ctx, *deps_.ids));
        CLOUDPOS_ASSIGN_OR_RETURN(const auto before, SelectCategory(tx, ctx.tenant(), id));
        if (!before) return NotFound("category");
        CLOUDPOS_RETURN_IF_ERROR(CheckVersion(before->version, request.version()));
        Category after = *before;
        if (!Apply(change, &after)) return after;
        CLOUDPOS_RETURN_IF_ERROR(CheckParent(tx, ctx.tenant(), id, after.parent));
        after.version = write.NextVersion();
        after.updated_at = now;
        CLOUDPOS_RETURN_IF_ERROR(inventory::UpdateCategory(tx, ctx.tenant(), after));
        CLOUDPOS_RETURN_IF_ERROR(IndexCategory(tx, ctx.tenant(), after, false));
        write.Add(after);
        const v1::Category old_state = ToProto(*before);
        const v1::Category new_state = ToProto(after);
        write.Audit(now, {.action = "category.update",
                          .subject_type = "category",
                          .subject_id = id.ToString(),
                          .before_json = events::AuditJson(old_state),
                          .after_json = events::AuditJson(new_state)});
        CLOUDPOS_RETURN_IF_ERROR(write.Finish());
        return after;
      }));
  Ring(deps_);
  *response = ToProto(category);
  return absl::OkStatus();
}

}  // namespace cloudpos::inventory
