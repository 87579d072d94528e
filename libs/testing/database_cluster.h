#pragma once

// A PostgreSQL server of one's own, for tests that kill or restart it. Takes a few seconds to make;
// all others use the server that POS_TEST_PG_DSN names.

#include <string>

#include <sys/types.h>

namespace cloudpos::testing {

class Cluster {
 public:
  Cluster();   // made and started, on a unix socket in a temporary folder
  ~Cluster();  // stopped and removed
  Cluster(const Cluster&) = delete;

  /// Superuser, database postgres.
  std::string Dsn() const;

  void Start();
  void Stop();  // fast shutdown: sessions are ended
  /// Sends `signal` to a process of the server (the postmaster, or a backend by its pid).
  void Signal(pid_t pid, int signal) const;
  pid_t postmaster() const;

 private:
  void Run(const std::string& command) const;
  std::string folder_;
};

}  // namespace cloudpos::testing
