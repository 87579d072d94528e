#pragma once

// What one client did and saw, as JSON Lines (README.md has the format): the checker's evidence.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tests/chaos/harness/http.h"
#include "tests/chaos/harness/moment.h"

namespace cloudpos::chaos {

/// `text` as a JSON string, with its quotes.
void AppendJsonString(std::string_view text, std::string* out);

/// Something to be recorded: a sale, a return, an abandoned sale. All its requests carry the same
/// bytes, so that they are one to the server.
struct Document {
  const char* kind = "sale";  // sale, return, abandon
  std::string id;
  std::string store;
  std::string reg;
  std::string path;
  std::string body;
  std::string key;  // SHA-256 of the body, hex
};

/// Each line is in the file (not in a buffer) before the call returns. Not thread-safe.
class ClientLog {
 public:
  static absl::StatusOr<ClientLog> Create(const std::string& path);
  ~ClientLog();
  ClientLog(ClientLog&& other) noexcept;
  ClientLog(const ClientLog&) = delete;

  /// Before the first byte goes out.
  void Sent(std::string_view op, const Document& document, int attempt);
  void Received(std::string_view op, const Reply& reply);
  void Lost(std::string_view op, Loss loss);

 private:
  explicit ClientLog(int file) : file_(file) {}
  void Begin(const char* event, std::string_view op);
  void End();

  int file_;
  std::string line_;
};

/// Hex SHA-256.
std::string KeyOf(std::string_view body);

}  // namespace cloudpos::chaos
