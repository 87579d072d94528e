#include "tests/support/register/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "libs/base/status_macros.h"

namespace cloudpos::register_sim {
namespace {

absl::Status Failed(const std::string& path) {
  return absl::DataLossError(path + ": " + std::strerror(errno));
}

/// A descriptor that is closed whatever happens.
class File {
 public:
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

absl::Status WriteAll(const std::string& path, int flags, std::string_view bytes) {
  const File file(path, flags);
  if (file.fd() < 0) return Failed(path);
  while (!bytes.empty()) {
    const ssize_t written = write(file.fd(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed(path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(file.fd()) == 0 ? absl::OkStatus() : Failed(path);
}

absl::Status SyncFolder(const std::string& folder) {
  const File file(folder, O_RDONLY | O_DIRECTORY);
  return file.fd() >= 0 && fsync(file.fd()) == 0 ? absl::OkStatus() : Failed(folder);
}

}  // namespace

Disk::Disk(std::string folder) : folder_(std::move(folder)) {
  std::error_code ignored;  // the first use of it tells
  std::filesystem::create_directories(folder_, ignored);
}

absl::Status Disk::Lock() {
  auto file = std::make_shared<File>(Path("lock"), O_RDWR | O_CREAT);
  if (file->fd() < 0) return Failed(folder_);
  if (flock(file->fd(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(folder_ + ": another register runs on this disk");
  }
  lock_ = std::move(file);
  return absl::OkStatus();
}

bool Disk::Has(const std::string& name) const { return std::filesystem::exists(Path(name)); }

absl::StatusOr<std::string> Disk::Read(const std::string& name) const {
  std::ifstream file(Path(name), std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Failed(Path(name));
  return text.str();
}

absl::Status Disk::Replace(const std::string& name, std::string_view bytes) const {
  const std::string temporary = Path(name) + ".new";
  CLOUDPOS_RETURN_IF_ERROR(WriteAll(temporary, O_WRONLY | O_CREAT | O_TRUNC, bytes));
  if (rename(temporary.c_str(), Path(name).c_str()) != 0) return Failed(Path(name));
  return SyncFolder(folder_);
}

absl::Status Disk::Append(const std::string& name, std::string_view line) const {
  const bool is_new = !Has(name);
  CLOUDPOS_RETURN_IF_ERROR(
      WriteAll(Path(name), O_WRONLY | O_CREAT | O_APPEND, std::string(line) + "\n"));
  return is_new ? SyncFolder(folder_) : absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> Disk::Lines(const std::string& name) const {
  std::vector<std::string> lines;
  if (!Has(name)) return lines;
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string text, Read(name));
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(text.substr(begin, end - begin));
  }
  if (begin < text.size() && truncate(Path(name).c_str(), static_cast<off_t>(begin)) != 0) {
    return Failed(Path(name));
  }
  return lines;
}

}  // namespace cloudpos::register_sim
