// Rules about SQL: columns are listed, statements are never built from strings, and what would
// stand in the way of a pooler or of more than one database is not used.

#include <algorithm>
#include <cctype>

#include "tools/tidy/rules.h"

namespace cloudpos::tidy {
namespace {

// Upper case with single blanks, so that "select   *" is found as "SELECT *".
std::string Normalised(std::string_view line) {
  std::string out;
  for (const char c : line) {
    const bool is_blank = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (is_blank && (out.empty() || out.back() == ' ')) continue;
    out.push_back(is_blank ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  return out;
}

// "SELECT *", "SELECT s.*", "RETURNING *".
bool TakesAllColumns(const std::string& sql) {
  for (const char* needle : {"SELECT *", "SELECT DISTINCT *", "RETURNING *"}) {
    if (sql.find(needle) != std::string::npos) return true;
  }
  const size_t star = sql.find(".*");
  return star != std::string::npos && star > 0 &&
         std::isalpha(static_cast<unsigned char>(sql[star - 1])) != 0 &&
         (sql.starts_with("SELECT ") || sql.find(" RETURNING ") != std::string::npos);
}

void CheckStatement(const Source& source, size_t line, std::string_view text, Problems* problems) {
  const std::string sql = Normalised(text);
  const auto add = [&](const char* what) {
    problems->push_back({source.path, line + 1, "sql", what});
  };
  if (TakesAllColumns(sql)) add("list the columns");
  if (sql.find("PG_ADVISORY") != std::string::npos ||
      sql.find("PG_TRY_ADVISORY") != std::string::npos) {
    add("no advisory locks: lock a row");
  }
  if (sql.find("CREATE TEMP") != std::string::npos) add("no temporary tables");
  if (sql.find("DEFERRABLE INITIALLY") != std::string::npos) add("no deferrable constraints");
}

bool IsSql(const std::string& content) {
  const size_t start = content.find_first_not_of(" (\n");
  if (start == std::string::npos) return false;
  const std::string_view text = std::string_view(content).substr(start);
  for (const char* verb : {"SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH ", "WHERE ",
                           "VALUES ", "ORDER BY ", "ALTER TABLE ", "DROP TABLE ", "TRUNCATE "}) {
    if (text.starts_with(verb)) return true;
  }
  return false;
}

char LastBefore(const std::string& code, size_t at) {
  while (at > 0 && std::isspace(static_cast<unsigned char>(code[at - 1])) != 0) --at;
  return at > 0 ? code[at - 1] : '\0';
}

char FirstFrom(const std::string& code, size_t at) {
  while (at < code.size() && std::isspace(static_cast<unsigned char>(code[at])) != 0) ++at;
  return at < code.size() ? code[at] : '\0';
}

// Name of the function among whose arguments `at` stands; empty outside a call.
std::string CalledAround(const std::string& code, size_t at) {
  int depth = 0;
  while (at > 0) {
    const char c = code[--at];
    if (c == ';' || c == '{' || c == '}') return {};
    if (c == ')') ++depth;
    if (c == '(' && depth-- == 0) break;
  }
  size_t begin = at;
  while (begin > 0 && (std::isalnum(static_cast<unsigned char>(code[begin - 1])) != 0 ||
                       code[begin - 1] == '_')) {
    --begin;
  }
  return code.substr(begin, at - begin);
}

// Literals that stand side by side are one; true when `index` continues the one before.
bool IsContinued(const Source& source, size_t index) {
  if (index == 0 || index >= source.literals.size()) return false;
  const size_t end = source.literals[index - 1].end;
  const auto between = source.code_text.substr(end, source.literals[index].begin - end);
  return std::all_of(between.begin(), between.end(),
                     [](unsigned char c) { return std::isspace(c) != 0; });
}

bool IsBuilt(const Source& source, size_t index) {
  const size_t begin = source.literals[index].begin;
  size_t last = index;
  while (IsContinued(source, last + 1)) ++last;
  if (LastBefore(source.code_text, begin) == '+') return true;
  if (FirstFrom(source.code_text, source.literals[last].end) == '+') return true;
  const std::string called = CalledAround(source.code_text, begin);
  for (const char* builder : {"StrCat", "StrAppend", "StrFormat", "Substitute", "append"}) {
    if (called == builder) return true;
  }
  return false;
}

}  // namespace

void CheckSql(const Source& source, Problems* problems) {
  const bool is_sql = source.path.ends_with(".sql");
  if ((!is_sql && !IsCpp(source.path)) || IsTest(source.path)) return;
  if (IsUnder(source.path, "tools")) return;
  const auto& lines = is_sql ? source.code : source.strings;
  for (size_t i = 0; i < lines.size(); ++i) CheckStatement(source, i, lines[i], problems);
  // libs/pg quotes names of schemas and roles where the server takes no parameters.
  if (is_sql || IsUnder(source.path, "libs/pg")) return;
  for (size_t i = 0; i < source.literals.size(); ++i) {
    if (!IsSql(source.literals[i].content) || IsContinued(source, i)) continue;
    if (!IsBuilt(source, i)) continue;
    problems->push_back({source.path, source.literals[i].line + 1, "sql",
                         "SQL is not built from strings: use a pg::Query with parameters"});
  }
}

}  // namespace cloudpos::tidy
