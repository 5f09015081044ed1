#include "runner/report/find.h"

#include "tests/report/tables.h"

using namespace assay::report;

namespace {

Table grid() {
  Table out;
  out.row_names = {"pruner", "bits"};
  out.rows = {{"wanda", "4"}, {"wanda", "3"}, {"random", "4"}};
  out.column_names = {"keep"};
  out.columns = {{"0.5"}, {"0.9"}};
  out.values = {{"eval.accuracy"}, {"eval.nll"}};
  out.entries.assign(2, std::vector(3, std::vector<Table::Entry>(2)));
  return out;
}

std::string error_of(const std::string& row, const std::string& column, const std::string& value) {
  try {
    find_entry(grid(), row, column, value);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "found";
}

}  // namespace

TEST_CASE("entries by the labels of the table") {
  const Found found = find_entry(grid(), "wanda / 3", "0.9", "eval.nll");
  CHECK(found.row == 1);
  CHECK(found.column == 1);
  CHECK(found.values == std::vector<std::size_t>{1});
  CHECK(find_entry(grid(), "wanda/4", "0.5", "").values == std::vector<std::size_t>{0, 1});
  CHECK(find_entry(grid(), "random", "0.5", "accuracy").row == 2);
  Table plain = grid();
  plain.columns.clear(), plain.column_names.clear();
  CHECK(find_entry(plain, "random", "nll", "").values == std::vector<std::size_t>{1});
}

TEST_CASE("names that are wrong or that several entries have") {
  const std::string rows = "\"wanda / 4\", \"wanda / 3\", \"random / 4\"";
  CHECK(error_of("wnda / 4", "0.5", "") ==
        "the table has no row \"wnda / 4\"; did you mean \"wanda / 4\"? It has: " + rows);
  CHECK(error_of("zzzzzzzzzz", "0.5", "") ==
        "the table has no row \"zzzzzzzzzz\"; it has: " + rows);
  CHECK(error_of("wanda", "0.5", "") ==
        "\"wanda\" is several rows of the table: \"wanda / 4\", \"wanda / 3\"; name one");
  CHECK(error_of("", "0.5", "") == "name a row of the table: " + rows);
  CHECK(error_of("random", "0.6", "") ==
        "the table has no column \"0.6\"; did you mean \"0.5\"? It has: \"0.5\", \"0.9\"");
  CHECK(error_of("random", "0.5", "accurcy") ==
        "the table has no value \"accurcy\"; did you mean \"accuracy\"? It has: "
        "\"eval.accuracy\", \"eval.nll\"");
}
