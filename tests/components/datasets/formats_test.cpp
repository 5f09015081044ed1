// Files of other formats than CSV: what is in them, by hand, and what is said where they are wrong.
#include <cstring>

#include "components/datasets/arrays.h"
#include "tests/components/datasets/files.h"
#include "tests/contracts/dataset_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

constexpr const char* kPlain = "shuffle = false, normalise = \"none\"";

std::string trouble_of(const std::string& use, const std::string& bytes,
                       const std::string& options = {}) {
  const ScratchFile file("trouble." + use, bytes);
  return trouble(*reader(use, file.path(), options), file.path());
}

std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string out = std::string("\x93NUMPY") + version + '\0' + static_cast<char>(header.size());
  return out + std::string(version == 1 ? 1 : 3, '\0') + header + data;
}
template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}
std::string failure(const std::function<void()>& what) {
  try {
    what();
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("the same flowers come out of csv, arff, npz and safetensors") {
  const std::string plain = std::string(kPlain) + " }";
  const auto csv = build<Dataset>(
                       "{ use = \"csv\", file = \"iris.csv\", header = false, skip = 1, "
                       "label = \"5\", " +
                       plain)
                       ->make();
  for (const std::string use : {"arff", "npz", "safetensors"}) {
    const auto data =
        build<Dataset>("{ use = \"" + use + "\", file = \"iris." + use + "\", " + plain)->make();
    CHECK(data->train.features == csv->train.features);
    CHECK(data->train.labels == csv->train.labels);
    CHECK(data->test.features == csv->test.features);
    CHECK(data->format == csv->format);
  }
}

TEST_CASE("idx gives the digits of the file, and a second pair as the test split") {
  const std::string pair =
      "{ use = \"idx\", images = \"digits-images.idx.gz\", labels = \"digits-labels.idx.gz\"";
  const auto data = build<Dataset>(pair + ", " + kPlain + " }")->make();
  CHECK(data->format == DataFormat{false, 64, 0, 1, 10});
  CHECK(data->train.count + data->valid.count + data->test.count == 300);
  const std::vector<std::int32_t> first(data->train.labels.begin(), data->train.labels.begin() + 5);
  CHECK(first == std::vector<std::int32_t>{0, 1, 2, 3, 4});
  CHECK(data->train.features.at(0, 2) == 5.0);  // 0,0,5,13,9,1,0,0,… in digits.csv.gz
  CHECK(data->train.features.at(0, 3) == 13.0);
  const auto two = build<Dataset>(pair +
                                  ", test_images = \"digits-images.idx.gz\", test_labels = "
                                  "\"digits-labels.idx.gz\", valid = 0.0 }")
                       ->make();
  CHECK(two->train.count == 300);
  CHECK(two->test.features == two->train.features);
  CHECK(error_of<Dataset>(pair + ", test_images = \"a\" }") ==
        "it.test_images and test_labels go together");
  CHECK(error_of<Dataset>(pair + ", sha256 = [\"a\"] }") == "it.sha256 has 1 entries for 2 files");
}

TEST_CASE("idx numbers are big-endian, of six types") {
  const std::string head("\0\0", 2);
  const auto one = [&](char type, const std::string& number) {
    const Array out = parse_idx(head + type + '\1' + std::string("\0\0\0\1", 4) + number, "x");
    return nn::Tensor::from_array(out).get(0);
  };
  CHECK(
      parse_idx(head + "\x08\1" + std::string("\0\0\0\1", 4) + "\xFF", "x").as<std::uint8_t>()[0] ==
      255);
  CHECK(parse_idx(head + "\x09\1" + std::string("\0\0\0\1", 4) + "\xFF", "x").as<int>()[0] == -1);
  CHECK(parse_idx(head + "\x0B\1" + std::string("\0\0\0\1", 4) + "\xFF\xFE", "x").as<int>()[0] ==
        -2);
  CHECK(parse_idx(head + "\x0C\1" + std::string("\0\0\0\1\0\0\1\0", 8), "x").as<int>()[0] == 256);
  CHECK(one('\x0D', std::string("\x3F\x80\0\0", 4)) == 1.0);
  CHECK(one('\x0E', std::string("\xC0\0\0\0\0\0\0\0", 8)) == -2.0);
  const auto wrong = [&](const std::string& bytes) {
    return failure([&] { (void)parse_idx(bytes, "x"); });
  };
  CHECK(wrong("abc") == "x is no IDX file: it begins otherwise");
  CHECK(wrong(head + "\x07\1") == "x is no IDX file: type 7 is unknown");
  CHECK(wrong(head + "\x08\5") == "x is no IDX file: 5 dimensions; allowed: 1 to 4");
  CHECK(wrong(head + "\x08\2\1\1\1\1") == "x is no IDX file: it ends within its header");
  for (const char* data : {"a", "abc"})  // of two
    CHECK(wrong(head + "\x08\1" + std::string("\0\0\0\2", 4) + data) ==
          "x is no IDX file: its sizes do not fit its data");
  CHECK(wrong(head + "\x08\2\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF" + "abc") ==
        "x is no IDX file: its sizes do not fit its data");
}

TEST_CASE("npy reads versions 1 to 3, both orders, and says what it does not read") {
  const std::string numbers = bytes_of<float>({1, 2, 3, 4, 5, 6});
  const std::string shape = "'shape': (2, 3), }\n";
  const std::string rows = "{'descr': '<f4', 'fortran_order': False, " + shape;
  for (const char version : {1, 2, 3}) {
    const Array out = parse_npy(npy(rows, numbers, version), "x");
    CHECK(out.shape == std::vector<std::int64_t>{2, 3});
    CHECK(out.as<float>()[1] == 2.0F);
  }
  const Array columns =
      parse_npy(npy("{'descr': '<f4', 'fortran_order': True, " + shape, numbers), "x");
  const auto values = columns.as<float>();
  CHECK(std::vector<float>(values.begin(), values.end()) == std::vector<float>{1, 3, 5, 2, 4, 6});
  const auto wrong = [&](const std::string& bytes) {
    return failure([&] { (void)parse_npy(bytes, "x"); });
  };
  const std::string is = "x is no NumPy array that can be read: ";
  CHECK(wrong("PK") == is + "it begins otherwise");
  CHECK(wrong(npy(rows, numbers, 4)) == is + "its version is 4");
  CHECK(wrong(npy("{'descr': '>f4', 'fortran_order': False, " + shape, numbers)) ==
        is + "its numbers are >f4; known: <f4, <f8, <i4, <i8, |u1, |b1");
  CHECK(wrong(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
                  numbers)) == is + "its shape does not fit its data");
  CHECK(wrong(npy("{'descr': '<f4', }", numbers)) == is + "its header is not whole");
}

TEST_CASE("arrays have to be there, of one length, finite, and labels whole numbers") {
  const auto safe = [](const NamedArrays& arrays, const std::string& options = {}) {
    return trouble_of("safetensors", format_safetensors(arrays), options);
  };
  const auto x = Array::of<float>(std::vector<float>{1, 2, 3, 4}, {4, 1});
  const auto y = Array::of<std::int32_t>(std::vector<std::int32_t>{0, 1, 0}, {3});
  CHECK(safe({{"features", x}}) == "FILE has no array \"labels\"; it has features");
  CHECK(safe({{"features", x}, {"labels", y}}) ==
        "FILE: \"labels\" has 3 rows, \"features\" has 4");
  CHECK(safe({{"features", x}, {"labels", x}}) == "FILE: \"labels\" holds no whole numbers");
  CHECK(safe({{"features", Array::of<double>(std::vector<double>{1, 1e300}, {2, 1})}},
             "labels = \"\"") == "FILE: \"features\" holds a number that is no finite float");
  CHECK(safe({{"features", x},
              {"labels", Array::of<std::int64_t>(std::vector<std::int64_t>{0, 1, -1, 5}, {4})}}) ==
        "FILE: \"labels\" holds a label outside 0 to 65535");
  CHECK(
      safe({{"features", x}, {"y", x}}, "labels = \"\", targets = \"y\", test = 0.25, valid = 0.25")
          .empty());
}

TEST_CASE("arff reads nominal and numeric attributes, quotes, comments and missing values") {
  const ScratchFile file("hand.arff",
                         "% a comment\n@RELATION 'two words'\n\n@attribute size REAL\n"
                         "@Attribute 'the colour' {red, 'dark blue'}\n@attribute note string\n"
                         "@attribute kind {dog,cat}\n@DATA\n"
                         "1.5, red, 'a, b', dog % here\n?,'dark blue',x,cat\n2.5,red,y,dog\n"
                         "3,red,z,cat\n");
  const auto data =
      reader("arff", file.path(),
             std::string(kPlain) +
                 ", ignore = [\"note\"], missing = \"mean\", valid = 0.0, test = 0.25")
          ->make();
  CHECK(data->train.features ==
        nn::Tensor::of({3, 3}, std::vector<double>{1.5, 1, 0, 2, 0, 1, 2.5, 1, 0}));
  CHECK(data->symbols == std::vector<std::string>{"dog", "cat"});
  CHECK(data->train.labels == std::vector<std::int32_t>{0, 1, 0});
  CHECK(trouble(*reader("arff", file.path(), "ignore = [\"note\"]"), file.path()) ==
        "FILE:10: attribute \"size\" is missing (missing = \"mean\" fills features)");
  CHECK(trouble(*reader("arff", file.path(), "missing = \"mean\""), file.path()) ==
        "FILE: attribute \"note\" is neither numeric nor nominal; name it in ignore");
}

TEST_CASE("arff says where a file is wrong") {
  const std::string head = "@attribute x numeric\n@attribute y {a,b}\n@data\n";
  const auto wrong = [](const std::string& text) { return trouble_of("arff", text); };
  CHECK(wrong(head + "1\n") == "FILE:4:2: expected 2 values, found 1");
  CHECK(wrong(head + "1,a,2\n") == "FILE:4:4: more than the 2 values of a row");
  CHECK(wrong(head + "1,c\n") == "FILE:4:3: \"c\" is no value of \"y\"");
  CHECK(wrong(head + "one,a\n") == "FILE:4:1: \"one\" is no number, which \"x\" is made of");
  CHECK(wrong(head + "{0 1}\n") == "FILE:4:1: sparse rows are not read; write every value");
  CHECK(wrong("@attribute x complex\n") ==
        "FILE:1:14: type \"complex\" is unknown; known: numeric, real, integer, string, date and "
        "{names}");
  CHECK(wrong("@atribute x real\n") ==
        "FILE:1:1: \"@atribute\" is unknown; known: @relation, @attribute, @data");
  CHECK(wrong("@attribute y {a,a}\n") == "FILE:1:17: \"a\" is named twice");
  CHECK(wrong("@attribute x real\n") == "FILE has no @data");
  CHECK(wrong("@data\n") == "FILE:1:1: there is no attribute before the data");
}

TEST_CASE("text takes its vocabulary from the training part, and has a rule for the rest") {
  const ScratchFile file("hand.txt", "abcabcabca\xC3\xA9");
  const std::string options = "context = 1, stride = 1, valid = 0.0, test = 0.2";  // "aé"
  CHECK(trouble(*reader("text", file.path(), options), file.path()) ==
        "FILE:1:11: \"\xC3\xA9\" is not in the training part (unknown = \"symbol\" or \"drop\" "
        "allows it)");
  const auto data = reader("text", file.path(), options + ", unknown = \"symbol\"")->make();
  CHECK(data->symbols == std::vector<std::string>{"a", "b", "c", "\xEF\xBF\xBD"});
  CHECK(data->train.tokens == std::vector<std::int32_t>{0, 1, 2, 0, 1, 2, 0, 1});
  CHECK(data->test.labels == std::vector<std::int32_t>{3});
  CHECK(trouble(*reader("text", file.path(), options + ", unknown = \"drop\""), file.path()) ==
        "FILE: 11 characters are too few for windows of 1 in the training and the test part");
  const ScratchFile nul("nul.txt", std::string("ab\0ab", 5));
  CHECK(trouble(*reader("text", nul.path(), options), nul.path()) ==
        "FILE has a NUL byte; is it text?");
}

TEST_CASE("without its package, fashion-mnist says how to get it") {
  const ScratchFile nowhere("nowhere");
  const auto data =
      build<Dataset>("{ use = \"fashion-mnist\", folder = \"" + nowhere.path() + "\" }");
  CHECK(trouble(*data, nowhere.path()) ==
        "fashion-mnist needs FILE/train-images-idx3-ubyte.gz; Debian's package brings it: apt-get "
        "install dataset-fashion-mnist");
  CHECK(made(*data) == nullptr);
}
