#pragma once

// Short ways through JSON whose members may be absent.

#include <string>
#include <string_view>

#include "boost/json.hpp"

namespace cloudpos::register_sim {

namespace json = boost::json;

inline std::string Text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

/// Numbers may come as text (problem data).
inline int64_t Number(const json::object& object, std::string_view name, int64_t fallback = 0) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return fallback;
  if (value->is_string()) {
    return std::strtoll(value->get_string().c_str(), nullptr, 10);
  }
  boost::json::error_code error;
  const auto number = value->to_number<int64_t>(error);
  return error ? fallback : number;
}

inline bool Flag(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

/// Empty when absent.
inline const json::object& Object(const json::object& object, std::string_view name) {
  static const json::object nothing;
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : nothing;
}

inline const json::array& Array(const json::object& object, std::string_view name) {
  static const json::array nothing;
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : nothing;
}

}  // namespace cloudpos::register_sim
