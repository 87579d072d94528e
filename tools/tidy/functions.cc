// Length of functions, found by their braces: good enough for code in our format, and no compiler
// is needed. In shell a function ends at the first line that begins with its closing brace.

#include <algorithm>
#include <cctype>

#include "tools/tidy/rules.h"

namespace cloudpos::tidy {
namespace {

constexpr size_t kLinesMax = 70;
constexpr size_t kLinesMaxInTests = 100;  // a table of cases is one thing

enum class Scope { kOuter, kFunction, kInner };

// Takes words off the end that may stand between a parameter list and a body.
std::string_view WithoutTrailers(std::string_view text) {
  for (bool is_changed = true; is_changed;) {
    is_changed = false;
    for (const std::string_view word : {"const", "noexcept", "override", "final", "mutable", "&"}) {
      if (!text.ends_with(word)) continue;
      text.remove_suffix(word.size());
      text = Trim(text);
      is_changed = true;
    }
  }
  return text;
}

// What stands before an opening brace outside of functions: a function's head, or something else
// (namespace, type, table).
bool IsFunctionHead(std::string_view head) {
  head = Trim(head);
  const size_t close = head.rfind(')');
  if (close == std::string_view::npos) return false;
  if (WithoutTrailers(head).ends_with(')')) return true;
  const std::string_view behind = Trim(head.substr(close + 1));
  if (behind.starts_with("->")) return true;
  // A constructor's initialisers: "Pool::Pool(int n) : size_{n}".
  return head.find(") :") != std::string_view::npos && head.ends_with('}');
}

// "Client::Get" of "std::optional<std::string> Client::Get(std::string_view key)".
std::string NameOf(std::string_view head) {
  const size_t open = std::min(head.find('('), head.size());
  size_t begin = open;
  while (begin > 0 && std::isspace(static_cast<unsigned char>(head[begin - 1])) == 0) --begin;
  return std::string(head.substr(begin, open - begin));
}

// A function from line `begin` to line `end`.
void AddIfLong(const std::string& path, const std::string& name, size_t begin, size_t end,
               size_t lines_max, Problems* problems) {
  const size_t lines = end - begin + 1;
  if (lines <= lines_max) return;
  problems->push_back({path, begin + 1, "function",
                       name + " has " + std::to_string(lines) + " lines, " +
                           std::to_string(lines_max) + " at most"});
}

class BraceWalker {
 public:
  BraceWalker(const Source& source, Problems* problems) : source_(source), problems_(problems) {}

  void Walk() {
    for (line_ = 0; line_ < source_.code.size(); ++line_) {
      const std::string& code = source_.code[line_];
      if (code.starts_with('#')) continue;
      for (const char c : code) Take(c);
      head_.push_back(' ');
    }
  }

 private:
  void Take(char c) {
    if (c == '{') {
      Open();
    } else if (c == '}') {
      Close();
    } else if (c == ';' && !IsInParentheses()) {
      head_.clear();
    } else {
      head_.push_back(c);
    }
  }

  bool IsInParentheses() const {
    return std::count(head_.begin(), head_.end(), '(') >
           std::count(head_.begin(), head_.end(), ')');
  }

  void Open() {
    const bool is_outer = scopes_.empty() || scopes_.back() == Scope::kOuter;
    const bool is_initialiser = is_outer && IsInitialiser();
    if (is_outer && !is_initialiser && IsFunctionHead(head_)) {
      scopes_.push_back(Scope::kFunction);
      name_ = NameOf(Trim(head_));
      begin_ = line_;
    } else if (is_outer && !is_initialiser && !IsInParentheses() && !IsTable()) {
      scopes_.push_back(Scope::kOuter);
    } else {
      scopes_.push_back(Scope::kInner);
      kept_heads_.push_back(head_);
      return;
    }
    head_.clear();
  }

  // "Pool(int n) : size_": the brace that follows belongs to the member.
  bool IsInitialiser() const {
    return head_.find(") :") != std::string::npos && !Trim(head_).ends_with(')') &&
           !Trim(head_).ends_with('}');
  }

  bool IsTable() const { return Trim(head_).ends_with('=') || Trim(head_).ends_with(']'); }

  void Close() {
    if (scopes_.empty()) return;
    const Scope scope = scopes_.back();
    scopes_.pop_back();
    head_.clear();
    if (scope == Scope::kInner) {
      head_ = kept_heads_.back() + "}";
      kept_heads_.pop_back();
    } else if (scope == Scope::kFunction) {
      AddIfLong(source_.path, name_, begin_, line_,
                IsTest(source_.path) ? kLinesMaxInTests : kLinesMax, problems_);
    }
  }

  const Source& source_;
  Problems* problems_;
  size_t line_ = 0;
  std::string head_;  // code since the last end of a statement
  std::vector<std::string> kept_heads_;
  std::vector<Scope> scopes_;
  std::string name_;
  size_t begin_ = 0;
};

// "run_one" of "run_one() {", the form all functions have; empty for other lines.
std::string_view ShellFunction(std::string_view line) {
  const size_t end = line.find("() ");
  if (end == std::string_view::npos || Trim(line).ends_with('}')) return {};
  const std::string_view name = line.substr(0, end);
  const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
  return is_name ? name : std::string_view();
}

void CheckShellFunctions(const Source& source, Problems* problems) {
  std::string name;
  size_t begin = 0;
  for (size_t i = 0; i < source.raw.size(); ++i) {
    const std::string& line = source.raw[i];
    if (name.empty()) {
      name = ShellFunction(line);
      begin = i;
    } else if (line.starts_with('}') || line.starts_with(')')) {
      AddIfLong(source.path, name, begin, i, kLinesMax, problems);
      name.clear();
    }
  }
}

}  // namespace

void CheckFunctions(const Source& source, Problems* problems) {
  if (IsCpp(source.path)) BraceWalker(source, problems).Walk();
  if (IsShell(source.path)) CheckShellFunctions(source, problems);
}

}  // namespace cloudpos::tidy
