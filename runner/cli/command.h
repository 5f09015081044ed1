#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "runner/config/study.h"

namespace assay::cli {

using Arguments = std::vector<std::string>;
namespace po = boost::program_options;

// A command line that cannot be used; shown with the command's usage. Exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Command {
  const char* name;
  const char* arguments;
  const char* summary;
  int (*run)(const Arguments& arguments);
};

// One file for each command.
int run_command(const Arguments& arguments);
int validate_command(const Arguments& arguments);
int show_command(const Arguments& arguments);
int plan_command(const Arguments& arguments);
int list_command(const Arguments& arguments);
int describe_command(const Arguments& arguments);
int schema_command(const Arguments& arguments);
int status_command(const Arguments& arguments);
int table_command(const Arguments& arguments);
int trace_command(const Arguments& arguments);
int claims_command(const Arguments& arguments);
int effects_command(const Arguments& arguments);
int report_command(const Arguments& arguments);
int plot_command(const Arguments& arguments);
int watch_command(const Arguments& arguments);
int export_command(const Arguments& arguments);
int samples_command(const Arguments& arguments);
int weights_command(const Arguments& arguments);
int fsck_command(const Arguments& arguments);
int gc_command(const Arguments& arguments);
int docs_command(const Arguments& arguments);
int new_command(const Arguments& arguments);
int why_command(const Arguments& arguments);
int diff_command(const Arguments& arguments);
int verify_command(const Arguments& arguments);
int worker_command(const Arguments& arguments);

// Parses options and positionals (`names`, the last one takes the rest when it ends in "…"). Prints
// help and returns false for --help. Throws UsageError.
bool parse(const Arguments& arguments, const std::string& usage, po::options_description& options,
           const std::vector<std::string>& names, po::variables_map& out);

// Throws UsageError, naming the nearest kind and all of them.
void must_be_kind(const std::string& kind);

// Options that every command on a study takes: --set, --profile, --results.
po::options_description study_options();
config::Overrides overrides_from(const po::variables_map& vm);

// Loads a study; prints all its mistakes and returns null where it has any.
std::shared_ptr<const config::Study> load_or_complain(const std::string& file,
                                                      const config::Overrides& overrides);
// The same from a results folder or a study file; sets `folder` to the results folder.
std::shared_ptr<const config::Study> study_of(const std::string& file_or_folder,
                                              const po::variables_map& vm, std::string& folder);

}  // namespace assay::cli
