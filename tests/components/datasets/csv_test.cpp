#include <cmath>

#include "tests/components/datasets/files.h"
#include "tests/contracts/dataset_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::string trouble_of(const std::string& text, const std::string& options) {
  const ScratchFile file("trouble.csv", text);
  return trouble(*reader("csv", file.path(), options), file.path());
}

// Consecutive and not normalised: what is in the file, in its order.
constexpr const char* kPlain = "shuffle = false, normalise = \"none\", valid = 0.25, test = 0.25, ";

}  // namespace

TEST_CASE("csv gives what the data set of the same file gives") {
  const auto own = build<Dataset>(
                       "{ use = \"csv\", file = \"iris.csv\", header = false, skip = 1, label = "
                       "\"5\", shuffle = false, normalise = \"none\" }")
                       ->make();
  CHECK(own->train.features.at(0, 0) == doctest::Approx(5.1));
  CHECK(own->format == DataFormat{false, 4, 0, 1, 3});
  CHECK(own->symbols == std::vector<std::string>{"0", "1", "2"});
  CHECK(own->train.count == 105);
  CHECK(own->test.count == 30);
  for (const auto label : own->test.labels) CHECK(label == 2);  // the last in the file
  // Stratified: a fifth of each class of fifty.
  const auto drawn = build<Dataset>("{ use = \"iris\" }")->make();
  std::vector<int> counts(3);
  for (const auto label : drawn->test.labels) ++counts[static_cast<std::size_t>(label)];
  CHECK(counts == std::vector<int>{10, 10, 10});
}

TEST_CASE("csv reads names, quotes, categories, targets and labels of a table solved by hand") {
  const ScratchFile file("hand.csv",
                         "\xEF\xBB\xBFsize;colour;note;price;kind\r\n"
                         "1.5;red;\"a \"\"b\"\";\nc\";10;dog\r\n"
                         "\r\n"
                         " 2 ;blue;x;20;cat\r\n"
                         "-3e1;red;y;30;dog\r\n"
                         "+4;green;z;40;cat");
  const auto data = reader("csv", file.path(),
                           std::string(kPlain) +
                               "delimiter = \";\", label = \"kind\", targets = [\"price\"], "
                               "ignore = [\"3\"], categorical = [\"colour\"]")
                        ->make();
  CHECK(data->format.width == 4);  // size, blue, green, red
  CHECK(data->format.targets == 1);
  CHECK(data->symbols == std::vector<std::string>{"cat", "dog"});
  REQUIRE(data->train.count == 2);
  CHECK(data->train.features ==
        nn::Tensor::of({2, 4}, std::vector<double>{1.5, 0, 0, 1, 2, 1, 0, 0}));
  CHECK(data->train.labels == std::vector<std::int32_t>{1, 0});
  CHECK(data->train.targets == nn::Tensor::of({2, 1}, std::vector<double>{10, 20}));
  CHECK(data->valid.features == nn::Tensor::of({1, 4}, std::vector<double>{-30, 0, 0, 1}));
  CHECK(data->test.features == nn::Tensor::of({1, 4}, std::vector<double>{4, 0, 1, 0}));
}

TEST_CASE("csv sorts labels as numbers where all are numbers") {
  const ScratchFile file("numbers.csv", "x,y\n0,10\n0,9\n0,-1\n0,10\n");
  CHECK(reader("csv", file.path(), std::string(kPlain) + "label = \"y\"")->make()->symbols ==
        std::vector<std::string>{"-1", "9", "10"});
}

TEST_CASE("csv fills a missing feature with the mean of the training part") {
  const ScratchFile file("gaps.csv", "x,y\n1,0\n3,0\n?,1\nNA,1\n");
  const std::string options = "label = \"y\", missing = \"mean\", shuffle = false, test = 0.25, ";
  const auto raw =
      reader("csv", file.path(), options + "valid = 0.0, normalise = \"none\"")->make();
  CHECK(raw->train.features == nn::Tensor::of({3, 1}, std::vector<double>{1, 3, 2}));
  CHECK(raw->test.features.get(0) == 2.0);
  const auto scaled = reader("csv", file.path(), options + "valid = 0.0")->make();
  CHECK(scaled->train.features == nn::Tensor::of({3, 1}, std::vector<double>{-1, 1, 0}));
}

TEST_CASE("csv says where a table is wrong") {
  const std::string label = "label = \"y\"";
  CHECK(trouble_of("x,y\n1,a\n2,b,c\n", label) == "FILE:3:1: expected 2 fields, found 3");
  CHECK(trouble_of("x,y\n1,a\nred,b\n", label) ==
        "FILE:3:1: column \"x\" has \"red\" where a number belongs; name the column in "
        "categorical, ignore or label");
  CHECK(trouble_of("w,x,y\n1,1,a\n\"1\", ,b\n", label) ==
        "FILE:3:5: column \"x\" is missing (missing = \"mean\" fills features)");
  CHECK(trouble_of("x,y\n1,a\n2,\n", label) == "FILE:3:3: column \"y\" is missing");
  CHECK(trouble_of("x,y\n1,\"a\n2,b\n", label) == "FILE:2:3: this quote is never closed");
  CHECK(trouble_of("x,y\n1,\"a\"b\n", label) ==
        "FILE:2:6: after a closing quote comes the delimiter or a new line");
  CHECK(trouble_of(std::string("x,y\n1,\0\n", 8), label) == "FILE:2:3: a NUL byte; is it text?");
  CHECK(trouble_of("é,y\n1,a\n1e39,b\n", label) ==
        "FILE:3:1: column \"é\" has \"1e39\" where a number belongs; name the column in "
        "categorical, ignore or label");
  CHECK(trouble_of("x,y\n1,a\n2,b\n", "label = \"z\"") ==
        "FILE has no column \"z\"; it has 2 columns, the first of them \"x\"");
  CHECK(trouble_of("x,y\n1,a\n2,b\n", "label = \"y\", ignore = [\"-1\"]") ==
        "FILE: column \"-1\" is named twice");
  std::string many = "x,y\n";
  for (int i = 0; i < 4097; ++i) many += std::to_string(i) + ",a\n";
  CHECK(trouble_of(many, label + ", categorical = [\"x\"]") ==
        "FILE: column \"x\" has 4097 categories; allowed for a feature: 4096");
  std::string wide = "x,y\n";
  for (int i = 0; i < 70000; ++i) wide += std::to_string(i % 4096) + ",a\n";
  CHECK(trouble_of(wide, label + ", categorical = [\"x\"]") ==
        "FILE gives 4096 features for 70000 rows, which is too much");
  CHECK(trouble_of("", label) == "FILE has no rows");
  CHECK(trouble_of("y\na\nb\n", label) == "FILE has no feature");
  CHECK(trouble_of("x,y\n", label) == "FILE has no rows");
  CHECK(trouble_of("x,y\n1,a\n", label) ==
        "csv: 1 examples are too few for a training and a test part");
  CHECK(error_of<Dataset>("{ use = \"csv\", file = \"a\", delimiter = \";;\" }") ==
        "it.delimiter = \";;\"; allowed: one character, not a quote");
  CHECK(error_of<Dataset>("\"csv\"") == "it: dataset \"csv\" needs file (a string)");
}

TEST_CASE("a file is checked against its SHA-256, and found in the working directory or shipped") {
  const ScratchFile file("sum.csv", "x\n1\n2\n3\n4\n5\n");
  CHECK(trouble(*reader("csv", file.path(), "sha256 = \"d6aa\""), file.path()) ==
        "FILE has the SHA-256 " + sha256("x\n1\n2\n3\n4\n5\n"));
  CHECK(trouble(*reader("csv", file.path(), "sha256 = \"" + sha256("x\n1\n2\n3\n4\n5\n") + "\""),
                file.path())
            .empty());
  CHECK(trouble(*reader("csv", "none/iris.csv"), "none/iris.csv") == "cannot read data file FILE");
  CHECK(trouble(*reader("csv", "/dev/zero"), "/dev/zero") == "cannot read data file FILE");
  const ScratchFile torn("torn.csv.gz", std::string("\x1f\x8b\x08\0\0\0\0\0", 8));
  CHECK(trouble(*reader("csv", torn.path()), torn.path()) == "FILE is not whole compressed data");
}
