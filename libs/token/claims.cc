#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/token/token.h"

namespace cloudpos::token {
namespace {

bool Covers(const Grant& grant, const base::Uuid& store) {
  return grant.stores.empty() ||
         std::find(grant.stores.begin(), grant.stores.end(), store) != grant.stores.end();
}

}  // namespace

std::string PermissionSet::ToBase64Url() const {
  std::string bytes;
  for (size_t bit = 0; bit < kBits; ++bit) {
    if (!bits_.test(bit)) continue;
    if (bytes.size() <= bit / 8) bytes.resize(bit / 8 + 1, '\0');
    bytes[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) | 1u << bit % 8);
  }
  return base::Base64UrlEncode(bytes);
}

std::optional<PermissionSet> PermissionSet::FromBase64Url(std::string_view text) {
  const std::optional<std::string> bytes = base::Base64UrlDecode(text);
  if (!bytes || bytes->size() > kBits / 8) return std::nullopt;
  PermissionSet set;
  for (size_t bit = 0; bit < bytes->size() * 8; ++bit) {
    const auto byte = static_cast<unsigned char>((*bytes)[bit / 8]);
    if ((byte >> bit % 8 & 1u) != 0) set.bits_.set(bit);
  }
  return set;
}

std::vector<Permission> PermissionSet::ToList() const {
  std::vector<Permission> list;
  for (size_t bit = 1; bit < kBits; ++bit) {
    if (bits_.test(bit) && common::v1::Permission_IsValid(static_cast<int>(bit))) {
      list.push_back(static_cast<Permission>(bit));
    }
  }
  return list;
}

bool Claims::HasForTenant(Permission p) const {
  return std::any_of(grants.begin(), grants.end(), [p](const Grant& grant) {
    return grant.stores.empty() && grant.permissions.Has(p);
  });
}

bool Claims::HasForStore(Permission p, const base::Uuid& store) const {
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    return grant.permissions.Has(p) && Covers(grant, store);
  });
}

bool Claims::HasAnywhere(Permission p) const {
  return std::any_of(grants.begin(), grants.end(),
                     [p](const Grant& grant) { return grant.permissions.Has(p); });
}

bool Claims::CoversStore(const base::Uuid& store) const {
  return std::any_of(grants.begin(), grants.end(),
                     [&](const Grant& grant) { return Covers(grant, store); });
}

}  // namespace cloudpos::token
