#include "runner/report/table.h"

#include <cmath>

using namespace assay;
using report::Table;

namespace {

Table example() {
  Table table;
  table.title = "A & B";
  table.row_names = {"method"};
  table.rows = {{"one"}, {"two|2"}};
  table.values = {{"eval.accuracy", report::Best::kHighest}};
  const std::vector<double> a = {0.5, 0.7}, b = {0.8, 0.9};
  table.entries = {{{{analyse::summarise(a), 0, 0}}, {{analyse::summarise(b), 0, 0}}}};
  return table;
}

}  // namespace

TEST_CASE("a summary of values known by hand") {
  const std::vector<double> values = {2, 4, 4, 4, 5, 5, 7, 9};
  const auto s = analyse::summarise(values);
  CHECK(s.count == 8);
  CHECK(s.mean == 5.0);
  CHECK(s.deviation == doctest::Approx(std::sqrt(32.0 / 7)));
  CHECK(analyse::summarise(std::vector<double>{3}).deviation == 0.0);
}

TEST_CASE("a table on a terminal") {
  CHECK(report::terminal(example(), false) ==
        "A & B\n\n"
        "method  eval.accuracy\n"
        "─────────────────────\n"
        "one       0.60 ± 0.14\n"
        "two|2    0.85 ± 0.07*\n"
        "\nmean ± standard deviation over n = 2 seeds"
        "\n* best of its column\n");
}

TEST_CASE("a table in Markdown, LaTeX and CSV, escaped") {
  CHECK(report::markdown(example()) ==
        "**A & B**\n\n| method | eval.accuracy |\n| --- | ---: |\n| one | 0.60 ± 0.14 |\n| two\\|2 "
        "| **0.85 ± 0.07** |\n"
        "\nmean ± standard deviation over n = 2 seeds  \n");
  CHECK(report::latex(example()).find("two|2 & $\\mathbf{0.85 \\pm 0.07}$ \\\\") !=
        std::string::npos);
  CHECK(report::csv(example()).substr(0, 47) == "method,metric,mean,sd,n,failed,missing\none,eval");
}

TEST_CASE("failed and missing entries are told apart from results") {
  Table table = example();
  table.entries[0][0][0] = {{}, 2, 0};
  const std::vector<double> one = {0.8};
  table.entries[0][1][0] = {analyse::summarise(one), 1, 0};
  const std::string text = report::terminal(table, false);
  CHECK(text.find("–†") != std::string::npos);
  CHECK(text.find("†*") != std::string::npos);
}
