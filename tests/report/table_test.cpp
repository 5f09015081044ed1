#include <nlohmann/json.hpp>

#include "runner/report/latex_text.h"
#include "tests/report/tables.h"

using namespace assay;
using report::Best;
using report::Table;

using report::entry;
using report::judged;

namespace {

Table example() {
  Table table;
  table.title = "A & B";
  table.row_names = {"method"};
  table.rows = {{"one"}, {"two|2"}};
  table.values = {{"eval.accuracy", Best::kHighest}};
  table.entries = {{{entry({0.5, 0.7})}, {entry({0.8, 0.9})}}};
  return judged(table);
}

Table::Entry with(Table::Entry entry, std::size_t footnote) {
  entry.footnotes = {footnote};
  return entry;
}

// Two values, each with two columns; something failed, something has not run.
Table wide() {
  Table table;
  table.row_names = {"pruner"};
  table.rows = {{"wanda"}, {"random"}};
  table.column_names = {"keep"};
  table.columns = {{"0.5"}, {"0.9"}};
  table.values = {{"eval.nll", Best::kLowest}, {"eval.n_of_weights_in_all", Best::kNone}};
  table.entries = {
      {{entry({0.1, 0.3}), with(entry({0.25}, 1), 0)}, {entry({0.5, 0.7}), with(entry({}, 2), 0)}},
      {{entry({10, 10}), entry({20, 20})}, {entry({10, 10}), with(entry({}, 0, 2), 1)}}};
  table.footnotes = {{"3 cells failed in stage a: bad\nluck"}, {"2 of 12 cells have not run"}};
  return judged(table);
}

Table single(const std::string& label, const std::vector<double>& values) {
  Table table;
  table.row_names = {"x"};
  table.rows = {{label}};
  table.values = {{"m", Best::kNone}};
  table.entries = {{{entry(values)}}};
  return judged(table);
}

}  // namespace

const std::string kMean = ", rounded to two digits of the typical deviation";
const std::string kTooFew =
    "too few seeds to show that any is worse than the best: it takes 6 (two-sided sign flips over "
    "common seeds, Holm's correction over the comparisons of a column)";
const std::string kTest =
    "two-sided sign flips over common seeds, Holm's correction over the comparisons of a column";

TEST_CASE("a table on a terminal") {
  CHECK(report::terminal(report::complete(), false) ==
        "method         eval.accuracy           paper\n"
        "────────────────────────────────────────────\n"
        "full          0.920 ± 0.013*  0.951 ± 0.004ᵇ\n"
        "half          0.913 ± 0.018~\n"
        "none    0.719 ± 0.013 (n=7)ᵃ\n"
        "\nmean ± standard deviation over n = 8 seeds where no other n is given" +
            kMean +
            "\nᵃ 1 cell failed in stage base: bad luck"
            "\nᵇ Doe & Roe 2024, table 1: larger images"
            "\n* best of its column"
            "\n~ not significantly worse than the best (p > 0.05: " +
            kTest + ")\n");
  const std::string coloured = report::terminal(report::complete(), true);
  CHECK(coloured.find("full           \033[1m0.920 ± 0.013\033[0m  0.951 ± 0.004ᵇ\n") !=
        std::string::npos);
  CHECK(coloured.find("half           \033[4m0.913 ± 0.018\033[0m\n") != std::string::npos);
  CHECK(coloured.find("\nbold: best of its column\nunderlined: not significantly worse") !=
        std::string::npos);
}

TEST_CASE("with too few seeds nothing is said to be as good as the best") {
  CHECK(report::terminal(example(), false) ==
        "A & B\n\n"
        "method  eval.accuracy\n"
        "─────────────────────\n"
        "one       0.60 ± 0.14\n"
        "two|2    0.85 ± 0.07*\n"
        "\nmean ± standard deviation over n = 2 seeds" +
            kMean + "\n* best of its column\n" + kTooFew + "\n");
}

TEST_CASE("where all others are significantly worse, the table says so") {
  Table table = report::complete();
  table.entries[0].erase(table.entries[0].begin() + 1);
  table.rows.erase(table.rows.begin() + 1);
  report::judge(table);
  CHECK(report::terminal(table, false)
            .find("\nall others are significantly worse than the best (p ≤ 0.05: " + kTest +
                  ")\n") != std::string::npos);
}

TEST_CASE("groups of columns on a terminal, with what failed and what is missing") {
  CHECK(report::terminal(wide(), false) ==
        "        eval.nll                   eval.n_of_weights_in_all\n"
        "pruner           0.5          0.9     0.5               0.9\n"
        "───────────────────────────────────────────────────────────\n"
        "wanda   0.20 ± 0.14*  0.25 (n=1)ᵃ  10 ± 0            20 ± 0\n"
        "random   0.60 ± 0.14           –ᵃ  10 ± 0                –ᵇ\n"
        "\nmean ± standard deviation over n = 2 seeds where no other n is given" +
            kMean +
            "\ncolumns: keep"
            "\nᵃ 3 cells failed in stage a: bad luck"
            "\nᵇ 2 of 12 cells have not run"
            "\n* best of its column\n" +
            kTooFew + "\n");
}

TEST_CASE("the name of a value that is wider than its columns moves the next one") {
  Table table = wide();
  table.values = {{"a.rather_long_name_for_a_value_of_two", Best::kNone}, {"b.y", Best::kNone}};
  const std::string text = report::terminal(table, false);
  const std::string head = text.substr(0, text.find('\n'));
  CHECK(head == "        a.rather_long_name_for_a_value_of_two  b.y");
}

TEST_CASE("wide and combining characters are aligned") {
  Table table = single("漢字", {1, 2});
  table.rows.push_back({"e\u0301"});
  table.entries[0].push_back({entry({1, 2})});
  report::judge(table);
  CHECK(report::terminal(table, false) ==
        "x               m\n"
        "─────────────────\n"
        "漢字  1.50 ± 0.71\n"
        "e\u0301     1.50 ± 0.71\n"
        "\nmean ± standard deviation over n = 2 seeds" +
            kMean + "\n");
}

TEST_CASE("control characters reach no terminal") {
  const std::string text = report::terminal(single("a\033[31m\n\u009bb", {1, 2}), false);
  CHECK(text.find('\033') == std::string::npos);
  CHECK(text.find("\u009b") == std::string::npos);
  CHECK(text.find("a [31m  b  1.50 ± 0.71\n") != std::string::npos);
}

TEST_CASE("a table in Markdown, escaped") {
  CHECK(report::markdown(example()) ==
        "**A & B**\n\n"
        "| method | eval.accuracy |\n"
        "| --- | ---: |\n"
        "| one | 0.60 ± 0.14 |\n"
        "| two\\|2 | **0.85 ± 0.07** |\n"
        "\nmean ± standard deviation over n = 2 seeds" +
            kMean + "  \n**bold**: best of its column  \n" + kTooFew + "  \n");
  CHECK(report::markdown(single("*a*_b_`c`\\<d>\n[e]", {1, 2})) ==
        "| x | m |\n"
        "| --- | ---: |\n"
        "| \\*a\\*\\_b\\_\\`c\\`\\\\\\<d\\> \\[e\\] | 1.50 ± 0.71 |\n"
        "\nmean ± standard deviation over n = 2 seeds" +
            kMean + "  \n");
}

TEST_CASE("ties, footnotes and a paper's numbers in Markdown") {
  const std::string text = report::markdown(report::complete());
  CHECK(
      text.starts_with("| method | eval.accuracy | eval.accuracy (paper) |\n"
                       "| --- | ---: | ---: |\n"
                       "| full | **0.920 ± 0.013** | 0.951 ± 0.004<sup>b</sup> |\n"
                       "| half | <u>0.913 ± 0.018</u> |  |\n"
                       "| none | 0.719 ± 0.013 (n=7)<sup>a</sup> |  |\n"));
  CHECK(text.find("\n<sup>b</sup> Doe & Roe 2024, table 1: larger images  \n") !=
        std::string::npos);
  CHECK(text.find("\n<u>underlined</u>: not significantly worse than the best (p \\> 0.05: ") !=
        std::string::npos);
}

TEST_CASE("a table in LaTeX, escaped") {
  CHECK(
      report::latex(wide()) ==
      "% needs \\usepackage{booktabs}\n"
      "\\begin{tabular}{lrrrr}\n\\toprule\n"
      " & \\multicolumn{2}{c}{eval.nll} & \\multicolumn{2}{c}{eval.n\\_of\\_weights\\_in\\_all} "
      "\\\\\n"
      "\\cmidrule(lr){2-3}\\cmidrule(lr){4-5}\n"
      "pruner & 0.5 & 0.9 & 0.5 & 0.9 \\\\\n\\midrule\n"
      "wanda & $\\mathbf{0.20 \\pm 0.14}$ & $0.25\\;(n=1)$\\rlap{\\textsuperscript{a}} & $10 \\pm "
      "0$ & $20 \\pm 0$ \\\\\n"
      "random & $0.60 \\pm 0.14$ & --\\rlap{\\textsuperscript{a}} & $10 \\pm 0$ & "
      "--\\rlap{\\textsuperscript{b}} \\\\\n"
      "\\bottomrule\n\\end{tabular}\n"
      "\n{\\footnotesize\\noindent mean $\\pm$ standard deviation over n = 2 seeds where no other "
      "n is "
      "given" +
          kMean +
          "\\par}\n"
          "\n{\\footnotesize\\noindent columns: keep\\par}\n"
          "\n{\\footnotesize\\noindent \\textsuperscript{a} 3 cells failed in stage a: bad "
          "luck\\par}\n"
          "\n{\\footnotesize\\noindent \\textsuperscript{b} 2 of 12 cells have not run\\par}\n"
          "\n{\\footnotesize\\noindent \\textbf{Bold}: best of its column\\par}\n"
          "\n{\\footnotesize\\noindent " +
          kTooFew + "\\par}\n");
}

TEST_CASE("a caption or a label makes it a floating table; ties are underlined") {
  Table table = report::complete();
  table.title = "Title";
  table.label = "tab:one";
  const std::string text = report::latex(table);
  CHECK(
      text.starts_with("% needs \\usepackage{booktabs}\n% Title\n\\begin{table}\n\\centering\n"
                       "\\caption{Title}\n\\label{tab:one}\n\\smallskip\n\\begin{tabular}{lrr}\n"));
  CHECK(text.ends_with("\\par}\n\\end{table}\n"));
  CHECK(text.find("full & $\\mathbf{0.920 \\pm 0.013}$ & $0.951 \\pm "
                  "0.004$\\rlap{\\textsuperscript{b}} \\\\\n"
                  "half & $\\underline{0.913 \\pm 0.018}$ &  \\\\\n") != std::string::npos);
  table.caption = "50% less";
  CHECK(report::latex(table).find("\\caption{50\\% less}\n") != std::string::npos);
}

TEST_CASE("text for LaTeX, whatever characters it holds") {
  CHECK(report::latex_text("50% & $x_1^2$ \\ {~} <#> |\"") ==
        "50\\% \\& \\$x\\_1\\^{}2\\$ \\textbackslash{} \\{$\\sim$\\} "
        "\\textless{}\\#\\textgreater{} \\textbar{}''");
  CHECK(report::latex_text("[1] a[1] -- a-b") == "{[}1] a[1] {-}- a-b");
  CHECK(report::latex_text("*x*") == "{*}x*");
  CHECK(report::latex_text("α ± 2 ≤ naïve Łódź") == "$\\alpha$ $\\pm$ 2 $\\le$ naïve \\L{}ódź");
  CHECK(report::latex_text("漢") ==
        "\\ifdefined\\Umathchar\\char28450\\relax\\else{[}U+6F22{]}\\fi{}");
  CHECK(report::latex_text("\xff") ==
        "\\ifdefined\\Umathchar\\char65533\\relax\\else{[}U+FFFD{]}\\fi{}");
}

TEST_CASE("a table as CSV, quoted") {
  const std::string text = report::csv(report::complete());
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    lines.push_back(text.substr(at, text.find('\n', at) - at));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] ==
        "method,metric,mean,sd,n,failed,missing,low_95,high_95,standing,p_adjusted,paper,"
        "paper_spread,footnotes");
  CHECK(lines[1].starts_with("full,eval.accuracy,0.9"));
  CHECK(lines[1].ends_with(",best,,0.951,0.004,b"));
  CHECK(lines[2].ends_with(",tied,0.0703125,,,"));
  CHECK(lines[3].find(",7,1,0,") != std::string::npos);
  CHECK(lines[3].ends_with(",worse,0.03125,,,a"));
  CHECK(report::csv(single("a,\"b\"\nc", {1, 1})) ==
        "x,metric,mean,sd,n,failed,missing,low_95,high_95,standing,p_adjusted,paper,paper_spread,"
        "footnotes\n\"a,\"\"b\"\"\nc\",m,1.0,0.0,2,0,0,,,,,,,\n");
}

TEST_CASE("a table as JSON") {
  const auto given = nlohmann::json::parse(report::json(report::complete()));
  CHECK(given["metrics"] ==
        nlohmann::json::parse(R"([{"name": "eval.accuracy", "best": "highest"}])"));
  auto first = given["entries"][0], second = given["entries"][1], third = given["entries"][2];
  // The quantile comes from a library: its last bits are not ours to fix.
  const double half = 2.364624252 * first["sd"].get<double>() / std::sqrt(8.0);
  CHECK(first["half_width_95"].get<double>() == doctest::Approx(half).epsilon(1e-9));
  CHECK(first["interval_95"][1].get<double>() == doctest::Approx(0.92 + half).epsilon(1e-9));
  CHECK(first["mean"].get<double>() == doctest::Approx(0.92).epsilon(1e-12));
  CHECK(first["paper"] ==
        nlohmann::json::parse(R"({"value": 0.951, "spread": 0.004, "footnote": "b"})"));
  for (const char* key : {"mean", "sd", "half_width_95", "interval_95"})
    first.erase(key), second.erase(key), third.erase(key);
  first.erase("paper");
  CHECK(first == nlohmann::json::parse(R"({"row": ["full"], "column": [], "n": 8, "failed": 0,
    "metric": "eval.accuracy", "missing": 0, "best": true, "standing": "best"})"));
  CHECK(second == nlohmann::json::parse(R"({"row": ["half"], "column": [], "n": 8, "failed": 0,
    "metric": "eval.accuracy", "missing": 0, "best": false, "standing": "tied",
    "p_adjusted": 0.0703125, "common_seeds": 8})"));
  CHECK(third == nlohmann::json::parse(R"({"row": ["none"], "column": [], "n": 7, "failed": 1,
    "metric": "eval.accuracy", "missing": 0, "best": false, "standing": "worse",
    "p_adjusted": 0.03125, "common_seeds": 7, "footnotes": ["a"]})"));
  CHECK(given["notes"].size() == 3);
  CHECK(given["footnotes"][1] == nlohmann::json::parse(R"({"mark": "b", "paper": true,
    "text": "Doe & Roe 2024, table 1: larger images"})"));
  // Bytes that are no UTF-8.
  const auto odd = nlohmann::json::parse(report::json(single("a\xff", {1})));
  CHECK(odd["entries"][0]["row"][0] == "a\uFFFD");
}

TEST_CASE("marks of footnotes have no end, and no q") {
  CHECK(report::footnote_mark(0) == "a");
  CHECK(report::footnote_mark(16) == "r");
  CHECK(report::footnote_mark(24) == "z");
  CHECK(report::footnote_mark(25) == "aa");
}
