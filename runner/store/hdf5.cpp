#include "runner/store/hdf5.h"

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

Array::Type type_of(hid_t type) {
  const bool real = H5Tget_class(type) == H5T_FLOAT;
  switch (H5Tget_size(type)) {
    case 4:
      return real ? Array::Type::kFloat32 : Array::Type::kInt32;
    case 8:
      return real ? Array::Type::kFloat64 : Array::Type::kInt64;
    default:
      return Array::Type::kUint8;
  }
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
    : file_(open_memory(image), H5Fclose, "open a file image") {}

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
  const Id set(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose, ("open " + path).c_str());
  const Id space(H5Dget_space(set), H5Sclose, "read a space");
  const Id type(H5Dget_type(set), H5Tclose, "read a type");
  Array out;
  out.type = type_of(type);
  std::vector<hsize_t> dims(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
  H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  out.shape.assign(dims.begin(), dims.end());
  out.data.resize(out.count() * Array::size_of(out.type));
  if (out.count() > 0)
    check(H5Dread(set, native(out.type), H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data.data()),
          "read " + path);
  return out;
}

std::string MemoryFile::read_text(const std::string& path) const {
  const Array bytes = read(path);
  return {reinterpret_cast<const char*>(bytes.data.data()), bytes.data.size()};
}

bool MemoryFile::has(const std::string& path) const {
  return H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0;
}

void MemoryFile::list(std::vector<std::string>& arrays, std::vector<std::string>& texts) const {
  struct Found {
    std::vector<std::string>*arrays, *texts;
  } found{&arrays, &texts};
  const auto visit = [](hid_t root, const char* name, const H5O_info_t* info,
                        void* data) -> herr_t {
    auto* out = static_cast<Found*>(data);
    if (info->type != H5O_TYPE_DATASET) return 0;
    const bool text = H5Aexists_by_name(root, name, "text", H5P_DEFAULT) > 0;
    (text ? out->texts : out->arrays)->emplace_back(name);
    return 0;
  };
  check(H5Ovisit2(file_, H5_INDEX_NAME, H5_ITER_INC, visit, &found, H5O_INFO_BASIC), "list a file");
}

}  // namespace assay::store
