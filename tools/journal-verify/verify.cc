#include "tools/journal-verify/verify.h"

#include <utility>
#include <vector>

#include "libs/journal/canonical.h"
#include "libs/token/device_key.h"

namespace cloudpos::journal_verify {
namespace {

constexpr size_t kChunk = 1 << 20;

/// Collects the "prev" of each journal: what its first entry in the file is chained to.
class PreviousHashes {
 public:
  void Feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      pending_.append(bytes.substr(0, end));
      if (end == std::string_view::npos) return;
      Line();
      pending_.clear();
      bytes.remove_prefix(end + 1);
    }
  }
  const std::map<std::string, std::string>& hashes() const { return hashes_; }

 private:
  void Line() {
    if (pending_.find("\"prev\":\"") == std::string::npos) return;
    journal::Document document;
    if (!journal::Document::Parse(pending_, journal::ParseMode::kCanonical, &document).ok()) return;
    const journal::Value previous = document.root().Find("prev");
    if (!previous.present()) return;
    hashes_.emplace(document.root().Find("journal").String(), previous.String());
  }

  std::string pending_;
  std::map<std::string, std::string> hashes_;
};

Problem ProblemOf(const std::string& name, const journal::VerifyReport& report) {
  std::string text = name + ": line " + std::to_string(report.line);
  if (!report.journal.empty()) text += ", journal " + report.journal;
  if (report.n > 0) text += ", entry " + std::to_string(report.n);
  text += ": " + std::string(journal::ErrorName(report.error.code));
  if (!report.reason.empty()) text += ": " + report.reason;
  return {std::move(text)};
}

}  // namespace

std::optional<Problem> ExportVerifier::Continue(
    const std::string& name, const journal::VerifyReport& report,
    const std::map<std::string, std::string>& previous) {
  for (const journal::JournalHead& head : report.heads) {
    const auto [found, is_first] = journals_.try_emplace(head.journal, head);
    if (is_first) continue;
    journal::JournalHead& before = found->second;
    const std::string where =
        name + ": journal " + head.journal + ", entry " + std::to_string(head.first) + ": ";
    if (head.first != before.last + 1) {
      return Problem{where + "the file before ended at " + std::to_string(before.last)};
    }
    const auto chained = previous.find(head.journal);
    if (chained == previous.end() || chained->second != journal::ToHex(before.head)) {
      return Problem{where + "is not chained to the last entry of the file before"};
    }
    before.last = head.last;
    before.head = head.head;
    before.count += head.count;
  }
  return std::nullopt;
}

ExportVerifier::FileResult ExportVerifier::Verify(const std::string& name, std::istream& in) {
  journal::VerifyOptions options;
  if (keys_) {
    options.require_trailer_signature = true;
    options.check_trailer = [this](std::string_view key, std::string_view message,
                                   std::string_view signature) {
      const auto found = keys_->find(std::string(key));
      return found != keys_->end() && token::VerifyWith(found->second.get(), message, signature);
    };
  }
  if (device_keys_) {
    options.check_entry = [this](std::string_view key, std::string_view message,
                                 std::string_view signature) {
      const auto found = device_keys_->find(std::string(key));
      return found != device_keys_->end() && token::VerifyP256(found->second, message, signature);
    };
  }
  journal::Verifier verifier(std::move(options));
  PreviousHashes previous;
  std::vector<char> chunk(kChunk);
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), in.gcount() > 0) {
    const std::string_view bytes(chunk.data(), static_cast<size_t>(in.gcount()));
    if (!verifier.Feed(bytes)) break;
    previous.Feed(bytes);
  }
  FileResult result{.report = verifier.Finish(), .problem = std::nullopt};
  result.problem = result.report.ok() ? Continue(name, result.report, previous.hashes())
                                      : std::optional<Problem>(ProblemOf(name, result.report));
  return result;
}

}  // namespace cloudpos::journal_verify
