// Random designs. A point that is drawn twice is one variant: counting it again would count its
// seeds again and make its mean look better known than it is.
#include <boost/random/sobol.hpp>
#include <unordered_set>

#include "runner/design/axes.h"
#include "runner/design/reader.h"
#include "runner/registry/random.h"

namespace assay::design {

const std::vector<std::string>& sample_methods() {
  static const std::vector<std::string> kMethods = {"random", "latin-hypercube", "sobol"};
  return kMethods;
}

std::vector<std::vector<double>> unit_samples(SampleMethod method, std::size_t count,
                                              std::size_t dimensions, std::uint64_t seed) {
  std::vector<std::vector<double>> out(count, std::vector<double>(dimensions));
  if (method == SampleMethod::kSobol) {
    // The sequence itself has no randomness; its first point, the corner 0, is left out by Boost.
    boost::random::sobol engine(dimensions);
    for (auto& point : out)
      for (double& x : point) x = static_cast<double>(engine()) * 0x1p-64;
    return out;
  }
  const Stream stream(seed, 0, "sweep", sample_methods()[static_cast<std::size_t>(method)]);
  for (std::size_t d = 0; d < dimensions; ++d) {
    Stream own = stream.fork("dimension", d);
    std::vector<int> strata;
    if (method == SampleMethod::kLatinHypercube) strata = own.permutation(static_cast<int>(count));
    for (std::size_t i = 0; i < count; ++i) {
      const double u = own.uniform();
      out[i][d] = strata.empty() ? u : (strata[i] + u) / static_cast<double>(count);
    }
  }
  return out;
}

namespace {

enum class Scale { kLinear, kLog, kInteger, kChoice };

// One path of a sample, checked.
struct Range {
  Scale scale = Scale::kLinear;
  double low = 0.0, high = 1.0;
  const std::vector<Value>* choices = nullptr;
};

const std::vector<std::string> kScales = {"linear", "log", "integer"};
const std::vector<std::string> kRangeKeys = {"low", "high", "scale"};

bool known_keys(const Value::Entry& entry, Diagnostics& out) {
  bool good = true;
  for (const Value::Entry& inside : entry.value.table()) {
    if (std::find(kRangeKeys.begin(), kRangeKeys.end(), inside.key) != kRangeKeys.end()) continue;
    out.error(inside.where, "unknown key " + inside.key + " in the range of \"" + entry.key + "\"" +
                                suggestion(inside.key, kRangeKeys) + "; allowed: low, high, scale");
    good = false;
  }
  return good;
}

std::optional<Scale> scale_of(const Value* scale, Diagnostics& out) {
  if (!scale) return Scale::kLinear;
  const std::string name = scale->is_string() ? scale->string() : "";
  const auto found = std::find(kScales.begin(), kScales.end(), name);
  if (found != kScales.end()) return static_cast<Scale>(found - kScales.begin());
  out.error(scale->where, "scale = " + scale->text() +
                              " is unknown; allowed: linear, log, integer" +
                              suggestion(name, kScales));
  return {};
}

// Both ends are numbers that the scale can run between.
bool check_ends(const Value::Entry& entry, const Value& low, const Value& high, Range& range,
                Diagnostics& out) {
  range.low = low.number();
  range.high = high.number();
  if (range.scale == Scale::kInteger) {
    for (const Value* end : {&low, &high}) {
      if (end->number() == std::floor(end->number()) && std::abs(end->number()) < 0x1p53) continue;
      out.error(end->where, "axis \"" + entry.key + "\" has scale = \"integer\"; " + end->text() +
                                " is no integer below 2^53");
      return false;
    }
  }
  const bool log = range.scale == Scale::kLog;
  if (range.low < range.high && (!log || range.low > 0)) return true;
  out.error(low.where, "axis \"" + entry.key + "\" goes from " + low.text() + " to " + high.text() +
                           "; allowed: low below high" + (log ? ", both above 0" : ""));
  return false;
}

std::optional<Range> read_range(const Value::Entry& entry, Diagnostics& out) {
  const Value& given = entry.value;
  Range range;
  if (given.is_array()) {
    if (!list_of_values(entry, out)) return {};
    range.scale = Scale::kChoice;
    range.choices = &given.array();
    return range;
  }
  const Value *low = given.find("low"), *high = given.find("high");
  const bool keys = !given.is_table() || known_keys(entry, out);
  if (!low || !high || !low->is_number() || !high->is_number()) {
    out.error(given.where, "axis \"" + entry.key +
                               "\" needs { low = number, high = number }, or a list of choices");
    return {};
  }
  const std::optional<Scale> scale = scale_of(given.find("scale"), out);
  if (!keys || !scale) return {};
  range.scale = *scale;
  if (!check_ends(entry, *low, *high, range, out)) return {};
  return range;
}

// The value at u in [0, 1).
Value value_at(const Range& range, double u) {
  if (range.scale == Scale::kChoice) {
    const std::size_t n = range.choices->size();
    return (*range.choices)[std::min(n - 1, static_cast<std::size_t>(u * static_cast<double>(n)))];
  }
  if (range.scale == Scale::kInteger)
    return Value(static_cast<std::int64_t>(
        std::min(range.high, std::floor(range.low + u * (range.high - range.low + 1)))));
  const double at =
      range.scale == Scale::kLinear
          ? range.low + u * (range.high - range.low)
          : std::exp(std::log(range.low) + u * (std::log(range.high) - std::log(range.low)));
  return Value(std::clamp(at, range.low, range.high));  // exp(log(x)) may leave x by a rounding
}

void drop_repeats(Axis& axis, const std::vector<Range>& ranges) {
  const bool discrete = std::all_of(ranges.begin(), ranges.end(), [](const Range& range) {
    return range.scale == Scale::kChoice || range.scale == Scale::kInteger;
  });
  if (!discrete) return;
  std::unordered_set<std::string> seen;
  const auto repeated = [&](const std::vector<Value>& values) {
    std::string key;
    for (const Value& value : values) key += setting(value) + ";";
    return !seen.insert(key).second;
  };
  std::vector<std::vector<Value>> kept;
  for (auto& values : axis.values)
    if (!repeated(values)) kept.push_back(std::move(values));
  axis.values = std::move(kept);
}

Axis draw(const std::vector<Value::Entry>& entries, const std::vector<Range>& ranges,
          const std::vector<std::vector<double>>& unit) {
  Axis axis;
  for (const Value::Entry& entry : entries) {
    axis.paths.push_back(entry.key);
    axis.where.push_back(entry.where);
  }
  axis.name = joined(axis.paths);
  for (const auto& point : unit) {
    auto& values = axis.values.emplace_back();
    for (std::size_t d = 0; d < ranges.size(); ++d) {
      values.push_back(value_at(ranges[d], point[d]));
      if (!values.back().where.known()) values.back().where = entries[d].value.where;
    }
  }
  drop_repeats(axis, ranges);
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    const std::string* note = axis_note(axis.name, i, axis.values.size());
    for (Value& value : axis.values[i]) value.set_note(note);
  }
  return axis;
}

}  // namespace

std::optional<Axis> read_sample(const Value& sample, std::uint64_t study_seed, Diagnostics& out) {
  if (!sample.is_table()) {
    out.error(sample.where, "sweep.sample is " + sample.type_name() + "; expected a table");
    return {};
  }
  const std::size_t before = out.count();
  const Value *method = sample.find("method"), *count = sample.find("count");
  const std::string name = method && method->is_string() ? method->string() : "";
  const auto& methods = sample_methods();
  const auto chosen = std::find(methods.begin(), methods.end(), name);
  if (chosen == methods.end())
    out.error(method ? method->where : sample.where,
              "sweep.sample needs method = one of random, latin-hypercube, sobol" +
                  suggestion(name, methods));
  if (!count || !count->is_integer() || count->integer() < 1 || count->integer() > 10'000'000)
    out.error(count ? count->where : sample.where, "sweep.sample needs count = 1 to 10000000");
  const auto entries = axes_in(sample, "sweep.sample", {"method", "count"}, out);
  if (entries.empty()) out.error(sample.where, "sweep.sample needs at least one path with a range");
  std::vector<Range> ranges;
  for (const Value::Entry& entry : entries)
    if (const auto range = read_range(entry, out)) ranges.push_back(*range);
  if (out.count() != before) return {};
  return draw(entries, ranges,
              unit_samples(static_cast<SampleMethod>(chosen - methods.begin()),
                           static_cast<std::size_t>(count->integer()), ranges.size(), study_seed));
}

}  // namespace assay::design
