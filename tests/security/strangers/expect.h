#pragma once

// The answer that a cell must get, from the policy and the caller's rights alone. Pure.

#include <string>

#include "libs/base/error.h"
#include "libs/token/token.h"
#include "tests/security/strangers/answer.h"
#include "tests/security/strangers/rpcs.h"

namespace cloudpos::strangers {

/// Whose things the request names.
enum class Place {
  kOwn,
  kOtherStore,
  kOtherTenant,
  // The first store's id with everything else of the other: a thing smuggled in by way of a parent
  // that is one's own.
  kSmuggledFromStore,
  kSmuggledFromTenant,
};
constexpr Place kPlaces[] = {Place::kOwn, Place::kOtherStore, Place::kOtherTenant,
                             Place::kSmuggledFromStore, Place::kSmuggledFromTenant};

/// What the caller shows.
enum class Proof { kGood, kNone, kNoToken, kExpired, kWrongKey, kAlgNone, kRevoked, kDismissed };
constexpr Proof kBadProofs[] = {Proof::kNone,     Proof::kNoToken, Proof::kExpired,
                                Proof::kWrongKey, Proof::kAlgNone, Proof::kRevoked,
                                Proof::kDismissed};

enum class Verdict {
  kOpen,         // served or denied: the policy leaves it to the method
  kServed,       // it reached the method: OK, or a refusal that has nothing to do with rights
  kDenied,       // PERMISSION_DENIED
  kHidden,       // not found, or the same as for what does not exist
  kSignIn,       // 401, with the code that says why
  kWrongCaller,  // CALLER_NOT_ALLOWED
};

struct Asked {
  Place place = Place::kOwn;
  /// The request names something that is not of the caller's own store.
  bool is_foreign = false;
  /// The store that the request names; empty: none.
  std::string store;
  /// It names something of a store: a register, a sale, the store itself.
  bool is_of_store = true;
};

/// For a good token.
Verdict Expected(const Rpc& rpc, const token::Claims& claims, const Asked& asked,
                 const std::string& other_store);

/// Nobody without the right in any store is let in, whatever the request says.
bool IsDeniedEverywhere(const Rpc& rpc, const token::Claims& claims);

/// The code of kSignIn for a bad one.
base::ErrorCode CodeOf(Proof proof);

/// Empty when `answer` is what `verdict` asks for; kHidden is judged elsewhere unless NOT_FOUND.
std::string Fault(Verdict verdict, const Rpc& rpc, const Answer& answer);

const char* NameOf(Place place);
const char* NameOf(Proof proof);
const char* NameOf(Verdict verdict);

}  // namespace cloudpos::strangers
