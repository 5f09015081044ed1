#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "components/models/model.h"

namespace assay {

// A square matrix in double, row by row.
struct Square {
  int size = 0;
  std::vector<double> numbers;

  explicit Square(int n = 0)
      : size(n),
        numbers(static_cast<std::size_t>(n) * static_cast<std::size_t>(n)) {}
  double& at(int row, int column) { return numbers[place(row, column)]; }
  double at(int row, int column) const { return numbers[place(row, column)]; }

 private:
  std::size_t place(int row, int column) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(size) +
           static_cast<std::size_t>(column);
  }
};

// X Xᵀ of the layer's inputs over the examples (inputs x inputs): half the Hessian of its squared
// output error for each row of its weight. Zeros where no example reaches the layer.
Square input_gram(const TrainedModel& model, const Examples& examples, std::string_view layer,
                  int inputs);
// Adds `damping` times the mean of the diagonal to the diagonal, or 1 where that mean is 0.
void damp(Square& hessian, double damping);
// The upper triangular U with H⁻¹ = Uᵀ U, for a positive definite H. Throws std::runtime_error
// where it is not.
Square inverse_factor(const Square& hessian);
// What column j of a row of a weight left undone, error = change / U_jj, made up for by the columns
// from `first` to before `last`: w_k -= error U_jk.
void spread_error(std::span<double> row, const Square& U, int j, double error, int first, int last);

}  // namespace assay
