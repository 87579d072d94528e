// libs/pricing and libs/journal behind one function of JSON in, JSON out: what the register calls
// through WebAssembly (exports.cc). Compiled natively as well, for the tests.
//
// Keys and names are those of the headers in lowerCamelCase; request fields left out have their
// default. Requests may be any JSON (key order, whitespace, null for absent) without fractions;
// unknown keys are refused. Answers are canonical JSON; an error is {"error":{"code":...}} with
// "line" and "item" (libs/pricing/error.h) or "field" where known.
//
//   price        PriceRequest [+ trace: true, exponent]   -> PriceResult [+ trace: sentences]
//   refund       sold, returnedMilli, quantityMilli       -> RefundedLine
//   settle       total, tenders, cashRounding [, refund]  -> Settlement
//   drawer       DrawerMoves                              -> expected
//   allocate     total, weights                           -> shares
//   round        numerator, denominator, mode             -> result
//   cashRound    amount, increment, mode                  -> result
//   entry        SaleEntry                                -> payload (canonical text), sha256
//   canonical    any value of the subset                  -> its canonical bytes
//   chain        payloads [, n, previous]                 -> hashes
//   verify       bytes of an export (libs/journal/export.h) -> report; signature, message for the
//                caller to check with WebCrypto
#pragma once

#include <string>
#include <string_view>

namespace cloudpos::pricing::api {

std::string Call(std::string_view operation, std::string_view request);

}  // namespace cloudpos::pricing::api
