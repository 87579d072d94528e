#include "services/inventory/domain/words.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cloudpos::inventory {
namespace {

constexpr std::string_view kLatin1 =  // U+00C0..U+00FF; '*' is no letter or has a rule of its own
    "aaaaaa*ceeeeiiiidnooooo*ouuuuy**aaaaaa*ceeeeiiiidnooooo*ouuuuy*y";
constexpr std::string_view kLatinExtendedA =  // U+0100..U+017F
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiijjjjkkkllllllllllnnnnnnnnnoooooooo"
    "rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(kLatin1.size() == 64 && kLatinExtendedA.size() == 128);

/// Next code point of valid UTF-8; what is not valid comes byte by byte.
char32_t Next(std::string_view text, size_t* at) {
  const auto byte = [&](size_t i) -> uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const uint32_t first = byte(*at);
  const auto tail = [&](size_t i) { return byte(*at + i) & 0x3f; };
  if (first >= 0xf0) {
    const char32_t c = (first & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3);
    *at += 4;
    return c;
  }
  if (first >= 0xe0) {
    const char32_t c = (first & 0x0f) << 12 | tail(1) << 6 | tail(2);
    *at += 3;
    return c;
  }
  if (first >= 0xc0) {
    const char32_t c = (first & 0x1f) << 6 | tail(1);
    *at += 2;
    return c;
  }
  *at += 1;
  return first;
}

void Append(char32_t c, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

std::u32string Decode(std::string_view text) {
  std::u32string out;
  for (size_t at = 0; at < text.size();) out.push_back(Next(text, &at));
  return out;
}

std::string Encode(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) Append(c, &out);
  return out;
}

/// The letters `c` is searched as; empty for what separates words.
std::string Fold(char32_t c) {
  if (c < 0x80) {
    const char ascii = static_cast<char>(c);
    if (ascii >= 'A' && ascii <= 'Z') return std::string(1, static_cast<char>(ascii + 32));
    const bool is_word = (ascii >= 'a' && ascii <= 'z') || (ascii >= '0' && ascii <= '9');
    return is_word ? std::string(1, ascii) : std::string();
  }
  if (c < 0xc0) return {};
  if (c == 0xc6 || c == 0xe6) return "ae";
  if (c == 0xde || c == 0xfe) return "th";
  if (c == 0xdf || c == 0x1e9e) return "ss";
  if (c == 0x152 || c == 0x153) return "oe";
  if (c <= 0xff) return kLatin1[c - 0xc0] == '*' ? "" : std::string(1, kLatin1[c - 0xc0]);
  if (c <= 0x17f) return std::string(1, kLatinExtendedA[c - 0x100]);
  if ((c >= 0x2000 && c <= 0x206f) || (c >= 0x3000 && c <= 0x303f)) return {};  // punctuation
  if (c >= 0x391 && c <= 0x3a9) c += 32;                                        // Greek capitals
  if (c >= 0x410 && c <= 0x42f) c += 32;                                        // Cyrillic capitals
  if (c >= 0x400 && c <= 0x40f) c += 80;
  std::string letter;
  Append(c, &letter);
  return letter;
}

bool IsCombiningMark(char32_t c) { return c >= 0x300 && c <= 0x36f; }

void AddWord(std::string* word, std::vector<std::string>* words) {
  if (word->empty()) return;
  if (std::find(words->begin(), words->end(), *word) == words->end()) words->push_back(*word);
  word->clear();
}

int Best(const std::string& typed, const SearchDocument& document) {
  constexpr int kWhole = 8, kBeginning = 6, kCategory = 4, kSlip = 2;
  int best = 0;
  for (const std::string& word : document.words) {
    if (word == typed) return kWhole;
    if (word.starts_with(typed)) best = std::max(best, kBeginning);
  }
  for (const std::string& word : document.categories) {
    if (word.starts_with(typed)) best = std::max(best, kCategory);
  }
  const int slips = SlipsAllowed(typed);
  if (best > 0 || slips == 0) return best;
  const auto is_near = [&](const std::string& word) { return IsNear(typed, word, slips); };
  const bool is_slip = std::any_of(document.words.begin(), document.words.end(), is_near) ||
                       std::any_of(document.categories.begin(), document.categories.end(), is_near);
  return is_slip ? kSlip : 0;
}

}  // namespace

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = Next(text, &at);
    if (IsCombiningMark(c)) continue;
    const std::string letters = Fold(c);
    if (letters.empty()) {
      AddWord(&word, &words);
    } else if (word.size() + letters.size() <= kWordBytesMax) {
      word += letters;
    }
  }
  AddWord(&word, &words);
  return words;
}

std::vector<std::string> GramsOf(std::string_view word) {
  const std::u32string padded = U"  " + Decode(word) + U" ";
  std::vector<std::string> grams;
  for (size_t i = 0; i + 3 <= padded.size(); ++i) {
    std::string gram = Encode(std::u32string_view(padded).substr(i, 3));
    if (std::find(grams.begin(), grams.end(), gram) == grams.end()) grams.push_back(gram);
  }
  return grams;
}

int SlipsAllowed(std::string_view typed) {
  const size_t letters = Decode(typed).size();
  if (letters < 4 || !HasLetter(typed)) return 0;
  return letters < 8 ? 1 : 2;
}

bool HasLetter(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return c < '0' || c > '9'; });
}

bool IsNear(std::string_view typed, std::string_view word, int slips) {
  const std::u32string a = Decode(typed);
  const std::u32string b = Decode(word);
  const int rows = static_cast<int>(a.size());
  const int columns = static_cast<int>(b.size());
  if (std::abs(rows - columns) > slips) return false;
  // Optimal string alignment: three rows of the table are enough.
  std::array<std::vector<int>, 3> table;
  for (auto& row : table) row.resize(b.size() + 1);
  for (int j = 0; j <= columns; ++j) table[0][static_cast<size_t>(j)] = j;
  for (int i = 1; i <= rows; ++i) {
    auto& now = table[static_cast<size_t>(i % 3)];
    const auto& above = table[static_cast<size_t>((i + 2) % 3)];
    const auto& before = table[static_cast<size_t>((i + 1) % 3)];
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t k = static_cast<size_t>(i) - 1;
      const int change = a[k] == b[j - 1] ? 0 : 1;
      now[j] = std::min({above[j] + 1, now[j - 1] + 1, above[j - 1] + change});
      if (k > 0 && j > 1 && a[k] == b[j - 2] && a[k - 1] == b[j - 1]) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
  }
  return table[static_cast<size_t>(rows % 3)][b.size()] <= slips;
}

int ScoreOf(const std::vector<std::string>& typed, const SearchDocument& document) {
  int score = 0;
  for (const std::string& word : typed) {
    const int best = Best(word, document);
    if (best == 0) return 0;
    score += best;
  }
  return score;
}

}  // namespace cloudpos::inventory
