#include "tests/chaos/check/documents.h"

namespace cloudpos::chaos {

Kind KindOf(std::string_view name) {
  if (name == "SALE") return Kind::kSale;
  if (name == "RETURN") return Kind::kReturn;
  if (name == "ABANDONED") return Kind::kAbandoned;
  return Kind::kOther;
}

const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kSale:
      return "sale";
    case Kind::kReturn:
      return "return";
    case Kind::kAbandoned:
      return "tombstone";
    default:
      return "document";
  }
}

uint32_t Documents::Of(const base::Uuid& id) {
  const auto [found, is_new] = index_.try_emplace(id, static_cast<uint32_t>(all_.size()));
  if (is_new) all_.emplace_back().id = id;
  return found->second;
}

uint32_t Documents::Find(const base::Uuid& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? kNowhere : found->second;
}

uint32_t Documents::RequestOf(uint32_t document, uint64_t key, Kind kind, bool* is_new) {
  uint32_t* link = &all_[document].requests;
  while (*link != kNowhere) {
    Request& request = requests_[*link];
    if (request.key == key && request.kind == kind) {
      *is_new = false;
      return *link;
    }
    link = &request.next;
  }
  *is_new = true;
  const uint32_t at = static_cast<uint32_t>(requests_.size());
  *link = at;  // before the vector moves
  Request& request = requests_.emplace_back();
  request.key = key;
  request.kind = kind;
  return at;
}

}  // namespace cloudpos::chaos
