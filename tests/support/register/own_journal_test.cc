#include "tests/support/register/own_journal.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace cloudpos::register_sim {
namespace {

const OwnJournal::Ids kIds{.register_id = "0190a8a1-0000-7000-8000-000000000001",
                           .device = "0190a8a1-0000-7000-8000-000000000002"};

class Folder {
 public:
  Folder() : path_((std::filesystem::temp_directory_path() / "register-XXXXXX").string()) {
    REQUIRE(mkdtemp(path_.data()) != nullptr);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

journal::SaleEntry Sale(const std::string& id, int64_t total) {
  journal::SaleEntry entry;
  entry.business_date = entry.posting_date = "2026-01-05";
  entry.currency = "GBP";
  entry.kind = journal::kKindSale;
  entry.occurred_at_us = 1'767'600'000'000'000;
  entry.sale_id = id;
  entry.store = entry.tenant = entry.register_id = "x";
  entry.lines.resize(1);
  entry.lines[0].line_no = 1;
  entry.lines[0].quantity_milli = 1000;
  entry.lines[0].sku = entry.lines[0].variant_id = "v";
  entry.totals.total = total;
  return entry;
}

OwnJournal Opened(const Folder& folder, const token::DeviceKey& key) {
  auto own = OwnJournal::Open(Disk(folder.path()), kIds, key);
  INFO(own.status());
  REQUIRE(own.ok());
  return *std::move(own);
}

void Append(OwnJournal* own, int from, int to) {
  for (int i = from; i <= to; ++i) {
    journal::SaleEntry entry = Sale("sale " + std::to_string(i), i);
    REQUIRE(own->Append(&entry).ok());
    CHECK(entry.n == own->current().head().n);
  }
}

/// Every entry follows on the one before it and carries the key's signature.
void CheckChain(const Chain& chain, const token::DeviceKey& key) {
  Position position = chain.base;
  for (const KeptEntry& kept : chain.entries) {
    journal::SaleEntry entry;
    REQUIRE(journal::ParseEntry(kept.payload, &entry).ok());
    REQUIRE(entry.n == position.n + 1);
    REQUIRE(entry.receipt_no == position.receipt_no + 1);
    REQUIRE(entry.grand_total == position.grand_total + entry.totals.total);
    REQUIRE(entry.journal == chain.journal_id);
    REQUIRE(kept.after.hash ==
            journal::ChainHash(static_cast<uint64_t>(entry.n), position.hash, kept.payload));
    REQUIRE(token::VerifyP256(key.public_point(), BytesOf(kept.after.hash), kept.signature));
    position = kept.after;
  }
}

}  // namespace

TEST_CASE("OwnJournal: everything is there again after switching off", "[register]") {
  const Folder folder;
  const auto key = token::DeviceKey::Generate();
  Position head;
  {
    OwnJournal own = Opened(folder, key);
    Append(&own, 1, 5);
    REQUIRE(own.SetProven(1, 3).ok());
    head = own.current().head();
  }
  const OwnJournal own = Opened(folder, key);
  CHECK(own.current().head().hash == head.hash);
  CHECK(own.current().head().grand_total == 15);
  CHECK(own.current().recorded == 3);
  CheckChain(own.current(), key);
}

TEST_CASE("OwnJournal: a line that was torn never happened", "[register]") {
  const Folder folder;
  const auto key = token::DeviceKey::Generate();
  {
    OwnJournal own = Opened(folder, key);
    Append(&own, 1, 3);
  }
  const std::string file = folder.path() + "/journal.log";
  const auto size = std::filesystem::file_size(file);
  std::filesystem::resize_file(file, size - 7);
  OwnJournal own = Opened(folder, key);
  CHECK(own.current().head().n == 2);
  Append(&own, 3, 4);
  CheckChain(own.current(), key);
  CHECK(Opened(folder, key).current().head().n == 4);
}

TEST_CASE("OwnJournal: adopting the server's entry changes what follows, not what came before",
          "[register]") {
  const Folder folder;
  const auto key = token::DeviceKey::Generate();
  OwnJournal own = Opened(folder, key);
  Append(&own, 1, 5);
  const Position second = *own.current().At(2);
  const journal::Hash last = own.current().head().hash;
  // As the server has entry 3: the same sale at another time.
  journal::SaleEntry servers;
  REQUIRE(journal::ParseEntry(own.current().Entry(3)->payload, &servers).ok());
  servers.occurred_at_us += 1;
  std::string payload;
  REQUIRE(journal::EncodeEntry(servers, &payload).ok());
  const auto changed = own.Adopt(1, payload);
  REQUIRE(changed.ok());
  CHECK(changed->size() == 3);
  CHECK(own.current().At(2)->hash == second.hash);
  CHECK(own.current().Entry(3)->payload == payload);
  CHECK(own.current().head().hash != last);
  CHECK(own.current().recorded == 3);
  CheckChain(own.current(), key);
  CheckChain(Opened(folder, key).current(), key);
}

TEST_CASE("OwnJournal: a fork moves the sales that are only here to the next generation",
          "[register]") {
  const Folder folder;
  const auto key = token::DeviceKey::Generate();
  OwnJournal own = Opened(folder, key);
  Append(&own, 1, 5);
  REQUIRE(own.SetProven(1, 3).ok());
  const auto moved = own.Reissue(1, 4);
  REQUIRE(moved.ok());
  REQUIRE(moved->size() == 2);
  CHECK((*moved)[0].sale_id == "sale 4");
  CHECK((*moved)[0].n == 1);
  CHECK((*moved)[1].grand_total == 9);
  CHECK(own.chain(1).head().n == 3);
  CHECK(own.generation() == 2);
  Append(&own, 6, 6);
  CHECK(own.current().head().n == 3);
  CheckChain(own.chain(1), key);
  CheckChain(own.chain(2), key);
  // Again, from the first entry of all.
  REQUIRE(own.Reissue(2, 1)->size() == 3);
  CHECK(own.generation() == 3);
  CHECK(own.chain(2).head().n == 0);
  const OwnJournal again = Opened(folder, key);
  CHECK(again.current().head().hash == own.current().head().hash);
  CheckChain(again.current(), key);
}

TEST_CASE("OwnJournal: lets go only of what the server has", "[register]") {
  const Folder folder;
  const auto key = token::DeviceKey::Generate();
  OwnJournal own = Opened(folder, key);
  Append(&own, 1, 5);
  REQUIRE(own.SetProven(1, 3).ok());
  REQUIRE(own.Drop(1, 9).ok());
  CHECK(own.current().base.n == 3);
  CHECK(own.current().entries.size() == 2);
  CHECK(own.current().Entry(3) == nullptr);
  CheckChain(own.current(), key);
  Append(&own, 6, 6);
  const OwnJournal again = Opened(folder, key);
  CHECK(again.current().base.n == 3);
  CHECK(again.current().head().hash == own.current().head().hash);
}

TEST_CASE("OwnJournal: keeps only what follows on", "[register]") {
  const Folder folder;
  const auto key = token::DeviceKey::Generate();
  OwnJournal own = Opened(folder, key);
  Append(&own, 1, 2);
  const Position before = own.current().head();
  journal::SaleEntry next = Sale("sale 3", 3);
  next.journal = own.JournalId(1);
  next.generation = 1;
  next.n = 3;
  next.receipt_no = 3;
  next.grand_total = 6;
  std::string payload;
  REQUIRE(journal::EncodeEntry(next, &payload).ok());
  const journal::Hash hash = journal::ChainHash(3, before.hash, payload);
  CHECK(!own.Keep(1, payload, before.hash).ok());
  REQUIRE(own.Keep(1, payload, hash).ok());
  CHECK(own.current().recorded == 3);
  CHECK(!own.Keep(1, payload, hash).ok());
  REQUIRE(own.GoOnFrom(1, {.n = 9, .receipt_no = 8, .grand_total = 7, .hash = hash}).ok());
  Append(&own, 10, 10);
  CheckChain(own.current(), key);
  CHECK(own.current().head().n == 10);
}

}  // namespace cloudpos::register_sim
