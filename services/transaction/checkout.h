#pragma once

// What sales, returns and tombstones have in common on their way into the books: where they happen,
// what is sold there, and recording a document so that its id has one effect for ever.

#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cloudpos/transaction/v1/sale.pb.h"
#include "libs/events/events.h"
#include "libs/pg/pg.h"
#include "libs/rpc/server.h"
#include "services/transaction/batcher.h"
#include "services/transaction/consumers.h"
#include "services/transaction/domain/operators.h"
#include "services/transaction/parse.h"
#include "services/transaction/read_model.h"
#include "services/transaction/reply.h"
#include "services/transaction/store_read_model.h"

namespace cloudpos::transaction {

/// Store and register of a request; points into `settings`.
struct Place {
  std::shared_ptr<const Settings> settings;
  const Store* store = nullptr;
  const Register* reg = nullptr;
  const Device* device = nullptr;  // only with a proposed journal position
};

/// Whether a look-up may ask database and peers, or only what is held in memory (all else is a
/// refusal then, of whatever kind).
enum class Reading { kMayWait, kHeldOnly };

class Checkout {
 public:
  struct Deps {
    pg::Pool* pool;
    ReadModel* read_model;
    Consumers* consumers;  // null: nobody to ask about what is unknown (tests)
    Batcher* batcher;
    const base::Clock* clock;
    events::Doorbell* bell;  // may be null
  };
  explicit Checkout(Deps deps) : deps_(deps) {}

  /// No refusal leaves before the id was looked up: runs `attempt`; should it refuse (with anything
  /// but 401, 429, 503 or lack of time), a document already stored under `id` by the same request
  /// is the answer, and one stored by another request is IDEMPOTENCY_MISMATCH.
  absl::Status AnswerOnce(rpc::CallContext& ctx, const std::string& id,
                          const std::string& fingerprint, Answer* answer,
                          const std::function<absl::Status()>& attempt);

  /// ctx.RequireStore for the store that a request names: one the caller has nothing to do with is
  /// answered as one that does not exist.
  static absl::Status RequireStore(rpc::CallContext& ctx, const base::Uuid& store);

  /// NOT_FOUND (store, register, device), REGISTER_INACTIVE (also archived store, revoked device).
  absl::StatusOr<Place> LoadPlace(rpc::CallContext& ctx, const DocumentInput& input,
                                  Reading reading = Reading::kMayWait);
  /// The store alone.
  absl::StatusOr<Place> LoadStore(rpc::CallContext& ctx, const base::Uuid& store);
  /// Asks auth for what it has told since: something that ought to be known is not.
  void CatchUpPlaces(rpc::CallContext& ctx);
  /// A device of whatever store, revoked ones too; store and reg only as far as they are known.
  absl::StatusOr<Place> LoadDevice(rpc::CallContext& ctx, const base::Uuid& device);

  struct Goods {
    Catalogue catalogue;
    int64_t version = 0;
  };
  /// The variants that exist; asks inventory once for those not known here.
  absl::StatusOr<Goods> LoadGoods(rpc::CallContext& ctx, const std::vector<base::Uuid>& ids,
                                  Reading reading = Reading::kMayWait);
  /// The same as of versions of the catalogue; asks inventory, too, for a version newer than known.
  absl::StatusOr<GoodsAsOf> LoadGoodsAsOf(rpc::CallContext& ctx,
                                          const std::vector<VariantVersion>& wanted);

  /// The rights, now and before, of those people that exist.
  absl::StatusOr<Operators> LoadOperators(rpc::CallContext& ctx,
                                          const std::vector<base::Uuid>& ids);

  /// A document of `kind` with everything but lines, totals and tenders.
  Document StartDocument(rpc::CallContext& ctx, const Place& place, const DocumentInput& input,
                         std::string_view kind, std::string fingerprint) const;

  /// Records the document and answers it. Refusals: IDEMPOTENCY_MISMATCH, SALE_ABANDONED,
  /// JOURNAL_NO. nullopt: what was returned of a source line has changed, work the return out anew.
  absl::StatusOr<std::optional<Answer>> Record(rpc::CallContext& ctx, const Place& place,
                                               const DocumentInput& input, Document* document);
  /// The same without waiting, for what goes well: `done` gets the answer, or nullopt where there
  /// is more to be said than that it was recorded. False: not taken.
  using Done = std::function<void(absl::StatusOr<std::optional<Answer>>)>;
  bool RecordQuickly(rpc::CallContext& ctx, const Place& place, const DocumentInput& input,
                     Document document, Done done);
  /// Whether RecordQuickly would only make a queue longer.
  bool IsBusy() const { return !deps_.batcher->HasRoom(); }
  /// Tells the consumers that there is something new.
  void RingBell() const;

  pg::Pool& pool() const { return *deps_.pool; }
  const base::Clock& clock() const { return *deps_.clock; }

 private:
  absl::StatusOr<std::optional<Answer>> QuickAnswer(
      const absl::StatusOr<Batcher::Recorded>& recorded, const Document& document) const;
  absl::StatusOr<Place> HeldStore(const base::Uuid& tenant, const base::Uuid& store);
  JournalKey KeyOf(rpc::CallContext& ctx, const Place& place, const DocumentInput& input,
                   const Document& document) const;
  absl::StatusOr<Answer> Replay(rpc::CallContext& ctx, const base::Uuid& id,
                                const std::string& fingerprint);
  Deps deps_;
};

/// The total the register showed must be the one worked out here: CURRENCY_MISMATCH,
/// TOTAL_MISMATCH.
absl::Status CheckExpectedTotal(const DocumentInput& input, const Store& store, int64_t total);

/// A time of the caller's own needs the right sale.import and lies in the past: PERMISSION_DENIED,
/// OUT_OF_RANGE.
absl::Status RequireImport(rpc::CallContext& ctx, const DocumentInput& input,
                           const base::Clock& clock);

/// Names of the entry's taxes as printed, in order.
std::vector<std::string> TaxNamesOf(const journal::SaleEntry& entry, const Settings& settings);

}  // namespace cloudpos::transaction
