#include "services/transaction/upload_knowledge.h"

#include <set>

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "services/transaction/domain/numbering.h"
#include "services/transaction/store_upload.h"

namespace cloudpos::transaction {
namespace {

using journal::EntryLine;
using journal::SaleEntry;

VariantVersion WantedBy(const SaleEntry& entry, const base::Uuid& variant) {
  return {variant, std::max<int64_t>(entry.catalogue_version, 0)};
}

bool IsLinkedReturn(const SaleEntry& entry) {
  return entry.kind == journal::kKindReturn && !entry.source_sale_id.empty();
}

absl::StatusOr<std::map<base::Uuid, SourceSale>> LoadSources(
    rpc::CallContext& ctx, pg::Pool& pool, const std::vector<const UploadedEntry*>& entries) {
  std::map<base::Uuid, SourceSale> sources;
  for (const UploadedEntry* uploaded : entries) {
    const auto id = base::Uuid::Parse(uploaded->entry.source_sale_id);
    if (!IsLinkedReturn(uploaded->entry) || !id || sources.contains(*id)) continue;
    CLOUDPOS_ASSIGN_OR_RETURN(const auto stored,
                              LoadDocument(pool, ctx.tenant(), *id, ctx.deadline()));
    if (!stored || stored->kind != journal::kKindSale) continue;
    SourceSale source;
    if (!journal::ParseEntry(stored->payload, &source.entry).ok()) continue;
    for (const StoredDocument::Line& line : stored->lines) {
      source.returned_milli.push_back(line.returned_milli);
    }
    sources.emplace(*id, std::move(source));
  }
  return sources;
}

const SourceSale* SourceOf(const SaleEntry& entry, const Knowledge& knowledge) {
  const auto id = base::Uuid::Parse(entry.source_sale_id);
  const auto found = id ? knowledge.sources.find(*id) : knowledge.sources.end();
  return found == knowledge.sources.end() ? nullptr : &found->second;
}

/// The lines' variants as of the version that the entry states.
Catalogue CatalogueOf(const SaleEntry& entry, const Knowledge& knowledge) {
  Catalogue catalogue;
  for (const EntryLine& line : entry.lines) {
    const auto id = base::Uuid::Parse(line.variant_id);
    const auto found = id ? knowledge.goods.find(WantedBy(entry, *id)) : knowledge.goods.end();
    if (found != knowledge.goods.end()) catalogue.emplace(*id, found->second);
  }
  return catalogue;
}

/// Distinguishes this entry, at this place of its chain, from every other request.
std::string FingerprintOfEntry(const UploadedEntry& uploaded) {
  std::string bytes = "cloudpos.transaction.v1.UploadEntry\n";
  bytes.append(reinterpret_cast<const char*>(uploaded.hash.data()), uploaded.hash.size());
  return base::Sha256(bytes);
}

std::string PrefixOf(const SaleEntry& entry, const Place& place) {
  const auto store = place.settings->stores.find(*base::Uuid::Parse(entry.store));
  const auto reg = place.settings->registers.find(*base::Uuid::Parse(entry.register_id));
  if (store == place.settings->stores.end() || reg == place.settings->registers.end()) return "";
  return ReceiptPrefix(store->second, reg->second, place.device,
                       static_cast<int>(entry.generation));
}

}  // namespace

absl::StatusOr<Knowledge> LoadKnowledge(rpc::CallContext& ctx, Checkout& checkout,
                                        const std::vector<const UploadedEntry*>& entries) {
  std::set<VariantVersion> wanted;
  std::set<base::Uuid> people;
  std::vector<base::Uuid> documents;
  for (const UploadedEntry* uploaded : entries) {
    const SaleEntry& entry = uploaded->entry;
    documents.push_back(uploaded->document);
    if (const auto person = base::Uuid::Parse(entry.operator_id)) people.insert(*person);
    if (!journal::IsReceipt(entry) || entry.training) continue;
    for (const EntryLine& line : entry.lines) {
      if (const auto id = base::Uuid::Parse(line.variant_id)) wanted.insert(WantedBy(entry, *id));
    }
  }
  Knowledge knowledge;
  if (!wanted.empty()) {
    CLOUDPOS_ASSIGN_OR_RETURN(knowledge.goods,
                              checkout.LoadGoodsAsOf(ctx, {wanted.begin(), wanted.end()}));
  }
  CLOUDPOS_ASSIGN_OR_RETURN(knowledge.operators,
                            checkout.LoadOperators(ctx, {people.begin(), people.end()}));
  CLOUDPOS_ASSIGN_OR_RETURN(knowledge.kinds, SelectDocumentKinds(checkout.pool(), ctx.tenant(),
                                                                 documents, ctx.deadline()));
  CLOUDPOS_ASSIGN_OR_RETURN(knowledge.sources, LoadSources(ctx, checkout.pool(), entries));
  return knowledge;
}

UploadDetails JudgeEntry(const UploadedEntry& uploaded, const Knowledge& knowledge,
                         const Setting& setting) {
  const Catalogue goods = CatalogueOf(uploaded.entry, knowledge);
  const auto kind = knowledge.kinds.find(uploaded.document);
  const auto person = base::Uuid::Parse(uploaded.entry.operator_id);
  const auto history = person ? knowledge.operators.find(*person) : knowledge.operators.end();
  UploadDetails details = Judge(
      uploaded, {.now = setting.now,
                 .settings = setting.place->settings.get(),
                 .device = setting.place->device,
                 .series = setting.series,
                 .head = setting.head,
                 .goods = &goods,
                 .history = history == knowledge.operators.end() ? nullptr : &history->second,
                 .standing_kind = kind == knowledge.kinds.end() ? std::string_view()
                                                                : std::string_view(kind->second),
                 .source = SourceOf(uploaded.entry, knowledge),
                 .is_vouched = setting.is_vouched});
  details.store = setting.place->device->store;
  details.signature = uploaded.signature;
  details.key_id = uploaded.key_id;
  return details;
}

Document DocumentOf(const UploadedEntry& uploaded, UploadDetails details,
                    const Knowledge& knowledge, const Setting& setting) {
  const SaleEntry& entry = uploaded.entry;
  Document document;
  document.entry = entry;
  document.tenant = *base::Uuid::Parse(entry.tenant);
  document.id = uploaded.document;
  document.journal = *base::Uuid::Parse(entry.journal);
  document.fingerprint = FingerprintOfEntry(uploaded);
  document.receipt_prefix = PrefixOf(entry, *setting.place);
  document.recorded_at = setting.now;
  document.payload = uploaded.payload;
  document.previous = uploaded.previous;
  document.hash = uploaded.hash;
  if (details.mode != UploadDetails::Mode::kEntry) {
    const Catalogue goods = CatalogueOf(entry, knowledge);
    for (const EntryLine& line : entry.lines) {
      const auto id = base::Uuid::Parse(line.variant_id);
      const auto found = id ? goods.find(*id) : goods.end();
      // The journal holds no names: the catalogue's, or what identifies the thing.
      document.line_texts.push_back({found == goods.end() ? line.sku : found->second->name, ""});
    }
    document.returned_before = ReturnedBefore(entry, SourceOf(entry, knowledge));
    document.tax_names = TaxNamesOf(entry, *setting.place->settings);
    document.tender_references.resize(entry.tenders.size());
  }
  document.upload = std::move(details);
  return document;
}

}  // namespace cloudpos::transaction
