#include "runner/rounds/rounds.h"

#include <fstream>
#include <map>

#include "tests/store/support.h"

using namespace assay;
using rounds::Schedule;

namespace {

constexpr const char* kParts = R"(
[stage.system]
use = "planted"
[ablation]
value = "system.score"
best = "highest"
SETTINGS
[[ablation.part]]
path = "system.a"
[[ablation.part]]
path = "system.b"
[[ablation.part]]
path = "system.c"
)";

std::shared_ptr<const config::Study> study_of(const std::string& text) {
  const store::Scratch scratch("rounds");
  std::filesystem::create_directories(scratch);
  const std::string file = (scratch / "study.toml").string();
  std::ofstream(file) << text;
  Diagnostics out;
  auto study = config::load_study(file, {}, out);
  REQUIRE_MESSAGE(study, out.render());
  return study;
}

std::shared_ptr<const config::Study> parts(const std::string& seeds, const std::string& settings,
                                           const std::string& more = "") {
  std::string text = "[study]\nname = \"rounds\"\nseeds = " + seeds + kParts + more;
  text.replace(text.find("SETTINGS"), 8, settings);
  return study_of(text);
}

std::string claim(const std::string& better, const std::string& worse) {
  return "[[claim]]\ntext = \"" + better + "\"\nmetric = \"system.score\"\nbest = \"highest\"\n" +
         "better = { ablation = \"" + better + "\" }\nworse = { ablation = \"" + worse + "\" }\n";
}

// A store of cells, and what is measured in those that run.
struct Bench {
  std::shared_ptr<const config::Study> study;
  std::function<std::optional<double>(const std::string& system, std::uint64_t replicate)> score;
  std::map<std::pair<std::uint64_t, std::uint64_t>, store::CellRecord> stored;

  std::string system(std::uint64_t variant) const {
    std::vector<int> choice;
    study->design.decode(variant, choice);
    return study->design.axes()[0].labels[static_cast<std::size_t>(choice[0])];
  }

  Schedule schedule() const {
    return rounds::schedule(*study, [this](std::uint64_t variant, std::uint64_t replicate) {
      const auto it = stored.find({variant, replicate});
      return it == stored.end() ? nullptr : &it->second;
    });
  }

  void run(std::uint64_t variant, std::uint64_t replicate) {
    store::CellRecord& record = stored[{variant, replicate}];
    const auto value = score(system(variant), replicate);
    record.status = value ? store::Status::kDone : store::Status::kFailed;
    if (value) record.metrics = {{"system.score", *value}};
  }

  // Runs rounds of at most `most` cells, as a run that is interrupted again and again does.
  Schedule run_all(std::size_t most) {
    for (;;) {
      const Schedule round = schedule();
      std::size_t ran = 0;
      for (std::uint64_t v = 0; v < study->design.size(); ++v)
        for (std::uint64_t r = 0; r < round.wanted.seeds(v); ++r)
          if (ran < most && !stored.contains({v, r})) run(v, r), ++ran;
      if (ran == 0) return round;
    }
  }

  std::map<std::string, std::uint64_t> seeds(const Schedule& schedule) const {
    std::map<std::string, std::uint64_t> out;
    for (std::uint64_t v = 0; v < study->design.size(); ++v)
      if (schedule.wanted.seeds(v)) out[system(v)] = schedule.wanted.seeds(v);
    return out;
  }
};

using Seeds = std::map<std::string, std::uint64_t>;

// Noise that is large beside 0 and small beside 1, the same for the same cell.
double noise(const std::string& system, std::uint64_t replicate) {
  return 0.1 * Stream(3, replicate, system, "noise").normal();
}

Bench planted(std::shared_ptr<const config::Study> study) {
  return {std::move(study),
          [](const std::string& system, std::uint64_t replicate) {
            return (system == "without a" ? 0.0 : 1.0) + noise(system, replicate);
          },
          {}};
}

const std::string kClaims = claim("full", "without a") + claim("full", "without b");
constexpr const char* kSeeds = "{ min = 6, max = 14, until = \"decided\" }";

// Of parts worth 1, 2 and 4 that are removed one by one.
std::optional<double> worth_124(const std::string& system, std::uint64_t replicate) {
  double sum = noise(system, replicate);
  const auto has = [&](char part) {
    if (system == "full") return true;
    const bool named = system.find(part, system.find(' ')) != std::string::npos;
    return system.starts_with("only") ? named : system.starts_with("without") && !named;
  };
  sum += (has('a') ? 1 : 0) + (has('b') ? 2 : 0) + (has('c') ? 4 : 0);
  return sum;
}

}  // namespace

TEST_CASE("seeds are added for open claims alone, up to the most") {
  Bench bench = planted(parts(kSeeds, "design = \"leave-one-out\"", kClaims));
  const Schedule first = bench.schedule();
  CHECK_FALSE(first.complete);
  CHECK(bench.seeds(first) ==
        Seeds{{"full", 6}, {"without a", 6}, {"without b", 6}, {"without c", 6}});
  const Schedule last = bench.run_all(1000);
  CHECK(last.complete);
  CHECK(bench.seeds(last) ==
        Seeds{{"full", 14}, {"without a", 9}, {"without b", 14}, {"without c", 6}});
  REQUIRE(last.decisions);
  CHECK((*last.decisions)[0].verdict == analyse::Verdict::kReproduced);
  CHECK((*last.decisions)[0].looked == 9);
  CHECK((*last.decisions)[1].verdict == analyse::Verdict::kInconclusive);
  CHECK((*last.decisions)[1].looked == 14);
}

TEST_CASE("interrupted wherever, a study comes to the same cells and verdicts") {
  const auto study = parts(kSeeds, "design = \"leave-one-out\"", kClaims);
  Bench whole = planted(study);
  const Schedule undisturbed = whole.run_all(1000);
  for (const std::size_t most : {1, 7, 25}) {
    Bench bench = planted(study);
    const Schedule last = bench.run_all(most);
    CHECK(bench.seeds(last) == whole.seeds(undisturbed));
    CHECK(bench.stored == whole.stored);
    CHECK((*last.decisions)[0].adjusted == (*undisturbed.decisions)[0].adjusted);
  }
}

TEST_CASE("what is stored beyond what was asked for does not count") {
  const auto study = parts(kSeeds, "design = \"leave-one-out\"", kClaims);
  Bench bench = planted(study), rich = planted(study);
  for (std::uint64_t v = 0; v < study->design.size(); ++v)
    for (std::uint64_t r = 0; r < study->seeds; ++r) rich.run(v, r);
  const Schedule last = bench.run_all(1000), at_once = rich.schedule();
  CHECK(rich.seeds(at_once) == bench.seeds(last));
  CHECK((*at_once.decisions)[0].pairs == (*last.decisions)[0].pairs);
}

TEST_CASE("a failed cell drops its seed, and claims without any seed get no more") {
  Bench bench = planted(parts(kSeeds, "design = \"leave-one-out\"", kClaims));
  const auto score = bench.score;
  bench.score = [score](const std::string& system, std::uint64_t r) {
    return system == "without b" || (system == "full" && r == 2) ? std::nullopt : score(system, r);
  };
  const Schedule last = bench.run_all(1000);
  CHECK(last.complete);
  CHECK(bench.seeds(last)["without b"] == 6);
  CHECK((*last.decisions)[0].pairs + 1 == (*last.decisions)[0].looked);
  CHECK((*last.decisions)[1].pairs == 0);
}

TEST_CASE("a greedy path removes what costs least, and runs the systems that it must compare") {
  Bench bench{parts("4", "design = \"path\"\norder = \"greedy\""), worth_124, {}};
  CHECK(bench.seeds(bench.schedule()) ==
        Seeds{{"full", 4}, {"without a", 4}, {"without b", 4}, {"without c", 4}});
  CHECK(rounds::cells_of(*bench.study).least == 28);
  const Schedule last = bench.run_all(3);
  CHECK(last.complete);
  CHECK(last.order == std::vector{0, 1, 2});
  CHECK(bench.stored.size() == 28);
  CHECK(bench.seeds(last) == Seeds{{"full", 4},
                                   {"without a", 4},
                                   {"without b", 4},
                                   {"without c", 4},
                                   {"only b", 4},
                                   {"only c", 4},
                                   {"bare", 4}});
}

TEST_CASE("a greedy path follows the direction of its value and the other convention") {
  Bench most{parts("4", "design = \"path\"\norder = \"greedy-most\""), worth_124, {}};
  CHECK(most.run_all(1000).order == std::vector{2, 1, 0});
  auto study = parts("4", "design = \"path\"\norder = \"greedy\"");
  auto lowest = std::make_shared<config::Study>(*study);
  lowest->ablation->highest = false;  // then the worth of a part is what it costs to keep it
  Bench cost{lowest, worth_124, {}};
  CHECK(cost.run_all(1000).order == std::vector{2, 1, 0});
}

TEST_CASE("a greedy path ends where no part can be told") {
  Bench bench{parts("4", "design = \"path\"\norder = \"greedy\""), worth_124, {}};
  bench.score = [](const std::string& system, std::uint64_t r) {
    return system.starts_with("only") ? std::nullopt : worth_124(system, r);
  };
  const Schedule last = bench.run_all(1000);
  CHECK(last.complete);
  CHECK(last.order == std::vector{0});
}

TEST_CASE("seeds are added to the systems that a path has found") {
  Bench bench{parts(kSeeds, "design = \"path\"\norder = \"greedy\"",
                    claim("full", "without a") + claim("full", "only b") + claim("full", "only a")),
              worth_124,
              {}};
  const Schedule last = bench.run_all(1000);
  CHECK(last.complete);
  CHECK(last.order == std::vector{0, 1, 2});
  CHECK(bench.seeds(last) == Seeds{{"full", 9},
                                   {"without a", 9},
                                   {"without b", 6},
                                   {"without c", 6},
                                   {"only b", 9},
                                   {"only c", 6},
                                   {"bare", 6}});
  CHECK((*last.decisions)[2].pairs == 0);  // its system is on no path
}
