// Rules about includes: dependencies point one way (services -> libs -> proto), the domain is pure,
// the gateway knows no service.

#include <algorithm>
#include <map>

#include "tools/tidy/rules.h"

namespace cloudpos::tidy {
namespace {

// "libs/pg/pg.h" of: #include "libs/pg/pg.h"; empty for other lines and <system> headers.
std::string Included(const std::string& raw) {
  constexpr std::string_view kStart = "#include \"";
  if (!raw.starts_with(kStart)) return {};
  return raw.substr(kStart.size(), raw.find('"', kStart.size()) - kStart.size());
}

// "services/auth" of "services/auth/store.h".
std::string_view TwoFolders(std::string_view path) {
  const size_t first = path.find('/');
  if (first == std::string_view::npos) return {};
  return path.substr(0, path.find('/', first + 1));
}

bool IsAnyOf(std::string_view file, std::initializer_list<const char*> folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [file](const char* folder) { return IsUnder(file, folder); });
}

// Libraries from the ground up: each knows those of lower floors only.
int FloorOf(std::string_view library) {
  static const std::map<std::string_view, int> kFloors = {
      {"libs/faults", 0}, {"libs/base", 1},    {"libs/journal", 1}, {"libs/config", 2},
      {"libs/log", 2},    {"libs/metrics", 2}, {"libs/token", 2},   {"libs/pricing", 2},
      {"libs/pg", 3},     {"libs/redis", 3},   {"libs/rpc", 3},     {"libs/events", 4},
      {"libs/service", 5}};
  const auto found = kFloors.find(library);
  return found == kFloors.end() ? -1 : found->second;
}

bool IsAgainstFloors(std::string_view path, std::string_view file) {
  const std::string_view from = TwoFolders(path), to = TwoFolders(file);
  const int from_floor = FloorOf(from), to_floor = FloorOf(to);
  return from != to && from_floor >= 0 && to_floor >= from_floor;
}

const char* RefuseForLibrary(std::string_view path, std::string_view file) {
  if (IsAnyOf(file, {"services", "gateway"})) return "a library knows no service and no gateway";
  const bool is_ours = IsAnyOf(file, {"libs", "cloudpos"});
  if (IsUnder(path, "libs/base") && is_ours &&
      !IsAnyOf(file, {"libs/base", "libs/faults", "cloudpos/common"})) {
    return "libs/base stands on the common messages only";
  }
  if (IsAnyOf(path, {"libs/pricing", "libs/journal"}) && !IsTest(path) &&
      !IsAnyOf(file, {"libs/pricing", "libs/journal"})) {
    return "this library uses the standard library only: it goes to WebAssembly";
  }
  if (!IsTest(path) && IsAgainstFloors(path, file)) return "it is no library of a lower floor";
  return nullptr;
}

const char* RefuseForDomain(std::string_view file) {
  if (IsAnyOf(file, {"libs/pg", "libs/rpc", "libs/log", "libs/redis", "libs/events", "libs/metrics",
                     "libs/config", "libs/service"})) {
    return "the domain is pure: no database, RPC, log or configuration";
  }
  if (file.ends_with(".pb.h")) return "the domain knows no proto messages";
  return nullptr;
}

// Why `path` must not include `file`; nullptr when it may.
const char* Refuse(std::string_view path, std::string_view file) {
  if (file.ends_with(".grpc.pb.h")) return "RPCs are dispatched by descriptor (libs/rpc)";
  if (IsUnder(file, "tests") || IsUnder(file, "libs/testing")) {
    const bool may_know = IsTest(path) || IsUnder(path, "tools");
    return may_know ? nullptr : "programs do not know their tests";
  }
  if (IsUnder(path, "libs")) return RefuseForLibrary(path, file);
  if (IsUnder(path, "services")) {
    if (IsUnder(file, "gateway")) return "a service does not know the gateway";
    if (IsUnder(file, "services") && TwoFolders(file) != TwoFolders(path)) {
      return "a service does not include another: ask it by RPC";
    }
    return IsDomain(path) && !IsTest(path) ? RefuseForDomain(file) : nullptr;
  }
  if (IsUnder(path, "gateway") && !IsTest(path)) {
    if (IsUnder(file, "services")) return "the gateway knows no service";
    if (IsUnder(file, "cloudpos") && !IsUnder(file, "cloudpos/common")) {
      return "the gateway is generic: no service's messages";
    }
  }
  return nullptr;
}

void CheckHeader(const Source& source, Problems* problems) {
  const bool has_guard = std::any_of(source.code.begin(), source.code.end(),
                                     [](const auto& line) { return line == "#pragma once"; });
  if (!has_guard) problems->push_back({source.path, 1, "includes", "#pragma once is missing"});
  for (size_t i = 0; i < source.code.size(); ++i) {
    if (source.code[i].starts_with("using namespace ")) {
      problems->push_back({source.path, i + 1, "includes", "no using namespace in a header"});
    }
  }
}

}  // namespace

void CheckIncludes(const Source& source, Problems* problems) {
  if (!IsCpp(source.path)) return;
  if (source.path.ends_with(".h")) CheckHeader(source, problems);
  for (size_t i = 0; i < source.raw.size(); ++i) {
    const std::string file = Included(source.raw[i]);
    if (file.empty()) continue;
    if (file.find('/') == std::string::npos || file.starts_with("..")) {
      problems->push_back({source.path, i + 1, "includes", "write the path from the root"});
    } else if (const char* reason = Refuse(source.path, file)) {
      problems->push_back({source.path, i + 1, "includes", file + ": " + reason});
    }
  }
}

}  // namespace cloudpos::tidy
