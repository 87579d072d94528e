#pragma once

// Tokens found valid before, by the SHA-256 of their text: a verification costs as much as a whole
// request. Bounded; the oldest goes first, which with lives of ten minutes is the one that expires
// first.

#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "libs/token/token.h"

namespace cloudpos::token {

/// Thread-safe.
class TokenCache {
 public:
  static constexpr size_t kShards = 16;
  static constexpr size_t kPerShard = 512;  // 8,192 tokens in all

  std::shared_ptr<const Claims> Find(const std::string& digest) {
    Shard& shard = ShardOf(digest);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.claims.find(digest);
    return found == shard.claims.end() ? nullptr : found->second;
  }

  void Insert(const std::string& digest, std::shared_ptr<const Claims> claims) {
    Shard& shard = ShardOf(digest);
    const std::lock_guard lock(shard.mutex);
    if (!shard.claims.emplace(digest, std::move(claims)).second) return;
    shard.order.push_back(digest);
    if (shard.order.size() <= kPerShard) return;
    shard.claims.erase(shard.order.front());
    shard.order.pop_front();
  }

  void Clear() {
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      shard.claims.clear();
      shard.order.clear();
    }
  }

  size_t size() {
    size_t total = 0;
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      total += shard.claims.size();
    }
    return total;
  }

 private:
  // The key is a digest already: eight of its bytes are hash enough (the first picks the shard).
  struct DigestHash {
    size_t operator()(const std::string& digest) const {
      size_t hash = 0;
      std::memcpy(&hash, digest.data() + 8, sizeof(hash));
      return hash;
    }
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<const Claims>, DigestHash> claims;
    std::deque<std::string> order;  // of insertion
  };

  Shard& ShardOf(const std::string& digest) {
    return shards_[static_cast<unsigned char>(digest[0]) % kShards];
  }

  std::array<Shard, kShards> shards_;
};

}  // namespace cloudpos::token
