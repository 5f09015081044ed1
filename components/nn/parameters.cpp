#include "components/nn/parameters.h"

#include <stdexcept>

namespace assay::nn {

Parameter& Parameters::add(std::string_view name, Tensor value, Role role) {
  if (find(name))
    throw std::logic_error("parameter \"" + std::string(name) + "\" is declared twice");
  items_.push_back(Parameter{std::string(name), std::move(value), role, {}, 32.0, false});
  return items_.back();
}

Parameter* Parameters::find(std::string_view name) {
  for (Parameter& item : items_)
    if (item.name == name) return &item;
  return nullptr;
}

const Parameter* Parameters::find(std::string_view name) const {
  for (const Parameter& item : items_)
    if (item.name == name) return &item;
  return nullptr;
}

Parameter& Parameters::get(std::string_view name) {
  if (Parameter* found = find(name)) return *found;
  throw std::runtime_error("no parameter \"" + std::string(name) + "\"");
}

const Parameter& Parameters::get(std::string_view name) const {
  if (const Parameter* found = find(name)) return *found;
  throw std::runtime_error("no parameter \"" + std::string(name) + "\"");
}

const Parameter* Parameters::find_after(std::string_view name, std::size_t& place) const {
  for (std::size_t i = 1; i <= items_.size(); ++i) {
    const std::size_t at = (place + i) % items_.size();
    if (items_[at].name != name) continue;
    place = at;
    return &items_[at];
  }
  return nullptr;
}

const Parameter& Parameters::get_after(std::string_view name, std::size_t& place) const {
  if (const Parameter* found = find_after(name, place)) return *found;
  throw std::runtime_error("no parameter \"" + std::string(name) + "\"");
}

std::int64_t Parameters::count() const {
  std::int64_t n = 0;
  for (const Parameter& item : items_) n += item.value.count();
  return n;
}

std::size_t Parameters::bytes() const {
  std::size_t n = 0;
  for (const Parameter& item : items_) n += item.value.bytes() + item.mask.bytes();
  return n;
}

Parameters Parameters::to(Dtype dtype) const {
  Parameters out;
  for (const Parameter& item : items_) {
    Parameter& copy = out.add(item.name, item.value.to(dtype), item.role);
    if (!item.mask.empty()) copy.mask = item.mask.to(dtype);
    copy.bits = item.bits;
    copy.frozen = item.frozen;
  }
  return out;
}

void Parameters::apply_masks() {
  for (Parameter& item : items_) {
    if (item.mask.empty()) continue;
    for (std::int64_t i = 0; i < item.value.count(); ++i)
      if (item.mask.get(i) == 0.0) item.value.set(i, 0.0);
  }
}

void Parameters::save(Archive& out, const std::string& prefix) const {
  std::string names;
  std::vector<std::int32_t> roles;
  std::vector<double> bits;
  for (const Parameter& item : items_) {
    names += item.name + "\n";
    roles.push_back(static_cast<std::int32_t>(item.role));
    bits.push_back(item.bits);
    out.put(prefix + "/" + item.name, item.value.to_array());
    if (!item.mask.empty()) out.put(prefix + "_mask/" + item.name, item.mask.to_array());
  }
  const auto n = static_cast<std::int64_t>(items_.size());
  out.put_text(prefix + "_names", names);
  out.put(prefix + "_roles", Array::of<std::int32_t>(roles, {n}));
  out.put(prefix + "_bits", Array::of<double>(bits, {n}));
}

Parameters Parameters::load(const Archive& in, const std::string& prefix) {
  Parameters out;
  const std::string& names = in.text(prefix + "_names");
  const auto roles = in.array(prefix + "_roles").as<std::int32_t>();
  const auto bits = in.array(prefix + "_bits").as<double>();
  std::size_t from = 0;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const std::size_t end = names.find('\n', from);
    const std::string name = names.substr(from, end - from);
    from = end + 1;
    Parameter& item = out.add(name, Tensor::from_array(in.array(prefix + "/" + name)),
                              static_cast<Role>(roles[i]));
    item.bits = bits[i];
    if (in.has(prefix + "_mask/" + name))
      item.mask = Tensor::from_array(in.array(prefix + "_mask/" + name));
  }
  return out;
}

}  // namespace assay::nn
