#pragma once

// A register as the browser will be one: it sells by POST while somebody answers and into its own
// journal while nobody does, and brings journal and server together afterwards, whichever of the
// two was set back to an earlier day.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/token/device_key.h"
#include "tests/support/register/api.h"
#include "tests/support/register/book.h"
#include "tests/support/register/disk.h"
#include "tests/support/register/own_journal.h"
#include "tests/support/register/shop.h"

namespace cloudpos::register_sim {

struct Setup {
  std::string disk;
  std::string book;
  std::string gateway;      // URL
  std::string staff_token;  // of who sells; uploads with it in place of the device's when `rescue`
  bool rescue = false;
  std::chrono::seconds patience{15};
};

/// What an upload came to.
struct Uploaded {
  std::map<std::string, int64_t> outcomes;    // RECORDED, REPLAY, ...
  std::map<std::string, int64_t> exceptions;  // PRICE, ...
  int64_t adopted = 0;   // entries that now read as the server has them, or follow such a one
  int64_t reissued = 0;  // entries that moved to a new generation
  int64_t fetched = 0;   // entries that only the server had
  int64_t resent = 0;    // the server had lost so many
};

struct Sold {
  int64_t online = 0;
  int64_t offline = 0;
};

class Register {
 public:
  static absl::StatusOr<std::unique_ptr<Register>> Open(const Setup& setup);

  /// Makes a key and gives it to the device of the code. What a journal of the device holds already
  /// is another disk's: the register then starts the next generation.
  absl::Status Enrol(const std::string& code, const std::string& operator_id);
  /// Catalogue, taxes and rounding as they are now.
  absl::Status Sync();

  struct Order {
    std::vector<BasketLine> basket;
    int64_t tendered = 0;
    bool offline = false;  // does not even try
    int retries = 0;       // of a POST without answer, under the same id
    /// Not 0: the entry states this catalogue version whatever its prices are, as after a fault.
    int64_t stated_version = 0;
  };
  absl::Status Sell(const Order& order, Sold* sold);
  absl::Status NoSale();
  /// Sends what the server lacks until both have the same.
  absl::StatusOr<Uploaded> Upload();

  const Shop& shop() const { return *shop_; }
  bool has_shop() const { return shop_.has_value(); }
  bool is_enrolled() const { return journal_.has_value(); }
  const OwnJournal& journal() const { return *journal_; }

 private:
  explicit Register(const Setup& setup, replay::HttpAddress gateway);

  absl::Status Load();
  absl::Status CatchUpBook();
  absl::StatusOr<std::string> DeviceToken();
  absl::StatusOr<std::string> UploadToken();
  absl::Status LearnPlace(const json::object& enrolled, const std::string& operator_id);
  absl::Status StartFreshGeneration();
  absl::StatusOr<json::object> Fetch(const std::string& target, const std::string& token);

  // selling (register_sell.cc)
  absl::Status SellOffline(const std::string& sale_id, const Order& order);
  absl::StatusOr<bool> SellOnline(const std::string& sale_id, const Order& order);
  absl::StatusOr<journal::SaleEntry> RingUpNow(const std::string& sale_id, const Order& order);
  absl::Status KeepRecorded(const json::object& answer);
  json::object SaleBody(const std::string& sale_id, const Order& order,
                        const journal::SaleEntry& entry) const;
  absl::Status HandOut(const std::vector<journal::SaleEntry>& entries);
  bool HasUnsent() const;

  // bringing both together (register_upload.cc)
  absl::Status UploadChain(int generation, Uploaded* uploaded);
  absl::Status SetBack(int generation, int64_t recorded);
  absl::Status SendBatch(int generation, int64_t from, Uploaded* uploaded);
  absl::Status TakeResults(int generation, const json::object& answer, Uploaded* uploaded);
  absl::Status TakeRefusal(int generation, int64_t from, const Answer& answer, Uploaded* uploaded);
  absl::Status CatchUp(int generation, const json::object& head, Uploaded* uploaded);
  absl::StatusOr<int64_t> FetchEntries(int generation, int64_t to);
  absl::StatusOr<Answer> CallUpload(int generation, int64_t from);

  Setup setup_;
  Disk disk_;
  Book book_;
  Api api_;
  base::SystemClock clock_;
  base::RandomIdSource ids_;
  std::optional<Identity> identity_;
  std::optional<token::DeviceKey> key_;
  std::optional<Shop> shop_;
  std::optional<OwnJournal> journal_;
};

}  // namespace cloudpos::register_sim
