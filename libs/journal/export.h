// An export of journals in JSON Lines, and its verification without any server (T-20).
//
// Every line is one canonical JSON object followed by "\n". Hashes and signatures are lower-case
// hex. First the entries; those of one journal ascend by n without a gap, journals may interleave:
//   {"hash":h_n,"journal":id,"n":n,"payload":{...}}
// with further members
//   "prev"    h_(n-1), in the first line of a journal exactly when n > 1 (part of a journal)
//   "sig"     the device's signature over the 32 bytes of h_n   } both or neither
//   "sigKey"  id of the device's key: its RFC 7638 thumbprint   }
// payload.journal and payload.n must equal the line's. Then one last line:
//   {"count":entries,"digest":sha256,"journals":[{"count":..,"first":n,"head":h,"journal":id,
//    "last":n},...],"sig":signature,"sigKey":id,"v":1}
// with journals in ascending byte order of their ids. digest is the SHA-256 of all bytes before
// this line. The signature (Ed25519) is over "posjournal-export/1\n" followed by the canonical
// object without "sig" (but with "sigKey"); an export may be unsigned: both members absent.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "libs/journal/chain.h"
#include "libs/journal/error.h"

namespace cloudpos::journal {

class Value;

inline constexpr std::string_view kExportSignaturePrefix = "posjournal-export/1\n";

struct ExportEntry {
  std::string_view journal;
  std::int64_t n = 0;
  std::string_view payload;  // canonical JSON object
  Hash hash{};
  Hash previous{};               // used for the first entry of a journal when n > 1
  std::string_view signature{};  // raw bytes; empty: none
  std::string_view signature_key{};
};

struct JournalHead {
  std::string journal;
  std::int64_t count = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
  Hash head{};
};

// Writes an export. Entries are trusted, not verified.
class ExportWriter {
 public:
  // Appends the line of an entry to `out`. Errors: those of Writer, kBadChain (n is not the next).
  Error Append(const ExportEntry& entry, std::string* out);
  // Answers the raw signature of `message`.
  using Signer = std::function<std::string(std::string_view message)>;
  // Appends the last line; an empty `sign` leaves it unsigned.
  Error Finish(std::string_view signature_key, const Signer& sign, std::string* out);

 private:
  std::unordered_map<std::string, JournalHead> heads_;
  std::int64_t count_ = 0;
  Sha256 digest_;
};

// Answers whether `signature` (raw bytes) of `message` is valid under the key `key_id`.
using SignatureCheck = std::function<bool(std::string_view key_id, std::string_view message,
                                          std::string_view signature)>;

struct VerifyOptions {
  // Empty: the last line's signature is not checked (report: trailer_signature_checked = false).
  SignatureCheck check_trailer;
  // Empty: the devices' signatures are not checked (the digest still covers their bytes).
  SignatureCheck check_entry;
  // True: an unsigned export is an error (kBadSignature).
  bool require_trailer_signature = false;
};

// The outcome. When it failed: the first bad record, by line (from 1) and, as far as they could be
// read, journal and number.
struct VerifyReport {
  Error error;
  std::string reason;  // one sentence, for people
  std::int64_t line = 0;
  std::string journal;
  std::int64_t n = 0;
  std::int64_t entries = 0;
  bool trailer_signature_checked = false;
  std::int64_t entry_signatures_checked = 0;
  std::vector<JournalHead> heads;  // in byte order of the journals' ids

  bool ok() const { return error.ok(); }
};

// Verifies an export as its bytes arrive, in any pieces. Each line is parsed, encoded again and
// compared byte for byte; hashes are recomputed; numbers must follow on.
class Verifier {
 public:
  explicit Verifier(VerifyOptions options) : options_(std::move(options)) {}

  // After the first bad record further bytes are ignored; answers false from then on.
  bool Feed(std::string_view bytes);
  VerifyReport Finish();

 private:
  void Line(std::string_view line);
  void Entry(const Value& value);
  void CheckEntrySignature(const Value& value, const Hash& hash);
  void Trailer(const Value& value);
  void Fail(ErrorCode code, std::string reason);

  VerifyOptions options_;
  VerifyReport report_;
  std::unordered_map<std::string, JournalHead> heads_;
  std::string pending_;  // the line still incomplete
  Sha256 digest_;
  std::int64_t line_ = 0;
  bool has_trailer_ = false;
};

VerifyReport VerifyExport(std::string_view bytes, VerifyOptions options);

}  // namespace cloudpos::journal
