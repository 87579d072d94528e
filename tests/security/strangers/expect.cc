#include "tests/security/strangers/expect.h"

namespace cloudpos::strangers {
namespace {

using namespace common::v1;  // error codes

bool IsSmuggled(Place place) {
  return place == Place::kSmuggledFromStore || place == Place::kSmuggledFromTenant;
}

bool IsOfTenant(Place place) {
  return place == Place::kOtherTenant || place == Place::kSmuggledFromTenant;
}

base::Uuid Id(const std::string& text) { return base::Uuid::Parse(text).value_or(base::Uuid()); }

Verdict InStore(const token::Claims& claims, token::Permission permission,
                const std::string& store) {
  if (!claims.CoversStore(Id(store))) return Verdict::kHidden;
  return claims.HasForStore(permission, Id(store)) ? Verdict::kServed : Verdict::kDenied;
}

/// The store is known only once the thing is.
Verdict OfResource(const Rpc& rpc, const token::Claims& claims, const Asked& asked,
                   const std::string& other_store) {
  const token::Permission permission = rpc.policy.permission();
  // Before the request is read.
  if (IsDeniedEverywhere(rpc, claims)) return Verdict::kDenied;
  if (rpc.policy.handler_checks() && !asked.store.empty()) {
    const Verdict verdict = InStore(claims, permission, asked.store);
    if (verdict != Verdict::kServed) return verdict;
  }
  // A change of what belongs to the tenant may need the right in every store.
  const bool is_of_all = !asked.is_of_store && !rpc.is_read() && !claims.HasForTenant(permission);
  if (!asked.is_foreign) return is_of_all ? Verdict::kOpen : Verdict::kServed;
  if (asked.place == Place::kOtherStore) return InStore(claims, permission, other_store);
  return Verdict::kHidden;
}

/// Words that say that nobody looked at a public method's request for want of a token.
bool AsksForToken(const Answer& answer) {
  return answer.code == UNAUTHENTICATED && answer.detail.find("access token") != std::string::npos;
}

bool IsAboutRights(const Rpc& rpc, const Answer& answer) {
  switch (answer.code) {
    case PERMISSION_DENIED:
    case CALLER_NOT_ALLOWED:
      return true;
    case UNAUTHENTICATED:
    case TOKEN_EXPIRED:
    case TOKEN_INVALID:
    case TOKEN_REVOKED:
      // Credentials in a public request's body are refused in the same words.
      return rpc.access != Access::kPublic || AsksForToken(answer);
    default:
      return false;
  }
}

}  // namespace

Verdict Expected(const Rpc& rpc, const token::Claims& claims, const Asked& asked,
                 const std::string& other_store) {
  const token::Permission permission = rpc.policy.permission();
  switch (rpc.access) {
    case Access::kPublic:
    case Access::kPeer:
      return Verdict::kServed;
    case Access::kSelf:
      return asked.is_foreign ? Verdict::kHidden : Verdict::kServed;
    case Access::kTenant:
      if (!claims.HasForTenant(permission)) return Verdict::kDenied;
      return asked.is_foreign && IsOfTenant(asked.place) ? Verdict::kHidden : Verdict::kServed;
    case Access::kStore: {
      const Verdict verdict = InStore(claims, permission, asked.store);
      if (verdict != Verdict::kServed || !asked.is_foreign) return verdict;
      const bool is_strange = IsOfTenant(asked.place) || IsSmuggled(asked.place);
      return is_strange ? Verdict::kHidden : Verdict::kServed;
    }
    case Access::kResource:
      return OfResource(rpc, claims, asked, other_store);
  }
  return Verdict::kDenied;
}

bool IsDeniedEverywhere(const Rpc& rpc, const token::Claims& claims) {
  return rpc.policy.permission() != PERMISSION_UNSPECIFIED && !rpc.policy.handler_checks() &&
         !claims.HasAnywhere(rpc.policy.permission());
}

base::ErrorCode CodeOf(Proof proof) {
  switch (proof) {
    case Proof::kNone:
      return UNAUTHENTICATED;
    case Proof::kExpired:
      return TOKEN_EXPIRED;
    case Proof::kRevoked:
    case Proof::kDismissed:
      return TOKEN_REVOKED;
    default:
      return TOKEN_INVALID;
  }
}

std::string Fault(Verdict verdict, const Rpc& rpc, const Answer& answer) {
  const bool is_broken = answer.code == INTERNAL || answer.code == UNAVAILABLE ||
                         answer.code == DEADLINE_EXCEEDED || answer.code == OVERLOADED ||
                         answer.code == RATE_LIMITED || answer.code == UNIMPLEMENTED;
  bool is_as_expected = false;
  switch (verdict) {
    case Verdict::kServed:
      is_as_expected = !IsAboutRights(rpc, answer) && answer.code != ROUTE_NOT_FOUND;
      break;
    case Verdict::kOpen:
      is_as_expected = answer.code == PERMISSION_DENIED || !IsAboutRights(rpc, answer);
      break;
    case Verdict::kDenied:
      is_as_expected = answer.code == PERMISSION_DENIED;
      break;
    case Verdict::kHidden:
      is_as_expected = answer.IsNotFound();
      break;
    case Verdict::kWrongCaller:
      is_as_expected = answer.code == CALLER_NOT_ALLOWED;
      break;
    case Verdict::kSignIn:
      break;  // by its code, see CodeOf
  }
  if (is_as_expected && !is_broken) return {};
  return std::string("expected ") + NameOf(verdict) + ", got " + answer.ToString();
}

const char* NameOf(Place place) {
  switch (place) {
    case Place::kOwn:
      return "own store";
    case Place::kOtherStore:
      return "other store";
    case Place::kOtherTenant:
      return "other tenant";
    case Place::kSmuggledFromStore:
      return "other store's thing under the own store";
    case Place::kSmuggledFromTenant:
      return "other tenant's thing under the own store";
  }
  return "";
}

const char* NameOf(Proof proof) {
  switch (proof) {
    case Proof::kGood:
      return "good token";
    case Proof::kNone:
      return "no token";
    case Proof::kNoToken:
      return "a token that is none";
    case Proof::kExpired:
      return "expired token";
    case Proof::kWrongKey:
      return "wrong key";
    case Proof::kAlgNone:
      return "alg none";
    case Proof::kRevoked:
      return "token of an ended session";
    case Proof::kDismissed:
      return "token of a dismissed person";
  }
  return "";
}

const char* NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOpen:
      return "served or denied";
    case Verdict::kServed:
      return "served";
    case Verdict::kDenied:
      return "denied";
    case Verdict::kHidden:
      return "hidden";
    case Verdict::kSignIn:
      return "sign in";
    case Verdict::kWrongCaller:
      return "wrong caller";
  }
  return "";
}

}  // namespace cloudpos::strangers
