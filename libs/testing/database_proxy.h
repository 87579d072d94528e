#pragma once

// A TCP proxy before PostgreSQL that fails as networks do: for tests of lost connections.

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace cloudpos::testing {

class DatabaseProxy {
 public:
  explicit DatabaseProxy(const std::string& dsn);
  ~DatabaseProxy();
  DatabaseProxy(const DatabaseProxy&) = delete;

  /// The DSN given, through the proxy.
  std::string Dsn() const;

  /// Ends every connection and, while `refuse`, each new one.
  void Cut(bool refuse);
  /// Forwards nothing while on; connections stay open, as behind a dead host.
  void Stall(bool on) { stalled_ = on; }
  /// Ends a connection instead of handing on an answer that contains `text` (say "COMMIT"); once.
  void CutOnReply(const std::string& text);
  /// Connections accepted so far, refused ones too.
  int accepted() const { return accepted_; }

 private:
  void Run();
  void Accept();
  void Forward(int from);
  bool IsFatalReply(int from, const char* data, size_t size);
  void Close(int socket);

  std::string dsn_;
  int listener_;
  std::mutex mutex_;
  std::map<int, int> peer_;       // both directions
  std::map<int, bool> upstream_;  // true for the server's side
  std::string fatal_reply_;
  std::atomic<bool> refuse_{false};
  std::atomic<bool> stalled_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::thread thread_;
};

}  // namespace cloudpos::testing
