#pragma once

// The house rules that a program can check (docs: CONTRIBUTING.md). A line is excused by a comment
// "tidy: allow RULE: reason" on it or on the line before.

#include <string>
#include <string_view>
#include <vector>

#include "tools/tidy/source.h"

namespace cloudpos::tidy {

struct Problem {
  std::string path;
  size_t line;  // from 1
  std::string rule;
  std::string text;
};

using Problems = std::vector<Problem>;

/// True for files that have rules: sources and contracts; of files without an ending, shell
/// scripts.
bool IsChecked(std::string_view path, std::string_view text);
/// Every problem of one file, in order of lines.
Problems CheckFile(const std::string& path, std::string_view text);

// The groups of rules, each looking at one file.
void CheckLayout(const Source& source, Problems* problems);    // columns, blanks, notes
void CheckBans(const Source& source, Problems* problems);      // calls with a better replacement
void CheckTestNames(const Source& source, Problems* problems);  // ctest splits at semicolons
void CheckMoney(const Source& source, Problems* problems);     // floating point
void CheckSql(const Source& source, Problems* problems);       // listed columns, no string building
void CheckIncludes(const Source& source, Problems* problems);  // who may know whom
void CheckFunctions(const Source& source, Problems* problems);  // length of functions
void CheckProto(const Source& source, Problems* problems);      // every RPC's comment, policy

// Where a file stands.
bool IsTest(std::string_view path);
bool IsCpp(std::string_view path);
bool IsShell(std::string_view path);  // of files that are checked
bool IsUnder(std::string_view path, std::string_view folder);
bool IsDomain(std::string_view path);

}  // namespace cloudpos::tidy
