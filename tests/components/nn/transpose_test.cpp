#include "components/nn/transpose.h"

#include "tests/contracts/contract.h"
#include "tests/properties.h"

using namespace assay;
using namespace assay::nn;

TEST_CASE("transpose moves every entry, and its gradient agrees with central differences") {
  testing::holds("transpose", [] {
    const int b = *rc::gen::inRange(1, 4), n = *rc::gen::inRange(1, 6), d = *rc::gen::inRange(1, 6);
    const bool many = *rc::gen::arbitrary<bool>();
    Parameters parameters;
    const Tensor& x =
        parameters
            .add("x", Tensor::normal(many ? Shape{b, n, d} : Shape{n, d}, 1.0, Stream(3)),
                 Role::kOther)
            .value;
    Tape tape;
    const Tensor y = tape.value(transpose(tape.constant(x)));
    RC_ASSERT(y.shape() == (many ? Shape{b, d, n} : Shape{d, n}));
    for (int i = 0; i < y.count(); ++i) {
      const int block = i / (n * d), row = i % (n * d) / n, column = i % n;
      RC_ASSERT(y.get(i) == x.get((block * n + column) * d + row));
    }
    // Used twice, so that its gradient is set once and added to once.
    const testing::LossFn loss = [](Tape& on, const Parameters& at) {
      const Var v = on.parameter(at.get("x"));
      return add(testing::probe(square(transpose(v))), testing::probe(transpose(v), 5));
    };
    RC_ASSERT(testing::gradient_error(parameters, loss) < 1e-6);
  });
}

TEST_CASE("transpose refuses a vector") {
  Tape tape;
  CHECK_THROWS_WITH(transpose(tape.constant(Tensor({3}))),
                    "transpose: input (3) does not fit 2 or 3 dimensions");
}
