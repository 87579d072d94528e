#include "services/inventory/consumers.h"

#include <algorithm>
#include <set>

#include "cloudpos/auth/v1/events.pb.h"
#include "cloudpos/transaction/v1/events.pb.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/events/payload.h"
#include "libs/journal/entry.h"
#include "libs/log/log.h"
#include "services/inventory/store_stock.h"

namespace cloudpos::inventory {
namespace {

/// A request asks auth for at most this long; what it cannot tell by then is NOT_FOUND.
constexpr absl::Duration kCatchUpMax = absl::Seconds(1);

absl::StatusOr<journal::SaleEntry> ParseEntry(
    const events::Event& event, const transaction::v1::JournalEntryRecorded& recorded) {
  journal::SaleEntry entry;
  const journal::Error error = journal::ParseEntry(recorded.entry(), &entry);
  if (!error.ok()) {
    return absl::DataLossError("journal entry cannot be read: " +
                               std::string(journal::ErrorName(error.code)));
  }
  // The envelope says whose it is: an entry cannot move another tenant's stock.
  if (entry.tenant != event.tenant_id()) {
    return absl::DataLossError("journal entry of another tenant than its event");
  }
  if (recorded.believed_at_us() != 0) entry.occurred_at_us = recorded.believed_at_us();
  return entry;
}

events::ConsumerOptions OptionsOf(const Consumers::Options& options, std::string producer) {
  events::ConsumerOptions out;
  out.consumer = "inventory";
  out.producer = std::move(producer);
  out.pool = options.worker_pool;
  out.redis = options.redis;
  out.clock = options.clock;
  out.start_from_snapshot = true;
  return out;
}

events::ConsumerOptions StoreOptions(const Consumers::Options& options) {
  events::ConsumerOptions out = OptionsOf(options, "auth");
  out.channel = options.auth;
  out.apply = ApplyStores;
  out.event_types = events::TypesOf<auth::v1::StoreChanged>();
  return out;
}

events::ConsumerOptions EntryOptions(const Consumers::Options& options) {
  events::ConsumerOptions out = OptionsOf(options, "transaction");
  out.channel = options.transaction;
  out.apply = [clock = options.clock](pg::Tx& tx, const std::vector<events::Event>& batch) {
    return ApplyEntries(tx, batch, clock->Now());
  };
  out.event_types = events::TypesOf<transaction::v1::JournalEntryRecorded>();
  return out;
}

}  // namespace

absl::Status ApplyStores(pg::Tx& tx, const std::vector<events::Event>& batch) {
  std::vector<StockLocation> floors;
  for (const events::Event& event : batch) {
    if (!events::Is<auth::v1::StoreChanged>(event)) continue;
    CLOUDPOS_ASSIGN_OR_RETURN(const auto store, events::Payload<auth::v1::StoreChanged>(event));
    CLOUDPOS_RETURN_IF_ERROR(UpsertStore(tx, store));
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid tenant,
                              base::Uuid::ParseField(store.tenant_id(), "tenantId"));
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid id,
                              base::Uuid::ParseField(store.store_id(), "storeId"));
    floors.push_back({.tenant = tenant,
                      .id = LocationId(id, LocationKind::kSalesFloor),
                      .store = id,
                      .kind = LocationKind::kSalesFloor});
  }
  return InsertLocations(tx, floors);
}

absl::Status ApplyEntries(pg::Tx& tx, const std::vector<events::Event>& batch,
                          absl::Time recorded_at) {
  std::vector<Movement> movements;
  std::set<StockLocation> locations;
  std::map<JournalKey, std::vector<int64_t>> numbers;
  for (const events::Event& event : batch) {
    if (!events::Is<transaction::v1::JournalEntryRecorded>(event)) continue;
    CLOUDPOS_ASSIGN_OR_RETURN(const auto recorded,
                              events::Payload<transaction::v1::JournalEntryRecorded>(event));
    CLOUDPOS_ASSIGN_OR_RETURN(const journal::SaleEntry entry, ParseEntry(event, recorded));
    // One that was set aside counts as seen and moves nothing; released, it comes again.
    if (recorded.state() != transaction::v1::JournalEntryRecorded::QUARANTINED) {
      CLOUDPOS_ASSIGN_OR_RETURN(EntryEffect effect, EffectOf(entry));
      movements.insert(movements.end(), std::make_move_iterator(effect.movements.begin()),
                       std::make_move_iterator(effect.movements.end()));
      locations.insert(effect.locations.begin(), effect.locations.end());
    }
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid tenant,
                              base::Uuid::ParseField(entry.tenant, "tenant"));
    CLOUDPOS_ASSIGN_OR_RETURN(const base::Uuid journal,
                              base::Uuid::ParseField(entry.journal, "journal"));
    numbers[{tenant, journal}].push_back(entry.n);
  }
  CLOUDPOS_RETURN_IF_ERROR(InsertLocations(tx, {locations.begin(), locations.end()}));
  CLOUDPOS_RETURN_IF_ERROR(SeeEntries(tx, numbers));
  // Last: the levels of popular things are locked for as short as can be.
  return ApplyMovements(tx, movements, recorded_at);
}

Consumers::Consumers(const Options& options)
    : clock_(options.clock), auth_(StoreOptions(options)), transaction_(EntryOptions(options)) {}

void Consumers::Start() {
  auth_.Start();
  transaction_.Start();
}

void Consumers::Stop() {
  auth_.Stop();
  transaction_.Stop();
}

void Consumers::CatchUpStores(absl::Time deadline) {
  const absl::Status status = auth_.CatchUp(std::min(deadline, clock_->Now() + kCatchUpMax));
  if (!status.ok()) log::Warn("catching up failed", {{"producer", "auth"}});
}

}  // namespace cloudpos::inventory
