#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "runner/store/descriptor.h"
#include "runner/store/files.h"
#include "runner/store/leftovers.h"

namespace assay::store {

namespace {

// Creates the file or says false where the name is taken.
bool create(const std::filesystem::path& file, int& fd) {
  fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0 && errno != EEXIST) fail("create", file);
  return fd >= 0;
}

void write_all(int fd, const std::filesystem::path& file, std::span<const std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", file);
    done += static_cast<std::size_t>(n);
  }
  if (fsync(fd) != 0) fail("flush", file);
}

void flush_folder(const std::filesystem::path& folder) {
  const std::filesystem::path here = folder.empty() ? "." : folder;  // of a bare file name
  const Descriptor dir(open(here.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some network file systems flush no folders and say EINVAL; their renames are durable as they
  // are.
  if (dir.get() < 0 || (fsync(dir.get()) != 0 && errno != EINVAL)) fail("flush", folder);
}

// False where `to` exists already; `from` stays then.
bool rename_to_free(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  // Some file systems and kernels know no RENAME_NOREPLACE; a hard link refuses to replace
  // everywhere.
  if ((errno == EINVAL || errno == ENOSYS) && link(from.c_str(), to.c_str()) == 0) {
    unlink(from.c_str());
    return true;
  }
  if (errno != EEXIST) fail("rename to", to);
  return false;
}

// A name that no other process takes, on this machine or another one, and no earlier run left.
std::filesystem::path temporary_beside(const std::filesystem::path& file, int& fd) {
  static std::atomic<std::uint64_t> counter{0};
  while (true) {
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    const auto name = ".tmp-" + process_tag() + "-" + std::to_string(now) + "-" +
                      std::to_string(counter.fetch_add(1)) + "-" + file.filename().string();
    if (create(file.parent_path() / name, fd)) return file.parent_path() / name;
  }
}

}  // namespace

bool commit_file(const std::filesystem::path& file, std::span<const std::byte> bytes,
                 bool replace) {
  int fd = -1;
  const std::filesystem::path temporary = temporary_beside(file, fd);
  bool committed = true;
  try {
    {
      const Descriptor out(fd);
      write_all(fd, temporary, bytes);
    }
    if (!replace)
      committed = rename_to_free(temporary, file);
    else if (rename(temporary.c_str(), file.c_str()) != 0)
      fail("rename to", file);
  } catch (const StoreError&) {
    unlink(temporary.c_str());
    throw;
  }
  if (!committed) unlink(temporary.c_str());
  flush_folder(file.parent_path());
  return committed;
}

// A folder is durable once the one that it lies in is flushed: else a power cut could take it with
// all that was committed into it.
void make_folder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> above;
  std::error_code code;
  for (auto level = std::filesystem::absolute(folder); !std::filesystem::exists(level, code);
       level = level.parent_path())
    above.push_back(level.parent_path());
  std::filesystem::create_directories(folder, code);
  if (code) throw StoreError("cannot make " + folder.string() + ": " + code.message());
  for (const auto& level : above) flush_folder(level);
}

namespace {

// A folder or a link that leads nowhere holds nothing; the commit deals with it.
bool holds(const std::filesystem::path& file, std::span<const std::byte> bytes) {
  try {
    const auto found = read_file(file);
    return found && std::equal(found->begin(), found->end(), bytes.begin(), bytes.end());
  } catch (const StoreError&) {
    return false;
  }
}

}  // namespace

void replace_file(const std::filesystem::path& file, std::span<const std::byte> bytes) {
  if (!holds(file, bytes)) commit_file(file, bytes, true);
}

std::filesystem::path set_aside(const std::filesystem::path& file) {
  for (int n = 1;; ++n) {
    std::filesystem::path bad = file.string() + (n == 1 ? "" : "." + std::to_string(n)) + ".bad";
    if (rename_to_free(file, bad)) return bad;
  }
}

}  // namespace assay::store
