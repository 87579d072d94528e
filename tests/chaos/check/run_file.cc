#include "tests/chaos/check/run_file.h"

#include <fstream>
#include <sstream>

#include "tests/chaos/check/json.h"

namespace cloudpos::chaos {
namespace {

template <typename F>
void ForEachText(const boost::json::object& object, std::string_view key, F&& f) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_array()) return;
  for (const boost::json::value& element : value->get_array()) {
    if (element.is_string()) f(std::string(element.get_string()));
  }
}

}  // namespace

absl::StatusOr<RunFile> ReadRunFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return absl::NotFoundError(path + " cannot be read");
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(text.str(), error);
  if (error || !value.is_object()) return absl::InvalidArgumentError(path + " is not JSON");
  const boost::json::object& object = value.get_object();

  RunFile run;
  run.tenant = IdIn(object, "tenant");
  run.seed = IntIn(object, "seed");
  ForEachIn(object, "registers", [&run](const boost::json::object& reg) {
    run.registers[IdIn(reg, "id")] = IdIn(reg, "store");
  });
  ForEachIn(object, "variants", [&run](const boost::json::object& variant) {
    run.is_stocked[IdIn(variant, "id")] = BoolIn(variant, "stocked");
  });
  ForEachIn(object, "opening", [&run](const boost::json::object& opening) {
    run.opening[{IdIn(opening, "store"), IdIn(opening, "variant")}] +=
        IntIn(opening, "quantityMilli");
  });
  ForEachText(object, "expectParked",
              [&run](std::string id) { run.expect_parked.insert(std::move(id)); });
  ForEachText(object, "expectRefusals",
              [&run](std::string code) { run.expect_refusals.insert(std::move(code)); });
  if (run.tenant.is_nil()) return absl::InvalidArgumentError(path + " names no tenant");
  return run;
}

}  // namespace cloudpos::chaos
