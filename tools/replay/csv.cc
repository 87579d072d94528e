#include "tools/replay/csv.h"

#include "libs/base/status_macros.h"

namespace cloudpos::replay {

CsvReader::CsvReader(std::string_view text) : text_(text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text_.starts_with(kMark)) text_.remove_prefix(kMark.size());
}

absl::Status CsvReader::Bad(std::string_view what) const {
  return absl::InvalidArgumentError("line " + std::to_string(line_) + ": " + std::string(what));
}

bool CsvReader::AtLineEnd() const {
  return at_ < text_.size() && (text_[at_] == '\n' || text_.substr(at_).starts_with("\r\n"));
}

void CsvReader::PassLineEnd() {
  if (!AtLineEnd()) return;
  at_ += text_[at_] == '\r' ? 2 : 1;
  ++line_;
}

absl::Status CsvReader::Quoted(std::string* field) {
  ++at_;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    if (c != '"') {
      field->push_back(c);
    } else if (at_ < text_.size() && text_[at_] == '"') {
      field->push_back('"');
      ++at_;
    } else {
      const bool ends = at_ == text_.size() || text_[at_] == ',' || AtLineEnd();
      return ends ? absl::OkStatus() : Bad("text after a closing quote");
    }
  }
  return Bad("a quote is never closed");
}

absl::Status CsvReader::Plain(std::string* field) {
  while (at_ < text_.size() && text_[at_] != ',' && !AtLineEnd()) {
    if (text_[at_] == '"') return Bad("a quote inside a field that does not begin with one");
    field->push_back(text_[at_++]);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> CsvReader::Next(std::vector<std::string>* fields) {
  fields->clear();
  if (at_ >= text_.size()) return false;
  record_line_ = line_;
  while (true) {
    std::string& field = fields->emplace_back();
    const bool is_quoted = at_ < text_.size() && text_[at_] == '"';
    CLOUDPOS_RETURN_IF_ERROR(is_quoted ? Quoted(&field) : Plain(&field));
    if (at_ >= text_.size() || text_[at_] != ',') break;
    ++at_;
  }
  PassLineEnd();
  return true;
}

}  // namespace cloudpos::replay
