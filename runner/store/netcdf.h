#pragma once

#include <map>
#include <string>
#include <vector>

#include "runner/store/hdf5.h"

namespace assay::store {

// A group of variables over shared dimensions, as netCDF-4 lays them out. Every variable gets its
// dimension scales: h5netcdf refuses a group with a single array that lacks them.
class Group {
 public:
  // `dimensions` is counted over the whole file, as netCDF does.
  Group(hid_t parent, const std::string& name, int& dimensions);

  // A dimension with its coordinate.
  void dimension(const std::string& name, const std::vector<double>& values);
  void dimension(const std::string& name, const std::vector<std::string>& labels);
  // Variables over dimensions made before. NaN is the fill value of numbers.
  void numbers(const std::string& name, const std::vector<std::string>& dims,
               const std::vector<double>& values);
  void bytes(const std::string& name, const std::vector<std::string>& dims,
             const std::vector<std::int8_t>& values);
  void labels(const std::string& name, const std::vector<std::string>& dims,
              const std::vector<std::string>& values);
  void note(const std::string& name, const std::string& attribute, const std::string& text);

 private:
  std::vector<hsize_t> sizes(const std::vector<std::string>& dims) const;
  void make_scale(const std::string& name, std::size_t length);
  void attach(const std::string& name, const std::vector<std::string>& dims);

  Id id_;
  int& dimensions_;
  std::map<std::string, hsize_t> lengths_;
};

// A scalar UTF-8 string.
void write_text(hid_t parent, const std::string& name, const std::string& text);

}  // namespace assay::store
