#include "components/stages/minibatches.h"

#include <set>

using namespace assay;

TEST_CASE("an epoch shows each row at most once, and orders differ between epochs") {
  stages::Minibatches batches(Stream(3), 10, 4);
  std::set<std::vector<int>> orders;
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::vector<int> shown;
    for (int step = 0; step < 2; ++step) {
      const std::vector<int>& rows = batches.next();
      CHECK(rows.size() == 4);
      shown.insert(shown.end(), rows.begin(), rows.end());
    }
    CHECK(std::set<int>(shown.begin(), shown.end()).size() == 8);
    orders.insert(shown);
  }
  CHECK(orders.size() == 3);
}

TEST_CASE("a batch is never larger than the data") {
  stages::Minibatches batches(Stream(3), 3, 64);
  CHECK(batches.next().size() == 3);
}
