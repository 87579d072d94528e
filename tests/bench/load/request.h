#pragma once

// Requests as bytes made in advance: what changes from one to the next has a fixed length and is
// written over in place, so that making a request costs next to nothing.

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace cloudpos::bench {

/// What placeholders stand for. Values of one name have one length.
struct Values {
  std::map<std::string, std::vector<std::string>> drawn;       // one at random each time
  std::map<std::string, std::vector<std::string>> per_client;  // client n always has the n-th
};

/// A request with placeholders: `METHOD PATH` on the first line, the body after it. `<id>` is a new
/// UUIDv7 each time. The k-th of m `<name>` draws from the k-th m-th of the list: values of one
/// request differ and come in the list's order.
class Template {
 public:
  /// Throws std::runtime_error with what is wrong.
  Template(std::string_view text, Values values);

  struct Target {
    std::string host;
    std::string token;  // empty: none
  };
  struct Place {
    size_t at;
    const std::vector<std::string>* values;  // null: a new id
    size_t first;
    size_t last;  // one past
  };
  struct Bytes {
    std::string text;
    std::vector<Place> places;
  };
  /// The request of client `number`, to be given to Fill before each sending.
  Bytes For(size_t number, const Target& target) const;
  /// Its body alone.
  Bytes BodyFor(size_t number) const;
  const std::string& path() const { return path_; }

 private:
  std::string Expand(std::string_view text, size_t number, size_t offset,
                     std::vector<Place>* places) const;

  std::string method_;
  std::string path_;
  std::string body_;
  Values values_;
};

/// Thread-unsafe source of what changes.
class Filler {
 public:
  explicit Filler(uint64_t seed) : random_(seed) {}
  void Fill(Template::Bytes* request);

 private:
  void WriteId(char* at);

  std::mt19937_64 random_;
};

}  // namespace cloudpos::bench
