#pragma once

// Search (C-04): texts as words, words as what people mean by them.

#include <string>
#include <string_view>
#include <vector>

namespace cloudpos::inventory {

constexpr size_t kWordBytesMax = 64;

/// The words of `text`, each once, in order: lower case, without accents, cut at everything that is
/// neither letter nor digit. Words are cut to kWordBytesMax bytes.
std::vector<std::string> WordsOf(std::string_view text);

/// The runs of three letters of a word, with its ends marked by blanks, each once.
std::vector<std::string> GramsOf(std::string_view word);

/// Slips of the key that `typed` may hold: 0 below four letters, 1 below eight, else 2.
int SlipsAllowed(std::string_view typed);

/// The two differ by at most `slips` letters left out, added, changed or swapped with their
/// neighbour.
bool IsNear(std::string_view typed, std::string_view word, int slips);

/// True when the word has a letter: worth mending (codes and numbers are not).
bool HasLetter(std::string_view word);

/// What a variant is found by.
struct SearchDocument {
  std::vector<std::string> words;       // of its names, SKU and barcodes
  std::vector<std::string> categories;  // of its category's name
  size_t length = 0;                    // of the name: shorter is closer
};

/// How well a document fits what was typed; 0 when a typed word is not in it at all.
int ScoreOf(const std::vector<std::string>& typed, const SearchDocument& document);

}  // namespace cloudpos::inventory
