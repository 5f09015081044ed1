#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runner/store/store.h"

namespace assay::store {

namespace {

[[noreturn]] void fail(const char* what, const std::filesystem::path& file) {
  throw StoreError(std::string("cannot ") + what + " " + file.string() + ": " +
                   std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(const std::filesystem::path& file, std::span<const std::byte> bytes) {
  const Descriptor out(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (out.get() < 0) fail("create", file);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = write(out.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", file);
    done += static_cast<std::size_t>(n);
  }
  if (fsync(out.get()) != 0) fail("flush", file);
}

void flush_folder(const std::filesystem::path& folder) {
  const Descriptor dir(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir.get() < 0 || fsync(dir.get()) != 0) fail("flush", folder);
}

}  // namespace

bool commit_file(const std::filesystem::path& file, std::span<const std::byte> bytes,
                 bool replace) {
  static std::atomic<std::uint64_t> counter{0};
  const std::filesystem::path temporary =
      file.parent_path() / (".tmp-" + std::to_string(getpid()) + "-" +
                            std::to_string(counter.fetch_add(1)) + "-" + file.filename().string());
  bool committed = true;
  try {
    write_all(temporary, bytes);
    if (replace) {
      if (rename(temporary.c_str(), file.c_str()) != 0) fail("rename to", file);
    } else if (renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) !=
               0) {
      // Some file systems know no RENAME_NOREPLACE; a hard link refuses to replace everywhere.
      if (errno == EINVAL && link(temporary.c_str(), file.c_str()) == 0)
        unlink(temporary.c_str());
      else if (errno == EEXIST)
        committed = false;
      else
        fail("rename to", file);
    }
  } catch (const StoreError&) {
    unlink(temporary.c_str());
    throw;
  }
  if (!committed) unlink(temporary.c_str());
  flush_folder(file.parent_path());
  return committed;
}

}  // namespace assay::store
