#pragma once

// Reading members of parsed JSON; what is absent or of another type reads as zero or empty.

#include <boost/json.hpp>
#include <cstdint>
#include <string_view>

#include "libs/base/ids.h"
#include "tests/chaos/check/scan.h"

namespace cloudpos::chaos {

inline std::string_view TextIn(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

inline base::Uuid IdIn(const boost::json::object& object, std::string_view key) {
  return base::Uuid::Parse(TextIn(object, key)).value_or(base::Uuid());
}

/// A number, or a number in a string.
inline int64_t IntIn(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr) return 0;
  if (value->is_int64()) return value->get_int64();
  if (value->is_uint64()) return static_cast<int64_t>(value->get_uint64());
  return IntOf(TextIn(object, key)).value_or(0);
}

inline bool BoolIn(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

/// An empty object when there is none.
inline const boost::json::object& ObjectIn(const boost::json::object& object,
                                           std::string_view key) {
  static const boost::json::object kEmpty;
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : kEmpty;
}

/// Calls `f` with each object of a list.
template <typename F>
void ForEachIn(const boost::json::object& object, std::string_view key, F&& f) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_array()) return;
  for (const boost::json::value& element : value->get_array()) {
    if (element.is_object()) f(element.get_object());
  }
}

}  // namespace cloudpos::chaos
