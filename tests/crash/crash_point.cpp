// Loaded before libc (LD_PRELOAD), it ends the process before the n-th operation by which something
// below one folder changes: a write, a flush, a rename, a link, a removal, a new folder. What has
// reached the kernel by then stays, as after kill -9; what sits in the buffers of the process does
// not.
//
//   ASSAY_CRASH_FOLDER   the folder, absolute; nothing else is counted
//   ASSAY_CRASH_AT       n, from 1; 0 or absent: never, the operations are only counted
//   ASSAY_CRASH_COUNT    a file of 8 bytes that holds the count, shared by all processes of a run
//   ASSAY_CRASH_HALF     set: writes alone are counted, and half of the n-th reaches the file
//   ASSAY_CRASH_ALONE    set: only the process that came to the n-th dies, not its whole group
//   ASSAY_CRASH_PLAIN    set: the file system knows no RENAME_NOREPLACE
//   ASSAY_CRASH_TRACE    a file to which each operation is appended: number, name, path
//   ASSAY_CRASH_JOURNAL  a file to which each operation is appended once it is done: name, inode,
//   path, path that a
//                        rename or link came from, with tabs between them (scripts/power_loss.py
//                        reads it)
//   ASSAY_CRASH_REMOVED  with a journal: a folder on the same file system in which each file that
//   is removed or
//                        replaced stays under the number of its inode
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? value : nullptr;
}

struct Plan {
  std::string folder;
  std::uint64_t at = 0;
  bool half = false, alone = false, plain = false;
  int trace = -1, journal = -1;
  std::string removed;
  std::atomic<std::uint64_t>* count = nullptr;

  Plan() {
    if (const char* path = setting("ASSAY_CRASH_FOLDER")) folder = path;
    if (const char* n = setting("ASSAY_CRASH_AT")) at = std::strtoull(n, nullptr, 10);
    half = setting("ASSAY_CRASH_HALF") != nullptr;
    alone = setting("ASSAY_CRASH_ALONE") != nullptr;
    plain = setting("ASSAY_CRASH_PLAIN") != nullptr;
    trace = appending(setting("ASSAY_CRASH_TRACE"));
    journal = appending(setting("ASSAY_CRASH_JOURNAL"));
    if (const char* path = setting("ASSAY_CRASH_REMOVED")) removed = path;
    const char* file = setting("ASSAY_CRASH_COUNT");
    const int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    void* shared =
        fd < 0 ? MAP_FAILED : mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) close(fd);
    if (shared != MAP_FAILED) count = static_cast<std::atomic<std::uint64_t>*>(shared);
  }

 private:
  static int appending(const char* file) {
    return file ? open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
  }
};

// Never destroyed: the log is flushed after destructors of this library would have run.
Plan& plan() {
  static Plan* const one = new Plan;
  return *one;
}

// The path from the root; the folder that a relative one starts from is `base`, a descriptor.
std::string full_path(int base, const char* path) {
  if (!path) return {};
  if (path[0] == '/') return path;
  char start[PATH_MAX] = {};
  if (base == AT_FDCWD) return std::string(getcwd(start, sizeof start) ? start : "") + "/" + path;
  const std::string link = "/proc/self/fd/" + std::to_string(base);
  const ssize_t n = readlink(link.c_str(), start, sizeof start - 1);
  return std::string(start, n > 0 ? static_cast<std::size_t>(n) : 0) + "/" + path;
}

std::string path_of(int fd) {
  char path[PATH_MAX] = {};
  const ssize_t n = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  return {path, n > 0 ? static_cast<std::size_t>(n) : 0};
}

bool concerns(const std::string& path) {
  const std::string& folder = plan().folder;
  return !folder.empty() && path.rfind(folder, 0) == 0 &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

[[noreturn]] void die() {
  kill(plan().alone ? getpid() : 0, SIGKILL);
  while (true) pause();
}

// True where this operation is the n-th.
bool reached(const char* what, const std::string& path) {
  Plan& p = plan();
  if (!p.count || !concerns(path)) return false;
  const int before = errno;
  const std::uint64_t n = p.count->fetch_add(1) + 1;
  if (p.trace >= 0) {
    const std::string line =
        std::to_string(n) + " " + what + " " + path.substr(p.folder.size()) + "\n";
    syscall(SYS_write, p.trace, line.data(), line.size());
  }
  errno = before;
  return n == p.at;
}

void point(const char* what, const std::string& path) {
  if (!plan().half && reached(what, path)) die();
}

// As a point, but half of the bytes are written first where that is asked for.
template <class Write>
void write_point(const char* what, const std::string& path, std::size_t bytes, const Write& write) {
  if (!reached(what, path)) return;
  if (plan().half) write(bytes / 2);
  die();
}

bool keeps_journal(const std::string& path) {
  return plan().journal >= 0 && concerns(path);
}

// What was done to a file or a folder, where it was.
void note(const char* what, const struct stat& of, const std::string& path,
          const std::string& from = {}) {
  const int before = errno;
  const std::string line =
      std::string(what) + "\t" + std::to_string(of.st_ino) + "\t" + path + "\t" + from + "\n";
  syscall(SYS_write, plan().journal, line.data(), line.size());
  errno = before;
}

// After an operation on an open file.
template <class Result>
Result noted(const char* what, int fd, Result result) {
  if (plan().journal < 0 || result < 0) return result;
  struct stat of = {};
  const std::string path = path_of(fd);
  if (concerns(path) && fstat(fd, &of) == 0) note(what, of, path);
  return result;
}

// After an operation that gave a path what it names.
int noted(const char* what, int result, const std::string& path, const std::string& from = {}) {
  struct stat of = {};
  if (result == 0 && keeps_journal(path) && lstat(path.c_str(), &of) == 0)
    note(what, of, path, from);
  return result;
}

// What a path names before it is removed or replaced.
class Victim {
 public:
  explicit Victim(std::string path) : path_(std::move(path)) {
    if (!keeps_journal(path_)) return;
    const int before = errno;
    known_ = lstat(path_.c_str(), &of_) == 0;
    if (known_ && S_ISREG(of_.st_mode))
      syscall(SYS_linkat, AT_FDCWD, path_.c_str(), AT_FDCWD,
              (plan().removed + "/" + std::to_string(of_.st_ino)).c_str(), 0);
    errno = before;
  }
  int noted(const char* what, int result) const {
    if (result == 0 && known_) note(what, of_, path_);
    return result;
  }

 private:
  std::string path_;
  struct stat of_ = {};
  bool known_ = false;
};

template <class F>
F* original(F* /*type*/, const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define ORIGINAL(name) \
  static auto* const real = original(static_cast<decltype(&name)>(nullptr), #name)

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  ORIGINAL(write);
  write_point("write", path_of(fd), size, [&](size_t part) { return real(fd, data, part); });
  return noted("write", fd, real(fd, data, size));
}

ssize_t writev(int fd, const iovec* parts, int count) {
  ORIGINAL(writev);
  write_point("writev", path_of(fd), static_cast<size_t>(count),
              [&](size_t part) { return real(fd, parts, static_cast<int>(part)); });
  return noted("write", fd, real(fd, parts, count));
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  ORIGINAL(pwrite);
  write_point("pwrite", path_of(fd), size, [&](size_t part) { return real(fd, data, part, at); });
  return noted("write", fd, real(fd, data, size, at));
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  ORIGINAL(pwrite64);
  write_point("pwrite", path_of(fd), size, [&](size_t part) { return real(fd, data, part, at); });
  return noted("write", fd, real(fd, data, size, at));
}

// The log goes through the buffer of its stream, whose own writes cannot be seen from here.
size_t fwrite(const void* data, size_t size, size_t count, FILE* file) {
  ORIGINAL(fwrite);
  write_point("fwrite", path_of(fileno(file)), size * count, [&](size_t part) {
    real(data, 1, part, file);
    return std::fflush(file);
  });
  const size_t done = real(data, size, count, file);
  noted("write", fileno(file), 0);
  return done;
}

int fflush(FILE* file) {
  ORIGINAL(fflush);
  if (file) point("fflush", path_of(fileno(file)));
  return real(file);
}

int fsync(int fd) {
  ORIGINAL(fsync);
  point("fsync", path_of(fd));
  return noted("flush", fd, real(fd));
}

int fdatasync(int fd) {
  ORIGINAL(fdatasync);
  point("fdatasync", path_of(fd));
  return noted("flush", fd, real(fd));
}

int ftruncate(int fd, off_t size) noexcept {
  ORIGINAL(ftruncate);
  point("ftruncate", path_of(fd));
  return noted("write", fd, real(fd, size));
}

int rename(const char* from, const char* to) noexcept {
  ORIGINAL(rename);
  const std::string target = full_path(AT_FDCWD, to);
  point("rename", target);
  const Victim replaced(target);
  return noted("rename", real(from, to), target, full_path(AT_FDCWD, from));
}

int renameat(int a, const char* from, int b, const char* to) noexcept {
  ORIGINAL(renameat);
  const std::string target = full_path(b, to);
  point("rename", target);
  const Victim replaced(target);
  return noted("rename", real(a, from, b, to), target, full_path(a, from));
}

int renameat2(int a, const char* from, int b, const char* to, unsigned flags) noexcept {
  ORIGINAL(renameat2);
  if (plan().plain && flags != 0 && concerns(full_path(b, to))) {
    errno = EINVAL;
    return -1;
  }
  const std::string target = full_path(b, to);
  point("rename", target);
  const Victim replaced(target);
  return noted("rename", real(a, from, b, to, flags), target, full_path(a, from));
}

int link(const char* from, const char* to) noexcept {
  ORIGINAL(link);
  const std::string target = full_path(AT_FDCWD, to);
  point("link", target);
  return noted("link", real(from, to), target, full_path(AT_FDCWD, from));
}

int unlink(const char* path) noexcept {
  ORIGINAL(unlink);
  const std::string target = full_path(AT_FDCWD, path);
  point("unlink", target);
  const Victim removed(target);
  return removed.noted("unlink", real(path));
}

int unlinkat(int base, const char* path, int flags) noexcept {
  ORIGINAL(unlinkat);
  const std::string target = full_path(base, path);
  point("unlink", target);
  const Victim removed(target);
  return removed.noted("unlink", real(base, path, flags));
}

int rmdir(const char* path) noexcept {
  ORIGINAL(rmdir);
  const std::string target = full_path(AT_FDCWD, path);
  point("rmdir", target);
  const Victim removed(target);
  return removed.noted("unlink", real(path));
}

int remove(const char* path) noexcept {
  ORIGINAL(remove);
  const std::string target = full_path(AT_FDCWD, path);
  point("unlink", target);
  const Victim removed(target);
  return removed.noted("unlink", real(path));
}

int mkdir(const char* path, mode_t mode) noexcept {
  ORIGINAL(mkdir);
  const std::string target = full_path(AT_FDCWD, path);
  point("mkdir", target);
  return noted("mkdir", real(path, mode), target);
}

int mkdirat(int base, const char* path, mode_t mode) noexcept {
  ORIGINAL(mkdirat);
  const std::string target = full_path(base, path);
  point("mkdir", target);
  return noted("mkdir", real(base, path, mode), target);
}

}  // extern "C"
