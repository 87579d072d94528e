#include "tools/tidy/source.h"

#include <algorithm>
#include <cctype>

namespace cloudpos::tidy {
namespace {

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Walks over the text once, sending each character to one of the three layers.
class CppParser {
 public:
  explicit CppParser(std::string_view text)
      : text_(text), code_(Blank()), strings_(Blank()), comments_(Blank()) {}

  void Parse() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      const bool is_after_word = at_ > 0 && IsWord(text_[at_ - 1]);
      if (rest.starts_with("//")) {
        Send(&comments_, std::min(rest.find('\n'), rest.size()));
      } else if (rest.starts_with("/*")) {
        const size_t end = rest.find("*/", 2);
        Send(&comments_, end == std::string_view::npos ? rest.size() : end + 2);
      } else if (rest.starts_with("R\"") && !is_after_word) {
        RawString(rest);
      } else if (rest.front() == '"') {
        Quoted(rest, '"');
      } else if (rest.front() == '\'' && !is_after_word) {  // else a digit separator
        Quoted(rest, '\'');
      } else {
        Send(&code_, 1);
      }
    }
  }

  Source Finish(std::string path) {
    Source source;
    source.path = std::move(path);
    source.raw = SplitLines(text_);
    source.code = SplitLines(code_);
    source.strings = SplitLines(strings_);
    source.comments = SplitLines(comments_);
    source.code_text = std::move(code_);
    source.literals = std::move(literals_);
    return source;
  }

 private:
  // The text with everything but line ends blanked.
  std::string Blank() const {
    std::string blank(text_);
    for (char& c : blank) c = c == '\n' ? '\n' : ' ';
    return blank;
  }

  void Send(std::string* layer, size_t count) {
    for (const size_t end = at_ + count; at_ < end; ++at_) {
      (*layer)[at_] = text_[at_];
      line_ += text_[at_] == '\n';
    }
  }

  void RawString(std::string_view rest) {
    const size_t open = std::min(rest.find('('), rest.size());
    const std::string closing = ")" + std::string(rest.substr(2, open - 2)) + "\"";
    const size_t close = std::min(rest.find(closing, open), rest.size());
    const size_t end = std::min(close + closing.size(), rest.size());
    literals_.push_back({at_, at_ + end, line_, std::string(rest.substr(open, close - open))});
    Send(&code_, 2);
    Send(&strings_, end - 3);
    Send(&code_, 1);
  }

  void Quoted(std::string_view rest, char quote) {
    size_t end = 1;
    while (end < rest.size() && rest[end] != quote && rest[end] != '\n') {
      end += rest[end] == '\\' ? 2 : 1;
    }
    end = std::min(end, rest.size());
    if (quote == '"') {
      const size_t behind = std::min(at_ + end + 1, text_.size());
      literals_.push_back({at_, behind, line_, std::string(rest.substr(1, end - 1))});
    }
    Send(&code_, 1);
    Send(&strings_, end - 1);
    if (at_ < text_.size()) Send(&code_, 1);
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 0;
  std::string code_;
  std::string strings_;
  std::string comments_;
  std::vector<Literal> literals_;
};

}  // namespace

Source ParseCpp(std::string path, std::string_view text) {
  CppParser parser(text);
  parser.Parse();
  return parser.Finish(std::move(path));
}

Source ParsePlain(std::string path, std::string_view text, std::string_view marker) {
  Source source;
  source.path = std::move(path);
  source.raw = SplitLines(text);
  source.code_text = text;
  for (const std::string& line : source.raw) {
    const size_t comment = std::min(line.find(marker), line.size());
    source.code.push_back(line.substr(0, comment));
    source.strings.emplace_back();
    source.comments.push_back(std::string(comment, ' ') + line.substr(comment));
  }
  return source;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace cloudpos::tidy
