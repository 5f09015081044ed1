#include "runner/store/hdf5.h"

#include <algorithm>
#include <cstring>

namespace assay::store {

std::recursive_mutex& hdf5_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

Id::Id(hid_t id, herr_t (*close)(hid_t), const char* what) : id_(id), close_(close) {
  if (id < 0) throw StoreError(std::string("HDF5 could not ") + what);
}

void check(herr_t result, const std::string& what) {
  if (result < 0) throw StoreError("HDF5 could not " + what);
}

namespace {

// The core driver without a backing file: nothing reaches the disk but the finished image.
hid_t open_memory(std::span<const std::byte> image) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);  // no file names a library that is then loaded as a filter
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make an access list");
  check(H5Pset_fapl_core(access, 1 << 20, 0), "choose the core driver");
  // libhdf5 takes two open files of one name for the same file.
  static int counter = 0;
  const std::string name = "memory-" + std::to_string(counter++);
  if (image.empty()) return H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  check(H5Pset_file_image(access, const_cast<std::byte*>(image.data()), image.size()),
        "take a file image");
  return H5Fopen(name.c_str(), H5F_ACC_RDONLY, access);
}

hid_t native(Array::Type type) {
  switch (type) {
    case Array::Type::kFloat32:
      return H5T_NATIVE_FLOAT;
    case Array::Type::kFloat64:
      return H5T_NATIVE_DOUBLE;
    case Array::Type::kInt32:
      return H5T_NATIVE_INT32;
    case Array::Type::kInt64:
      return H5T_NATIVE_INT64;
    case Array::Type::kUint8:
      break;
  }
  return H5T_NATIVE_UINT8;
}

// Only the five types that are written, in whatever byte order.
Array::Type type_of(hid_t type, const std::string& path) {
  const H5T_class_t kind = H5Tget_class(type);
  const std::size_t size = H5Tget_size(type);
  if (kind == H5T_FLOAT && size == 4) return Array::Type::kFloat32;
  if (kind == H5T_FLOAT && size == 8) return Array::Type::kFloat64;
  const bool integer = kind == H5T_INTEGER, with_sign = integer && H5Tget_sign(type) == H5T_SGN_2;
  if (with_sign && size == 4) return Array::Type::kInt32;
  if (with_sign && size == 8) return Array::Type::kInt64;
  if (integer && !with_sign && size == 1) return Array::Type::kUint8;
  throw StoreError(path + " has a type that no array has");
}

// A file may refer to others by external links; those that Assay writes do not.
herr_t refuse(const char*, const char*, const char*, const char*, unsigned*, hid_t, void*) {
  return -1;
}

hid_t open_dataset(hid_t file, const std::string& path) {
  const Id access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose, "make an access list");
  check(H5Pset_elink_cb(access, refuse, nullptr), "refuse external links");
  return H5Dopen2(file, path.c_str(), access);
}

// The bytes of a dataset that holds them inside of the file, in one piece. Anything else could
// claim any size: chunks that were never written, or parts of other files.
std::size_t stored_bytes(hid_t set, const std::string& path) {
  const Id create(H5Dget_create_plist(set), H5Pclose, "read a list");
  const H5D_layout_t layout = H5Pget_layout(create);
  if ((layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) || H5Pget_external_count(create) != 0 ||
      H5Pget_nfilters(create) != 0)
    throw StoreError(path + " is laid out as no array of Assay is");
  return static_cast<std::size_t>(H5Dget_storage_size(set));
}

std::vector<std::int64_t> shape_of(hid_t space, const std::string& path) {
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> dims(static_cast<std::size_t>(std::max(rank, 0)));
  const H5S_class_t kind = H5Sget_simple_extent_type(space);
  if ((kind != H5S_SIMPLE && kind != H5S_SCALAR) || rank < 0 ||
      H5Sget_simple_extent_dims(space, dims.data(), nullptr) != rank)
    throw StoreError(path + " has no shape");
  return {dims.begin(), dims.end()};
}

// Whether the shape, multiplied without overflow, fills just so many bytes.
bool fills(const std::vector<std::int64_t>& shape, std::size_t each, std::size_t bytes) {
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t n) { return n == 0; }))
    return std::all_of(shape.begin(), shape.end(), [](std::int64_t n) { return n >= 0; });
  for (const std::int64_t n : shape) {
    if (n < 0 || static_cast<std::uint64_t>(n) > bytes / each) return false;
    each *= static_cast<std::size_t>(n);
  }
  return each == bytes;
}

void write_dataset(hid_t file, const std::string& path, const Array& array, bool text) {
  std::vector<hsize_t> dims(array.shape.begin(), array.shape.end());
  const Id space(dims.empty()
                     ? H5Screate(H5S_SCALAR)
                     : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
                 H5Sclose, "make a space");
  const Id links(H5Pcreate(H5P_LINK_CREATE), H5Pclose, "make a link list");
  H5Pset_create_intermediate_group(links, 1);
  const Id set(
      H5Dcreate2(file, path.c_str(), native(array.type), space, links, H5P_DEFAULT, H5P_DEFAULT),
      H5Dclose, ("create " + path).c_str());
  if (array.count() > 0)
    check(H5Dwrite(set, native(array.type), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.data.data()),
          "write " + path);
  if (!text) return;
  const Id scalar(H5Screate(H5S_SCALAR), H5Sclose, "make a space");
  const Id mark(H5Acreate2(set, "text", H5T_NATIVE_UINT8, scalar, H5P_DEFAULT, H5P_DEFAULT),
                H5Aclose, "mark a text");
  const std::uint8_t one = 1;
  check(H5Awrite(mark, H5T_NATIVE_UINT8, &one), "mark " + path);
}

}  // namespace

MemoryFile::MemoryFile() : file_(open_memory({}), H5Fclose, "make a file in memory") {}
MemoryFile::MemoryFile(std::span<const std::byte> image)
    : file_(open_memory(image), H5Fclose, "open a file image"),
      size_(image.size()) {}

std::vector<std::byte> MemoryFile::image() {
  check(H5Fflush(file_, H5F_SCOPE_GLOBAL), "flush a file in memory");
  const ssize_t size = H5Fget_file_image(file_, nullptr, 0);
  if (size < 0) throw StoreError("HDF5 could not give a file image");
  std::vector<std::byte> out(static_cast<std::size_t>(size));
  if (H5Fget_file_image(file_, out.data(), out.size()) != size)
    throw StoreError("HDF5 could not give a file image");
  return out;
}

void MemoryFile::write(const std::string& path, const Array& array) {
  write_dataset(file_, path, array, false);
}

void MemoryFile::write_text(const std::string& path, const std::string& text) {
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  write_dataset(file_, path,
                Array::of<std::uint8_t>(bytes, {static_cast<std::int64_t>(text.size())}), true);
}

Array MemoryFile::read(const std::string& path) const {
  const Id set(open_dataset(file_, path), H5Dclose, ("open " + path).c_str());
  const Id space(H5Dget_space(set), H5Sclose, "read a space");
  const Id type(H5Dget_type(set), H5Tclose, "read a type");
  Array out;
  out.type = type_of(type, path);
  out.shape = shape_of(space, path);
  const std::size_t bytes = stored_bytes(set, path);
  if (bytes > size_ || !fills(out.shape, Array::size_of(out.type), bytes))
    throw StoreError(path + " claims another size than it has");
  out.data.resize(out.count() * Array::size_of(out.type));
  if (out.count() > 0)
    check(H5Dread(set, native(out.type), H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data.data()),
          "read " + path);
  return out;
}

std::string MemoryFile::read_text(const std::string& path) const {
  const Array bytes = read(path);
  if (bytes.type != Array::Type::kUint8) throw StoreError(path + " is no text");
  return {reinterpret_cast<const char*>(bytes.data.data()), bytes.data.size()};
}

bool MemoryFile::has(const std::string& path) const {
  return H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0;
}

namespace {

constexpr std::ptrdiff_t kDepth = 64;  // groups inside of each other

}  // namespace

void MemoryFile::list(std::vector<std::string>& arrays, std::vector<std::string>& texts) const {
  struct Found {
    std::vector<std::string>*arrays, *texts;
  } found{&arrays, &texts};
  const auto visit = [](hid_t root, const char* name, const H5O_info_t* info,
                        void* data) -> herr_t {
    auto* out = static_cast<Found*>(data);
    // Groups that hold each other would never end.
    if (std::count(name, name + std::strlen(name), '/') > kDepth) return -1;
    if (info->type != H5O_TYPE_DATASET) return 0;
    const bool text = H5Aexists_by_name(root, name, "text", H5P_DEFAULT) > 0;
    (text ? out->texts : out->arrays)->emplace_back(name);
    return 0;
  };
  check(H5Ovisit2(file_, H5_INDEX_NAME, H5_ITER_INC, visit, &found, H5O_INFO_BASIC), "list a file");
}

}  // namespace assay::store
