#include "runner/config/claims.h"

#include <map>
#include <set>

#include "runner/config/conditions.h"
#include "runner/config/curve_place.h"
#include "runner/config/sections.h"
#include "runner/config/study.h"

namespace assay::config {

namespace {

// Variants of a side by context: the values of the axes that the claim does not name.
using ByContext = std::map<std::vector<int>, std::vector<std::uint64_t>>;

class Reader {
 public:
  Reader(const Study& study, Diagnostics& out)
      : study_(study),
        out_(out),
        conditions_(study, out, "a claim") {}

  std::optional<Claim> read(const Value& table) {
    const std::size_t before = out_.count();
    Value plain(Value::Table{});
    plain.where = table.where;
    for (const Value::Entry& entry : table.table())
      if (!is_form(entry.key)) plain.table().push_back(entry);
    ClaimSection section;
    read_section(section, claim_params(), plain, "claim", out_);
    Claim claim;
    claim.where = table.where;
    claim.text = section.text, claim.metric = section.metric, claim.margin = section.margin;
    claim.alpha = section.alpha, claim.log = section.log, claim.paper = section.paper;
    if (section.test != ClaimSection::Test::kDefault)
      claim.test = static_cast<ClaimTest>(static_cast<int>(section.test) - 1);
    metric(claim, section, plain);
    form(claim, table, section);
    if (out_.count() != before || conditions_.left_out()) return std::nullopt;
    return claim;
  }

 private:
  static bool is_form(const std::string& key) {
    static const std::set<std::string> kForms = {"better", "worse",    "where",   "equal",
                                                 "of",     "at_least", "at_most", "ordering"};
    return kForms.count(key) > 0;
  }

  void metric(Claim& claim, const ClaimSection& section, const Value& plain) {
    const Value* given = plain.find("metric");
    if (!given || !given->is_string()) return;
    const std::size_t dot = claim.metric.find('.');
    if (dot == std::string::npos || !study_.stage(claim.metric.substr(0, dot))) {
      const std::string stage = claim.metric.substr(0, dot);
      out_.error(given->where, "claim.metric = " + given->text() +
                                   " is not \"stage.metric\": " + "there is no stage \"" + stage +
                                   "\"" + suggestion(stage, study_.stage_names()));
      return;
    }
    std::string wrong;
    if (curve_place(claim.metric, wrong); !wrong.empty())
      out_.error(given->where, "claim.metric = " + given->text() + ": " + wrong);
    if (section.best != ClaimSection::Best::kDeclared) {
      claim.highest = section.best == ClaimSection::Best::kHighest;
      return;
    }
    if (const auto declared = higher_is_better(claim.metric))
      claim.highest = *declared;
    else
      undirected_ = given->where;
  }

  void form(Claim& claim, const Value& table, const ClaimSection& section) {
    const Value *better = table.find("better"), *worse = table.find("worse");
    const Value *equal = table.find("equal"), *ordering = table.find("ordering");
    const Value *least = table.find("at_least"), *most = table.find("at_most");
    const int forms = (better || worse) + (equal && !along(section)) + (ordering != nullptr) +
                      (least || most || along(section));
    if (forms != 1 || (least && most)) {
      out_.error(table.where,
                 "a claim needs one form: better and worse, equal, ordering, or of with at_least "
                 "or at_most");
      return;
    }
    if (better || worse)
      two_sides(claim, table, better, worse);
    else if (ordering)
      list(claim, ClaimKind::kOrdering, table, *ordering, 2);
    else if (along(section))
      slope(claim, table, section);
    else if (equal)
      equal_sides(claim, table, *equal);
    else
      one_side(claim, table, least ? *least : *most, least != nullptr);
    if (needs_direction(claim.kind) && undirected_.known())
      out_.error(undirected_, "claim.metric " + toml_string(claim.metric) +
                                  " declares no direction; say best = \"highest\" or \"lowest\"");
  }

  static bool along(const ClaimSection& section) { return !section.along.empty(); }
  static bool needs_direction(ClaimKind kind) {
    return kind == ClaimKind::kBetter || kind == ClaimKind::kOrdering;
  }

  void two_sides(Claim& claim, const Value& table, const Value* better, const Value* worse) {
    claim.kind = ClaimKind::kBetter;
    if (!better || !worse) {
      out_.error(table.where, std::string("a claim with ") + (better ? "better" : "worse") +
                                  " needs " + (better ? "worse" : "better") + ", too");
      return;
    }
    sides(claim, table, {better, worse});
  }

  void equal_sides(Claim& claim, const Value& table, const Value& equal) {
    list(claim, ClaimKind::kEqual, table, equal, 2);
    if (claim.sides.size() > 2)
      out_.error(equal.where,
                 "claim.equal has " + std::to_string(claim.sides.size()) + " sides; allowed: 2");
    if (!(claim.margin > 0))
      out_.error(table.where,
                 "a claim with equal needs a margin above 0: the difference that does not matter");
  }

  void list(Claim& claim, ClaimKind kind, const Value& table, const Value& items,
            std::size_t least) {
    claim.kind = kind;
    const char* name = kind == ClaimKind::kEqual ? "claim.equal" : "claim.ordering";
    if (!items.is_array() || items.array().size() < least) {
      out_.error(items.where, std::string(name) + " is a list of at least two tables: " +
                                  "[{ \"stage.parameter\" = value }, …]");
      return;
    }
    std::vector<const Value*> all;
    for (const Value& item : items.array()) all.push_back(&item);
    sides(claim, table, all);
  }

  void one_side(Claim& claim, const Value& table, const Value& bound, bool least) {
    claim.kind = least ? ClaimKind::kAtLeast : ClaimKind::kAtMost;
    number(bound, claim.bound);
    sides(claim, table, {table.find("of")});
  }

  void number(const Value& value, double& out) {
    if (value.is_number())
      out = value.number();
    else
      out_.error(value.where, "claim bound is " + value.type_name() + "; expected a number");
  }

  // The values of the axis `along` become the sides, each under the same conditions.
  void slope(Claim& claim, const Value& table, const ClaimSection& section) {
    claim.kind = ClaimKind::kSlope;
    const Value &along = *table.find("along"), *least = table.find("at_least"),
                *most = table.find("at_most"), *equal = table.find("equal");
    const Value* bound = least ? least : most ? most : equal;
    if (!bound) {
      out_.error(table.where, "a claim along an axis needs at_least, at_most or equal: a slope");
      return;
    }
    number(*bound, claim.bound);
    claim.slope = least ? ClaimKind::kAtLeast : most ? ClaimKind::kAtMost : ClaimKind::kEqual;
    if (equal && !(claim.margin > 0))
      out_.error(table.where, "a slope that is equal to a number needs a margin above 0");
    std::size_t axis = 0, path = 0;
    if (!conditions_.find_axis(section.along, along.where, axis, path)) return;
    const design::Axis& values = study_.design.axes()[axis];
    std::vector<Conditions> all;
    for (std::size_t v = 0; v < values.values.size(); ++v) {
      const Value& value = values.values[v][path];
      if (!value.is_number()) {
        out_.error(along.where, "claim.along: axis \"" + section.along + "\" holds " +
                                    value.text() + "; a slope needs numbers");
        return;
      }
      if (claim.log && !(value.number() > 0))
        out_.error(along.where, "claim.along: axis \"" + section.along + "\" holds " +
                                    value.text() + ", which has no logarithm; say log = false");
      claim.positions.push_back(value.number());
      Conditions& side = all.emplace_back();
      side.where = along.where;
      side.name = values.labels[v];
      add_common(side, table, table.find("of"));
      side.all.push_back({axis, std::vector<char>(values.values.size(), 0)});
      side.all.back().allowed[v] = 1;
    }
    if (!conditions_.left_out()) resolve(claim, all);
  }

  void add_common(Conditions& side, const Value& table, const Value* own) {
    if (own) conditions_.read(*own, side);
    if (const Value* where = table.find("where")) {
      const std::string name = side.name;
      conditions_.read(*where, side);
      side.name = name;
    }
  }

  void sides(Claim& claim, const Value& table, const std::vector<const Value*>& given) {
    const std::size_t before = out_.count();
    std::vector<Conditions> all;
    for (const Value* one : given) {
      Conditions& side = all.emplace_back();
      side.where = one ? one->where : table.where;
      add_common(side, table, one);
    }
    if (out_.count() == before && !conditions_.left_out()) resolve(claim, all);
  }

  // Finds the variants of every side, and pairs them by context.
  void resolve(Claim& claim, const std::vector<Conditions>& all) {
    std::set<std::size_t> named;
    for (const Conditions& side : all)
      for (const auto& one : side.all) named.insert(one.axis);
    std::vector<ByContext> found(all.size());
    study_.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
      for (std::size_t s = 0; s < all.size(); ++s) {
        if (!all[s].hold(choice)) continue;
        std::vector<int> context = choice;
        for (const std::size_t axis : named) context[axis] = -1;
        found[s][context].push_back(variant);
      }
      return true;
    });
    for (std::size_t s = 0; s < all.size(); ++s) {
      if (!one_variant_each(all[s], found[s])) return;
      claim.sides.push_back({all[s].name.empty() ? "all" : all[s].name, {}});
    }
    for (const auto& [context, variants] : found[0]) {
      const bool common = std::all_of(found.begin(), found.end(),
                                      [&](const auto& side) { return side.count(context) > 0; });
      if (!common) continue;
      for (std::size_t s = 0; s < all.size(); ++s)
        claim.sides[s].variants.push_back(found[s][context][0]);
    }
    if (claim.sides[0].variants.empty())
      out_.error(claim.where,
                 "the sides of the claim have no other axes in common: nothing pairs them");
    for (std::size_t s = 1; s < claim.sides.size(); ++s)
      if (claim.sides[s].variants == claim.sides[0].variants)
        out_.error(all[s].where, "this side of the claim is the same as the first");
  }

  bool one_variant_each(const Conditions& side, const ByContext& found) {
    if (found.empty()) {
      conditions_.not_there(side.where,
                            "no variant of the study is as this side of the claim says");
      return false;
    }
    for (const auto& [context, variants] : found) {
      if (variants.size() == 1) continue;
      std::vector<int> first, second;
      study_.design.decode(variants[0], first);
      study_.design.decode(variants[1], second);
      std::string differ;
      for (std::size_t a = 0; a < first.size(); ++a)
        if (first[a] != second[a])
          differ += (differ.empty() ? "" : ", ") + study_.design.axes()[a].name;
      out_.error(side.where, "this side of the claim holds several variants, which differ in " +
                                 differ + "; name one");
      return false;
    }
    return true;
  }

  const Study& study_;
  Diagnostics& out_;
  Position undirected_;
  ConditionReader conditions_;
};

}  // namespace

std::optional<bool> higher_is_better(const std::string& metric) {
  const ComponentSpec* spec =
      Registry::global().find("metric", metric.substr(metric.find('.') + 1));
  if (!spec || spec->better.empty()) return std::nullopt;
  return spec->better == "higher";
}

std::vector<Claim> read_claims(Study& study, Diagnostics& out) {
  std::vector<Claim> claims;
  Value* list = study.root.find("claim");
  if (!list) return claims;
  if (!list->is_array()) {
    out.error(list->where, "claim is " + list->type_name() + "; expected tables: [[claim]]");
    return claims;
  }
  std::vector<Value> left;
  for (const Value& table : list->array()) {
    if (!table.is_table()) {
      out.error(table.where, "claim is a list of tables; this is " + table.type_name());
      continue;
    }
    auto claim = Reader(study, out).read(table);
    if (!claim) continue;
    claims.push_back(std::move(*claim));
    left.push_back(table);
  }
  if (out.ok()) list->array() = std::move(left);
  return claims;
}

}  // namespace assay::config
