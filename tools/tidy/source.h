#pragma once

// A source file taken apart: the same text four times, each with the rest blanked out, so that a
// line and column mean the same place in all of them.

#include <string>
#include <string_view>
#include <vector>

namespace cloudpos::tidy {

struct Literal {
  size_t begin;  // of the opening quote (of the R of a raw string) in the whole text
  size_t end;    // behind the closing quote
  size_t line;   // from 0
  std::string content;
};

struct Source {
  std::string path;  // relative to the root, with forward slashes
  std::vector<std::string> raw;
  std::vector<std::string> code;      // without comments and what stands in quotes
  std::vector<std::string> strings;   // what stands in quotes
  std::vector<std::string> comments;  // what stands in comments
  std::string code_text;              // `code` as one text
  std::vector<Literal> literals;
};

/// C++ and proto: // and /* */ comments, "strings", raw strings, 'characters'.
Source ParseCpp(std::string path, std::string_view text);
/// Everything else: comments run from `marker` to the end of the line; strings are not told apart
/// from code.
Source ParsePlain(std::string path, std::string_view text, std::string_view marker);

/// Without the blanks at both ends.
std::string_view Trim(std::string_view text);

}  // namespace cloudpos::tidy
