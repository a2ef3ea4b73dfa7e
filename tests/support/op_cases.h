// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
// The one table from which every op is proven (STYLE.md section 7): finite differences on the reference device, and each other
// device and dtype against it. A new op is one or more rows of op_cases(); a new device or dtype is one row of device_rows().
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/catalog.h"
#include "engine/nn/op_info.h"
#include "engine/tensor/tensor.h"

namespace dsw::test {

struct CaseInput {
  enum class Kind { Float, Index, Bool };
  enum class Layout { Contiguous, Permuted, Sliced, Repeated };  ///< Permuted: axes reversed in memory; Repeated: stride 0 along axis 0

  Shape shape;
  Kind kind = Kind::Float;
  double low = -2, high = 2;  ///< Float: uniform; Index: integers low … high; Bool: 1 three times out of four
  Layout layout = Layout::Contiguous;
  bool gradient = true;
};

struct OpCase {
  std::string op, attributes;  ///< attributes: JSON text, defaults are filled in
  std::vector<CaseInput> inputs;
  double off_kink = 0;            ///< floats keep |x| above it
  double tolerance = 1e-10;       ///< of other devices in float32: sum of squared errors / sum of squares
  bool large = false;             ///< reaches the blocked and threaded paths; too many elements for finite differences
  bool straight_through = false;  ///< its gradient leaves out a rounding: finite differences do not see it
  std::string label() const;      ///< "conv2d 3: [2, 3, 7, 5] permuted, …"
};

const std::vector<OpCase>& op_cases();

/// A device and dtype to be held against the reference: in float64, or for dtypes below float32 in that dtype, so that both round the
/// same inputs and the same results.
struct DeviceRow {
  std::string name;
  std::function<std::unique_ptr<Device>()> make;
  DType dtype;
  double least_tolerance;  ///< a case's tolerance is at least this
};
const std::vector<DeviceRow>& device_rows();

/// A catalog that holds the ops.
const Catalog& op_catalog();
std::unique_ptr<OpInfo> make_op(const OpCase& op_case);

/// The values of a case's input, the same on every device: rounded to float32, drawn by case and position.
std::vector<double> input_values(const OpCase& op_case, std::size_t input);
/// The input with those values in its layout; floats as `dtype`, and leaves that require a gradient where the case says so.
Tensor make_input(const OpCase& op_case, std::size_t input, DType dtype, Device& device);
/// All of them; OpInfo::wide_inputs as wide_dtype(dtype).
std::vector<Tensor> make_inputs(const OpCase& op_case, DType dtype, Device& device);
/// Values for a gradient that flows into the result, and a tensor of them; `permuted`: with its axes reversed in memory.
Tensor make_seed(const Shape& shape, bool permuted, DType dtype, Device& device);
/// A tensor with these values (row-major) in a layout.
Tensor tensor_in_layout(const std::vector<double>& values, const Shape& shape, CaseInput::Layout layout, DType dtype, Device& device);

/// Sum of squared differences / sum of squares of `truth`; 0 for 0 / 0, infinite where one is NaN and the other is not.
double relative_square_error(const std::vector<double>& truth, const std::vector<double>& value);

}  // namespace dsw::test
