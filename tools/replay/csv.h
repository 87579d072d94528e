#pragma once

// Comma-separated values as RFC 4180 has them: fields in quotes may hold commas, line ends and
// doubled quotes. Line ends are LF or CRLF; a byte order mark at the start is passed over.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cloudpos::replay {

class CsvReader {
 public:
  /// `text` must outlive the reader.
  explicit CsvReader(std::string_view text);

  /// Reads the next record; false at the end. INVALID_ARGUMENT with the line for text that is no
  /// CSV: a quote inside a field that does not begin with one, text after a closing quote, a quote
  /// that is never closed.
  absl::StatusOr<bool> Next(std::vector<std::string>* fields);

  /// Where the record read last began, from 1.
  int line() const { return record_line_; }

 private:
  absl::Status Quoted(std::string* field);
  absl::Status Plain(std::string* field);
  absl::Status Bad(std::string_view what) const;
  bool AtLineEnd() const;
  void PassLineEnd();

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  int record_line_ = 0;
};

}  // namespace cloudpos::replay
