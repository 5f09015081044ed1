#pragma once

#include <memory>
#include <string>
#include <vector>

#include "components/datasets/dataset.h"

namespace assay {

// Numbers of a CSV text, row by row; every row must have `columns` numbers. Throws
// std::runtime_error with file and line.
std::vector<double> parse_csv(const std::string& text, int columns, const std::string& name,
                              int skip_lines);

// What shift and scale are taken from: each feature, all features together (so that an image stays
// one), their least and largest (which become -1 and 1), or nothing.
enum class Normalise { kFeature, kGlobal, kRange, kNone };
inline constexpr std::string_view kNormaliseNames[] = {"feature", "global", "range", "none"};

// How examples become train, valid and test; a base of data sets that let a study choose.
struct SplitRule {
  int split = 0;
  double valid = 0.1;
  double test = 0.2;
  bool shuffle = true;
  Normalise normalise = Normalise::kFeature;
};

// A split of `all`: stratified by class where examples have one label each, else at random; not
// shuffled, consecutive parts, the test part last. Features are shifted and scaled by the mean and
// standard deviation of the training split alone (what does not vary is only shifted), and targets
// column by column unless nothing is normalised. A feature that is NaN becomes its training mean.
// The truth has the `shift` and `scale` of each feature that give it back.
// Throws std::runtime_error where nothing is left to train on or to test.
std::shared_ptr<Data> split_examples(const std::string& name, const Examples& all,
                                     const DataFormat& format, const SplitRule& rule);
// The same where the test split is given: all are split into train and valid.
std::shared_ptr<Data> split_examples(const std::string& name, const Examples& all,
                                     const Examples& test, const DataFormat& format,
                                     const SplitRule& rule);
// The second half of it, for data that come with their split.
void normalise_by_train(Data& data, Normalise what);

// A classification set from rows of `width` features and a label.
std::shared_ptr<Data> make_tabular(const std::string& name, const std::vector<double>& rows,
                                   int width, int classes, const SplitRule& rule);
// What is wrong with the fractions, for check(); empty where some of each class is left to train
// on.
std::string check_fractions(double valid, double test);

// Declares `split`, `valid`, `test` of a data set that has a SplitRule as a base.
template <class T>
void add_split(Params<T>& p) {
  p.add("split", &T::split).at_least(0).doc("Which of the seeded stratified splits.");
  p.add("valid", &T::valid).range(0, 0.5).doc("Fraction of each class for validation.");
  p.add("test", &T::test).range(0.01, 0.5).doc("Fraction of each class for testing.");
}

}  // namespace assay
