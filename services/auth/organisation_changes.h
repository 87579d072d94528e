#pragma once

// What stores, registers and devices have in common: a change of one is an audit row and an event.

#include <string>
#include <string_view>
#include <vector>

#include "libs/base/page.h"
#include "libs/base/status_macros.h"
#include "services/auth/changes.h"
#include "services/auth/context.h"
#include "services/auth/convert.h"

namespace cloudpos::auth {

inline base::Uuid IdOf(const Tenant& tenant) { return tenant.tenant_id; }
inline base::Uuid IdOf(const Store& store) { return store.store_id; }
inline base::Uuid IdOf(const Register& reg) { return reg.register_id; }
inline base::Uuid IdOf(const Device& device) { return device.device_id; }

/// "store.update" and the event, before (null = made just now) and after the change.
template <typename Object>
absl::Status Record(pg::Tx& tx, const Deps& deps, const Actor& actor, std::string_view type,
                    std::string_view verb, const Object* before, const Object& after) {
  const auto new_state = ToProto(after);
  auto old_state = ToProto(after);
  if (before != nullptr) old_state = ToProto(*before);
  const std::string action = std::string(type) + "." + std::string(verb);
  CLOUDPOS_RETURN_IF_ERROR(RecordAudit(tx, *deps.ids, actor,
                                       {.action = action,
                                        .subject_type = type,
                                        .subject_id = IdOf(after).ToString(),
                                        .store = after.store_id,
                                        .before = before == nullptr ? nullptr : &old_state,
                                        .after = &new_state},
                                       after.updated_at));
  return RecordEvent(tx, *deps.ids, actor, type, IdOf(after), ToEvent(after));
}

/// Moves a page (one row more than asked for, when there are more) into a response list sorted by
/// code.
template <typename Object, typename List>
std::string FillPage(std::vector<Object> rows, int size, std::string_view list, List* out) {
  const bool has_more = rows.size() > static_cast<size_t>(size);
  if (has_more) rows.pop_back();
  for (const Object& row : rows) *out->Add() = ToProto(row);
  return has_more ? base::MakePageToken(list, {rows.back().code}) : std::string();
}

}  // namespace cloudpos::auth
