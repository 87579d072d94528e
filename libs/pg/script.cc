#include "libs/pg/script.h"

#include <cctype>

namespace cloudpos::pg {
namespace {

bool IsTagCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

size_t EndOf(std::string_view sql, std::string_view end, size_t from) {
  const size_t at = sql.find(end, from);
  return at == std::string_view::npos ? sql.size() : at + end.size();
}

size_t EndOfBlockComment(std::string_view sql, size_t at) {
  int depth = 0;
  while (at < sql.size()) {
    if (sql.substr(at, 2) == "/*") {
      ++depth;
      at += 2;
    } else if (sql.substr(at, 2) == "*/") {
      at += 2;
      if (--depth == 0) break;
    } else {
      ++at;
    }
  }
  return at;
}

// A dollar quote begins with $tag$ where no word goes on; else `at` + 1.
size_t EndOfDollarQuote(std::string_view sql, size_t at) {
  if (at > 0 && IsTagCharacter(sql[at - 1])) return at + 1;
  size_t end = at + 1;
  while (end < sql.size() && IsTagCharacter(sql[end])) ++end;
  if (end >= sql.size() || sql[end] != '$') return at + 1;
  const std::string_view tag = sql.substr(at, end + 1 - at);
  return EndOf(sql, tag, end + 1);
}

// An E'...' string has backslash escapes, others only doubled quotes (which read as two strings).
size_t EndOfString(std::string_view sql, size_t at) {
  const bool escapes = at > 0 && (sql[at - 1] == 'E' || sql[at - 1] == 'e') &&
                       (at == 1 || !IsTagCharacter(sql[at - 2]));
  for (++at; at < sql.size(); ++at) {
    if (escapes && sql[at] == '\\') {
      ++at;
    } else if (sql[at] == '\'') {
      return at + 1;
    }
  }
  return sql.size();
}

// Past the token at `at`; one character when it is nothing special.
size_t EndOfToken(std::string_view sql, size_t at) {
  if (sql.substr(at, 2) == "--") return EndOf(sql, "\n", at);
  if (sql.substr(at, 2) == "/*") return EndOfBlockComment(sql, at);
  switch (sql[at]) {
    case '\'': return EndOfString(sql, at);
    case '"': return EndOf(sql, "\"", at + 1);
    case '$': return EndOfDollarQuote(sql, at);
    default: return at + 1;
  }
}

bool IsComment(std::string_view token) {
  return token.starts_with("--") || token.starts_with("/*");
}

}  // namespace

std::string WithSchema(std::string_view sql, std::string_view schema) {
  constexpr std::string_view kMark = "{{schema}}";
  std::string out;
  size_t from = 0;
  for (size_t at; (at = sql.find(kMark, from)) != std::string_view::npos;
       from = at + kMark.size()) {
    out.append(sql.substr(from, at - from)).append(schema);
  }
  out.append(sql.substr(from));
  return out;
}

bool IsNoTransaction(std::string_view sql) {
  std::string_view line = sql.substr(0, sql.find('\n'));
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
  return line == "-- no-transaction";
}

std::vector<std::string> SplitStatements(std::string_view sql) {
  std::vector<std::string> statements;
  std::string statement;
  bool has_words = false;
  const auto finish = [&] {
    if (has_words) statements.push_back(statement);
    statement.clear();
    has_words = false;
  };
  for (size_t at = 0; at < sql.size();) {
    const size_t end = EndOfToken(sql, at);
    const std::string_view token = sql.substr(at, end - at);
    at = end;
    if (token == ";") {
      finish();
      continue;
    }
    if (IsComment(token)) {
      statement.push_back(' ');
      continue;
    }
    const bool blank = token.size() == 1 && std::isspace(static_cast<unsigned char>(token[0])) != 0;
    if (blank && !has_words) continue;
    has_words = true;
    statement.append(token);
  }
  finish();
  return statements;
}

}  // namespace cloudpos::pg
