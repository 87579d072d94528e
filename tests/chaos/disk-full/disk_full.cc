// A full disk for one process: LD_PRELOAD=disk-full.so POS_TEST_DISK_FULL=<file>. While the file is
// there, writes to regular files fail with ENOSPC; if it begins with "grow", only those that would
// make a file longer. Standard output, sockets, pipes and shared memory go on.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr char kSharedMemory[] = "/dev/shm/";

/// The library's own function of that name.
template <typename Function>
Function* Real(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

const char* Switch() {
  static const char* const path = getenv("POS_TEST_DISK_FULL");
  return path;
}

bool IsInSharedMemory(int fd) {
  char link[64];
  char path[sizeof(kSharedMemory)] = {};
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  return readlink(link, path, sizeof(path) - 1) > 0 && strcmp(path, kSharedMemory) == 0;
}

bool OnlyGrowthFails() {
  char word[5] = {};
  const int fd = open(Switch(), O_RDONLY | O_CLOEXEC);
  const ssize_t got = fd < 0 ? 0 : read(fd, word, 4);
  if (fd >= 0) close(fd);
  return got == 4 && strcmp(word, "grow") == 0;
}

void LeaveTrace() {
  char trace[4096];
  snprintf(trace, sizeof(trace), "%s.refused.%d", Switch(), getpid());
  const int fd = open(trace, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
  if (fd >= 0) close(fd);
}

/// Whether `size` bytes at `offset` (-1: where the file stands) find no room.
bool IsRefused(int fd, off_t offset, uint64_t size) {
  if (Switch() == nullptr || access(Switch(), F_OK) != 0) return false;
  const int saved = errno;
  struct stat file;
  if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || IsInSharedMemory(fd)) {
    errno = saved;
    return false;
  }
  if (OnlyGrowthFails()) {
    if (offset < 0)
      offset = lseek(fd, 0, (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? SEEK_END : SEEK_CUR);
    if (static_cast<uint64_t>(offset) + size <= static_cast<uint64_t>(file.st_size)) {
      errno = saved;
      return false;
    }
  }
  LeaveTrace();
  errno = ENOSPC;
  return true;
}

uint64_t SizeOf(const iovec* parts, int count) {
  uint64_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  return size;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  static const auto real = Real(&write, "write");
  return IsRefused(fd, -1, size) ? -1 : real(fd, data, size);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  static const auto real = Real(&pwrite, "pwrite");
  return IsRefused(fd, offset, size) ? -1 : real(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return pwrite(fd, data, size, offset);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto real = Real(&writev, "writev");
  return IsRefused(fd, -1, SizeOf(parts, count)) ? -1 : real(fd, parts, count);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  static const auto real = Real(&pwritev, "pwritev");
  return IsRefused(fd, offset, SizeOf(parts, count)) ? -1 : real(fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t offset) {
  return pwritev(fd, parts, count, offset);
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
  static const auto real = Real(&fallocate, "fallocate");
  return IsRefused(fd, offset, static_cast<uint64_t>(size)) ? -1 : real(fd, mode, offset, size);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t size) {
  return fallocate(fd, mode, offset, size);
}

int posix_fallocate(int fd, off_t offset, off_t size) {
  static const auto real = Real(&posix_fallocate, "posix_fallocate");
  return IsRefused(fd, offset, static_cast<uint64_t>(size)) ? ENOSPC : real(fd, offset, size);
}

int posix_fallocate64(int fd, off64_t offset, off64_t size) {
  return posix_fallocate(fd, offset, size);
}

}  // extern "C"
