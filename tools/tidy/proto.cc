// Rules about contracts: every service and RPC says what it is, every RPC has a policy and a route
// or a list of the peers that call it.

#include <algorithm>

#include "tools/tidy/rules.h"

namespace cloudpos::tidy {
namespace {

std::string_view TrimLeft(std::string_view text) {
  const size_t start = text.find_first_not_of(' ');
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

bool IsCommented(const Source& source, size_t line) {
  return line > 0 && TrimLeft(source.code[line - 1]).empty() &&
         !TrimLeft(source.comments[line - 1]).empty();
}

// "GetStore" of "rpc GetStore(GetStoreRequest) returns ...".
std::string NameBehind(std::string_view line, std::string_view keyword) {
  line.remove_prefix(keyword.size());
  return std::string(line.substr(0, line.find_first_of("( {")));
}

// The declaration from `line` to its closing brace or semicolon, as written.
std::string Declaration(const Source& source, size_t line) {
  std::string text;
  int depth = 0;
  for (; line < source.code.size(); ++line) {
    text += source.raw[line] + "\n";
    for (const char c : source.code[line]) {
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (depth == 0 && (c == '}' || c == ';')) return text;
    }
  }
  return text;
}

void CheckRpc(const Source& source, size_t line, const std::string& name, Problems* problems) {
  const std::string declaration = Declaration(source, line);
  const auto has = [&declaration](const char* part) {
    return declaration.find(part) != std::string::npos;
  };
  if (!has("policy)")) {
    problems->push_back({source.path, line + 1, "proto", name + " has no policy option"});
  }
  if (!has("google.api.http") && !has("callers")) {
    problems->push_back(
        {source.path, line + 1, "proto", name + " has neither a route nor callers"});
  }
}

}  // namespace

void CheckProto(const Source& source, Problems* problems) {
  if (!source.path.ends_with(".proto") || IsTest(source.path)) return;
  for (size_t i = 0; i < source.code.size(); ++i) {
    const std::string_view line = TrimLeft(source.code[i]);
    for (const std::string_view keyword : {"service ", "rpc "}) {
      if (!line.starts_with(keyword)) continue;
      const std::string name = NameBehind(line, keyword);
      if (!IsCommented(source, i)) {
        problems->push_back({source.path, i + 1, "proto", name + " has no comment"});
      }
      if (keyword == "rpc ") CheckRpc(source, i, name, problems);
    }
  }
}

}  // namespace cloudpos::tidy
