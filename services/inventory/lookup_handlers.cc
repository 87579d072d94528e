// Finding variants, and the delta feed of the catalogue.

#include <algorithm>
#include <map>

#include "libs/base/encoding.h"
#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "services/inventory/catalogue_handler.h"
#include "services/inventory/convert.h"
#include "services/inventory/search.h"
#include "services/inventory/store_products.h"

namespace cloudpos::inventory {
namespace {

using namespace common::v1;  // error codes

constexpr size_t kQueryBytesMax = 800;
constexpr size_t kQueryMax = 200;
constexpr size_t kCodeBytesMax = 64;
// A page's payloads: well below the 8 MiB of a gRPC message.
constexpr int64_t kChangeBytesMax = 3 << 20;

absl::StatusOr<v1::CatalogueChange> ToProto(const CatalogueChange& change) {
  v1::CatalogueChange out;
  out.set_version(change.version);
  const bool is_ok = change.is_category ? out.mutable_category()->ParseFromString(change.payload)
                                        : out.mutable_variant()->ParseFromString(change.payload);
  if (!is_ok) return absl::DataLossError("a catalogue change cannot be parsed");
  return out;
}

absl::Status AddItems(pg::Tx& tx, const base::Uuid& tenant, const std::vector<Hit>& hits,
                      v1::SearchVariantsResponse* response) {
  std::vector<base::Uuid> ids;
  for (const Hit& hit : hits) {
    if (std::find(ids.begin(), ids.end(), hit.product) == ids.end()) ids.push_back(hit.product);
  }
  CLOUDPOS_ASSIGN_OR_RETURN(std::vector<Product> products, SelectProducts(tx, tenant, ids));
  std::map<base::Uuid, Product*> by_id;
  for (Product& product : products) by_id[product.id] = &product;
  for (const Hit& hit : hits) {
    const auto product = by_id.find(hit.product);
    if (product == by_id.end()) continue;
    const Variant* variant = FindVariant(*product->second, hit.variant);
    if (variant != nullptr) *response->add_items() = ToItem(*product->second, *variant);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CatalogueHandler::LookupVariant(rpc::CallContext& ctx,
                                             const v1::LookupVariantRequest& request,
                                             v1::CatalogueItem* response) {
  ctx.MarkStoresChecked();  // the catalogue is the tenant's
  const std::string& code = request.code();
  if (code.empty()) return base::Fail(FIELD_REQUIRED, "code", "is required");
  if (code.size() > kCodeBytesMax || !base::IsPrintableText(code)) {
    return base::Fail(INVALID_ARGUMENT, "code", "must be printable text of at most 64 bytes");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(auto found, LoadProductOfCode(*deps_.pool, CallFor(ctx), code));
  const Variant* variant = found ? FindVariant(found->product, found->variant) : nullptr;
  if (variant == nullptr) return NotFound("code", "barcode or SKU");
  *response = ToItem(found->product, *variant);
  return absl::OkStatus();
}

absl::Status CatalogueHandler::SearchVariants(rpc::CallContext& ctx,
                                              const v1::SearchVariantsRequest& request,
                                              v1::SearchVariantsResponse* response) {
  ctx.MarkStoresChecked();
  const std::string& text = request.q();
  if (text.empty()) return base::Fail(FIELD_REQUIRED, "q", "is required");
  if (text.size() > kQueryBytesMax || !base::IsPrintableText(text) ||
      base::Utf8Length(text) > kQueryMax) {
    return base::Fail(INVALID_ARGUMENT, "q", "must be 1 to 200 printable characters");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size(), 100, 20));
  return pg::Transact(*deps_.pool, ReadFor(ctx), [&](pg::Tx& tx) -> absl::Status {
    response->Clear();
    CLOUDPOS_ASSIGN_OR_RETURN(
        const auto hits,
        Search(tx, ctx.tenant(), text, request.include_archived(), static_cast<size_t>(size)));
    return AddItems(tx, ctx.tenant(), hits, response);
  });
}

absl::Status CatalogueHandler::ListCatalogueChanges(rpc::CallContext& ctx,
                                                    const v1::ListCatalogueChangesRequest& request,
                                                    v1::ListCatalogueChangesResponse* response) {
  ctx.MarkStoresChecked();
  if (request.since() < 0) return base::Fail(OUT_OF_RANGE, "since", "must be 0 or more");
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(request.page_size(), 2'000, 500));
  return pg::Transact(*deps_.pool, ReadFor(ctx), [&](pg::Tx& tx) -> absl::Status {
    response->Clear();
    CLOUDPOS_ASSIGN_OR_RETURN(const int64_t latest, SelectCatalogueVersion(tx, ctx.tenant()));
    if (request.since() > latest) {
      return base::Fail(OUT_OF_RANGE, "since", "is beyond the newest version",
                        "Load the catalogue again from version 0.");
    }
    CLOUDPOS_ASSIGN_OR_RETURN(auto changes, SelectChanges(tx, ctx.tenant(),
                                                          {.since = request.since(),
                                                           .until = latest,
                                                           .latest_only = request.latest_only(),
                                                           .limit = size,
                                                           .bytes_max = kChangeBytesMax}));
    for (const CatalogueChange& change : changes) {
      CLOUDPOS_ASSIGN_OR_RETURN(*response->add_changes(), ToProto(change));
    }
    // The newest version is always somebody's latest state: without it the page was cut.
    const bool is_end = changes.empty() || changes.back().version == latest;
    response->set_version(is_end ? latest : changes.back().version);
    response->set_more(!is_end);
    response->set_latest_version(latest);
    return absl::OkStatus();
  });
}

}  // namespace cloudpos::inventory
