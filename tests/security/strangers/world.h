#pragma once

// Two tenants as real ones are, made through the operator's door and the REST API: the stranger's,
// A, with two stores, and the victim's, B. Everything of B carries one word in its names,
// everything of A's second store another, by which it is known wherever it comes to light.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "libs/token/token.h"
#include "tests/security/strangers/rest.h"
#include "tests/security/strangers/wire.h"

namespace cloudpos::strangers {

constexpr char kWordOfB[] = "zebra";
constexpr char kWordOfOtherStore[] = "walrus";
constexpr char kPassword[] = "a quiet harbour 42";

/// Somebody with a token.
struct Person {
  std::string name;  // "cashier of one store"
  token::Claims claims{};
  std::string token{};
  std::string session{};  // one of theirs that may end; empty: none
};

struct Tenant {
  std::string id;
  Names own{};    // its first store and what belongs to the tenant
  Names other{};  // the same of its second store
  Person admin{};
};

/// How tokens are read and made: with the installation's own key.
class Mint {
 public:
  explicit Mint(const std::string& key_pem);

  token::Claims Read(const std::string& token) const;
  const token::Signer& signer() const { return signer_; }

 private:
  token::Signer signer_;
  std::unique_ptr<token::Verifier> verifier_;
};

class World {
 public:
  World(Rest& rest, const Peer& operator_, const Mint& mint);

  const Tenant& a() const { return a_; }
  const Tenant& b() const { return b_; }
  /// Everybody of A: each built-in role in every store and in the first one alone, somebody without
  /// any role, and the first store's device.
  const std::vector<Person>& people() const { return people_; }
  /// Somebody of A who has signed out, and somebody who was dismissed: their tokens are worth
  /// nothing from a moment after `gone_at`.
  const token::Claims& leaver() const { return leaver_; }
  const token::Claims& dismissed() const { return dismissed_; }
  std::chrono::steady_clock::time_point gone_at() const { return gone_at_; }

 private:
  Tenant Found(const std::string& word);
  Names OpenStore(const Tenant& tenant, const std::string& code, const std::string& word);
  void Stock(const std::string& word, Tenant* tenant);
  std::string Trade(const Tenant& tenant, Names* store);
  Person Hire(const std::string& name, const std::string& role, bool everywhere);
  Person SignIn(const std::string& name, const std::string& email, const std::string& password);
  void Employ();
  void Part();

  Rest& rest_;
  const Peer& operator_;
  const Mint& mint_;
  Tenant a_;
  Tenant b_;
  std::vector<Person> people_;
  std::string device_token_;
  token::Claims leaver_;
  token::Claims dismissed_;
  std::chrono::steady_clock::time_point gone_at_;
};

}  // namespace cloudpos::strangers
