#include "libs/testing/database_cluster.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace cloudpos::testing {
namespace {

// Where PostgreSQL's programs are, as the build found them too.
std::string BinFolder() {
  FILE* pipe = popen("pg_config --bindir", "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run pg_config");
  std::array<char, 256> line{};
  const bool read = std::fgets(line.data(), line.size(), pipe) != nullptr;
  pclose(pipe);
  const std::string folder(line.data());
  if (!read || folder.empty()) throw std::runtime_error("pg_config answers nothing");
  return folder.substr(0, folder.find('\n'));
}

// PostgreSQL refuses to run as root.
std::string Prefix() {
  if (geteuid() != 0) return BinFolder() + "/";
  return "setpriv --reuid=postgres --regid=postgres --clear-groups " + BinFolder() + "/";
}

std::string MakeFolder() {
  std::string folder =
      (std::filesystem::temp_directory_path() / "cloudpos-cluster-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make " + folder);
  const passwd* user = geteuid() == 0 ? getpwnam("postgres") : nullptr;
  if (user != nullptr && chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("cannot give away " + folder);
  }
  return folder;
}

}  // namespace

Cluster::Cluster() : folder_(MakeFolder()) {
  Run("initdb -D data -U postgres --auth=trust --no-sync --encoding=UTF8 --locale=C.UTF-8");
  std::ofstream(folder_ + "/data/postgresql.conf", std::ios::app)
      << "listen_addresses = ''\nunix_socket_directories = '" << folder_
      << "'\nfsync = off\nmax_connections = 30\nshared_buffers = 16MB\n";
  Start();
}

Cluster::~Cluster() {
  try {
    Run("pg_ctl -D data -m immediate -w stop");
  } catch (const std::exception&) {
    // It was not running.
  }
  std::error_code ignored;  // a folder in the temporary directory is all that could stay
  std::filesystem::remove_all(folder_, ignored);
}

std::string Cluster::Dsn() const { return "host=" + folder_ + " user=postgres dbname=postgres"; }

// After a kill the old backends may still hold the shared memory: it is tried for a while.
void Cluster::Start() {
  for (int attempt = 1;; ++attempt) {
    try {
      return Run("pg_ctl -D data -w -l log start");
    } catch (const std::exception&) {
      if (attempt == 20) throw;
      usleep(250'000);
    }
  }
}

void Cluster::Stop() { Run("pg_ctl -D data -m fast -w stop"); }

void Cluster::Signal(pid_t pid, int signal) const {
  if (kill(pid, signal) != 0) throw std::runtime_error("cannot signal " + std::to_string(pid));
}

pid_t Cluster::postmaster() const {
  std::ifstream file(folder_ + "/data/postmaster.pid");
  pid_t pid = 0;
  if (!(file >> pid)) throw std::runtime_error("no postmaster.pid");
  return pid;
}

void Cluster::Run(const std::string& command) const {
  const std::string shell = "cd " + folder_ + " && " + Prefix() + command + " >>output 2>&1";
  if (std::system(shell.c_str()) != 0) {
    throw std::runtime_error("failed: " + command + ", see " + folder_ + "/output");
  }
}

}  // namespace cloudpos::testing
