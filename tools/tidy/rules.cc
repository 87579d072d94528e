#include "tools/tidy/rules.h"

#include <algorithm>
#include <cctype>

namespace cloudpos::tidy {
namespace {

constexpr size_t kColumnsMax = 100;
constexpr size_t kColumnsMaxElsewhere = 120;  // contracts and shell: options, pipelines

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Position of `needle` in `line` where no word runs into it from the left; npos when nowhere.
size_t FindCall(std::string_view line, std::string_view needle) {
  for (size_t at = line.find(needle); at != std::string_view::npos;
       at = line.find(needle, at + 1)) {
    if (at == 0 || !IsWord(needle.front()) || !IsWord(line[at - 1])) return at;
  }
  return std::string_view::npos;
}

bool HasWord(std::string_view line, std::string_view word) {
  for (size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsWord(line[at - 1])) && (end == line.size() || !IsWord(line[end]))) {
      return true;
    }
  }
  return false;
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

void Add(const Source& source, size_t line, std::string rule, std::string text,
         Problems* problems) {
  problems->push_back({source.path, line + 1, std::move(rule), std::move(text)});
}

size_t ColumnsMax(const std::string& path) {
  const bool is_strict = IsCpp(path) || path.ends_with(".sql") || path.ends_with(".cmake") ||
                         path.ends_with("CMakeLists.txt");
  return is_strict ? kColumnsMax : kColumnsMaxElsewhere;
}

// A line may be long where breaking it would only hurt: test data, an option of a proto value, a
// URL.
bool MayBeLong(const Source& source, size_t line) {
  const std::string& raw = source.raw[line];
  if (raw.find("://") != std::string::npos || raw.find("[(meaning)") != std::string::npos) {
    return true;
  }
  return IsTest(source.path) && Trim(source.strings[line]).size() > kColumnsMax / 2;
}

// "TODO(#12): why"
bool IsTracked(std::string_view todo) {
  if (!todo.starts_with("TODO(#")) return false;
  const size_t end = todo.find_first_not_of("0123456789", 6);
  return end != std::string_view::npos && end > 6 && todo.substr(end).starts_with("):");
}

void CheckNotes(const Source& source, size_t line, Problems* problems) {
  const std::string_view comment = source.comments[line];
  for (const char* word : {"FIXME", "XXX", "HACK"}) {
    if (HasWord(comment, word)) {
      Add(source, line, "notes", std::string(word) + " does not reach main", problems);
    }
  }
  const size_t todo = FindCall(comment, "TODO");
  if (todo != std::string_view::npos && !IsTracked(comment.substr(todo))) {
    Add(source, line, "notes", "write TODO(#issue): what", problems);
  }
  const size_t nolint = comment.find("NOLINT");
  if (nolint != std::string_view::npos && (comment.find('(', nolint) == std::string_view::npos ||
                                           comment.find("):", nolint) == std::string_view::npos)) {
    Add(source, line, "notes", "write NOLINT(rule): reason", problems);
  }
}

struct Ban {
  const char* needle;
  const char* instead;
  // Folders or files it does not apply to, beside tests where is_free_in_tests.
  std::vector<std::string> free;
  bool is_free_in_tests;
};

const std::vector<Ban>& Bans() {
  static const std::vector<Ban> bans = {
      {"system_clock::now", "take a base::Clock&", {"libs/base/"}, false},
      {"absl::Now(", "take a base::Clock&", {"libs/base/"}, false},
      {"absl::GetCurrentTimeNanos(", "take a base::Clock&", {"libs/base/"}, false},
      {"time(nullptr", "take a base::Clock&", {"libs/base/"}, false},
      {"time(NULL", "take a base::Clock&", {"libs/base/"}, false},
      {"time(0)", "take a base::Clock&", {"libs/base/"}, false},
      {"gettimeofday(", "take a base::Clock&", {"libs/base/"}, false},
      {"CLOCK_REALTIME", "take a base::Clock&", {"libs/base/"}, false},
      {"rand(", "use base::RandomBytes or a base::IdSource&", {}, false},
      {"srand(", "use base::RandomBytes or a base::IdSource&", {}, false},
      {"std::stoi(", "use std::from_chars: it neither throws nor takes \"12x\"", {}, true},
      {"std::stol(", "use std::from_chars: it neither throws nor takes \"12x\"", {}, true},
      {"std::stoll(", "use std::from_chars: it neither throws nor takes \"12x\"", {}, true},
      {"std::stoul(", "use std::from_chars: it neither throws nor takes \"12x\"", {}, true},
      {"std::stoull(", "use std::from_chars: it neither throws nor takes \"12x\"", {}, true},
      {"std::stod(", "use std::from_chars: it neither throws nor takes \"12x\"", {}, true},
      {"std::stof(", "use std::from_chars: it neither throws nor takes \"12x\"", {}, true},
      {"atoi(", "use std::from_chars", {}, true},
      {"atol(", "use std::from_chars", {}, true},
      {"atoll(", "use std::from_chars", {}, true},
      {"atof(", "use std::from_chars", {}, true},
      {"sprintf(", "use absl::StrCat or std::to_chars", {}, false},
      {"strcpy(", "use std::string", {}, false},
      {"getenv(",
       "use config::Reader",
       {"libs/config/", "libs/faults/", "libs/testing/", "tests/"},
       true},
      {"std::cout", "use log::Info", {"tools/", "libs/service/", "main.cc"}, true},
      {"std::cerr", "use log::Error", {"tools/", "libs/service/", "main.cc"}, true},
      {".detach()", "keep the thread and join it", {}, false},
      {"std::regex", "write a parser: std::regex recurses without bound", {}, false},
  };
  return bans;
}

bool IsFree(const Ban& ban, const std::string& path) {
  if (ban.is_free_in_tests && IsTest(path)) return true;
  return std::any_of(ban.free.begin(), ban.free.end(), [&](const std::string& place) {
    return path.starts_with(place) || path.ends_with("/" + place);
  });
}

bool IsExcused(const Source& source, const Problem& problem) {
  const std::string mark = "tidy: allow " + problem.rule + ": ";
  for (const size_t line : {problem.line, problem.line - 1}) {
    if (line >= 1 && line <= source.comments.size() &&
        source.comments[line - 1].find(mark) != std::string::npos) {
      return true;
    }
  }
  return false;
}

Source Parse(const std::string& path, std::string_view text) {
  if (IsCpp(path) || path.ends_with(".proto")) return ParseCpp(path, text);
  if (path.ends_with(".sql")) return ParsePlain(path, text, "--");
  return ParsePlain(path, text, "#");
}

}  // namespace

bool IsTest(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.ends_with("_test.cc") || name.ends_with("_test.h") || name.starts_with("test_") ||
         path.find("/testdata/") != std::string_view::npos || IsUnder(path, "tests") ||
         IsUnder(path, "libs/testing");
}

bool IsCpp(std::string_view path) { return path.ends_with(".cc") || path.ends_with(".h"); }

bool IsUnder(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool IsDomain(std::string_view path) { return path.find("/domain/") != std::string_view::npos; }

bool IsShell(std::string_view path) {
  return path.ends_with(".sh") || path.substr(path.rfind('/') + 1).find('.') == path.npos;
}

bool IsChecked(std::string_view path, std::string_view text) {
  if (!path.ends_with(".sh") && IsShell(path)) {
    const std::string_view first = text.substr(0, text.find('\n'));
    return first.starts_with("#!") && first.ends_with("sh");
  }
  return IsCpp(path) || IsShell(path) || path.ends_with(".proto") || path.ends_with(".sql") ||
         path.ends_with(".cmake") || path.ends_with("CMakeLists.txt");
}

void CheckLayout(const Source& source, Problems* problems) {
  const size_t columns_max = ColumnsMax(source.path);
  for (size_t i = 0; i < source.raw.size(); ++i) {
    const std::string& line = source.raw[i];
    if (CodePoints(line) > columns_max && !MayBeLong(source, i)) {
      Add(source, i, "columns",
          std::to_string(CodePoints(line)) + " columns, " + std::to_string(columns_max) +
              " at most",
          problems);
    }
    if (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r')) {
      Add(source, i, "blanks", "blanks at the end of the line", problems);
    }
    if (IsCpp(source.path) && source.code[i].find('\t') != std::string::npos) {
      Add(source, i, "blanks", "tab", problems);
    }
    CheckNotes(source, i, problems);
  }
}

void CheckBans(const Source& source, Problems* problems) {
  if (!IsCpp(source.path)) return;
  for (const Ban& ban : Bans()) {
    if (IsFree(ban, source.path)) continue;
    for (size_t i = 0; i < source.code.size(); ++i) {
      if (FindCall(source.code[i], ban.needle) == std::string_view::npos) continue;
      Add(source, i, "banned", std::string(ban.needle) + ": " + ban.instead, problems);
    }
  }
}

// A name with a semicolon becomes two tests in ctest, neither of which runs anything.
void CheckTestNames(const Source& source, Problems* problems) {
  if (!IsCpp(source.path)) return;
  for (const Literal& literal : source.literals) {
    if (literal.content.find(';') == std::string::npos) continue;
    if (!source.code[literal.line].starts_with("TEST_CASE(\"")) continue;
    Add(source, literal.line, "names", "no semicolon in a test's name: ctest splits it", problems);
  }
}

void CheckMoney(const Source& source, Problems* problems) {
  if (!IsCpp(source.path)) return;
  const bool is_exact = IsUnder(source.path, "libs/pricing") ||
                        IsUnder(source.path, "libs/journal") || IsDomain(source.path);
  for (size_t i = 0; i < source.code.size(); ++i) {
    const std::string& line = source.code[i];
    if (!HasWord(line, "double") && !HasWord(line, "float")) continue;
    const std::string lower = Lower(line);
    const char* const words[] = {"amount", "price",  "money",  "minor",
                                 "tax",    "tender", "refund", "discount"};
    const bool is_near_money =
        std::any_of(std::begin(words), std::end(words),
                    [&lower](const char* word) { return lower.find(word) != std::string::npos; });
    if (!is_exact && !is_near_money) continue;
    Add(source, i, "money", "no floating point here: count minor units in int64_t", problems);
  }
}

Problems CheckFile(const std::string& path, std::string_view text) {
  const Source source = Parse(path, text);
  Problems problems;
  CheckLayout(source, &problems);
  CheckBans(source, &problems);
  CheckTestNames(source, &problems);
  CheckMoney(source, &problems);
  CheckSql(source, &problems);
  CheckIncludes(source, &problems);
  CheckFunctions(source, &problems);
  CheckProto(source, &problems);
  std::erase_if(problems, [&](const Problem& p) { return IsExcused(source, p); });
  if (!text.empty() && !text.ends_with('\n')) {
    problems.push_back({path, source.raw.size(), "blanks", "no line end at the end"});
  }
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  return problems;
}

}  // namespace cloudpos::tidy
