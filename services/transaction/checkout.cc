#include "services/transaction/checkout.h"

#include <algorithm>
#include <unordered_set>

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/faults/faults.h"
#include "libs/log/log.h"
#include "services/transaction/domain/numbering.h"
#include "services/transaction/store_upload.h"

namespace cloudpos::transaction {
namespace {

using common::v1::CURRENCY_MISMATCH;
using common::v1::IDEMPOTENCY_MISMATCH;
using common::v1::INTERNAL;
using common::v1::JOURNAL_NO;
using common::v1::NOT_FOUND;
using common::v1::OUT_OF_RANGE;
using common::v1::REGISTER_INACTIVE;
using common::v1::SALE_ABANDONED;
using common::v1::TOTAL_MISMATCH;

/// Errors after which nothing more is asked: who calls is unknown, or there is no time or room for
/// another read. The client tries again with the same id.
bool LeavesAtOnce(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return true;
    default:
      return false;
  }
}

absl::Status Mismatch() {
  return base::Fail({.code = IDEMPOTENCY_MISMATCH,
                     .detail = "this id belongs to another request",
                     .hint = "use a new id for a new sale; repeat a sale byte for byte"});
}

const Store* FindStore(const Settings& settings, const base::Uuid& id) {
  const auto found = settings.stores.find(id);
  return found == settings.stores.end() ? nullptr : &found->second;
}

absl::Status NotHeld() { return base::Fail(INTERNAL, "not held in memory"); }

absl::Status NoSuchStore() { return base::Fail(NOT_FOUND, "storeId", "there is no such store"); }

}  // namespace

absl::Status Checkout::AnswerOnce(rpc::CallContext& ctx, const std::string& id,
                                  const std::string& fingerprint, Answer* answer,
                                  const std::function<absl::Status()>& attempt) {
  const absl::Status refusal = attempt();
  if (refusal.ok() || LeavesAtOnce(refusal)) return refusal;
  if (SEEDED_BUG("refusal_before_lookup")) return refusal;
  const std::optional<base::Uuid> document = base::Uuid::Parse(id);
  if (!document) return refusal;
  CLOUDPOS_ASSIGN_OR_RETURN(const auto stored,
                            LoadDocument(*deps_.pool, ctx.tenant(), *document, ctx.deadline()));
  if (!stored || stored->kind == journal::kKindAbandoned) return refusal;
  if (stored->fingerprint != fingerprint) return Mismatch();
  CLOUDPOS_ASSIGN_OR_RETURN(*answer, AnswerFrom(*stored));
  ctx.SetReplayed();
  return absl::OkStatus();
}

absl::Status Checkout::RequireStore(rpc::CallContext& ctx, const base::Uuid& store) {
  const absl::Status status = ctx.RequireStore(store);
  return base::CodeOf(status) == NOT_FOUND ? NoSuchStore() : status;
}

absl::StatusOr<Place> Checkout::LoadStore(rpc::CallContext& ctx, const base::Uuid& store) {
  Place place;
  CLOUDPOS_ASSIGN_OR_RETURN(place.settings,
                            deps_.read_model->SettingsOf(ctx.tenant(), ctx.deadline()));
  place.store = FindStore(*place.settings, store);
  if (place.store == nullptr && deps_.consumers != nullptr) {
    deps_.consumers->CatchUpPlaces(ctx.deadline());
    CLOUDPOS_ASSIGN_OR_RETURN(place.settings,
                              deps_.read_model->SettingsOf(ctx.tenant(), ctx.deadline()));
    place.store = FindStore(*place.settings, store);
  }
  if (place.store == nullptr) return NoSuchStore();
  return place;
}

void Checkout::CatchUpPlaces(rpc::CallContext& ctx) {
  if (deps_.consumers != nullptr) deps_.consumers->CatchUpPlaces(ctx.deadline());
}

absl::StatusOr<Place> Checkout::HeldStore(const base::Uuid& tenant, const base::Uuid& store) {
  Place place;
  place.settings = deps_.read_model->HeldSettings(tenant);
  if (place.settings == nullptr) return NotHeld();
  place.store = FindStore(*place.settings, store);
  if (place.store == nullptr) return NotHeld();
  return place;
}

absl::StatusOr<Place> Checkout::LoadDevice(rpc::CallContext& ctx, const base::Uuid& device) {
  Place place;
  const auto find = [&]() -> absl::Status {
    CLOUDPOS_ASSIGN_OR_RETURN(place.settings,
                              deps_.read_model->SettingsOf(ctx.tenant(), ctx.deadline()));
    const auto found = place.settings->devices.find(device);
    place.device = found == place.settings->devices.end() ? nullptr : &found->second;
    return absl::OkStatus();
  };
  CLOUDPOS_RETURN_IF_ERROR(find());
  // One without a key has been enrolled a moment ago, if it is real.
  const bool is_usable = place.device != nullptr && !place.device->keys.empty();
  if (!is_usable && deps_.consumers != nullptr) {
    deps_.consumers->CatchUpPlaces(ctx.deadline());
    CLOUDPOS_RETURN_IF_ERROR(find());
  }
  if (place.device == nullptr) return base::Fail(NOT_FOUND, "deviceId", "there is no such device");
  place.store = FindStore(*place.settings, place.device->store);
  return place;
}

absl::StatusOr<Place> Checkout::LoadPlace(rpc::CallContext& ctx, const DocumentInput& input,
                                          Reading reading) {
  CLOUDPOS_ASSIGN_OR_RETURN(Place place, reading == Reading::kHeldOnly
                                             ? HeldStore(ctx.tenant(), input.store)
                                             : LoadStore(ctx, input.store));
  const auto find = [&place, &input] {
    const auto reg = place.settings->registers.find(input.register_id);
    place.reg = reg == place.settings->registers.end() || reg->second.store != input.store
                    ? nullptr
                    : &reg->second;
    if (!input.device) return place.reg != nullptr;
    const auto device = place.settings->devices.find(*input.device);
    place.device = device == place.settings->devices.end() ? nullptr : &device->second;
    return place.reg != nullptr && place.device != nullptr;
  };
  if (!find() && reading == Reading::kMayWait && deps_.consumers != nullptr) {
    deps_.consumers->CatchUpPlaces(ctx.deadline());
    CLOUDPOS_ASSIGN_OR_RETURN(place, LoadStore(ctx, input.store));
    find();
  }
  if (place.reg == nullptr) {
    return base::Fail(NOT_FOUND, "registerId", "the store has no such register");
  }
  if (input.device && (place.device == nullptr || place.device->register_id != place.reg->id)) {
    return base::Fail(NOT_FOUND, "journal.deviceId", "the register has no such device");
  }
  if (!place.reg->active || place.store->archived) {
    return base::Fail(REGISTER_INACTIVE, "registerId", "nothing can be sold on this register");
  }
  if (place.device != nullptr && place.device->revoked) {
    return base::Fail(REGISTER_INACTIVE, "journal.deviceId", "this device was revoked");
  }
  return place;
}

absl::StatusOr<Checkout::Goods> Checkout::LoadGoods(rpc::CallContext& ctx,
                                                    const std::vector<base::Uuid>& ids,
                                                    Reading reading) {
  if (reading == Reading::kHeldOnly) {
    auto held = deps_.read_model->HeldVariants(ctx.tenant(), ids);
    if (!held) return NotHeld();
    return Goods{std::move(held->found), held->version};
  }
  const std::unordered_set<base::Uuid> unique(ids.begin(), ids.end());
  const std::vector<base::Uuid> wanted(unique.begin(), unique.end());
  CLOUDPOS_ASSIGN_OR_RETURN(ReadModel::Variants variants,
                            deps_.read_model->VariantsOf(ctx.tenant(), wanted, ctx.deadline()));
  if (!variants.missing.empty() && deps_.consumers != nullptr) {
    deps_.consumers->CatchUpCatalogue(ctx.deadline());
    CLOUDPOS_ASSIGN_OR_RETURN(variants,
                              deps_.read_model->VariantsOf(ctx.tenant(), wanted, ctx.deadline()));
  }
  return Goods{std::move(variants.found), variants.version};
}

absl::StatusOr<GoodsAsOf> Checkout::LoadGoodsAsOf(rpc::CallContext& ctx,
                                                  const std::vector<VariantVersion>& wanted) {
  CLOUDPOS_ASSIGN_OR_RETURN(const ReadModel::Variants known,
                            deps_.read_model->VariantsOf(ctx.tenant(), {}, ctx.deadline()));
  CLOUDPOS_ASSIGN_OR_RETURN(GoodsAsOf goods,
                            LoadVariantsAsOf(pool(), ctx.tenant(), wanted, ctx.deadline()));
  // A register may have heard of a change before we have; by the old price it would be wrong.
  const auto is_news = [&](const VariantVersion& v) {
    return v.version > known.version || !goods.contains(v);
  };
  if (deps_.consumers != nullptr && std::any_of(wanted.begin(), wanted.end(), is_news)) {
    deps_.consumers->CatchUpCatalogue(ctx.deadline());
    CLOUDPOS_ASSIGN_OR_RETURN(goods,
                              LoadVariantsAsOf(pool(), ctx.tenant(), wanted, ctx.deadline()));
  }
  return goods;
}

absl::StatusOr<Operators> Checkout::LoadOperators(rpc::CallContext& ctx,
                                                  const std::vector<base::Uuid>& ids) {
  CLOUDPOS_ASSIGN_OR_RETURN(Operators operators,
                            SelectOperators(pool(), ctx.tenant(), ids, ctx.deadline()));
  const auto is_missing = [&operators](const base::Uuid& id) { return !operators.contains(id); };
  if (deps_.consumers != nullptr && std::any_of(ids.begin(), ids.end(), is_missing)) {
    deps_.consumers->CatchUpPlaces(ctx.deadline());
    CLOUDPOS_ASSIGN_OR_RETURN(operators,
                              SelectOperators(pool(), ctx.tenant(), ids, ctx.deadline()));
  }
  return operators;
}

Document Checkout::StartDocument(rpc::CallContext& ctx, const Place& place,
                                 const DocumentInput& input, std::string_view kind,
                                 std::string fingerprint) const {
  Document document;
  document.tenant = ctx.tenant();
  document.id = input.id;
  document.recorded_at = deps_.clock->Now();
  document.journal =
      JournalId(place.reg->id, input.device.value_or(base::Uuid()), input.generation, kSalesSeries);
  document.fingerprint = std::move(fingerprint);
  document.proposed = input.proposed;
  document.note = input.note;
  document.order_reference = input.order_reference;
  document.traceparent = ctx.traceparent();
  document.receipt_prefix = ReceiptPrefix(*place.store, *place.reg, place.device, input.generation);

  const absl::Time occurred_at = input.occurred_at.value_or(document.recorded_at);
  const auto local = place.store->zone.At(occurred_at);
  journal::SaleEntry& entry = document.entry;
  entry.business_date = base::FormatDate(
      base::BusinessDate(occurred_at, place.store->zone, place.store->cutoff_minutes));
  entry.posting_date = entry.business_date;
  entry.currency = place.store->currency_code;
  entry.customer_ref = input.customer_ref;
  if (input.device) entry.device = input.device->ToString();
  entry.generation = input.generation;
  entry.journal = document.journal.ToString();
  entry.kind = kind;
  entry.occurred_at_us = absl::ToUnixMicros(occurred_at);
  entry.operator_id = ctx.subject().ToString();
  entry.reason = input.reason_code;
  entry.register_id = place.reg->id.ToString();
  entry.sale_id = input.id.ToString();
  entry.series = kSalesSeries;
  entry.store = place.store->id.ToString();
  entry.tenant = document.tenant.ToString();
  entry.utc_offset_min = local.offset / 60;
  return document;
}

absl::StatusOr<Answer> Checkout::Replay(rpc::CallContext& ctx, const base::Uuid& id,
                                        const std::string& fingerprint) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto stored,
                            LoadDocument(*deps_.pool, ctx.tenant(), id, ctx.deadline()));
  if (!stored) return base::Fail(INTERNAL, "the stored sale cannot be found");
  if (stored->fingerprint != fingerprint) return Mismatch();
  CLOUDPOS_ASSIGN_OR_RETURN(Answer answer, AnswerFrom(*stored));
  if (SEEDED_BUG("replay_not_identical")) answer.sale.mutable_recorded_at()->set_nanos(0);
  ctx.SetReplayed();
  return answer;
}

void Checkout::RingBell() const {
  if (deps_.bell != nullptr) deps_.bell->Ring();
}

JournalKey Checkout::KeyOf(rpc::CallContext& ctx, const Place& place, const DocumentInput& input,
                           const Document& document) const {
  return {.tenant = ctx.tenant(),
          .journal = document.journal,
          .store = place.store->id,
          .register_id = place.reg->id,
          .device = input.device.value_or(base::Uuid()),
          .generation = input.generation,
          .series = document.entry.series};
}

absl::StatusOr<std::optional<Answer>> Checkout::QuickAnswer(
    const absl::StatusOr<Batcher::Recorded>& recorded, const Document& document) const {
  if (!recorded.ok() && (LeavesAtOnce(recorded.status()) || SEEDED_BUG("batch_failed_by_one"))) {
    return recorded.status();
  }
  if (!recorded.ok() || recorded->outcome != Outcome::kRecorded) return std::nullopt;
  RingBell();
  try {
    return AnswerOf(document);
  } catch (const std::exception&) {
    return std::nullopt;  // it is recorded: the ordinary way finds it by its id
  }
}

bool Checkout::RecordQuickly(rpc::CallContext& ctx, const Place& place, const DocumentInput& input,
                             Document document, Done done) {
  struct Pending {
    Document document;
    JournalKey key;
    Done done;
  };
  const auto pending = std::make_shared<Pending>();
  pending->key = KeyOf(ctx, place, input, document);
  pending->document = std::move(document);
  pending->done = std::move(done);
  const absl::Status taken =
      deps_.batcher->Enqueue(pending->key, &pending->document, ctx.deadline(),
                             [this, pending](const absl::StatusOr<Batcher::Recorded>& recorded) {
                               pending->done(QuickAnswer(recorded, pending->document));
                             });
  return taken.ok();
}

absl::StatusOr<std::optional<Answer>> Checkout::Record(rpc::CallContext& ctx, const Place& place,
                                                       const DocumentInput& input,
                                                       Document* document) {
  const JournalKey key = KeyOf(ctx, place, input, *document);
  CLOUDPOS_ASSIGN_OR_RETURN(const Batcher::Recorded recorded,
                            deps_.batcher->Submit(key, document, ctx.deadline()));
  switch (recorded.outcome) {
    case Outcome::kRecorded: {
      RingBell();
      return std::optional(AnswerOf(*document));
    }
    case Outcome::kReplay: {
      CLOUDPOS_ASSIGN_OR_RETURN(Answer answer, Replay(ctx, document->id, document->fingerprint));
      return std::optional(std::move(answer));
    }
    case Outcome::kConflict:
      return Mismatch();
    case Outcome::kAbandoned:
      return base::Fail(SALE_ABANDONED, "this sale was given up; ring it up under a new id");
    case Outcome::kStale:
      return base::Fail(
          {.code = JOURNAL_NO,
           .detail = "the proposed numbers do not follow on",
           .fields = {{"journal.journalNo",
                       "the next is " + std::to_string(recorded.head.journal_no + 1)}},
           .data = {{"journalNo", std::to_string(recorded.head.journal_no)},
                    {"receiptNo", std::to_string(recorded.head.receipt_no)}}});
    case Outcome::kReturnStale:
      return std::optional<Answer>();
  }
  return base::Fail(INTERNAL, "the sale ended in an unknown way");
}

absl::Status CheckExpectedTotal(const DocumentInput& input, const Store& store, int64_t total) {
  if (!input.expected_total) return absl::OkStatus();
  if (input.expected_currency != store.currency_code) {
    return base::Fail(CURRENCY_MISMATCH, "expectedTotal.currencyCode",
                      "the store sells in " + store.currency_code);
  }
  if (*input.expected_total == total) return absl::OkStatus();
  return base::Fail(
      {.code = TOTAL_MISMATCH,
       .detail = "the total differs from the one expected",
       .fields = {{"expectedTotal.minorUnits", "the total is " + std::to_string(total)}},
       .hint = "ask PriceSale for the amounts and how they came about",
       .data = {{"totalMinor", std::to_string(total)}}});
}

absl::Status RequireImport(rpc::CallContext& ctx, const DocumentInput& input,
                           const base::Clock& clock) {
  if (!input.occurred_at) return absl::OkStatus();
  CLOUDPOS_RETURN_IF_ERROR(ctx.RequirePermission(common::v1::Permission::SALE_IMPORT, input.store));
  if (*input.occurred_at <= clock.Now()) return absl::OkStatus();
  return base::Fail(OUT_OF_RANGE, "occurredAt", "must lie in the past");
}

std::vector<std::string> TaxNamesOf(const journal::SaleEntry& entry, const Settings& settings) {
  std::vector<std::string> names;
  for (const journal::EntryTax& tax : entry.taxes) {
    const auto id = base::Uuid::Parse(tax.tax_id);
    const auto found = id ? settings.taxes.find(*id) : settings.taxes.end();
    names.push_back(found == settings.taxes.end() ? "Exempt" : found->second.name);
  }
  return names;
}

}  // namespace cloudpos::transaction
