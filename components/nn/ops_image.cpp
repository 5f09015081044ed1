// Convolutions by patches, and pooling. Channels come last, so that a patch is a few runs of
// memory and a product's output is the next image.
#include <algorithm>
#include <limits>

#include "components/nn/product_op.h"

namespace assay::nn {

namespace {

struct Image {
  ImageShape s;
  std::int64_t pixels() const { return std::int64_t{s.height} * s.width; }
  std::int64_t out_pixels() const { return std::int64_t{s.out_height()} * s.out_width(); }
  int patch() const { return s.kernel * s.kernel * s.channels; }

  // Calls visit(output pixel, place in the kernel, input pixel or -1) for one image.
  template <class Visit>
  void each(const Visit& visit) const {
    for (int y = 0; y < s.out_height(); ++y)
      for (int x = 0; x < s.out_width(); ++x)
        for (int place = 0; place < s.kernel * s.kernel; ++place)
          visit(std::int64_t{y} * s.out_width() + x, place,
                input(y * s.stride - s.padding + place / s.kernel,
                      x * s.stride - s.padding + place % s.kernel));
  }
  std::int64_t input(int row, int column) const {
    const bool inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
    return inside ? std::int64_t{row} * s.width + column : -1;
  }
  // Calls visit(output pixel, row of the kernel, first and last + 1 column of the kernel inside the
  // image, input pixel of the first): pixels side by side lie side by side.
  template <class Visit>
  void each_run(const Visit& visit) const {
    for (int y = 0; y < s.out_height(); ++y)
      for (int x = 0; x < s.out_width(); ++x) {
        const int left = x * s.stride - s.padding;
        const int first = std::clamp(-left, 0, s.kernel),
                  last = std::clamp(s.width - left, first, s.kernel);
        for (int k = 0; k < s.kernel; ++k) {
          const int row = y * s.stride - s.padding + k;
          const bool inside = row >= 0 && row < s.height;
          visit(std::int64_t{y} * s.out_width() + x, k, inside ? first : 0, inside ? last : 0,
                std::int64_t{row} * s.width + left + first);
        }
      }
  }
};

void check_image(const char* op, Var x, const ImageShape& s) {
  const bool sensible = s.batch >= 0 && s.kernel > 0 && s.stride > 0 && s.padding >= 0;
  if (!sensible || s.out_height() < 1 || s.out_width() < 1 ||
      rows_of(x.shape()) != s.batch * s.height * s.width || columns_of(x.shape()) != s.channels)
    bad_shapes(op, x,
               std::to_string(s.batch) + " images of " + std::to_string(s.height) + " x " +
                   std::to_string(s.width) + " x " + std::to_string(s.channels) +
                   " and a kernel of " + std::to_string(s.kernel));
}

// A few numbers: too few for a call of memcpy, which the compiler would make of a plain loop.
template <class T>
void copy_few(const T* from, T* to, int count) {
  int j = 0;
  for (; j + 4 <= count; j += 4) {
    const T a = from[j], b = from[j + 1], c = from[j + 2], d = from[j + 3];
    to[j] = a;
    to[j + 1] = b;
    to[j + 2] = c;
    to[j + 3] = d;
  }
  for (; j < count; ++j) to[j] = from[j];
}

// One image's patches, or patches' gradients added to its own.
template <class T>
void gather_patches(const Image& image, const T* x, T* rows) {
  const int c = image.s.channels, across = image.s.kernel * c;
  image.each_run([&](std::int64_t pixel, int k, int first, int last, std::int64_t from) {
    T* to = rows + pixel * image.patch() + std::int64_t{k} * across;
    for (int j = 0; j < first * c; ++j) to[j] = T(0);
    copy_few(x + from * c, to + first * c, (last - first) * c);
    for (int j = last * c; j < across; ++j) to[j] = T(0);
  });
}
template <class T>
void add_patches(const Image& image, const T* rows, T* x) {
  const int c = image.s.channels, across = image.s.kernel * c;
  image.each_run([&](std::int64_t pixel, int k, int first, int last, std::int64_t at) {
    const T* from = rows + pixel * image.patch() + std::int64_t{k} * across + first * c;
    T* to = x + at * c;
    for (int j = 0; j < (last - first) * c; ++j) to[j] += from[j];
  });
}

}  // namespace

Var patches(Var x, const ImageShape& shape) {
  check_image("patches", x, shape);
  const Image image = {shape};
  const auto in_size = image.pixels() * shape.channels,
             out_size = image.out_pixels() * image.patch();
  const Var inputs[] = {x};
  return x.tape->custom(
      "patches", inputs, {static_cast<int>(shape.batch * image.out_pixels()), image.patch()},
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          for (int b = 0; b < image.s.batch; ++b)
            gather_patches(image, in[0]->data<T>().data() + b * in_size,
                           out.data<T>().data() + b * out_size);
        });
      },
      [=](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        Tensor* dx = to[0];
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          for (int b = 0; dx && b < image.s.batch; ++b)
            add_patches(image, grad.data<T>().data() + b * out_size,
                        dx->data<T>().data() + b * in_size);
        });
      });
}

namespace {

// What a convolution multiplies: an image's patches, gathered into `room` unless they are there.
struct Filter {
  Image image;
  int filters;
  bool gathered;
  Activation activation;
  int rows() const { return static_cast<int>(image.out_pixels()); }
  std::int64_t in_size() const {
    return gathered ? image.out_pixels() * image.patch() : image.pixels() * image.s.channels;
  }
  std::int64_t out_size() const { return image.out_pixels() * filters; }

  template <class T>
  const T* rows_of_image(const T* x, std::span<T> room) const {
    if (gathered) return x;
    gather_patches(image, x, room.data());
    return room.data();
  }
};

template <class T>
void filter_forward(const Filter& f, const T* x, const T* w, const T* bias, std::span<T> room,
                    T* y) {
  const int n = f.rows(), k = f.image.patch(), d = f.filters;
  for (int b = 0; b < f.image.s.batch; ++b, x += f.in_size(), y += f.out_size()) {
    affine(f.rows_of_image(x, room), w, bias, y, n, k, d, f.activation);
  }
}

// Null where no gradient is wanted.
template <class T>
struct FilterGradients {
  T *x, *w, *bias;
};

template <class T>
void filter_backward(const Filter& f, const T* x, const T* w, const T* g, std::span<T> room,
                     const FilterGradients<T>& to) {
  const int n = f.rows(), k = f.image.patch(), d = f.filters;
  T* dx = to.x;
  for (int b = 0; b < f.image.s.batch; ++b, x += f.in_size(), g += f.out_size()) {
    if (to.w)
      product<T>({g, d, true}, {f.rows_of_image(x, room), k}, {to.w, k}, d, n, k, T(1), true);
    if (to.bias) add_up_rows(g, n, d, to.bias, true);
    if (!dx) continue;
    if (f.gathered) {
      product<T>({g, d}, {w, k}, {dx, k}, n, d, k, T(1), true);
    } else {
      product<T>({g, d}, {w, k}, {room.data(), k}, n, d, k, T(1), false);
      add_patches(f.image, room.data(), dx);
    }
    dx += f.in_size();
  }
}

Var filter_of(const char* name, Var x, Var w, Var bias, const ImageShape& shape, bool gathered,
              Activation activation) {
  if (!fuses(activation))
    return activate(filter_of(name, x, w, bias, shape, gathered, Activation::kNone), activation);
  const Filter f = {{shape}, rows_of(w.shape()), gathered, activation};
  if (columns_of(w.shape()) != f.image.patch()) bad_shapes(name, x, w);
  if (bias.valid() && bias.shape().count() != f.filters) bad_shapes(name, w, bias);
  const bool biased = bias.valid();
  Tape& tape = *x.tape;
  const Tape::Numbers room = tape.numbers(gathered ? 0 : f.rows() * f.image.patch()),
                      slopes = tape.numbers(
                          activation == Activation::kNone ? 0 : shape.batch * f.out_size());
  const Var inputs[] = {x, w, biased ? bias : w};
  return tape.custom(
      name, std::span(inputs).first(biased ? 3 : 2), {shape.batch * f.rows(), f.filters},
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          filter_forward<T>(f, in[0]->data<T>().data(), in[1]->data<T>().data(),
                            biased ? in[2]->data<T>().data() : nullptr, room.as<T>(),
                            out.data<T>().data());
        });
      },
      [=](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        Tensor *dx = to[0], *dw = to[1], *db = biased ? to[2] : nullptr;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto data = [](Tensor* tensor) {
            return tensor ? tensor->data<T>().data() : nullptr;
          };
          const T* g = before_activation<T>(out.data<T>(), grad.data<T>().data(), slopes.as<T>(),
                                            f.activation);
          filter_backward<T>(f, in[0]->data<T>().data(), in[1]->data<T>().data(), g, room.as<T>(),
                             {data(dx), data(dw), data(db)});
        });
      });
}

}  // namespace

Var convolution(Var x, Var w, Var bias, const ImageShape& shape, Activation activation) {
  check_image("convolution", x, shape);
  return filter_of("convolution", x, w, bias, shape, false, activation);
}

Var convolution_of_patches(Var rows, Var w, Var bias, const ImageShape& shape,
                           Activation activation) {
  const Image image = {shape};
  if (rows_of(rows.shape()) != shape.batch * image.out_pixels() ||
      columns_of(rows.shape()) != image.patch())
    bad_shapes("convolution_of_patches", rows, std::to_string(shape.batch) + " images' patches");
  return filter_of("convolution_of_patches", rows, w, bias, shape, true, activation);
}

namespace {

template <class T>
void depthwise_forward(const Image& image, const T* x, const T* w, const T* bias, T* y) {
  const int c = image.s.channels, size = image.s.kernel * image.s.kernel;
  for (int b = 0; b < image.s.batch; ++b) {
    for (std::int64_t p = 0; p < image.out_pixels(); ++p)
      for (int j = 0; j < c; ++j) y[p * c + j] = bias ? bias[j] : T(0);
    image.each([&](std::int64_t pixel, int place, std::int64_t from) {
      for (int j = 0; from >= 0 && j < c; ++j)
        y[pixel * c + j] += x[from * c + j] * w[std::int64_t{j} * size + place];
    });
    x += image.pixels() * c;
    y += image.out_pixels() * c;
  }
}

template <class T>
void depthwise_backward(const Image& image, const T* x, const T* w, const T* g, T* dx, T* dw,
                        T* db) {
  const int c = image.s.channels, size = image.s.kernel * image.s.kernel;
  for (int b = 0; b < image.s.batch; ++b) {
    image.each([&](std::int64_t pixel, int place, std::int64_t from) {
      for (int j = 0; from >= 0 && j < c; ++j) {
        const std::int64_t weight = std::int64_t{j} * size + place;
        if (dx) dx[from * c + j] += g[pixel * c + j] * w[weight];
        if (dw) dw[weight] += g[pixel * c + j] * x[from * c + j];
      }
    });
    if (db) add_up_rows(g, static_cast<int>(image.out_pixels()), c, db, true);
    x += image.pixels() * c;
    if (dx) dx += image.pixels() * c;
    g += image.out_pixels() * c;
  }
}

}  // namespace

Var depthwise_convolution(Var x, Var w, Var bias, const ImageShape& shape) {
  check_image("depthwise_convolution", x, shape);
  const Image image = {shape};
  if (rows_of(w.shape()) != shape.channels || columns_of(w.shape()) != shape.kernel * shape.kernel)
    bad_shapes("depthwise_convolution", x, w);
  if (bias.valid() && bias.shape().count() != shape.channels)
    bad_shapes("depthwise_convolution", w, bias);
  const bool biased = bias.valid();
  const Var inputs[] = {x, w, biased ? bias : w};
  return x.tape->custom(
      "depthwise_convolution", std::span(inputs).first(biased ? 3 : 2),
      {static_cast<int>(shape.batch * image.out_pixels()), shape.channels},
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          depthwise_forward<T>(image, in[0]->data<T>().data(), in[1]->data<T>().data(),
                               biased ? in[2]->data<T>().data() : nullptr, out.data<T>().data());
        });
      },
      [=](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        Tensor *dx = to[0], *dw = to[1], *db = biased ? to[2] : nullptr;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto data = [](Tensor* tensor) {
            return tensor ? tensor->data<T>().data() : nullptr;
          };
          depthwise_backward<T>(image, in[0]->data<T>().data(), in[1]->data<T>().data(),
                                grad.data<T>().data(), data(dx), data(dw), data(db));
        });
      });
}

namespace {

// y = the largest of each window by channel, the first where equal; `places` says where in the
// window it was. NaN is larger than all else.
template <class T>
void max_forward(const Image& image, const T* x, T* y, int* places) {
  const int c = image.s.channels;
  for (int b = 0; b < image.s.batch; ++b) {
    const T* first = x + b * image.pixels() * c;
    T* best = y + b * image.out_pixels() * c;
    int* at = places + b * image.out_pixels() * c;
    std::fill(best, best + image.out_pixels() * c, -std::numeric_limits<T>::infinity());
    std::fill(at, at + image.out_pixels() * c, -1);
    image.each([&](std::int64_t pixel, int place, std::int64_t from) {
      if (from < 0) return;
      const T* value = first + from * c;
      T* top = best + pixel * c;
      int* where = at + pixel * c;
      for (int j = 0; j < c; ++j) {
        const bool better =
            value[j] > top[j] || (where[j] < 0) || (value[j] != value[j] && top[j] == top[j]);
        top[j] = better ? value[j] : top[j];
        where[j] = better ? place : where[j];
      }
    });
  }
}

template <class T>
void max_backward(const Image& image, const int* places, const T* g, T* dx) {
  const int c = image.s.channels;
  for (int b = 0; b < image.s.batch; ++b, dx += image.pixels() * c)
    for (int y = 0; y < image.s.out_height(); ++y)
      for (int x = 0; x < image.s.out_width(); ++x, g += c, places += c)
        for (int j = 0; j < c; ++j) {
          const int row = y * image.s.stride - image.s.padding + places[j] / image.s.kernel,
                    column = x * image.s.stride - image.s.padding + places[j] % image.s.kernel;
          dx[(std::int64_t{row} * image.s.width + column) * c + j] += g[j];
        }
}

}  // namespace

Var max_pool(Var x, const ImageShape& shape) {
  check_image("max_pool", x, shape);
  if (shape.padding >= shape.kernel)
    bad_shapes("max_pool", x, "a padding of " + std::to_string(shape.padding));
  const Image image = {shape};
  const auto places = x.tape->scratch<int>(
      static_cast<std::size_t>(shape.batch * image.out_pixels() * shape.channels));
  const Var inputs[] = {x};
  return x.tape->custom(
      "max_pool", inputs, {static_cast<int>(shape.batch * image.out_pixels()), shape.channels},
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          max_forward<T>(image, in[0]->data<T>().data(), out.data<T>().data(), places.data());
        });
      },
      [=](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        Tensor* dx = to[0];
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          if (dx)
            max_backward<T>(image, places.data(), grad.data<T>().data(), dx->data<T>().data());
        });
      });
}

Var mean_pool(Var x, const ImageShape& shape) {
  const int size = shape.kernel * shape.kernel;
  const Var w =
      x.tape->constant({shape.channels, size}, [&](Tensor& weights) { weights.fill(1.0 / size); });
  return depthwise_convolution(x, w, {}, shape);
}

}  // namespace assay::nn
