#include "services/transaction/consumers.h"

#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/events/payload.h"
#include "libs/log/log.h"
#include "services/transaction/store_read_model.h"

namespace cloudpos::transaction {
namespace {

/// A change asks owners for at most this long; what they cannot tell by then is NOT_FOUND.
constexpr absl::Duration kCatchUpMax = absl::Seconds(1);

events::ConsumerOptions OptionsOf(const Consumers::Options& options, std::string producer) {
  events::ConsumerOptions out;
  out.consumer = "transaction";
  out.producer = std::move(producer);
  out.pool = options.worker_pool;
  out.redis = options.redis;
  out.clock = options.clock;
  out.start_from_snapshot = true;
  return out;
}

events::ConsumerOptions PlacesOptions(const Consumers::Options& options) {
  events::ConsumerOptions out = OptionsOf(options, "auth");
  out.channel = options.auth;
  out.apply = ApplyPlaces;
  out.event_types = events::TypesOf<auth::v1::StoreChanged, auth::v1::RegisterChanged,
                                    auth::v1::DeviceChanged, auth::v1::StaffRightsChanged>();
  return out;
}

events::ConsumerOptions CatalogueOptions(const Consumers::Options& options) {
  events::ConsumerOptions out = OptionsOf(options, "inventory");
  out.channel = options.inventory;
  out.apply = ApplyCatalogue;
  out.event_types = events::TypesOf<inventory::v1::VariantChanged>();
  return out;
}

}  // namespace

absl::Status ApplyPlaces(pg::Tx& tx, const std::vector<events::Event>& batch) {
  for (const events::Event& event : batch) {
    if (events::Is<auth::v1::StoreChanged>(event)) {
      CLOUDPOS_ASSIGN_OR_RETURN(const auto store, events::Payload<auth::v1::StoreChanged>(event));
      CLOUDPOS_RETURN_IF_ERROR(UpsertStore(tx, store));
    } else if (events::Is<auth::v1::RegisterChanged>(event)) {
      CLOUDPOS_ASSIGN_OR_RETURN(const auto reg, events::Payload<auth::v1::RegisterChanged>(event));
      CLOUDPOS_RETURN_IF_ERROR(UpsertRegister(tx, reg));
    } else if (events::Is<auth::v1::DeviceChanged>(event)) {
      CLOUDPOS_ASSIGN_OR_RETURN(const auto device, events::Payload<auth::v1::DeviceChanged>(event));
      CLOUDPOS_RETURN_IF_ERROR(UpsertDevice(tx, device));
    } else if (events::Is<auth::v1::StaffRightsChanged>(event)) {
      CLOUDPOS_ASSIGN_OR_RETURN(const auto rights,
                                events::Payload<auth::v1::StaffRightsChanged>(event));
      CLOUDPOS_RETURN_IF_ERROR(InsertOperator(tx, rights));
    }
  }
  return absl::OkStatus();
}

absl::Status ApplyCatalogue(pg::Tx& tx, const std::vector<events::Event>& batch) {
  std::vector<inventory::v1::VariantChanged> variants;
  for (const events::Event& event : batch) {
    if (!events::Is<inventory::v1::VariantChanged>(event)) continue;
    CLOUDPOS_ASSIGN_OR_RETURN(auto variant, events::Payload<inventory::v1::VariantChanged>(event));
    variants.push_back(std::move(variant));
  }
  return variants.empty() ? absl::OkStatus() : InsertVariants(tx, variants);
}

Consumers::Consumers(const Options& options)
    : read_model_(options.read_model),
      clock_(options.clock),
      auth_(PlacesOptions(options)),
      inventory_(CatalogueOptions(options)) {}

void Consumers::Start() {
  auth_.Start();
  inventory_.Start();
}

void Consumers::Stop() {
  auth_.Stop();
  inventory_.Stop();
}

void Consumers::CatchUp(events::Consumer& consumer, const char* producer, absl::Time deadline) {
  const absl::Status status = consumer.CatchUp(std::min(deadline, clock_->Now() + kCatchUpMax));
  if (!status.ok()) {
    log::Warn("catching up failed", {{"producer", producer}, {"error", status.ToString()}});
  }
  read_model_->Refresh();
}

void Consumers::CatchUpPlaces(absl::Time deadline) { CatchUp(auth_, "auth", deadline); }

void Consumers::CatchUpCatalogue(absl::Time deadline) {
  CatchUp(inventory_, "inventory", deadline);
}

}  // namespace cloudpos::transaction
