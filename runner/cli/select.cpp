#include "runner/cli/select.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "runner/cli/command.h"
#include "runner/config/parse.h"
#include "runner/design/expression.h"

namespace assay::cli {

namespace {

using Holds = std::function<bool(const Chosen&)>;

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 8 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

// The names that an expression may use: every path of every axis, then the replicate.
struct Names {
  std::vector<design::Expression::Name> names;
  std::vector<std::pair<std::size_t, std::size_t>> places;  // axis, path

  explicit Names(const config::Study& study) {
    const auto& axes = study.design.axes();
    for (std::size_t a = 0; a < axes.size(); ++a)
      for (std::size_t p = 0; p < axes[a].paths.size(); ++p) {
        design::Expression::Name name{axes[a].paths[p], 0};
        for (const auto& values : axes[a].values) name.types |= design::value_types(values[p]);
        names.push_back(std::move(name));
        places.emplace_back(a, p);
      }
    for (const char* replicate : {"replicate", "seed"})
      names.push_back({replicate, design::kNumbers});
  }
};

Holds condition(const config::Study& study, const std::string& text) {
  const Source* source = config::keep_source("cells", "x = " + toml_string(text));
  Diagnostics out;
  const Value tree = config::parse_text(source, out);
  const auto names = std::make_shared<const Names>(study);
  std::shared_ptr<const design::Expression> expression;
  if (out.ok()) expression = design::Expression::parse(*tree.find("x"), names->names, out);
  if (!expression) throw StudyError(out.render());
  return [&study, names, expression](const Chosen& cell) {
    const Value replicate(static_cast<std::int64_t>(cell.replicate));
    return expression->holds([&](std::size_t name) -> const Value* {
      if (name >= names->places.size()) return &replicate;
      const auto [axis, path] = names->places[name];
      const int value = cell.choice[axis];
      return value < 0 ? nullptr
                       : &study.design.axes()[axis].values[static_cast<std::size_t>(value)][path];
    });
  };
}

Holds reader_of(const config::Study& study, const std::string& text) {
  if (text.empty()) return [](const Chosen&) { return true; };
  if (is_key_prefix(text))
    return [text](const Chosen& cell) { return cell.key.hex().starts_with(text); };
  return condition(study, text);
}

}  // namespace

bool is_key_prefix(const std::string& text) {
  return text.size() >= 4 && text.size() <= 32 && !is_number(text) &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::vector<Chosen> select_cells(const config::Study& study, const graph::Linker& linker,
                                 const design::Wanted& wanted, const std::string& text) {
  std::vector<Chosen> out;
  graph::CellLink link;
  if (is_number(text)) {
    Chosen cell;
    std::from_chars(text.data(), text.data() + text.size(), cell.number);
    cell.variant = cell.number / study.seeds, cell.replicate = cell.number % study.seeds;
    if (cell.variant >= study.design.size())
      throw UsageError("there is no cell " + text + "; cells are numbered 0 to " +
                       std::to_string(study.design.size() * study.seeds - 1));
    study.design.decode(cell.variant, cell.choice);
    linker.link(cell.choice, cell.replicate, link);
    cell.key = link.key;
    cell.wanted = cell.replicate < wanted.seeds(cell.variant);
    return {cell};
  }
  const Holds holds = reader_of(study, text);
  Chosen cell;
  study.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
    cell.variant = variant, cell.choice = choice;
    for (cell.replicate = 0; cell.replicate < wanted.seeds(variant); ++cell.replicate) {
      cell.number = variant * study.seeds + cell.replicate;
      linker.link(choice, cell.replicate, link);
      cell.key = link.key;
      if (holds(cell)) out.push_back(cell);
    }
    return true;
  });
  return out;
}

}  // namespace assay::cli
