#include "services/reporting/consumers.h"

#include <algorithm>
#include <utility>

#include "cloudpos/transaction/v1/events.pb.h"
#include "libs/base/status_macros.h"
#include "libs/events/payload.h"
#include "libs/log/log.h"
#include "services/reporting/store_dimensions.h"
#include "services/reporting/store_facts.h"

namespace cloudpos::reporting {
namespace {

using events::Event;

constexpr absl::Duration kCatchUpMax = absl::Seconds(1);

using ApplyFunction = absl::Status (*)(pg::Tx&, const Target&, const std::vector<Event>&);

events::ConsumerOptions OptionsOf(const Consumers::Options& options, std::string producer,
                                  std::shared_ptr<events::EventSource> source,
                                  std::vector<std::string> event_types, ApplyFunction apply) {
  events::ConsumerOptions out;
  out.consumer = "reporting";
  out.cursor_name = CursorName(producer, options.target);
  out.producer = std::move(producer);
  out.pool = options.worker_pool;
  out.redis = options.redis;
  out.clock = options.clock;
  out.turn = out.pace / 2;  // while inventory, which reads the same sales, rests
  out.start_from_snapshot = true;
  out.source = std::move(source);
  out.event_types = std::move(event_types);
  out.apply = [apply, target = options.target](pg::Tx& tx, const std::vector<Event>& batch) {
    return apply(tx, target, batch);
  };
  return out;
}

}  // namespace

absl::Status ApplyAuth(pg::Tx& tx, const Target& target, const std::vector<Event>& batch) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int set, SetOf(tx, target));
  for (const Event& event : batch) {
    if (events::Is<auth::v1::StoreChanged>(event)) {
      CLOUDPOS_ASSIGN_OR_RETURN(const auto store, events::Payload<auth::v1::StoreChanged>(event));
      CLOUDPOS_RETURN_IF_ERROR(UpsertStore(tx, set, store));
    } else if (events::Is<auth::v1::RegisterChanged>(event)) {
      CLOUDPOS_ASSIGN_OR_RETURN(const auto reg, events::Payload<auth::v1::RegisterChanged>(event));
      CLOUDPOS_RETURN_IF_ERROR(UpsertRegister(tx, set, reg));
    }
  }
  return absl::OkStatus();
}

absl::Status ApplyInventory(pg::Tx& tx, const Target& target, const std::vector<Event>& batch) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int set, SetOf(tx, target));
  std::vector<inventory::v1::VariantChanged> variants;
  std::vector<inventory::v1::CategoryChanged> categories;
  std::vector<inventory::v1::StockAdjusted> adjustments;
  for (const Event& event : batch) {
    if (events::Is<inventory::v1::VariantChanged>(event)) {
      CLOUDPOS_ASSIGN_OR_RETURN(variants.emplace_back(),
                                events::Payload<inventory::v1::VariantChanged>(event));
    } else if (events::Is<inventory::v1::CategoryChanged>(event)) {
      CLOUDPOS_ASSIGN_OR_RETURN(categories.emplace_back(),
                                events::Payload<inventory::v1::CategoryChanged>(event));
    } else if (events::Is<inventory::v1::StockAdjusted>(event)) {
      CLOUDPOS_ASSIGN_OR_RETURN(adjustments.emplace_back(),
                                events::Payload<inventory::v1::StockAdjusted>(event));
    }
  }
  CLOUDPOS_RETURN_IF_ERROR(UpsertVariants(tx, set, variants));
  CLOUDPOS_RETURN_IF_ERROR(UpsertCategories(tx, set, categories));
  return RecordCorrections(tx, set, adjustments);
}

absl::Status ApplyTransaction(pg::Tx& tx, const Target& target, const std::vector<Event>& batch) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int set, SetOf(tx, target));
  std::vector<Fact> facts;
  for (const Event& event : batch) {
    if (!events::Is<transaction::v1::JournalEntryRecorded>(event)) continue;
    CLOUDPOS_ASSIGN_OR_RETURN(const auto recorded,
                              events::Payload<transaction::v1::JournalEntryRecorded>(event));
    CLOUDPOS_ASSIGN_OR_RETURN(
        Fact fact,
        FactOf(recorded.entry(),
               {.is_held = recorded.state() == transaction::v1::JournalEntryRecorded::QUARANTINED,
                .believed_at_us = recorded.believed_at_us(),
                .believed_date = recorded.believed_date()}));
    if (fact.tenant.ToString() != event.tenant_id()) {
      return absl::DataLossError("the entry is of another tenant than its event");
    }
    facts.push_back(std::move(fact));
  }
  return RecordFacts(tx, set, facts);
}

Consumers::Consumers(const Options& options)
    : auth_(OptionsOf(options, "auth", options.auth,
                      events::TypesOf<auth::v1::StoreChanged, auth::v1::RegisterChanged>(),
                      &ApplyAuth)),
      inventory_(
          OptionsOf(options, "inventory", options.inventory,
                    events::TypesOf<inventory::v1::VariantChanged, inventory::v1::CategoryChanged,
                                    inventory::v1::StockAdjusted>(),
                    &ApplyInventory)),
      transaction_(OptionsOf(options, "transaction", options.transaction,
                             events::TypesOf<transaction::v1::JournalEntryRecorded>(),
                             &ApplyTransaction)) {}

void Consumers::Start() {
  auth_.Start();
  inventory_.Start();
  transaction_.Start();
}

void Consumers::Stop() {
  auth_.Stop();
  inventory_.Stop();
  transaction_.Stop();
}

absl::Status Consumers::CatchUp(absl::Time deadline) {
  CLOUDPOS_RETURN_IF_ERROR(auth_.CatchUp(deadline));
  CLOUDPOS_RETURN_IF_ERROR(inventory_.CatchUp(deadline));
  return transaction_.CatchUp(deadline);
}

void Consumers::CatchUpStores(absl::Time deadline) {
  // Deadlines are real time, also where a test's clock stands still.
  const absl::Status status =
      auth_.CatchUp(std::min(deadline, base::SystemClock().Now() + kCatchUpMax));
  if (!status.ok()) {
    log::Warn("catching up failed", {{"producer", "auth"}, {"error", status.ToString()}});
  }
}

std::vector<Consumers::Source> Consumers::Sources() const {
  return {{"auth", auth_.as_of()},
          {"inventory", inventory_.as_of()},
          {"transaction", transaction_.as_of()}};
}

absl::Time Consumers::as_of() const { return std::min(inventory_.as_of(), transaction_.as_of()); }

}  // namespace cloudpos::reporting
