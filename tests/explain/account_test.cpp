#include "runner/explain/account.h"

#include <doctest/doctest.h>

#include "runner/config/parse.h"
#include "runner/explain/nearest.h"

namespace assay::explain {

namespace {

Part::Param param(const std::string& name, Part::Is is, Value fallback,
                  const std::string& kind = "") {
  Part::Param out;
  out.name = name, out.is = is, out.fallback = std::move(fallback), out.kind = kind;
  return out;
}

// load(noise = 0) -> train(data, router = top(k = 2), steps = 10) draws.
Catalogue parts() {
  Catalogue out;
  out["stage.load"].params = {param("noise", Part::Is::kNumber, 0.0)};
  Part& train = out["stage.train"];
  train.version = 3, train.draws = true;
  train.params = {param("data", Part::Is::kInput, Value()),
                  param("router", Part::Is::kComponent, "top", "router"),
                  param("steps", Part::Is::kValue, 10)};
  out["router.top"].params = {param("k", Part::Is::kValue, 2)};
  out["router.flat"];
  return out;
}

StageConfig stage(const std::string& name, const std::string& toml) {
  const Value value = config::parse_value(toml);
  return {name, value, value};
}

Node cell(const std::string& load, const std::string& train, const Catalogue& known = parts(),
          std::uint64_t seed = 0) {
  return account({stage("data", load), stage("base", train)}, seed, {}, known);
}

const char* const kLoad = "{ use = 'load' }";
const char* const kTrain = "{ use = 'train', data = 'data' }";

std::string differences_text(const Node& before, const Node& after) {
  std::string out;
  for (const Difference& one : differences(before, after)) out += text(one) + "\n";
  return out;
}

}  // namespace

TEST_CASE("accounts of one configuration written in two ways have no difference") {
  CHECK(differences_text(
            cell(kLoad, kTrain),
            cell("{ use = 'load', noise = 0 }",
                 "{ use = 'train', steps = 10, data = 'data', router = { use = 'top' } }"))
            .empty());
}

TEST_CASE("a difference names the parameter, both values and the place") {
  CHECK(differences_text(cell(kLoad, kTrain), cell("{ use = 'load', noise = 0.5 }", kTrain)) ==
        "data.noise: 0.0 → 0.5 (value:1)\n");
  CHECK(differences_text(cell("{ use = 'load', noise = 0.5 }", kTrain), cell(kLoad, kTrain)) ==
        "data.noise: 0.5 → 0.0 (default)\n");
}

TEST_CASE("versions, defaults and seeds are told apart") {
  Catalogue later = parts();
  later["stage.train"].version = 4;
  later["router.top"].params[0].fallback = 3;
  CHECK(differences_text(cell(kLoad, kTrain), cell(kLoad, kTrain, later)) ==
        "base: train version 3 → 4\nbase.router.k: 2 → 3 (default)\n");
  CHECK(differences_text(cell(kLoad, kTrain), cell(kLoad, kTrain, parts(), 7)) ==
        "study.seed: 0 → 7\n");
  later = parts();
  later["stage.train"].draws = false;
  CHECK(differences_text(cell(kLoad, kTrain, later), cell(kLoad, kTrain, later, 7)).empty());
}

TEST_CASE("of another component only the name differs") {
  CHECK(differences_text(
            cell(kLoad, "{ use = 'train', data = 'data', router = { use = 'top', k = 4 } }"),
            cell(kLoad, "{ use = 'train', data = 'data', router = 'flat' }")) ==
        "base.router: \"top\" → \"flat\" (value:1)\n");
}

TEST_CASE("parameters outside keys, and added ones at their default, are no difference") {
  Catalogue before = parts(), after = parts();
  Part::Param added = param("decay", Part::Is::kNumber, 0.1);
  added.added = true;
  after["stage.train"].params.push_back(added);
  Part::Param silent = param("verbose", Part::Is::kValue, false);
  silent.in_key = false;
  after["stage.train"].params.push_back(silent);
  CHECK(differences_text(cell(kLoad, kTrain, before),
                         cell(kLoad, "{ use = 'train', data = 'data', verbose = true }", after))
            .empty());
  CHECK(differences_text(cell(kLoad, kTrain, before),
                         cell(kLoad, "{ use = 'train', data = 'data', decay = 0.2 }", after)) ==
        "base.decay: absent → 0.2 (value:1)\n");
}

TEST_CASE("stages that a cell does not need are not in its account; their order is") {
  const StageConfig data = stage("data", kLoad), other = stage("other", kLoad);
  StageConfig base = stage("base", kTrain);
  base.chosen = config::parse_value("{ use = 'train', data = 'other' }");
  const Node out = account({data, other, base}, 0, {}, parts());
  CHECK(out.find("data") == nullptr);
  CHECK(out.find("other"));
  const Node one = account({data, other}, 0, {}, parts()),
             two = account({other, data}, 0, {}, parts());
  CHECK(differences_text(one, two) == "order of the stages: data, other → other, data\n");
}

TEST_CASE("axis values are set as a sweep sets them") {
  Value value = config::parse_value(kTrain);
  set_inside(value, "stage", "router.k", 5, parts());
  CHECK(value.text() == R"({ use = "train", data = "data", router = { use = "top", k = 5 } })");
}

TEST_CASE("the nearest stored cell has the fewest differences, the replicate among them") {
  const auto at = [](const char* noise, const char* steps) {
    return cell("{ use = 'load', noise = " + std::string(noise) + " }",
                "{ use = 'train', data = 'data', steps = " + std::string(steps) + " }");
  };
  const std::vector<StoredVariant> stored = {{at("0.1", "20"), {{0, 0}, {1, 1}}},
                                             {at("0.2", "30"), {{0, 2}, {3, 3}}}};
  const auto other = nearest(at("0.1", "30"), 3, stored);
  REQUIRE(other);
  CHECK(other->record == 3);
  CHECK(other->differences.size() == 1);
  CHECK(other->differences[0].path == "data.noise");
  const auto seed = nearest(at("0.1", "20"), 2, stored);
  REQUIRE(seed);
  CHECK(seed->record == 1);
  CHECK(text(seed->differences.at(0)) == "replicate: 1 → 2");
  CHECK_FALSE(nearest(at("0.1", "20"), 0, {}));
}

}  // namespace assay::explain
