// The netCDF-4 conventions on top of HDF5: dimension scales, fill values, UTF-8 strings.
#include "runner/store/netcdf.h"

#include <hdf5_hl.h>

#include <limits>

namespace assay::store {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// How long the UTF-8 character at the front is; 0 where there is none, or a NUL, at which a string
// in HDF5 would end.
std::size_t character(std::string_view text) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned first = at(0), second = at(1);
  if (first < 0x80) return first > 0 ? 1 : 0;
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  // The second byte excludes longer forms than needed, surrogates and what lies above U+10FFFF.
  if ((first & 0xF0U) == 0xE0U)
    return follows(1) && follows(2) && !(first == 0xE0 && second < 0xA0) &&
                   !(first == 0xED && second >= 0xA0)
               ? 3
               : 0;
  if (first >= 0xF0 && first < 0xF5)
    return follows(1) && follows(2) && follows(3) && !(first == 0xF0 && second < 0x90) &&
                   !(first == 0xF4 && second >= 0x90)
               ? 4
               : 0;
  return 0;
}

// Each byte that is no part of a character as U+FFFD: one message of a plugin in Latin-1 would make
// readers refuse the whole group.
std::string utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = character(text);
    out += length > 0 ? text.substr(0, length) : "\xEF\xBF\xBD";
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

void write_variable(hid_t parent, const std::string& name, hid_t type,
                    const std::vector<hsize_t>& dims, const void* data,
                    const double* fill = nullptr) {
  const Id space(dims.empty()
                     ? H5Screate(H5S_SCALAR)
                     : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
                 H5Sclose, "make a space");
  const Id create(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make a list");
  // Equal results are equal bytes, whenever they are written.
  check(H5Pset_obj_track_times(create, false), "leave out a time");
  if (fill) check(H5Pset_fill_value(create, H5T_NATIVE_DOUBLE, fill), "set a fill value");
  const Id set(H5Dcreate2(parent, name.c_str(), type, space, H5P_DEFAULT, create, H5P_DEFAULT),
               H5Dclose, ("create " + name).c_str());
  // The buffer that converts strings is cleared for each of them: 1 MB by default.
  const Id transfer(H5Pcreate(H5P_DATASET_XFER), H5Pclose, "make a list");
  check(H5Pset_buffer(transfer, 1 << 16, nullptr, nullptr), "set a buffer");
  if (data) check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, transfer, data), "write " + name);
  if (fill)
    check(H5LTset_attribute_double(parent, name.c_str(), "_FillValue", fill, 1),
          "set the fill value of " + name);
}

void write_strings(hid_t parent, const std::string& name, const std::vector<std::string>& values,
                   const std::vector<hsize_t>& dims) {
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose, "copy a type");
  check(H5Tset_size(type, H5T_VARIABLE), "make a string type");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "make a string type");
  std::vector<std::string> valid;
  valid.reserve(values.size());
  for (const auto& value : values) valid.push_back(utf8(value));
  std::vector<const char*> pointers;
  pointers.reserve(values.size());
  for (const auto& value : valid) pointers.push_back(value.c_str());
  write_variable(parent, name, type, dims, pointers.data());
}

}  // namespace

Group::Group(hid_t parent, const std::string& name, int& dimensions)
    : id_(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
          "make a group"),
      dimensions_(dimensions) {}

void Group::dimension(const std::string& name, const std::vector<double>& values) {
  write_variable(id_, name, H5T_NATIVE_DOUBLE, {values.size()}, values.data());
  make_scale(name, values.size());
}

void Group::dimension(const std::string& name, const std::vector<std::string>& labels) {
  write_strings(id_, name, labels, {labels.size()});
  make_scale(name, labels.size());
}

void Group::numbers(const std::string& name, const std::vector<std::string>& dims,
                    const std::vector<double>& values) {
  write_variable(id_, name, H5T_NATIVE_DOUBLE, sizes(dims), values.data(), &kMissing);
  attach(name, dims);
}

void Group::bytes(const std::string& name, const std::vector<std::string>& dims,
                  const std::vector<std::int8_t>& values) {
  write_variable(id_, name, H5T_NATIVE_INT8, sizes(dims), values.data());
  attach(name, dims);
}

void Group::labels(const std::string& name, const std::vector<std::string>& dims,
                   const std::vector<std::string>& values) {
  write_strings(id_, name, values, sizes(dims));
  attach(name, dims);
}

void Group::note(const std::string& name, const std::string& attribute, const std::string& text) {
  check(H5LTset_attribute_string(id_, name.c_str(), attribute.c_str(), text.c_str()),
        "set an attribute of " + name);
}

std::vector<hsize_t> Group::sizes(const std::vector<std::string>& dims) const {
  std::vector<hsize_t> out;
  out.reserve(dims.size());
  for (const auto& dim : dims) out.push_back(lengths_.at(dim));
  return out;
}

void Group::make_scale(const std::string& name, std::size_t length) {
  lengths_[name] = length;
  const Id set(H5Dopen2(id_, name.c_str(), H5P_DEFAULT), H5Dclose, "open a dimension");
  check(H5DSset_scale(set, name.c_str()), "make a dimension of " + name);
  const int order = dimensions_++;
  check(H5LTset_attribute_int(id_, name.c_str(), "_Netcdf4Dimid", &order, 1),
        "number the dimension " + name);
}

void Group::attach(const std::string& name, const std::vector<std::string>& dims) {
  const Id set(H5Dopen2(id_, name.c_str(), H5P_DEFAULT), H5Dclose, "open a variable");
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const Id scale(H5Dopen2(id_, dims[i].c_str(), H5P_DEFAULT), H5Dclose, "open a dimension");
    check(H5DSattach_scale(set, scale, static_cast<unsigned>(i)), "attach a dimension to " + name);
  }
}

void write_text(hid_t parent, const std::string& name, const std::string& text) {
  write_strings(parent, name, {text}, {});
}

}  // namespace assay::store
