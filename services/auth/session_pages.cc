#include "services/auth/session_pages.h"

#include "libs/base/clock.h"
#include "libs/base/page.h"

namespace cloudpos::auth {

absl::StatusOr<SessionPage> SelectSessionPage(const Deps& deps, const rpc::CallContext& ctx,
                                              const base::Uuid& staff, int32_t page_size,
                                              const std::string& page_token) {
  CLOUDPOS_ASSIGN_OR_RETURN(const int size, base::PageSize(page_size));
  const std::string list = "sessions " + staff.ToString();
  CLOUDPOS_ASSIGN_OR_RETURN(const auto key, base::ParsePageToken(page_token, list, 2));
  std::optional<SessionPosition> after;
  if (!key.empty()) {
    const auto time = base::ParseTime(key[0], "pageToken");
    const auto id = base::Uuid::Parse(key[1]);
    if (!time.ok() || !id) {
      return base::Fail(common::v1::INVALID_PAGE_TOKEN, "pageToken", "is not of this list");
    }
    after = {.created_at = *time, .session_id = *id};
  }
  SessionPage page;
  CLOUDPOS_ASSIGN_OR_RETURN(
      page.sessions, pg::Transact(*deps.pool, TxFor(ctx), [&](pg::Tx& tx) {
        return SelectSessions(tx, ctx.tenant(), staff, deps.clock->Now(), after, size + 1);
      }));
  if (page.sessions.size() > static_cast<size_t>(size)) {
    page.sessions.pop_back();
    const Session& last = page.sessions.back();
    page.next_page_token =
        base::MakePageToken(list, {base::FormatTime(last.created_at), last.session_id.ToString()});
  }
  return page;
}

}  // namespace cloudpos::auth
