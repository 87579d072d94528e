// I21: all work is done. Nothing is parked but what the run poisoned, every consumer has passed the
// tenant's last event, and no session holds a transaction open.

#include <algorithm>
#include <optional>
#include <thread>
#include <tuple>

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "tests/chaos/check/checks.h"

namespace cloudpos::chaos {
namespace {

constexpr Query kLast{"last_events", R"sql(
  (SELECT 'auth', generation, txid::text, seq FROM auth.outbox WHERE tenant_id = $1::uuid
   ORDER BY generation DESC, txid DESC, seq DESC LIMIT 1)
  UNION ALL
  (SELECT 'inventory', generation, txid::text, seq FROM inventory.outbox
   WHERE tenant_id = $1::uuid ORDER BY generation DESC, txid DESC, seq DESC LIMIT 1)
  UNION ALL
  (SELECT 'transaction', generation, txid::text, seq FROM transaction.outbox
   WHERE tenant_id = $1::uuid ORDER BY generation DESC, txid DESC, seq DESC LIMIT 1))sql"};

constexpr Query kCursors{"cursors", R"sql(
  SELECT 'auth', name, cursor FROM auth.consumer_cursors
  UNION ALL SELECT 'inventory', name, cursor FROM inventory.consumer_cursors
  UNION ALL SELECT 'reporting', name, cursor FROM reporting.consumer_cursors
  UNION ALL SELECT 'transaction', name, cursor FROM transaction.consumer_cursors)sql"};

// A schema with a log of its own that the statements here do not know would go unchecked.
constexpr Query kUnknown{"schemas", R"sql(
  SELECT schemaname FROM pg_tables WHERE tablename = 'consumer_cursors'
    AND schemaname NOT IN ('auth', 'inventory', 'reporting', 'transaction'))sql"};

// Between two statements of a transaction a session is idle in it for an instant.
constexpr Query kOpen{"open_transactions", R"sql(
  SELECT coalesce(application_name, ''), state,
    (extract(epoch FROM clock_timestamp() - state_change) * 1000)::bigint
  FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND state LIKE 'idle in transaction%' AND clock_timestamp() - state_change > interval '2 s'
  UNION ALL
  SELECT gid, 'prepared', (extract(epoch FROM clock_timestamp() - prepared) * 1000)::bigint
  FROM pg_prepared_xacts WHERE database = current_database())sql"};

constexpr Query kSessions{"sessions", R"sql(
  SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())sql"};

/// Who reads whose log.
constexpr std::pair<const char*, const char*> kReaders[] = {
    {"auth", "inventory"},        {"auth", "transaction"},    {"inventory", "auth"},
    {"inventory", "transaction"}, {"transaction", "auth"},    {"transaction", "inventory"},
    {"reporting", "auth"},        {"reporting", "inventory"}, {"reporting", "transaction"}};

/// (generation, txid, seq)
using Position = std::tuple<int64_t, uint64_t, int64_t>;

/// One byte of version, generation (4 bytes), txid (8), seq (8), tag (8), four bytes of SHA-256.
std::optional<Position> PositionOf(std::string_view cursor) {
  constexpr size_t kBody = 29;
  if (cursor.size() != kBody + 4 || cursor[0] != 1 ||
      base::Sha256(cursor.substr(0, kBody)).substr(0, 4) != cursor.substr(kBody)) {
    return std::nullopt;
  }
  const auto number = [cursor](size_t at, size_t bytes) {
    uint64_t value = 0;
    for (const char c : cursor.substr(at, bytes)) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  };
  return Position{static_cast<int64_t>(number(1, 4)), number(5, 8),
                  static_cast<int64_t>(number(13, 8))};
}

std::string Told(const Position& position) {
  return std::to_string(std::get<0>(position)) + "/" + std::to_string(std::get<1>(position)) + "/" +
         std::to_string(std::get<2>(position));
}

struct Reader {
  std::string who;
  std::optional<Position> last;    // of the tenant's events; none: it has nothing to read
  std::optional<Position> cursor;  // none: missing, or it cannot be read

  bool is_behind() const { return last && (!cursor || *cursor < *last); }
};

absl::StatusOr<std::vector<Reader>> ReadCursors(Database* database) {
  std::map<std::string, Position> last;
  CLOUDPOS_RETURN_IF_ERROR(database->Read(kLast, [&last](const Row& row) {
    uint64_t txid = 0;
    for (const char c : row.Text(2)) txid = txid * 10 + static_cast<uint64_t>(c - '0');
    last[std::string(row.Text(0))] = {row.Int(1), txid, row.Int(3)};
  }));
  std::map<std::pair<std::string, std::string>, std::optional<Position>> cursors;
  CLOUDPOS_RETURN_IF_ERROR(database->Read(kCursors, [&cursors](const Row& row) {
    cursors[{std::string(row.Text(0)), std::string(row.Text(1))}] = PositionOf(row.Text(2));
  }));
  std::vector<Reader> readers;
  for (const auto& [consumer, producer] : kReaders) {
    Reader& reader = readers.emplace_back();
    reader.who = std::string(consumer) + "'s cursor in " + producer + "'s log";
    if (const auto end = last.find(producer); end != last.end()) reader.last = end->second;
    const auto cursor = cursors.find({consumer, producer});
    if (cursor != cursors.end()) reader.cursor = cursor->second;
  }
  return readers;
}

absl::Status CheckCursors(const Evidence& e) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<Reader> readers, ReadCursors(e.database));
  for (const Reader& reader : readers) {
    if (!reader.last) continue;
    e.report->Compared(Rule::kQuiet, 1);
    if (!reader.is_behind()) continue;
    e.report->Broken(Rule::kQuiet,
                     reader.who +
                         (reader.cursor ? " stands at " + Told(*reader.cursor)
                                        : std::string(" is missing or cannot be read")) +
                         ", the last event is " + Told(*reader.last));
  }
  return absl::OkStatus();
}

void CheckParked(const Evidence& e) {
  std::set<std::string> missing = e.run.expect_parked;
  for (const auto& [consumer, ids] : e.books->parked) {
    for (const std::string& id : ids) {
      e.report->Compared(Rule::kQuiet, 1);
      missing.erase(id);
      if (e.run.expect_parked.contains(id)) continue;
      e.report->Broken(Rule::kQuiet, consumer + " has parked an event of " + id);
    }
  }
  for (const std::string& id : missing) {
    e.report->Compared(Rule::kQuiet, 1);
    e.report->Broken(Rule::kQuiet, "the unreadable event of " + id + " is parked by nobody");
  }
}

}  // namespace

absl::Status AwaitQuiet(const std::string& dsn, const base::Uuid& tenant,
                        std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kPause{100};
  for (auto waited = kPause; waited <= patience; waited += kPause) {
    // A snapshot of its own each time.
    CLOUDPOS_ASSIGN_OR_RETURN(const auto database, Database::Open(dsn, tenant));
    CLOUDPOS_ASSIGN_OR_RETURN(const std::vector<Reader> readers, ReadCursors(database.get()));
    const bool is_quiet = std::none_of(readers.begin(), readers.end(),
                                       [](const Reader& reader) { return reader.is_behind(); });
    if (is_quiet) break;
    std::this_thread::sleep_for(kPause);
  }
  return absl::OkStatus();
}

absl::Status CheckQuiet(const Evidence& e) {
  CheckParked(e);
  CLOUDPOS_RETURN_IF_ERROR(CheckCursors(e));
  CLOUDPOS_RETURN_IF_ERROR(e.database->Read(kUnknown, [&e](const Row& row) {
    e.report->Broken(Rule::kQuiet, "schema " + std::string(row.Text(0)) +
                                       " reads events, and this check does not know of it");
  }));
  CLOUDPOS_RETURN_IF_ERROR(e.database->Read(kSessions, [&e](const Row& row) {
    e.report->Compared(Rule::kQuiet, static_cast<uint64_t>(row.Int(0)));
  }));
  return e.database->Read(kOpen, [&e](const Row& row) {
    e.report->Broken(Rule::kQuiet, "a session of " + std::string(row.Text(0)) + " is " +
                                       std::string(row.Text(1)) + " for " +
                                       std::to_string(row.Int(2)) + " ms");
  });
}

}  // namespace cloudpos::chaos
