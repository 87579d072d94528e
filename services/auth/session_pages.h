#pragma once

// The list of a person's live sessions, for themselves and for administrators.

#include <string>
#include <vector>

#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "services/auth/context.h"
#include "services/auth/convert.h"
#include "services/auth/store_sessions.h"

namespace cloudpos::auth {

struct SessionPage {
  std::vector<Session> sessions;
  std::string next_page_token;
};

absl::StatusOr<SessionPage> SelectSessionPage(const Deps& deps, const rpc::CallContext& ctx,
                                              const base::Uuid& staff, int32_t page_size,
                                              const std::string& page_token);

template <typename Request, typename Response>
absl::Status ListSessionsOf(const Deps& deps, const rpc::CallContext& ctx, const base::Uuid& staff,
                            const Request& request, Response* response) {
  CLOUDPOS_ASSIGN_OR_RETURN(
      const SessionPage page,
      SelectSessionPage(deps, ctx, staff, request.page_size(), request.page_token()));
  for (const Session& session : page.sessions) {
    *response->add_sessions() = ToProto(session, ctx.claims().session);
  }
  response->set_next_page_token(page.next_page_token);
  return absl::OkStatus();
}

}  // namespace cloudpos::auth
