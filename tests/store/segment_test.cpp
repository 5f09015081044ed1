#include "tests/properties.h"
#include "tests/store/support.h"

using namespace assay;
using namespace assay::store;
using namespace assay::testing;

namespace {

CellRecord any_cell(int index) {
  CellRecord out = cell(static_cast<std::uint64_t>(index));
  out.config = any_text();
  out.message = any_text();
  if (*rc::gen::arbitrary<bool>()) out.origin = hash(any_text());
  out.status = *rc::gen::element(Status::kDone, Status::kFailed);
  out.seconds = *rc::gen::arbitrary<double>();
  out.metrics.clear();
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
    out.metrics.push_back({any_text(), *rc::gen::arbitrary<double>()});
  out.curves.clear();
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    Curve& curve = out.curves.emplace_back();
    curve.name = any_text();
    curve.value = *rc::gen::arbitrary<std::vector<double>>();
    curve.step = std::vector<double>(curve.value.size(), *rc::gen::element(1.0, 2.0, -0.0));
  }
  return out;
}

}  // namespace

TEST_CASE("whatever cells are committed come back, in whatever groups") {
  holds("read_cells(commit(cells)) == cells", [] {
    const Scratch folder("any");
    std::vector<CellRecord> all;
    {
      Store store(folder);
      for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
        all.push_back(any_cell(i));
        store.add(all.back());
        if (*rc::gen::arbitrary<bool>()) store.commit();
      }
      store.commit();
      if (*rc::gen::arbitrary<bool>()) store.pack();
    }
    auto back = Store::read_cells(folder);
    const auto by_key = [](const auto& a, const auto& b) { return a.key < b.key; };
    std::sort(all.begin(), all.end(), by_key);
    std::sort(back.begin(), back.end(), by_key);
    RC_ASSERT(back == all);
  });
}

TEST_CASE("an origin is committed once, and cells handed over afterwards name it") {
  const Scratch folder("origin");
  {
    Store store(folder);
    store.add(cell(0));
    store.keep_origin("[maker]\n");
    store.keep_origin("[maker]\n");
    store.add(cell(1));
  }
  CHECK(files_in(folder / "origins") == 1);
  CHECK(std::filesystem::exists(folder / ("origins/" + hash("[maker]\n").hex() + ".toml")));
  for (const CellRecord& record : Store::read_cells(folder))
    CHECK(record.origin == (record.key == cell(1).key ? hash("[maker]\n") : Key{}));
  const auto places = Store::read_places(folder);
  CHECK(places.size() == 2);
  CHECK(places.at(cell(1).key).parent_path() == "segments");
}
