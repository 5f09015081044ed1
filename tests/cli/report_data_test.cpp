#include "runner/cli/report_data.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runner/cli/command.h"
#include "runner/cli/effects.h"
#include "runner/cli/tabulate.h"
#include "runner/cli/verdicts.h"
#include "runner/report/layout.h"
#include "runner/report/page.h"

namespace assay::cli {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const char* const kStudy = R"(
[study]
name = "reported"
title = "Reported"
seeds = 4
[stage.first]
use = "noop"
[stage.second]
use = "noop"
[sweep]
"first.value" = [1, 2, 3]
"second.value" = [10, 20]
[[claim]]
text = "more is better"
metric = "second.score"
best = "highest"
better = { "first.value" = 3 }
worse = { "first.value" = 1 }
margin = 0.5
[table]
columns = "first.value"
value = ["second.score", "second.cost"]
best = ["highest", "lowest"]
)";

// The score of a cell; seed 3 of the last variant fails, seed 2 of the first has not run.
double score(std::uint64_t variant, std::uint64_t replicate) {
  return 0.25 * static_cast<double>(variant) + 0.01 * static_cast<double>(replicate * replicate);
}

// A study with results of our own making: what the report says of them is then known.
struct Reported {
  fs::path folder = fs::temp_directory_path() / ("report-data-" + std::to_string(getpid()));
  Loaded loaded;

  explicit Reported(const std::string& text = kStudy) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    std::ofstream(folder / "study.toml") << text;
    Diagnostics out;
    loaded.study = config::load_study((folder / "study.toml").string(), {}, out);
    REQUIRE_MESSAGE(loaded.study, out.render());
    loaded.linker = std::make_unique<graph::Linker>(*loaded.study);
    loaded.linker->check(out);
    loaded.folder = folder.string();
    store::Store store(folder);
    graph::CellLink link;
    loaded.study->design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
      for (std::uint64_t r = 0; r < loaded.study->seeds; ++r) {
        loaded.linker->link(choice, r, link);
        if (variant != 0 || r != 2) store.add(record(variant, r, link.key));
      }
      return true;
    });
    store.add(store::StageTiming{"first", "noop", 2.0, 1000.0});
    store.add(store::StageTiming{"first", "noop", 4.0, 3000.0});
    store.commit();
    loaded.results = read_results(*loaded.study, *loaded.linker, folder);
  }
  ~Reported() { fs::remove_all(folder); }

  static store::CellRecord record(std::uint64_t variant, std::uint64_t r, const Key& key) {
    store::CellRecord out;
    out.key = key, out.replicate = r, out.finished = 100.0 + static_cast<double>(r);
    out.seconds = 0.5;
    if (variant == 5 && r == 3) {
      out.status = store::Status::kFailed;
      out.failed_stage = "second", out.message = "</script> & \"so on\" \xFF";
      return out;
    }
    const double value = score(variant, r);
    out.metrics = {{"second.score", value}, {"second.cost", 2.0 * value}};
    // The same for both values of the second axis.
    const double level = static_cast<double>(variant / 2), spread = static_cast<double>(r % 2);
    out.curves = {{"first.loss", {0, 10, 20}, {level + spread, level, level - spread}}};
    return out;
  }

  Json data(const std::string& tasks = "") const { return report_data(loaded, {tasks}); }
};

}  // namespace

TEST_CASE("a report counts cells, and tells each one's state, values and configuration") {
  const Reported reported;
  const Json data = reported.data();
  CHECK(data["summary"]["cells"] == 24);
  CHECK(data["summary"]["done"] == 22);
  CHECK(data["summary"]["failed"] == 1);
  CHECK(data["summary"]["missing"] == 1);
  CHECK(data["summary"]["first"] == 99.5);
  CHECK(data["summary"]["last"] == 103.0);
  const Json& cells = data["cells"];
  CHECK(cells["status"][2] == 0);
  CHECK(cells["values"][0][2].is_null());
  CHECK(cells["status"][23] == 2);
  CHECK(cells["values"][0][7] == score(1, 3));
  CHECK(cells["key"][7].get<std::string>().size() == 32);
  CHECK(data["failures"][0]["cell"] == 23);
  // Variant 3: first.value = 2, second.value = 20.
  const auto config = [&](std::size_t variant, std::size_t stage) {
    return data["configs"]["texts"][stage]
               [data["configs"]["of"][variant][stage].get<std::size_t>()];
  };
  CHECK(config(3, 0) == R"({ use = "noop", value = 2 })");
  CHECK(config(3, 1) == R"({ use = "noop", value = 20 })");
  CHECK(data["configs"]["texts"][0].size() == 3);
  const std::string text = data["study"]["text"];
  CHECK(data["study"]["hash"] == hash(text).hex());
}

TEST_CASE("a report's numbers are those of the table, of each with the cells behind it") {
  const Reported reported;
  const Json data = reported.data();
  const report::Table table = tabulate(*reported.loaded.study, reported.loaded.results);
  const report::Layout layout = report::lay_out(table);
  REQUIRE(data["table"]["rows"].size() == 2);
  for (std::size_t r = 0; r < 2; ++r)
    for (std::size_t k = 0; k < 6; ++k) {
      const Json& shown = data["table"]["rows"][r]["entries"][k];
      const auto& entry = table.entries[k / 3][r][k % 3];
      CHECK(shown["mean"] == entry.summary.mean);
      CHECK(shown["sd"] == entry.summary.deviation);
      CHECK(shown["n"] == entry.summary.count);
      CHECK(shown["text"] == report::plain(layout.numbers[r][k]));
      std::vector<double> values;
      for (const auto& cell : shown["cells"])
        if (const Json& value = data["cells"]["values"][k / 3][cell.get<std::size_t>()];
            !value.is_null())
          values.push_back(value);
      CHECK(shown["cells"].size() == 4);
      CHECK(analyse::summarise(values).mean == entry.summary.mean);
    }
  // Of the second value, of which less is better, the first row is the best.
  CHECK(data["table"]["rows"][0]["entries"][3]["standing"] == "best");
  CHECK(data["table"]["rows"][1]["entries"][3]["standing"] == "undecided");
  CHECK(data["table"]["rows"][0]["entries"][0]["missing"] == 1);
  CHECK(data["table"]["rows"][1]["entries"][2]["failed"] == 1);
}

TEST_CASE("a report's claims are those that `assay claims` decides") {
  const Reported reported;
  const Json data = reported.data();
  const auto decided = decide_claims(*reported.loaded.study, reported.loaded.results);
  REQUIRE(data["claims"].size() == 1);
  const Json& claim = data["claims"][0];
  CHECK(claim["effect"] == decided[0].effect);
  CHECK(claim["p"] == decided[0].p);
  CHECK(claim["verdict"] == analyse::verdict_text(decided[0].verdict));
  CHECK(claim["limits"] == Json::array({0.5}));
  // Variants 0 and 1 (worse), 4 and 5 (better), of four seeds each.
  CHECK(claim["cells"] == Json::array({0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23}));
}

TEST_CASE("metrics know which way is better, and variants their means") {
  const Reported reported;
  const Json data = reported.data();
  CHECK(data["metrics"] == Json::parse(R"([{"name": "second.score", "better": "higher"},
                                           {"name": "second.cost", "better": "lower"}])"));
  CHECK(data["summaries"][0]["n"] == Json::array({3, 4, 4, 4, 4, 3}));
  const double mean = (score(0, 0) + score(0, 1) + score(0, 3)) / 3;
  CHECK(data["summaries"][0]["mean"][0].get<double>() == doctest::Approx(mean));
}

TEST_CASE("curves that variants share are one series, with mean and deviation over all cells") {
  const Reported reported;
  const Json data = reported.data();
  REQUIRE(data["curves"].size() == 1);
  CHECK(data["curves"][0]["name"] == "first.loss");
  // Both variants of the middle value are whole and alike; of the others one lacks a seed.
  const Json& series = data["curves"][0]["series"];
  REQUIRE(series.size() == 5);
  CHECK(series[2]["variants"] == Json::array({2, 3}));
  CHECK(series[2]["step"] == Json::array({0.0, 10.0, 20.0}));
  CHECK(series[2]["mean"] == Json::array({1.5, 1.0, 0.5}));
  CHECK(series[2]["seeds"] == 4);
  CHECK(series[2]["sd"][0].get<double>() == doctest::Approx(std::sqrt(1.0 / 3)).epsilon(1e-4));
  CHECK(series[2]["sd"][1] == 0.0);
}

TEST_CASE("systems are ranked over the values of the axis that is called the tasks") {
  const Reported reported;
  CHECK(reported.data()["ranks"].empty());  // no axis chooses data
  const Json ranks = reported.data("second.value")["ranks"];
  REQUIRE(ranks.size() == 2);
  CHECK(ranks[0]["metric"] == "second.score");
  CHECK(ranks[0]["tasks"] == 2);
  REQUIRE(ranks[0]["systems"].size() == 3);
  // The score grows with the first axis on both tasks, and more of it is better.
  CHECK(ranks[0]["systems"][0]["label"] == "1");
  CHECK(ranks[0]["systems"][0]["rank"] == 3.0);
  CHECK(ranks[0]["systems"][2]["rank"] == 1.0);
  CHECK(ranks[1]["systems"][0]["rank"] == 1.0);  // less cost is better
  CHECK(ranks[0]["systems"][1]["cells"] == Json::array({8, 9, 10, 11, 12, 13, 14, 15}));
  CHECK_THROWS_WITH_AS(reported.data("second.valu"),
                       "the study has no axis \"second.valu\"; did you mean \"second.value\"?",
                       UsageError);
}

TEST_CASE("stages are told with time and memory, as timed and in all") {
  const Reported reported;
  const Json stage = reported.data()["stages"][0];
  CHECK(stage["name"] == "first");
  CHECK(stage["runs"] == 3);  // it draws nothing, so seeds share it
  CHECK(stage["mean"] == 3.0);
  CHECK(stage["longest"] == 4.0);
  CHECK(stage["total"] == 9.0);
  CHECK(stage["bytes"] == 3000.0);
}

TEST_CASE("effects of parts come with the cells of the systems that they compare") {
  std::string text = kStudy;
  text = text.substr(0, text.find("[sweep]")) +
         "[ablation]\nvalue = \"second.score\"\n[[ablation.part]]\nname = \"a\"\npath = "
         "\"first.value\"\nwithout = -1\n[[ablation.part]]\nname = \"b\"\npath = "
         "\"second.value\"\nwithout = -1\n";
  const Reported reported(text);
  const Json effects = reported.data()["effects"];
  const auto known = part_effects(*reported.loaded.study, reported.loaded.results);
  REQUIRE(effects.size() == 1);
  CHECK(effects[0]["parts"][0]["effect"] == known[0].parts[0].effect);
  // Systems: full, without a, without b; four seeds each.
  CHECK(effects[0]["parts"][0]["cells"] == Json::array({0, 1, 2, 3, 4, 5, 6, 7}));
  CHECK(effects[0]["parts"][1]["cells"] == Json::array({0, 1, 2, 3, 8, 9, 10, 11}));
}

TEST_CASE("no text of a study ends the script that holds the data") {
  const Reported reported;
  const std::string data = report_text(reported.loaded, {});
  CHECK(data.find("</script> & \\\"so on\\\" \xEF\xBF\xBD") != std::string::npos);
  const std::string page = report::page("<b> & \"{{data}}\"", data);
  CHECK(page.find("<title>&lt;b&gt; &amp; &quot;{{data}}&quot;</title>") != std::string::npos);
  const std::size_t begin = page.find("id=\"data\">") + std::string("id=\"data\">").size();
  const std::size_t end = page.find("</script>", begin);
  CHECK(Json::parse(page.substr(begin, end - begin)) == Json::parse(data));
}

}  // namespace assay::cli
