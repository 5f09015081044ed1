#include "tests/contracts/quantizer_contract.h"

using namespace assay;
using namespace assay::testing;

TEST_CASE("every quantizer keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("quantizer")) quantizer_contract(text);
}
