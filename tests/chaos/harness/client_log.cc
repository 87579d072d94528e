#include "tests/chaos/harness/client_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "libs/journal/sha256.h"

namespace cloudpos::chaos {

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
      out->append(escaped);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

absl::StatusOr<ClientLog> ClientLog::Create(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return absl::UnavailableError(path + ": cannot be written");
  return ClientLog(file);
}

ClientLog::ClientLog(ClientLog&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

ClientLog::~ClientLog() {
  if (file_ >= 0) close(file_);
}

void ClientLog::Begin(const char* event, std::string_view op) {
  line_.assign("{\"e\":\"").append(event).append("\",\"t\":").append(std::to_string(Now()));
  line_.append(",\"op\":\"").append(op).append("\"");
}

void ClientLog::End() {
  line_.append("}\n");
  // A log with a hole proves nothing: the run ends.
  if (write(file_, line_.data(), line_.size()) != static_cast<ssize_t>(line_.size())) {
    std::cerr << "chaos: a client's log cannot be written: is the disk full?\n";
    std::_Exit(1);
  }
}

void ClientLog::Sent(std::string_view op, const Document& document, int attempt) {
  Begin("send", op);
  line_.append(",\"kind\":\"").append(document.kind).append("\",\"id\":\"").append(document.id);
  line_.append("\",\"store\":\"").append(document.store).append("\",\"register\":\"");
  line_.append(document.reg).append("\",\"attempt\":").append(std::to_string(attempt));
  line_.append(",\"key\":\"").append(document.key).append("\",\"body\":").append(document.body);
  End();
}

void ClientLog::Received(std::string_view op, const Reply& reply) {
  Begin("recv", op);
  line_.append(",\"status\":").append(std::to_string(reply.status)).append(",\"replayed\":");
  line_.append(reply.replayed ? "true" : "false").append(",\"body\":");
  AppendJsonString(reply.body, &line_);
  End();
}

void ClientLog::Lost(std::string_view op, Loss loss) {
  Begin("lost", op);
  line_.append(",\"why\":\"").append(LossName(loss)).append("\"");
  End();
}

std::string KeyOf(std::string_view body) { return journal::ToHex(journal::Sha256Of(body)); }

}  // namespace cloudpos::chaos
