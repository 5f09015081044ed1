#include "runner/cli/tool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "runner/cli/command.h"
#include "runner/store/store.h"

namespace assay::cli {

namespace fs = std::filesystem;

ScratchFolder::ScratchFolder() {
  std::string name = (fs::temp_directory_path() / "assay-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw store::StoreError("cannot make " + name + ": " + std::generic_category().message(errno));
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

namespace {

// -1 where there is no such program.
pid_t spawn(const std::vector<std::string>& command, const fs::path& output,
            const fs::path& errors) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(), kFlags, 0600);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, errors.c_str(), kFlags, 0600);
  pid_t child = -1;
  const int code = posix_spawnp(&child, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (code == 0) return child;
  if (code == ENOENT) return -1;
  throw UsageError("cannot start " + command[0] + ": " + std::generic_category().message(code));
}

std::string said(const fs::path& errors) {
  std::ifstream in(errors);
  std::string out((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

}  // namespace

void run_tool(const std::vector<std::string>& command, const std::string& package,
              const fs::path& output) {
  const fs::path errors = output.string() + ".errors";
  const pid_t child = spawn(command, output, errors);
  if (child < 0)
    throw UsageError("this needs " + command[0] + ", which is not installed: apt-get install " +
                     package);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const std::string why = said(errors);
  throw UsageError(why.empty() ? command[0] + " failed" : why);
}

}  // namespace assay::cli
