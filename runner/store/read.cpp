// Reading whole files, whatever lies in their place; and what a user can do where the system says
// no.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "runner/store/descriptor.h"
#include "runner/store/files.h"

namespace assay::store {

namespace fs = std::filesystem;

namespace {

const char* remedy(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      return "free space and run the same command again";
    case EFBIG:
      return "raise the limit on file sizes (ulimit -f) and run the same command again";
    case EMFILE:
    case ENFILE:
      return "raise the limit on open files (ulimit -n) and run the same command again";
    case EROFS:
    case EACCES:
    case EPERM:
      return "make it writable, or name another folder with --results, and run the same command "
             "again";
    case EIO:
      return "look at the disk, then run the same command again";
    default:
      return nullptr;
  }
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

// A link whose target is gone is neither damage nor absence: the disk may only not be mounted.
void must_not_dangle(const fs::path& file) {
  std::error_code code;
  const fs::path target = fs::read_symlink(file, code);
  if (!code)
    throw StoreError("cannot read " + file.string() + ": it is a link to " + target.string() +
                     ", which is not there; bring that back, or remove the link, and run the same "
                     "command again");
}

}  // namespace

void fail(const char* what, const fs::path& file) {
  const int code = errno;
  const char* advice = remedy(code);
  throw StoreError(std::string("cannot ") + what + " " + file.string() + ": " +
                   std::generic_category().message(code) + (advice ? "; " : "") +
                   (advice ? advice : ""));
}

std::optional<std::vector<std::byte>> read_file(const fs::path& file, std::size_t last) {
  // Without O_NONBLOCK a pipe would wait here for somebody to write into it.
  const Descriptor in(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (in.get() < 0 && errno == ENOENT) {
    must_not_dangle(file);
    return std::nullopt;
  }
  if (in.get() < 0 && errno == ENXIO) throw NotAFile(file.string() + " is a socket or a device");
  struct stat info {};
  if (in.get() < 0 || fstat(in.get(), &info) != 0) fail("read", file);
  if (!S_ISREG(info.st_mode)) throw NotAFile(file.string() + " is " + kind_of(info.st_mode));
  const auto size = static_cast<std::size_t>(info.st_size);
  const std::size_t skipped = size > last ? size - last : 0;
  std::vector<std::byte> out(size - skipped);
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n =
        pread(in.get(), out.data() + done, out.size() - done, static_cast<off_t>(skipped + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == ESTALE) return std::nullopt;  // unlinked by another machine
    if (n < 0) fail("read", file);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  out.resize(done);
  return out;
}

}  // namespace assay::store
