// journal-verify FILE... (--keys JWKS_FILE | --no-signature) [--device-keys JWKS_FILE]
//
// Exit code 0: everything fits. 1: something does not; the first bad record is named. 2: the call
// is wrong or a file cannot be read.

#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "libs/token/device_jwk.h"
#include "tools/journal-verify/verify.h"

namespace cloudpos::journal_verify {
namespace {

constexpr int kBad = 1;
constexpr int kUsage = 2;

constexpr std::string_view kHelp =
    "usage: journal-verify FILE... (--keys JWKS_FILE | --no-signature) [--device-keys JWKS_FILE]\n"
    "\n"
    "Verifies exports of journals (GET /v1/journals/{journalId}:export) without any server: every\n"
    "byte, number and hash, and the signature of each export by the keys in JWKS_FILE\n"
    "(GET /.well-known/journal-keys.json). Parts of a journal are given in order.\n"
    "\n"
    "  --keys JWKS_FILE  public keys; an export without a valid signature fails\n"
    "  --no-signature    leave signatures unchecked: whoever wrote the file may have made it up\n"
    "  --device-keys JWKS_FILE\n"
    "                    public keys of a store's devices (GET /v1/stores/{storeId}/deviceKeys):\n"
    "                    checks the signature of each entry that has one\n";

struct Arguments {
  std::vector<std::string> files;
  std::string keys;
  std::string device_keys;
  bool no_signature = false;
};

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--keys" && i + 1 < argc) {
      arguments.keys = argv[++i];
    } else if (arg == "--device-keys" && i + 1 < argc) {
      arguments.device_keys = argv[++i];
    } else if (arg == "--no-signature") {
      arguments.no_signature = true;
    } else if (arg.starts_with("-")) {
      return std::nullopt;
    } else {
      arguments.files.emplace_back(arg);
    }
  }
  if (arguments.files.empty() || arguments.keys.empty() != arguments.no_signature) {
    return std::nullopt;
  }
  return arguments;
}

/// Reads a JWKS by `parse`.
template <typename Parsed>
absl::StatusOr<std::optional<Parsed>> ReadKeys(const std::string& path,
                                               absl::StatusOr<Parsed> (*parse)(std::string_view)) {
  if (path.empty()) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return absl::NotFoundError(path + " cannot be read");
  absl::StatusOr<Parsed> keys = parse(text.str());
  if (!keys.ok()) return keys.status();
  return std::optional(*std::move(keys));
}

void Print(const std::string& file, const journal::VerifyReport& report) {
  std::cout << file << ": " << report.entries << " entries, "
            << (report.trailer_signature_checked ? "signature valid" : "signature not checked");
  if (report.entry_signatures_checked > 0) {
    std::cout << ", " << report.entry_signatures_checked << " signed by devices";
  }
  std::cout << "\n";
  for (const journal::JournalHead& head : report.heads) {
    std::cout << "  journal " << head.journal << ": " << head.first << " to " << head.last
              << ", head " << journal::ToHex(head.head) << "\n";
  }
}

int Run(int argc, char** argv) {
  const std::optional<Arguments> arguments = Parse(argc, argv);
  if (!arguments) {
    std::cerr << kHelp;
    return kUsage;
  }
  const auto keys = ReadKeys<Keys>(arguments->keys, &token::ParseJwks);
  const auto device_keys = ReadKeys<DeviceKeys>(arguments->device_keys, &token::ParseP256Jwks);
  for (const absl::Status& status : {keys.status(), device_keys.status()}) {
    if (status.ok()) continue;
    std::cerr << "journal-verify: " << status.message() << "\n";
    return kUsage;
  }
  ExportVerifier verifier(*keys, *device_keys);
  for (const std::string& file : arguments->files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      std::cerr << "journal-verify: " << file << " cannot be read\n";
      return kUsage;
    }
    const ExportVerifier::FileResult result = verifier.Verify(file, in);
    if (in.bad()) {
      std::cerr << "journal-verify: " << file << " cannot be read to its end\n";
      return kUsage;
    }
    if (result.problem) {
      std::cerr << "BAD " << result.problem->text << "\n";
      return kBad;
    }
    Print(file, result.report);
  }
  for (const auto& [id, head] : verifier.journals()) {
    if (head.first > 1) {
      std::cout << "note: journal " << id << " begins at entry " << head.first
                << " here; what came before was not given\n";
    }
  }
  std::cout << "OK\n";
  return 0;
}

}  // namespace
}  // namespace cloudpos::journal_verify

int main(int argc, char** argv) { return cloudpos::journal_verify::Run(argc, argv); }
