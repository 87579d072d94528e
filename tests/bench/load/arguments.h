#pragma once

// What the command lines of bench-load and bench-rpc have in common: a request and the lists that
// its placeholders stand for.

#include <string>

#include "tests/bench/load/request.h"

namespace cloudpos::bench {

/// The file's text without the newlines at its end; throws std::runtime_error.
std::string ReadStripped(const std::string& path);

class RequestArguments {
 public:
  /// --request FILE, --draw NAME=FILE, --own NAME=FILE: false for any other.
  bool Take(const std::string& name, const std::string& value);
  bool is_complete() const { return !text_.empty(); }
  Template Make() { return Template(text_, std::move(values_)); }

 private:
  std::string text_;
  Values values_;
};

}  // namespace cloudpos::bench
