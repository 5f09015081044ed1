#pragma once

#include <string>
#include <vector>

#include "runner/config/ablation.h"
#include "runner/registry/params.h"
#include "runner/registry/registry.h"

namespace assay::config {

// The keys of [study], [table] and those that every [stage.*] takes, declared as the parameters of
// components are: one declaration for parsing, the schema and the reference.
struct LimitedSection : Component {
  std::string time_limit, memory_limit;  // as written; Study has them as numbers
};

struct StudySection final : LimitedSection {
  static constexpr std::string_view kKind = "section";
  std::string name, title, notes, reproduces;
  std::int64_t seeds = 1;
  std::int64_t least_seeds = 0, most_seeds = 0;  // 0: not given
  enum class Until { kDecided };
  Until until = Until::kDecided;
  std::int64_t seed = 0;
  int isolation = 0;
  double checkpoint_seconds = 60.0;
  std::vector<std::string> plugins;
};

struct TableSection final : Component {
  static constexpr std::string_view kKind = "section";
  enum class Spread { kDeviation, kInterval, kBca, kNone };
  std::string title, caption, label, paper;
  std::vector<std::string> rows, columns, within, value, best;
  Spread spread = Spread::kDeviation;
};

// The keys of [[table.paper]] beside its tables where, value and spread.
struct PaperSection final : Component {
  static constexpr std::string_view kKind = "section";
  std::string source = "the paper", note;
};

struct StageSection final : LimitedSection {
  static constexpr std::string_view kKind = "section";
  int cores = 1;
  std::string memory;
  std::optional<bool> checkpoint;
  std::optional<double> checkpoint_seconds;
};

struct AblationSection final : Component {
  static constexpr std::string_view kKind = "section";
  enum class Best { kDeclared, kHighest, kLowest };
  Best best = Best::kDeclared;
  AblationDesign design = AblationDesign::kLeaveOneOut;
  std::vector<std::string> value, order;
  int resolution = 0;
  int permutations = 32;
};

struct PartSection final : Component {
  static constexpr std::string_view kKind = "section";
  std::string name, path;
};

// The keys of [[claim]] that are no form of it.
struct ClaimSection final : Component {
  static constexpr std::string_view kKind = "section";
  enum class Best { kDeclared, kHighest, kLowest };
  enum class Test { kDefault, kSignFlip, kPairedT, kWilcoxon, kWelch };
  std::string text, metric, along, paper;
  Best best = Best::kDeclared;
  Test test = Test::kDefault;
  double margin = 0.0;
  double alpha = 0.05;
  bool log = true;
};

const std::vector<ParamSpec>& study_params();
const std::vector<ParamSpec>& table_params();
const std::vector<ParamSpec>& paper_params();
const std::vector<ParamSpec>& stage_params();
const std::vector<ParamSpec>& ablation_params();
const std::vector<ParamSpec>& part_params();
const std::vector<ParamSpec>& claim_params();

// The key of a section under which a parameter stands: "limits" of "limits.time", which is written
// limits = { time = … }. A key may be both: seeds = 5, or seeds = { min = … }.
std::string key_of(const ParamSpec& param);
// The keys of a section, each once.
std::vector<std::string> keys_of(const std::vector<ParamSpec>& params);

// Checks a section's keys and values and writes them into it. A string where a list of strings is
// declared counts as a list of one.
void read_section(Component& section, const std::vector<ParamSpec>& params, const Value& value,
                  const std::string& path, Diagnostics& out);

}  // namespace assay::config
