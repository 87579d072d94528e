// Sessions, refresh tokens and revocations.

#include "services/auth/store_sessions.h"

#include "services/auth/store_rows.h"

namespace cloudpos::auth {
namespace {

Session ToSession(const pg::Row& row) {
  return {.tenant_id = row.Get<base::Uuid>("tenant_id"),
          .session_id = row.Get<base::Uuid>("session_id"),
          .staff_id = row.Get<base::Uuid>("staff_id"),
          .created_at = row.Get<absl::Time>("created_at"),
          .last_used_at = row.Get<absl::Time>("last_used_at"),
          .expires_at = row.Get<absl::Time>("expires_at"),
          .client_ip = row.Get<std::string>("client_ip"),
          .user_agent = row.Get<std::string>("user_agent")};
}

constexpr pg::Query kInsertSession{"insert_session", R"sql(
  INSERT INTO auth.sessions (tenant_id, session_id, staff_id, created_at, last_used_at, expires_at,
    client_ip, user_agent)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};

constexpr pg::Query kInsertRefreshToken{"insert_refresh_token", R"sql(
  INSERT INTO auth.refresh_tokens (tenant_id, token_hash, session_id) VALUES ($1, $2, $3))sql"};

// now() is the time this transaction began, by the database's own clock, as is used_at: a token
// used after that was still good when this call arrived.
constexpr pg::Query kSelectRefreshForUpdate{"select_refresh_for_update", R"sql(
  SELECT s.tenant_id, s.session_id, s.staff_id, s.created_at, s.last_used_at, s.expires_at,
    s.client_ip, s.user_agent, s.revoked_at IS NOT NULL AS revoked,
    r.used_at IS NOT NULL AS used, coalesce(r.used_at > now(), false) AS raced
  FROM auth.refresh_tokens r
  JOIN auth.sessions s ON s.tenant_id = r.tenant_id AND s.session_id = r.session_id
  WHERE r.tenant_id = $1 AND r.token_hash = $2
  FOR UPDATE)sql"};

constexpr pg::Query kUseRefreshToken{"use_refresh_token", R"sql(
  UPDATE auth.refresh_tokens SET used_at = clock_timestamp()
  WHERE tenant_id = $1 AND token_hash = $2)sql"};

constexpr pg::Query kTouchSession{"touch_session", R"sql(
  UPDATE auth.sessions SET last_used_at = $3 WHERE tenant_id = $1 AND session_id = $2)sql"};

constexpr pg::Query kEndSessions{"end_sessions", R"sql(
  WITH ended AS (
    UPDATE auth.sessions SET revoked_at = $5, revoke_reason = $6
    WHERE tenant_id = $1 AND staff_id = $2 AND revoked_at IS NULL
      AND ($3::uuid IS NULL OR session_id = $3) AND ($4::uuid IS NULL OR session_id <> $4)
    RETURNING session_id)
  INSERT INTO auth.revocations (tenant_id, kind, ref_id, not_before, expires_at)
  SELECT $1, 'session', session_id, $5, $7 FROM ended
  ON CONFLICT (tenant_id, kind, ref_id) DO NOTHING)sql"};

// A token issued after an earlier change of the same second says it was issued at that not_before:
// a further change must go beyond it.
constexpr pg::Query kRaiseNotBefore{"raise_not_before", R"sql(
  WITH raised AS (
    UPDATE auth.staff SET not_before = greatest(not_before + interval '1 second', $3)
    WHERE tenant_id = $1 AND staff_id = ANY ($2::uuid[])
    RETURNING staff_id, not_before)
  INSERT INTO auth.revocations (tenant_id, kind, ref_id, not_before, expires_at)
  SELECT $1, 'subject', staff_id, not_before, $4 FROM raised
  ON CONFLICT (tenant_id, kind, ref_id) DO UPDATE
  SET not_before = greatest(revocations.not_before, excluded.not_before),
      expires_at = greatest(revocations.expires_at, excluded.expires_at))sql"};

constexpr pg::Query kSessionExists{"session_exists", R"sql(
  SELECT session_id FROM auth.sessions
  WHERE tenant_id = $1 AND staff_id = $2 AND session_id = $3)sql"};

constexpr pg::Query kSelectSessions{"select_sessions", R"sql(
  SELECT tenant_id, session_id, staff_id, created_at, last_used_at, expires_at, client_ip,
    user_agent
  FROM auth.sessions
  WHERE tenant_id = $1 AND staff_id = $2 AND revoked_at IS NULL AND expires_at > $3
    AND ($4::timestamptz IS NULL OR (created_at, session_id) < ($4, $5::uuid))
  ORDER BY created_at DESC, session_id DESC LIMIT $6)sql"};

constexpr pg::Query kSelectRevocations{"select_revocations", R"sql(
  SELECT kind, ref_id, not_before FROM auth.revocations WHERE expires_at > $1)sql"};

constexpr pg::Query kDeleteExpiredSessions{"delete_expired_sessions", R"sql(
  DELETE FROM auth.sessions s USING (
    SELECT tenant_id, session_id FROM auth.sessions
    WHERE expires_at <= $1 LIMIT $2) gone
  WHERE s.tenant_id = gone.tenant_id AND s.session_id = gone.session_id)sql"};

constexpr pg::Query kDeleteExpiredRevocations{"delete_expired_revocations", R"sql(
  DELETE FROM auth.revocations WHERE expires_at <= $1)sql"};

constexpr pg::Query kDeleteOldFailures{"delete_old_failures", R"sql(
  DELETE FROM auth.login_failures WHERE last_failed_at <= $1)sql"};

// Failures are forgotten after a day (LockoutRules::memory); two leave room for another setting.
constexpr absl::Duration kFailuresKept = absl::Hours(48);

}  // namespace

absl::Status InsertSession(pg::Tx& tx, const Session& session) {
  return tx
      .Exec(kInsertSession, session.tenant_id, session.session_id, session.staff_id,
            session.created_at, session.last_used_at, session.expires_at, session.client_ip,
            session.user_agent)
      .status();
}

absl::Status InsertRefreshToken(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& session,
                                const std::string& token_hash) {
  return tx.Exec(kInsertRefreshToken, tenant, pg::Bytes{token_hash}, session).status();
}

absl::StatusOr<std::optional<RefreshRow>> SelectRefreshForUpdate(pg::Tx& tx,
                                                                 const RefreshToken& token) {
  return One<RefreshRow>(
      tx.Exec(kSelectRefreshForUpdate, token.tenant, pg::Bytes{token.hash}),
      [](const pg::Row& row) {
        RefreshRow refresh{.state = {}, .session = ToSession(row)};
        refresh.state = {.found = true,
                         .used = row.Get<bool>("used"),
                         .raced = row.Get<bool>("raced"),
                         .session_revoked = row.Get<bool>("revoked"),
                         .session_expires_at = refresh.session.expires_at,
                         .session_last_used_at = refresh.session.last_used_at};
        return refresh;
      });
}

absl::Status UseRefreshToken(pg::Tx& tx, const RefreshToken& token) {
  return tx.Exec(kUseRefreshToken, token.tenant, pg::Bytes{token.hash}).status();
}

absl::Status TouchSession(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& session,
                          absl::Time now) {
  return tx.Exec(kTouchSession, tenant, session, now).status();
}

absl::StatusOr<int> EndSessions(pg::Tx& tx, const SessionsToEnd& which, absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kEndSessions, which.tenant, which.staff, which.only,
                                    which.except, now, which.reason, now + kRevocationLife));
  return static_cast<int>(rows.affected());
}

absl::Status RaiseNotBefore(pg::Tx& tx, const base::Uuid& tenant,
                            const std::vector<base::Uuid>& staff, absl::Time now) {
  if (staff.empty()) return absl::OkStatus();
  return tx.Exec(kRaiseNotBefore, tenant, staff, NotBeforeFor(now), now + kRevocationLife)
      .status();
}

absl::StatusOr<bool> SessionExists(pg::Tx& tx, const base::Uuid& tenant, const base::Uuid& staff,
                                   const base::Uuid& session) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows,
                            tx.Exec(kSessionExists, tenant, staff, session));
  return !rows.empty();
}

absl::StatusOr<std::vector<Session>> SelectSessions(pg::Tx& tx, const base::Uuid& tenant,
                                                    const base::Uuid& staff, absl::Time now,
                                                    const std::optional<SessionPosition>& after,
                                                    int limit) {
  std::optional<absl::Time> after_time;
  std::optional<base::Uuid> after_id;
  if (after) {
    after_time = after->created_at;
    after_id = after->session_id;
  }
  return Many<Session>(tx.Exec(kSelectSessions, tenant, staff, now, after_time, after_id, limit),
                       ToSession);
}

absl::StatusOr<token::Revocations> SelectRevocations(pg::Pool& pool, absl::Time now) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result rows, pool.Exec({}, kSelectRevocations, now));
  token::Revocations revocations;
  for (const pg::Row row : rows) {
    const base::Uuid id = row.Get<base::Uuid>("ref_id");
    if (row.Get<std::string>("kind") == "session") {
      revocations.sessions.push_back(id);
    } else {
      revocations.subjects.push_back(
          {.subject = id, .not_before = row.Get<absl::Time>("not_before")});
    }
  }
  return revocations;
}

absl::StatusOr<size_t> DeleteExpired(pg::Pool& pool, absl::Time now, int limit) {
  CLOUDPOS_ASSIGN_OR_RETURN(const pg::Result sessions,
                            pool.Exec({}, kDeleteExpiredSessions, now, limit));
  CLOUDPOS_RETURN_IF_ERROR(pool.Exec({}, kDeleteExpiredRevocations, now).status());
  CLOUDPOS_RETURN_IF_ERROR(pool.Exec({}, kDeleteOldFailures, now - kFailuresKept).status());
  return sessions.affected();
}

}  // namespace cloudpos::auth
