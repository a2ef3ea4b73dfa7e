// SPDX-License-Identifier: GPL-3.0-or-later
// write_onnx_cases FOLDER: each case of tests/support/onnx_cases.h as NAME.onnx with NAME.input (int64 or float32) and NAME.logits
// (float32) of a batch of 5, for a program that runs ONNX files; index.json lists them.
#include <fstream>

#include "engine/autograd/node.h"
#include "engine/formats/onnx_export.h"
#include "tests/support/onnx_cases.h"

namespace {

template <class T>
void put(const std::filesystem::path& path, const std::vector<T>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace dsw;
  if (argc != 2) return 2;
  const std::filesystem::path folder(argv[1]);
  std::filesystem::create_directories(folder);
  Catalog catalog;
  register_models(catalog);
  const auto device = make_cpu_device(1);
  Json index = Json::array();
  for (const auto& one : testing_support::onnx_cases()) {
    const std::string name = one.name;
    const ModelFile file = testing_support::onnx_case_file(catalog, one, *device, folder / (name + ".safetensors"));
    if (const auto written = write_onnx(folder / (name + ".onnx"), catalog, file, *device); !written) {
      fprintf(stderr, "%s: %s\n", one.name, written.error().sentence().c_str());
      return 1;
    }
    const std::unique_ptr<Module> model = std::move(*build_model(catalog, file, *device));
    const Shape shape = one.input.input_shape(5);
    Rng rng(23);
    Tensor input;
    const bool image = one.input.kind == InputSpec::Kind::Image;
    if (image) {
      std::vector<float> pixels(static_cast<std::size_t>(shape.elements()));
      for (float& pixel : pixels) pixel = static_cast<float>(rng.normal());
      put(folder / (name + ".input"), pixels);
      input = from_host(pixels, shape, *device);
    } else {
      std::vector<std::int32_t> ids(static_cast<std::size_t>(shape.elements()));
      for (std::int32_t& id : ids) id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(one.input.vocabulary)));
      if (one.input.kind == InputSpec::Kind::TokenSequence) {  // row 1 ends in padding, row 2 is nothing else
        const auto row = static_cast<std::ptrdiff_t>(shape[1]);
        std::fill(ids.begin() + row + 3, ids.begin() + 3 * row, 0);
      }
      put(folder / (name + ".input"), std::vector<std::int64_t>(ids.begin(), ids.end()));
      input = from_host(ids, shape, *device);
    }
    const NoGradScope no_grad;
    Forward pass;
    const Tensor logits = model->forward(input, pass);
    put(folder / (name + ".logits"), logits.to_vector<float>());
    Json entry{{"name", name}, {"image", image}, {"shape", Json::array()}};
    for (int axis = 0; axis < shape.rank(); ++axis) entry["shape"].push_back(shape[axis]);
    index.push_back(entry);
  }
  std::ofstream(folder / "index.json") << index.dump(1) << "\n";
  return 0;
}
