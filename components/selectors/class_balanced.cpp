// Each class as often as any other: each place of a minibatch draws a class, then one of its
// examples, both with replacement, so that examples of rare classes come again and again. As a
// choice it takes the classes in turn, in each a random example that is left; the labels are known
// then.
#include <algorithm>

#include "components/selectors/selector.h"

namespace assay::selectors {
namespace {

class BalancedOrder final : public DrawnOrder {
 public:
  BalancedOrder(const Pool& pool, const Stream& stream, int batch, std::string_view name)
      : DrawnOrder(pool, stream, batch),
        classes_(rows_by_class(pool, name)) {}

 private:
  void draw(std::vector<int>& rows, int /*step*/, double /*progress*/, Stream stream) override {
    for (int& row : rows) {
      const std::vector<int>& of = classes_[stream.below(classes_.size())];
      row = of[stream.below(of.size())];
    }
  }
  std::vector<std::vector<int>> classes_;
};

struct ClassBalanced final : Selector {
  static constexpr Info kInfo{"class-balanced", 1, "Draws each class as often as any other.",
                              "Kang et al. 2020, arXiv:1910.09217", true};

  static void params(Params<ClassBalanced>& /*p*/) {}

  std::unique_ptr<BatchOrder> order(const Pool& pool, const Stream& stream,
                                    int batch) const override {
    return std::make_unique<BalancedOrder>(pool, stream, batch, kInfo.name);
  }
  std::vector<int> choose(const Pool& pool, int count, Stream stream) const override {
    auto classes = rows_by_class(pool, kInfo.name);
    const auto taken = [&](int row) {
      return std::find(pool.chosen.begin(), pool.chosen.end(), row) != pool.chosen.end();
    };
    for (auto& rows : classes) {
      std::erase_if(rows, taken);
      stream.shuffle(rows);
    }
    std::vector<int> out;
    for (bool more = true; more;) {
      more = false;
      for (auto& rows : classes) {
        if (rows.empty() || static_cast<int>(out.size()) == count) continue;
        out.push_back(rows.back());
        rows.pop_back();
        more = true;
      }
    }
    return out;
  }
};
ASSAY_REGISTER(Selector, ClassBalanced);

}  // namespace
}  // namespace assay::selectors
