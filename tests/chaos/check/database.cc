#include "tests/chaos/check/database.h"

#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "libs/base/status_macros.h"

namespace cloudpos::chaos {
namespace {

constexpr int kBinary = 1;
/// From 2000-01-01, where PostgreSQL's clock begins, back to 1970.
constexpr int64_t kEpochMicros = 946'684'800'000'000;

/// For plans that read whole tables: hash joins rather than a look-up per row, and no compilation.
constexpr const char* kSettings =
    "SET enable_nestloop = off; SET work_mem = '256MB'; SET jit = off;"
    "SET random_page_cost = 1.1; SET cursor_tuple_fraction = 1; SET statement_timeout = 0;"
    "SET idle_in_transaction_session_timeout = 0; SET timezone = 'UTC'";

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

uint64_t BigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

[[noreturn]] void BadColumn(int column) {
  std::fprintf(stderr, "column %d is of another type than it is read as\n", column);
  std::abort();
}

absl::Status Failure(PGconn* connection, const char* what) {
  return absl::UnavailableError(std::string(what) + ": " + PQerrorMessage(connection));
}

}  // namespace

std::string_view Row::Bytes(int column) const {
  return {PQgetvalue(result_, row_, column),
          static_cast<size_t>(PQgetlength(result_, row_, column))};
}

bool Row::IsNull(int column) const { return PQgetisnull(result_, row_, column) != 0; }

base::Uuid Row::Id(int column) const {
  if (IsNull(column)) return {};
  const std::string_view bytes = Bytes(column);
  std::array<uint8_t, 16> id{};
  if (bytes.size() != id.size()) BadColumn(column);
  std::memcpy(id.data(), bytes.data(), id.size());
  return base::Uuid(id);
}

int64_t Row::Int(int column) const {
  if (IsNull(column)) return 0;
  const std::string_view bytes = Bytes(column);
  const uint64_t value = BigEndian(bytes);
  switch (bytes.size()) {
    case 2:
      return static_cast<int16_t>(value);
    case 4:
      return static_cast<int32_t>(value);
    case 8:
      return static_cast<int64_t>(value);
    default:
      BadColumn(column);
  }
}

bool Row::Bool(int column) const {
  const std::string_view bytes = Bytes(column);
  if (bytes.size() > 1) BadColumn(column);
  return !bytes.empty() && bytes[0] != 0;
}

std::string_view Row::Text(int column) const { return Bytes(column); }

int64_t Row::Micros(int column) const { return IsNull(column) ? 0 : Int(column) + kEpochMicros; }

Database::Database(pg_conn* connection, const base::Uuid& tenant)
    : connection_(connection), tenant_(tenant.ToString()) {}

Database::~Database() { PQfinish(connection_); }

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& dsn,
                                                         const base::Uuid& tenant) {
  std::unique_ptr<Database> database(new Database(PQconnectdb(dsn.c_str()), tenant));
  PGconn* const connection = database->connection_;
  if (PQstatus(connection) != CONNECTION_OK) return Failure(connection, "connecting");
  CLOUDPOS_RETURN_IF_ERROR(database->Run("SET application_name = 'chaos-check'"));
  CLOUDPOS_RETURN_IF_ERROR(database->Run(kSettings));
  CLOUDPOS_RETURN_IF_ERROR(database->Run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  return database;
}

absl::Status Database::Run(const char* sql) {
  const Result result(PQexec(connection_, sql));
  const ExecStatusType status = PQresultStatus(result.get());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? absl::OkStatus()
                                                                 : Failure(connection_, sql);
}

absl::Status Database::Stream(const Query& query, const OnRow& on_row) {
  return StreamWith(query, nullptr, on_row);
}

absl::Status Database::StreamInOrder(const Query& query, const OnRow& on_row) {
  CLOUDPOS_RETURN_IF_ERROR(Run("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off"));
  CLOUDPOS_RETURN_IF_ERROR(StreamWith(query, nullptr, on_row));
  return Run("SET LOCAL enable_sort = on; SET LOCAL enable_seqscan = on");
}

absl::Status Database::StreamOnly(const Query& query, const std::vector<base::Uuid>& ids,
                                  const OnRow& on_row) {
  std::string list = "{";
  for (const base::Uuid& id : ids) list += (list.size() > 1 ? "," : "") + id.ToString();
  return StreamWith(query, (list + "}").c_str(), on_row);
}

absl::Status Database::StreamWith(const Query& query, const char* ids, const OnRow& on_row) {
  const std::string declare = std::string("DECLARE rows NO SCROLL CURSOR FOR ") + query.sql;
  const bool has_ids = std::strstr(query.sql, "$2") != nullptr;
  const char* values[] = {tenant_.c_str(), ids};
  const Result opened(PQexecParams(connection_, declare.c_str(), has_ids ? 2 : 1, nullptr, values,
                                   nullptr, nullptr, kBinary));
  if (PQresultStatus(opened.get()) != PGRES_COMMAND_OK) return Failure(connection_, query.name);
  while (true) {
    const Result page(PQexecParams(connection_, "FETCH 4000 FROM rows", 0, nullptr, nullptr,
                                   nullptr, nullptr, kBinary));
    if (PQresultStatus(page.get()) != PGRES_TUPLES_OK) return Failure(connection_, query.name);
    const int rows = PQntuples(page.get());
    if (rows == 0) break;
    for (int i = 0; i < rows; ++i) on_row(Row(page.get(), i));
  }
  return Run("CLOSE rows");
}

absl::Status Database::Read(const Query& query, const OnRow& on_row) {
  const char* values[] = {tenant_.c_str()};
  const bool has_tenant = std::strstr(query.sql, "$1") != nullptr;
  const Result result(PQexecParams(connection_, query.sql, has_tenant ? 1 : 0, nullptr, values,
                                   nullptr, nullptr, kBinary));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return Failure(connection_, query.name);
  for (int i = 0; i < PQntuples(result.get()); ++i) on_row(Row(result.get(), i));
  return absl::OkStatus();
}

}  // namespace cloudpos::chaos
