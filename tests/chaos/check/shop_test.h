#pragma once

// A small shop with a past, for the checker's tests: hand-made journal entries and clients' logs,
// and tables filled from them by SQL, in the schemas that the services' own migrations make.

#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libs/base/ids.h"
#include "libs/journal/entry.h"
#include "libs/journal/sha256.h"
#include "libs/pg/pg.h"
#include "libs/token/device_key.h"
#include "tests/chaos/check/report.h"

struct pg_conn;

namespace cloudpos::chaos {

/// A connection string of a superuser to a database with all schemas, shared by a test program.
const std::string& SuiteDsn();

class Shop {
 public:
  using Twist = std::function<void(journal::SaleEntry*)>;

  Shop();
  /// `is_large`: keeps nothing of what happened but what Write needs; no request() and answer().
  explicit Shop(bool is_large);
  ~Shop();
  Shop(const Shop&) = delete;

  // Things that happen: each is sent, recorded and answered. `twist` changes the entry before it is
  // hashed; the answer then tells of the changed one.

  /// A mug (exclusive tax), two teas (inclusive tax, a discount) and postage (untaxed, not
  /// stocked), paid in cash: 10.65.
  base::Uuid Sell(size_t till, const Twist& twist = {});
  /// One of the two teas.
  base::Uuid Return(const base::Uuid& sale, const Twist& twist = {});
  base::Uuid Abandon(size_t till, const Twist& twist = {});
  /// A day of all of it.
  void Trade();
  /// A register sells without a server: a receipt on paper, a signed entry that came later.
  base::Uuid SellOffline(const Twist& twist = {});
  /// The same, and it was set aside for a manager; released: recorded as a document since.
  base::Uuid SellHeld(bool is_released, const Twist& twist = {});
  /// Nothing of the line above happened to a client: no logs are written.
  void HasNoClients();

  // Parts of the above.

  journal::SaleEntry SaleOf(size_t till);
  /// Gives an entry its numbers and place in the chain; answers its hash in hex.
  std::string Record(size_t till, journal::SaleEntry* entry);
  static std::string RequestFor(const journal::SaleEntry& entry);
  void HandOut(const journal::SaleEntry& entry, const std::string& hash);
  static std::string AnswerFor(const journal::SaleEntry& entry, const std::string& hash);
  /// Lines of the log; Sent answers the op.
  std::string Sent(const std::string& kind, const std::string& id, const std::string& request);
  void Received(const std::string& op, int status, const std::string& body, bool replayed = false);
  void Lost(const std::string& op);
  /// The same request again, answered the same.
  void Repeat(const base::Uuid& id);
  /// Refused with a problem of that code.
  void Refused(const std::string& op, int status, const std::string& code);
  void Say(const std::string& line);

  /// The request and answer that were logged for a document.
  const std::string& request(const base::Uuid& id) const;
  const std::string& answer(const base::Uuid& id) const;

  /// Fills the tables from the entries. Once; further entries need another Write.
  /// `before_effects` may change what the entries say before other tables follow from them.
  void Write(const std::function<void()>& before_effects = {});
  /// Opens a transaction in a session that stays, and waits until it is worth telling.
  void LeaveOpen();
  /// A statement with $1 tenant and, where it has them, $2 document and $3 text.
  void Run(const pg::Query& query, const base::Uuid& document = {}, const std::string& text = {});
  /// Writes the logs and checks.
  Report Check(const std::function<void(const char*)>& on_step = {});

  base::Uuid tenant;
  std::string expect_parked;  // a JSON list
  int64_t now = 1'000'000;    // microseconds
  const base::Uuid& first_sale() const { return first_sale_; }
  const std::string& folder() const { return folder_; }

 private:
  struct Till {
    base::Uuid id, store, journal, device;
    int64_t number = 0, receipt = 0, total = 0;
    journal::Hash hash{};
  };
  struct Recorded {
    base::Uuid journal, document;
    int64_t number, lines;
    std::string kind, payload, hash;
    std::string signature = {};
    bool is_held = false;
    bool is_released = false;
  };
  struct Told {
    base::Uuid id;
    std::string kind, request, answer;
  };

  void TradeOffline();
  const Told& ToldOf(const base::Uuid& id) const;
  void Tell(const std::string& kind, const base::Uuid& id, const std::string& request,
            const std::string& answer);
  void WriteEntries(pg::Pool& pool, size_t from, size_t to);
  void WriteHeads(pg::Pool& pool);
  void WriteOwned(pg::Pool& pool);
  void WritePlaces(pg::Pool& pool);
  std::string RunFileText() const;

  base::RandomIdSource ids_;
  std::string folder_;
  std::vector<base::Uuid> stores_;
  std::vector<Till> tills_;
  base::Uuid mug_, tea_, post_, operator_, tax_added_, tax_inside_;
  std::vector<Recorded> recorded_;
  std::vector<Told> told_;
  std::map<base::Uuid, std::pair<size_t, journal::SaleEntry>> sold_;
  std::ofstream log_, book_;
  pg_conn* open_session_ = nullptr;
  token::DeviceKey key_ = token::DeviceKey::Generate();
  base::Uuid first_sale_;
  bool is_large_ = false;
};

}  // namespace cloudpos::chaos
