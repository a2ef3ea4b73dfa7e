// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_cublas_lt.h"

#include <cstring>
#include <map>

#include "kernels/narrow_float.h"
#include "tests/support/cuda_emulation/device_memory.h"
#include "tests/support/cuda_emulation/runtime_state.h"

namespace dsw::test {
namespace {

using namespace cuda::lt;
constexpr std::size_t kWorkspace = 4096;  // what every algorithm here needs

struct FakeLayout {
  int type;
  std::int64_t rows, columns, leading, offset = 0;
  std::int32_t batches = 1;
};
struct FakeDesc {
  std::int32_t turn_a = kAsItLies, turn_b = kAsItLies, bias_type = -1;
  std::uint32_t epilogue = 1;
  const void *bias = nullptr, *a_scale = nullptr, *b_scale = nullptr;
};
struct FakePreference {
  std::uint64_t workspace = 0;
  std::map<int, std::uint32_t> alignments;
};
FakeLayout& layout_of(Layout x) { return *static_cast<FakeLayout*>(x); }
FakeDesc& desc_of(Desc x) { return *static_cast<FakeDesc*>(x); }

int complain(const std::string& what) {
  fake_cublas_lt().complaints.push_back(what);
  return kInvalidValue;
}
std::int64_t type_bytes(int type) { return type == kF32 ? 4 : type == kE4m3 || type == kE5m2 ? 1 : 2; }
bool is_fp8(int type) { return type_bytes(type) == 1; }

/// The elements of a matrix of a type in the device's memory.
class Numbers {
 public:
  Numbers(const void* device, int type) : device_(static_cast<const char*>(device)), type_(type) {}
  float at(std::int64_t i) const {
    const void* host = place(i);
    switch (type_) {
      case kF32:
        return get<float>(host);
      case kBf16:
        return kernels::to_float(get<kernels::Bf16>(host));
      case kF16:
        return kernels::to_float(get<kernels::F16>(host));
      case kE4m3:
        return kernels::to_float(get<kernels::E4m3>(host));
      default:
        return kernels::to_float(get<kernels::E5m2>(host));
    }
  }
  void put(std::int64_t i, float value) const {
    void* host = place(i);
    if (type_ == kF32) return put_as(host, value);
    if (type_ == kBf16) return put_as(host, kernels::to_bf16(value));
    put_as(host, kernels::to_f16(value));
  }

 private:
  void* place(std::int64_t i) const {
    const auto bytes = static_cast<std::size_t>(type_bytes(type_));
    void* host = cuda_emulation::host_address(device_ + i * static_cast<std::int64_t>(bytes), bytes);
    if (host == nullptr) {
      complain("an element outside of the device's memory");
      static char nothing[8];
      return nothing;
    }
    return host;
  }
  template <class T>
  static T get(const void* host) {
    T value;
    std::memcpy(&value, host, sizeof(value));
    return value;
  }
  template <class T>
  static void put_as(void* host, const T& value) {
    std::memcpy(host, &value, sizeof(value));
  }
  const char* device_;
  int type_;
};

int layout_create(Layout* layout, int type, std::uint64_t rows, std::uint64_t columns, std::int64_t leading) {
  if (leading < static_cast<std::int64_t>(rows)) complain("a leading dimension shorter than a column");
  *layout = new FakeLayout{type, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns), leading};
  return kSuccess;
}
int layout_set(Layout layout, int attribute, const void* value, std::size_t bytes) {
  if (attribute == kBatchCount && bytes == 4)
    std::memcpy(&layout_of(layout).batches, value, 4);
  else if (attribute == kBatchOffset && bytes == 8)
    std::memcpy(&layout_of(layout).offset, value, 8);
  else
    return complain("an attribute of a layout");
  return kSuccess;
}
int desc_set(Desc desc, int attribute, const void* value, std::size_t bytes) {
  FakeDesc& d = desc_of(desc);
  const auto put = [&](auto& field) {
    if (bytes != sizeof(field)) return complain("the size of an attribute");
    std::memcpy(&field, value, bytes);
    return static_cast<int>(kSuccess);
  };
  switch (attribute) {
    case kTurnA:
      return put(d.turn_a);
    case kTurnB:
      return put(d.turn_b);
    case kEpilogue:
      return put(d.epilogue);
    case kBiasPointer:
      return put(d.bias);
    case kBiasType:
      return put(d.bias_type);
    case kAScalePointer:
      return put(d.a_scale);
    case kBScalePointer:
      return put(d.b_scale);
    default:
      return complain("an attribute of a product");
  }
}
int preference_set(Preference preference, int attribute, const void* value, std::size_t bytes) {
  auto& p = *static_cast<FakePreference*>(preference);
  if (attribute == kMostWorkspace && bytes == 8)
    std::memcpy(&p.workspace, value, 8);
  else if (attribute >= kAlignmentA && attribute <= kAlignmentD && bytes == 4)
    std::memcpy(&p.alignments[attribute], value, 4);
  else
    return complain("an attribute of a preference");
  return kSuccess;
}

/// cublasLtMatmul, tables of supported types and rules of FP8 products.
int check(const FakeDesc& desc, const FakeLayout& a, const FakeLayout& b, const FakeLayout& d) {
  const std::int64_t rows = desc.turn_a ? a.columns : a.rows, sum = desc.turn_a ? a.rows : a.columns;
  if (rows != d.rows || (desc.turn_b ? b.rows : b.columns) != d.columns || (desc.turn_b ? b.columns : b.rows) != sum)
    return complain("shapes that do not fit");
  if (a.batches != d.batches || b.batches != d.batches) return complain("counts of batches");
  if (is_fp8(a.type) != is_fp8(b.type)) return complain("types of the operands");
  if (is_fp8(a.type)) {
    if (a.type == kE5m2 && b.type == kE5m2) return complain("E5M2 times E5M2");
    if (desc.turn_a != kTurned || desc.turn_b != kAsItLies) return complain("8-bit operands that do not lie along the sum");
    for (const std::int64_t length : {rows, d.columns, sum, a.leading, b.leading})
      if (length % 16 != 0) return complain("8-bit lengths that are no multiples of 16");
    if (desc.bias != nullptr && desc.bias_type != (d.type == kF16 ? kF16 : kBf16)) return complain("the type of an 8-bit product's bias");
    return kSuccess;
  }
  if (a.type != b.type || (d.type != a.type && d.type != kF32)) return complain("types of a product");
  if (desc.a_scale != nullptr || desc.b_scale != nullptr) return complain("scales of wider numbers");
  if (desc.bias != nullptr && desc.bias_type != d.type) return complain("the type of a bias");
  return kSuccess;
}

int heuristic(Handle, Desc desc, Layout a, Layout b, Layout c, Layout d, Preference preference, int most, HeuristicResult* results,
              int* count) {
  FakeCublasLt& fake = fake_cublas_lt();
  ++fake.heuristics;
  *count = 0;
  if (most < 1 || c != d) return complain("the heuristic's arguments");
  const auto& p = *static_cast<FakePreference*>(preference);
  if (const int status = check(desc_of(desc), layout_of(a), layout_of(b), layout_of(d)); status != kSuccess) return status;
  if (fake.knows_no_algorithm) return kNotSupported;
  if (p.workspace < kWorkspace || p.alignments.size() != 4) return complain("preferences");
  results[0] = {};
  for (const auto& [attribute, bytes] : p.alignments) results[0].algorithm.data[attribute - kAlignmentA] = bytes;
  results[0].workspace_bytes = kWorkspace;
  *count = 1;
  return kSuccess;
}

int matmul(Handle, Desc desc, const void* alpha, const void* a, Layout a_layout, const void* b, Layout b_layout, const void* beta,
           const void* c, Layout c_layout, void* d, Layout d_layout, const Algorithm* algorithm, void* workspace, std::size_t bytes,
           void* stream) {
  FakeCublasLt& fake = fake_cublas_lt();
  const FakeDesc product = desc_of(desc);
  const FakeLayout A = layout_of(a_layout), B = layout_of(b_layout), D = layout_of(d_layout);
  if (const int status = check(product, A, B, D); status != kSuccess) return status;
  if (c != d || c_layout != d_layout) return complain("another c than d");
  if (workspace == nullptr || bytes < kWorkspace || reinterpret_cast<std::uintptr_t>(workspace) % 256 != 0)
    return complain("the workspace");
  const void* const operands[] = {a, b, c, d};
  for (std::size_t i = 0; i < 4; ++i)
    if (!cuda_emulation::is_device_address(operands[i]) || reinterpret_cast<std::uintptr_t>(operands[i]) % algorithm->data[i] != 0)
      return complain("an address");
  if ((product.epilogue & kEpilogueBias) != 0 && !cuda_emulation::is_device_address(product.bias)) return complain("the bias's address");
  if (is_fp8(A.type) && (!cuda_emulation::is_device_address(product.a_scale) || !cuda_emulation::is_device_address(product.b_scale)))
    return complain("the scales' addresses");
  if (fake.failures > 0) return --fake.failures, static_cast<int>(kExecutionFailed);
  ++fake.products;
  fake.last_columns = static_cast<int>(D.columns);
  fake.last_batches = D.batches;
  float by = 0, keep = 0;
  std::memcpy(&by, alpha, 4);
  std::memcpy(&keep, beta, 4);
  static const char product_work = 0;
  return cuda_emulation::put(static_cast<cudaStream_t>(stream), &product_work,
                             [=] {
                               float scale = by;
                               if (product.a_scale != nullptr)
                                 scale *= Numbers(product.a_scale, kF32).at(0) * Numbers(product.b_scale, kF32).at(0);
                               const Numbers left(a, A.type), right(b, B.type), result(d, D.type), bias(product.bias, product.bias_type);
                               for (std::int64_t batch = 0; batch < D.batches; ++batch)
                                 for (std::int64_t column = 0; column < D.columns; ++column)
                                   for (std::int64_t row = 0; row < D.rows; ++row) {
                                     float sum = 0;
                                     for (std::int64_t k = 0; k < (product.turn_a ? A.rows : A.columns); ++k)
                                       sum +=
                                           left.at(batch * A.offset + (product.turn_a ? k + row * A.leading : row + k * A.leading)) *
                                           right.at(batch * B.offset + (product.turn_b ? column + k * B.leading : k + column * B.leading));
                                     const std::int64_t at = batch * D.offset + row + column * D.leading;
                                     float value = scale * sum;
                                     if (keep != 0) value += keep * result.at(at);
                                     if ((product.epilogue & kEpilogueBias) != 0) value += bias.at(row);
                                     result.put(at, value);
                                   }
                               return cudaSuccess;
                             }) == cudaSuccess
             ? kSuccess
             : kExecutionFailed;
}

template <class T>
int destroy(void* x) {
  delete static_cast<T*>(x);
  return kSuccess;
}

}  // namespace

FakeCublasLt& fake_cublas_lt() {
  static FakeCublasLt instance;
  return instance;
}

const Functions* fake_cublas_lt_functions() {
  static const Functions functions{[](Handle* handle) {
                                     *handle = new char;
                                     return static_cast<int>(kSuccess);
                                   },
                                   destroy<char>,
                                   [] { return std::size_t{130000}; },
                                   layout_create,
                                   destroy<FakeLayout>,
                                   layout_set,
                                   [](Desc* desc, int compute, int scale) {
                                     *desc = new FakeDesc;
                                     return compute == kComputeF32 && scale == kF32 ? static_cast<int>(kSuccess)
                                                                                    : complain("the type of sums");
                                   },
                                   destroy<FakeDesc>,
                                   desc_set,
                                   [](Preference* preference) {
                                     *preference = new FakePreference;
                                     return static_cast<int>(kSuccess);
                                   },
                                   destroy<FakePreference>,
                                   preference_set,
                                   heuristic,
                                   matmul};
  return &functions;
}

}  // namespace dsw::test
