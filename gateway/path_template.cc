#include "gateway/path_template.h"

#include "libs/base/status_macros.h"

namespace cloudpos::gateway {
namespace {

absl::Status Bad(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError("path template " + std::string(text) + ": " + std::string(why));
}

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int braces = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool is_end = i == text.size();
    if (!is_end && text[i] == '{') ++braces;
    if (!is_end && text[i] == '}') --braces;
    if (is_end || (text[i] == '/' && braces == 0)) {
      parts.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  return parts;
}

PathTemplate::Segment MakeSegment(std::string_view text) {
  using Kind = PathTemplate::Segment::Kind;
  if (text == "*") return {Kind::kOne, ""};
  if (text == "**") return {Kind::kRest, ""};
  return {Kind::kLiteral, std::string(text)};
}

}  // namespace

absl::StatusOr<PathTemplate> PathTemplate::Parse(std::string_view text) {
  PathTemplate result;
  std::string_view rest = text;
  if (rest.empty() || rest.front() != '/') return Bad(text, "must begin with /");
  rest.remove_prefix(1);
  const size_t colon = rest.rfind(':');
  if (colon != rest.npos && rest.find_first_of("/}", colon) == rest.npos) {
    result.verb = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (result.verb.empty()) return Bad(text, "the verb is empty");
  }
  for (const std::string_view part : Split(rest)) {
    if (part.empty()) return Bad(text, "a segment is empty");
    if (part.front() != '{') {
      if (part.find_first_of("{}*") != part.npos && part != "*" && part != "**") {
        return Bad(text, "a variable must be a whole segment");
      }
      result.segments.push_back(MakeSegment(part));
      continue;
    }
    if (part.find('}') + 1 != part.size()) return Bad(text, "a variable must be a whole segment");
    const std::string_view inner = part.substr(1, part.size() - 2);
    const size_t equals = inner.find('=');
    Variable variable{std::string(inner.substr(0, equals)), result.segments.size(), 0};
    if (variable.field.empty()) return Bad(text, "a variable has no name");
    const std::string_view pattern = equals == inner.npos ? "*" : inner.substr(equals + 1);
    for (const std::string_view piece : Split(pattern)) {
      if (piece.empty()) return Bad(text, "a segment is empty");
      result.segments.push_back(MakeSegment(piece));
    }
    variable.end = result.segments.size();
    result.variables.push_back(std::move(variable));
  }
  for (size_t i = 0; i + 1 < result.segments.size(); ++i) {
    if (result.segments[i].kind == Segment::Kind::kRest) return Bad(text, "** must come last");
  }
  return result;
}

}  // namespace cloudpos::gateway
