#pragma once

// The clients' logs (README.md): read once, front to back, into Documents.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/chaos/check/documents.h"
#include "tests/chaos/check/report.h"
#include "tests/chaos/check/run_file.h"

namespace cloudpos::chaos {

/// An answer that says no for good: 4xx, but 401, 408 and 429.
struct Refusal {
  uint32_t document;
  uint32_t request;
  Micros sent;
  Micros received;
  int status;
  uint32_t code;  // of History::codes
};

/// A file mapped into memory.
class MappedFile {
 public:
  static absl::StatusOr<std::unique_ptr<MappedFile>> Open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  std::string_view text() const { return text_; }
  const std::string& path() const { return path_; }

 private:
  MappedFile(std::string path, std::string_view text) : path_(std::move(path)), text_(text) {}
  std::string path_;
  std::string_view text_;
};

struct History {
  std::vector<std::unique_ptr<MappedFile>> files;  // clients' logs
  std::vector<std::unique_ptr<MappedFile>> books;  // registers' receipts (paper.h)
  std::vector<Refusal> refusals;
  std::vector<std::string> codes;
  /// By acknowledged receipts: what left the shelves (returns come back), and the money by store.
  std::map<Shelf, int64_t> moved;
  std::map<base::Uuid, int64_t> taken;
  int64_t sends = 0;
  int64_t replies = 0;
  int64_t lost = 0;
  int64_t unanswered = 0;

  /// The line at a place as Request keeps them.
  std::string_view LineAt(uint64_t place) const;
};

/// Reads DIR/clients/*.jsonl; there may be none. Breaks of LOG and, as far as answers alone show
/// them, I13 are reported as they are met.
absl::StatusOr<History> ReadHistory(const std::string& folder, const RunFile& run,
                                    Documents* documents, Report* report);

}  // namespace cloudpos::chaos
