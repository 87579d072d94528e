#pragma once

// A register for tests: keeps a journal of its own, signs it, and uploads it.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cloudpos/transaction/v1/journal.pb.h"
#include "libs/token/device_key.h"
#include "services/transaction/domain/document.h"
#include "services/transaction/upload_handler.h"
#include "services/transaction/world_test.h"

namespace cloudpos::transaction {

class Till {
 public:
  using Change = std::function<void(journal::SaleEntry*)>;

  /// Enrols a device on `reg` and hires a cashier with every right.
  Till(World& world, const base::Uuid& reg, std::string code = "D1", int generation = 1,
       std::string series = "SALES");

  /// The same device with the first `keep` entries of its journal alone (a disk restored), or in a
  /// generation of its own (a disk lost).
  Till(const Till& other, int64_t keep, int its_generation);

  /// Writes a sale of one mug and two teas for cash into the journal; `change` may bend it before
  /// it is hashed. Answers its number.
  int64_t Sell(const Change& change = {});
  /// The same with prices worked out from `lines`.
  int64_t SellBasket(const BasketInput& basket, const Change& change = {});
  /// Takes back `quantity_milli` of line 1 of the sale with number `n`.
  int64_t Return(int64_t n, int64_t quantity_milli, const Change& change = {});
  /// An entry without lines: NO_SALE, VOID ...
  int64_t Note(std::string_view kind, const Change& change = {});
  /// Encodes, chains and signs `entry` as the next one.
  int64_t Append(journal::SaleEntry entry, const Change& change = {});

  /// Entries from..to (0: all there are).
  v1::UploadJournalRequest Request(int64_t from = 1, int64_t to = 0) const;
  absl::Status Send(const v1::UploadJournalRequest& request, v1::UploadJournalResponse* response);
  /// Uploads everything from `from` on and answers the results; must succeed.
  v1::UploadJournalResponse Upload(int64_t from = 1);
  /// What `change` makes of one sale: its result.
  v1::UploadResult UploadSale(const Change& change = {});

  /// The device's own token: upload for its store.
  testing::TestCall Call() const;
  /// Puts the device into the read model as it is.
  void Announce();
  /// Fetches the catalogue; done once by itself.
  void Fetch();

  struct Kept {
    journal::SaleEntry entry;
    std::string payload;
    journal::Hash hash;
    std::string signature;
  };
  const Kept& kept(int64_t n) const { return file_[static_cast<size_t>(n) - 1]; }
  /// The server's entry takes the place of the one at its number; all after it are dropped.
  void Adopt(const v1::UploadResult& superseded);

  World& world;
  UploadHandler uploads;
  token::DeviceKey key = token::DeviceKey::Generate();
  base::Uuid device;
  base::Uuid reg;
  base::Uuid journal;
  base::Uuid cashier;
  std::string code;
  int generation;
  std::string series;
  int64_t version = 0;
  std::optional<absl::Time> revoked_at;

 private:
  Head HeadBefore(int64_t n) const;
  journal::SaleEntry Start(std::string_view kind) const;

  std::vector<Kept> file_;
  ReadModel::Variants goods_;  // as it fetched them last
};

/// Lets somebody have `permissions` everywhere since `since`.
void Hire(World& world, const base::Uuid& staff,
          std::initializer_list<token::Permission> permissions,
          absl::Time since = absl::UnixEpoch(), absl::Time created = absl::UnixEpoch(),
          bool active = true);

}  // namespace cloudpos::transaction
