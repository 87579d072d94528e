#pragma once

// A thin layer on libpqxx: a bounded pool, named statements with parameters only, one transaction
// helper, and one place where SQLSTATE becomes absl::Status (sqlstate.cc).
//
//   constexpr pg::Query kSelectStore{"select_store", R"sql(
//     SELECT name, time_zone FROM auth.stores WHERE tenant_id = $1 AND store_id = $2)sql"};
//
//   CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, tx.Exec(kSelectStore, tenant, store));
//   if (rows.empty()) return base::Fail(NOT_FOUND, "no such store");
//   const auto name = rows[0].Get<std::string>("name");

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "libs/base/ids.h"

namespace pqxx {
class connection_base;
class result;
}  // namespace pqxx

namespace cloudpos::pg {

/// A statement: `name` labels metrics and the prepared statement, unique in a program.
struct Query {
  const char* name;
  const char* sql;
};

/// Bytes bound as bytea (std::string and string_view bind as text).
struct Bytes {
  std::string value;
};

/// JSON text bound as it is; a type of its own so that call sites say what they pass.
struct Json {
  std::string value;
};

/// One bound value; everything travels as text, bytea as hex. NULL for nullopt and nullptr.
class Param {
 public:
  Param(std::nullptr_t) : is_null_(true) {}
  Param(std::nullopt_t) : is_null_(true) {}
  Param(std::string_view text) : text_(text) {}
  Param(const std::string& text) : text_(text) {}
  Param(std::string&& text) : text_(std::move(text)) {}
  Param(const char* text) : text_(text) {}
  Param(bool value) : text_(value ? "t" : "f") {}
  template <typename Int>
    requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool>)
  Param(Int value) : text_(std::to_string(value)) {}
  Param(const base::Uuid& id) : text_(id.ToString()) {}
  Param(absl::Time time);
  Param(absl::CivilDay day);
  Param(const Bytes& bytes);
  Param(const Json& json) : text_(json.value) {}
  /// PostgreSQL array literals: '{...}', elements quoted and escaped as needed.
  Param(const std::vector<int64_t>& values);
  Param(const std::vector<int32_t>& values);
  Param(const std::vector<bool>& values);
  Param(const std::vector<std::string>& values);
  Param(const std::vector<base::Uuid>& values);
  Param(const std::vector<Bytes>& values);
  /// Arrays with NULL elements.
  Param(const std::vector<std::optional<std::string>>& values);
  Param(const std::vector<std::optional<int64_t>>& values);
  Param(const std::vector<std::optional<base::Uuid>>& values);
  template <typename T>
  Param(const std::optional<T>& value) : Param(value ? Param(*value) : Param(nullptr)) {}

  const char* c_str() const { return is_null_ ? nullptr : text_.c_str(); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool is_null_ = false;
};

namespace internal {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

/// Reads PostgreSQL's text form of a value; false when `text` is not one. `out` of a string_view
/// points into `text`.
bool Decode(std::string_view text, bool* out);
bool Decode(std::string_view text, int32_t* out);
bool Decode(std::string_view text, int64_t* out);
bool Decode(std::string_view text, std::string* out);
bool Decode(std::string_view text, std::string_view* out);
bool Decode(std::string_view text, base::Uuid* out);
bool Decode(std::string_view text, absl::Time* out);
bool Decode(std::string_view text, absl::CivilDay* out);
bool Decode(std::string_view text, Bytes* out);
bool Decode(std::string_view text, Json* out);
bool Decode(std::string_view text, std::vector<bool>* out);
bool Decode(std::string_view text, std::vector<int32_t>* out);
bool Decode(std::string_view text, std::vector<int64_t>* out);
bool Decode(std::string_view text, std::vector<std::string>* out);
bool Decode(std::string_view text, std::vector<base::Uuid>* out);
bool Decode(std::string_view text, std::vector<Bytes>* out);
bool Decode(std::string_view text, std::vector<std::optional<std::string>>* out);
bool Decode(std::string_view text, std::vector<std::optional<int64_t>>* out);
bool Decode(std::string_view text, std::vector<std::optional<base::Uuid>>* out);

[[noreturn]] void BadColumn(std::string_view column, const char* what);

}  // namespace internal

/// A row of a Result; valid while the Result lives. A column that does not exist or does not hold a
/// T is a bug of ours and aborts with its name. Columns are found quickest in the order selected.
class Row {
 public:
  Row(const pqxx::result* result, size_t index) : result_(result), index_(index) {}

  bool is_null(std::string_view column) const;
  /// T: bool, int32_t, int64_t, std::string, std::string_view, base::Uuid, absl::Time,
  /// absl::CivilDay, Bytes, Json, a std::vector of bool, int32_t, int64_t, std::string, base::Uuid
  /// or Bytes (without NULLs, or of std::optional of string, int64_t or Uuid), or std::optional of
  /// one of them (nullopt for NULL).
  template <typename T>
  T Get(std::string_view column) const {
    size_t size = 0;
    const char* text = Text(column, &size);
    if constexpr (internal::IsOptional<T>::value) {
      if (text == nullptr) return std::nullopt;
      typename T::value_type value{};
      if (!internal::Decode({text, size}, &value)) internal::BadColumn(column, "has another type");
      return value;
    } else {
      T value{};
      if (text == nullptr) internal::BadColumn(column, "is NULL");
      if (!internal::Decode({text, size}, &value)) internal::BadColumn(column, "has another type");
      return value;
    }
  }

 private:
  const char* Text(std::string_view column, size_t* size) const;  // nullptr for NULL
  const pqxx::result* result_;
  size_t index_;
  mutable int next_column_ = 0;  // where the search for a name begins
};

class Result {
 public:
  Result();
  explicit Result(std::shared_ptr<const pqxx::result> result);
  size_t size() const;
  bool empty() const { return size() == 0; }
  Row operator[](size_t index) const { return Row(result_.get(), index); }
  /// Rows changed by INSERT, UPDATE or DELETE.
  size_t affected() const;

  class Iterator {
   public:
    Iterator(const Result* result, size_t index) : result_(result), index_(index) {}
    Row operator*() const { return (*result_)[index_]; }
    Iterator& operator++() { ++index_; return *this; }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }
   private:
    const Result* result_;
    size_t index_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

 private:
  std::shared_ptr<const pqxx::result> result_;
};

struct PoolOptions {
  std::string dsn{};             // libpq connection string
  std::string application_name{};  // shown in pg_stat_activity
  int connections = 8;
  std::chrono::milliseconds borrow_timeout{1000};    // waiting for a free connection
  std::chrono::milliseconds statement_timeout{5000};  // upper bound for every statement
  std::chrono::milliseconds lock_timeout{2000};
};

struct CallOptions {
  /// Sets app.tenant (row-level security) for what follows; nil = no tenant (worker roles).
  base::Uuid tenant{};
  /// Work that cannot end in time is not started; statements are cut off at it.
  absl::Time deadline = absl::InfiniteFuture();
};

struct TxOptions {
  base::Uuid tenant{};
  absl::Time deadline = absl::InfiniteFuture();
  bool read_only = false;
  /// REPEATABLE READ instead of READ COMMITTED.
  bool repeatable_read = false;
  /// Serialization failures and deadlocks run the lambda again, this often at most, with jitter.
  int attempts = 4;
};

class Connection;  // internal

/// One SQL transaction. Not thread-safe; lives inside the lambda of Transact.
class Tx {
 public:
  explicit Tx(Connection* connection) : connection_(connection) {}

  template <typename... Args>
  absl::StatusOr<Result> Exec(const Query& query, const Args&... args) {
    if constexpr (sizeof...(Args) == 0) {
      return ExecParams(query, nullptr, 0);
    } else {
      const Param params[] = {Param(args)...};
      return ExecParams(query, params, sizeof...(Args));
    }
  }
  absl::StatusOr<Result> ExecParams(const Query& query, const Param* params, size_t count);
  /// Several statements without parameters (migrations only).
  absl::Status ExecScript(std::string_view sql);

 private:
  Connection* connection_;
};

/// A bounded set of connections, shared by threads. Connections are made on demand, kept, and
/// remade when lost; statements are prepared on first use per connection.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  ~Pool();

  /// One statement in autocommit: one round trip. When the connection is lost while it runs the
  /// outcome is unknown: see IsOutcomeUnknown.
  template <typename... Args>
  absl::StatusOr<Result> Exec(const CallOptions& options, const Query& query, const Args&... args) {
    if constexpr (sizeof...(Args) == 0) {
      return ExecParams(options, query, nullptr, 0);
    } else {
      const Param params[] = {Param(args)...};
      return ExecParams(options, query, params, sizeof...(Args));
    }
  }
  absl::StatusOr<Result> ExecParams(const CallOptions& options, const Query& query,
                                    const Param* params, size_t count);

  /// True when a connection can be had and answers.
  bool Ping();
  const PoolOptions& options() const;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// Runs `body` in one transaction and commits when it answers OK, else rolls back. The body may run
/// more than once: no RPC, no Redis, no clock and no log of success inside it.
absl::Status TransactRaw(Pool& pool, const TxOptions& options,
                         const std::function<absl::Status(Tx&)>& body);

/// The same for a body that answers absl::StatusOr<T>.
template <typename F>
auto Transact(Pool& pool, const TxOptions& options, F&& body) -> std::invoke_result_t<F, Tx&> {
  using Answer = std::invoke_result_t<F, Tx&>;
  if constexpr (std::is_same_v<Answer, absl::Status>) {
    return TransactRaw(pool, options, std::forward<F>(body));
  } else {
    std::optional<Answer> answer;
    absl::Status status = TransactRaw(pool, options, [&](Tx& tx) -> absl::Status {
      answer.emplace(body(tx));
      return answer->status();
    });
    if (!status.ok()) return status;
    return *std::move(answer);
  }
}

/// True when a statement or COMMIT was under way as the connection broke: it may have happened.
bool IsOutcomeUnknown(const absl::Status& status);
/// Name of the violated constraint of a 23xxx error, else empty: code switches on it.
std::string ConstraintOf(const absl::Status& status);
/// Five-character SQLSTATE behind a status, else empty.
std::string SqlStateOf(const absl::Status& status);
/// True for faults that go away by themselves (connection, resources, lock and statement timeout,
/// serialization): worth trying again for ever, unlike a poison event.
bool IsTransient(const absl::Status& status);

}  // namespace cloudpos::pg
