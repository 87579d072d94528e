#pragma once

// Tokens as strangers make them.

#include <string>
#include <vector>

#include "libs/token/token.h"
#include "tests/security/strangers/expect.h"

namespace cloudpos::strangers {

/// Makes bad tokens of good claims. Only expired and revoked ones are signed with the
/// installation's key: they were good once.
class Forge {
 public:
  /// `leaver` has signed out, `dismissed` works there no more.
  Forge(const token::Signer& signer, const token::Claims& leaver, const token::Claims& dismissed);

  /// Empty for Proof::kNone.
  std::string Make(Proof proof, const token::Claims& claims) const;

  struct Trick {
    std::string name;
    std::string token;
  };
  /// Further ones, made by somebody who holds a good token and the public key.
  std::vector<Trick> Tricks(const token::Claims& claims, const std::string& good) const;

 private:
  const token::Signer& signer_;
  token::Signer other_;
  token::Claims leaver_;
  token::Claims dismissed_;
};

}  // namespace cloudpos::strangers
