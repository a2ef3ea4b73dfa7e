// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cuda_emulation/matrix.h"

#include <bit>
#include <cstring>

#include "kernels/narrow_float.h"
#include "tests/support/cuda_emulation/banks.h"
#include "tests/support/cuda_emulation/block.h"
#include "tests/support/cuda_emulation/quiet.h"

namespace dsw::cuda_emulation {
namespace {

constexpr unsigned kAllLanes = 0xFFFFFFFFu;

struct MatrixLoad {
  const void* row;
  const void* rows[32];  // after the meeting: what every lane brought
};
void exchange_rows(unsigned, void** records) {
  const void* rows[32];
  for (int lane = 0; lane < 32; ++lane) rows[lane] = static_cast<MatrixLoad*>(records[lane])->row;
  for (int lane = 0; lane < 32; ++lane) std::memcpy(static_cast<MatrixLoad*>(records[lane])->rows, rows, sizeof(rows));
  for (int matrix = 0; matrix < 4; ++matrix) count_shared_request(rows + 8 * matrix, 8, 16);
}

struct MatrixProduct {
  Element a_type, b_type;
  float* c;
  const std::uint32_t* a;
  const std::uint32_t* b;
};
float element(Element type, const std::uint32_t* words, int word, int part) {
  const bool wide = type == Element::Bf16 || type == Element::F16;
  const std::uint32_t bits = words[word] >> (wide ? 16 * part : 8 * part);
  switch (type) {
    case Element::Bf16:
      return kernels::to_float(kernels::Bf16{static_cast<std::uint16_t>(bits)});
    case Element::F16:
      return kernels::to_float(kernels::F16{static_cast<std::uint16_t>(bits)});
    case Element::E4m3:
      return kernels::to_float(kernels::E4m3{static_cast<std::uint8_t>(bits)});
    case Element::E5m2:
      return kernels::to_float(kernels::E5m2{static_cast<std::uint8_t>(bits)});
  }
  return 0;
}
/// A word holds `per_word` neighbours along k; words 0 and 1 of a are rows g and g + 8, words 2 and 3 the same in the second half of k.
void multiply_fragments(unsigned, void** records) {
  const auto* first = static_cast<const MatrixProduct*>(records[0]);
  const int per_word = first->a_type == Element::Bf16 || first->a_type == Element::F16 ? 2 : 4, half = 4 * per_word;
  float a[16][32], b[32][8], c[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const auto* mine = static_cast<const MatrixProduct*>(records[lane]);
    const int group = lane / 4, k = lane % 4 * per_word, column = lane % 4 * 2;
    for (int part = 0; part < per_word; ++part) {
      a[group][k + part] = element(mine->a_type, mine->a, 0, part);
      a[group + 8][k + part] = element(mine->a_type, mine->a, 1, part);
      a[group][k + half + part] = element(mine->a_type, mine->a, 2, part);
      a[group + 8][k + half + part] = element(mine->a_type, mine->a, 3, part);
      b[k + part][group] = element(mine->b_type, mine->b, 0, part);
      b[k + half + part][group] = element(mine->b_type, mine->b, 1, part);
    }
    for (int part = 0; part < 2; ++part) {
      c[group][column + part] = mine->c[part];
      c[group + 8][column + part] = mine->c[2 + part];
    }
  }
  for (int row = 0; row < 16; ++row)
    for (int k = 0; k < 2 * half; ++k)
      for (int column = 0; column < 8; ++column) c[row][column] += a[row][k] * b[k][column];
  for (int lane = 0; lane < 32; ++lane) {
    auto* mine = static_cast<MatrixProduct*>(records[lane]);
    const int group = lane / 4, column = lane % 4 * 2;
    for (int part = 0; part < 2; ++part) {
      mine->c[part] = c[group][column + part];
      mine->c[2 + part] = c[group + 8][column + part];
    }
  }
}

}  // namespace

void load_matrices(std::uint32_t (&r)[4], const void* row, bool transposed, std::source_location where) {
  Block& block = Block::current();
  MatrixLoad record{row, {}};
  {
    Quiet quiet;
    if (reinterpret_cast<std::uintptr_t>(row) % 16 != 0) block.fail("ldmatrix: the row's address is not a multiple of 16", where);
    block.collective(kAllLanes, transposed ? "ldmatrix.trans" : "ldmatrix", &record, exchange_rows, where);
  }
  const int lane = block.thread().lane;
  for (int matrix = 0; matrix < 4; ++matrix) {
    std::uint32_t pair[2];
    for (int part = 0; part < 2; ++part) {  // each lane reads its own elements: the race detector sees the right thread
      const int at_row = transposed ? 2 * (lane % 4) + part : lane / 4, at_column = transposed ? lane / 4 : 2 * (lane % 4) + part;
      pair[part] = static_cast<const std::uint16_t*>(record.rows[8 * matrix + at_row])[at_column];
    }
    r[matrix] = pair[0] | pair[1] << 16;
  }
}

void multiply_add(Element a_type, Element b_type, float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                  std::source_location where) {
  MatrixProduct record{a_type, b_type, c, a, b};
  Block::current().collective(kAllLanes, "mma", &record, multiply_fragments, where);
}

}  // namespace dsw::cuda_emulation
