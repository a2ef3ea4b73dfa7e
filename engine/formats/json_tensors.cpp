// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/json_tensors.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/core/file_bytes.h"
#include "engine/core/json.h"

namespace dsw {
namespace {

constexpr int kMaxDepth = 5;  // of the JSON: four objects and a shape

std::optional<std::string> from_base64(const std::string& text) {
  static const std::array<signed char, 256> values = [] {
    std::array<signed char, 256> table{};
    table.fill(-1);
    const char* letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 64; ++i) table[static_cast<unsigned char>(letters[i])] = static_cast<signed char>(i);
    return table;
  }();
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t pads = 0;
  while (pads < 2 && pads < text.size() && text[text.size() - 1 - pads] == '=') ++pads;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int value = i < text.size() - pads ? values[static_cast<unsigned char>(text[i])] : 0;
    if (value < 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (i % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(group >> shift & 0xff);
    group = 0;
  }
  for (; pads > 0; --pads) bytes.pop_back();
  return bytes;
}

struct Collector {
  const std::string& what;
  TensorFile file;

  tl::unexpected<Error> bad(const std::string& message) const {
    return fail(ErrorCode::BadFormat, fmt::format("{} {}", what, message), "Choose another file.");
  }

  Result<void> add_tensor(const std::string& name, const Json& value) {
    const Json &shape = value.at("shape"), &data = value.at("data");
    const Json dtype = value.value("dtype", Json("torch.float32"));
    if (!shape.is_array() || !data.is_string() || dtype != "torch.float32")
      return bad(fmt::format("describes the tensor `{}` wrongly: a shape and base64 of torch.float32 are needed", name));
    if (shape.size() > DSW_MAX_RANK) return bad(fmt::format("gives `{}` {} axes", name, shape.size()));
    const auto bytes = from_base64(data.get<std::string>());
    if (!bytes) return bad(fmt::format("has data of `{}` that are not base64", name));
    StoredTensor tensor;
    tensor.name = name;
    std::uint64_t wanted = sizeof(float);
    for (const Json& length : shape) {
      if (!length.is_number_unsigned() || __builtin_mul_overflow(wanted, length.get<std::uint64_t>(), &wanted))
        return bad(fmt::format("gives `{}` a shape that no tensor has", name));
      tensor.shape.push_back(length.get<std::int64_t>());
    }
    if (wanted != bytes->size())
      return bad(
          fmt::format("gives `{}` the shape {}, which takes {} bytes, but {} are there", name, tensor.shape.text(), wanted, bytes->size()));
    file.memory.push_back(std::make_shared<const std::string>(std::move(*bytes)));
    tensor.bytes = std::as_bytes(std::span(*file.memory.back()));
    file.tensors.push_back(std::move(tensor));
    return {};
  }

  Result<void> add(const std::string& prefix, const Json& object) {
    for (const auto& [key, value] : object.items()) {
      const std::string name = prefix + key;
      if (value.is_object() && value.contains("shape") && value.contains("data")) {
        DSW_TRY(add_tensor(name, value));
      } else if (value.is_object()) {
        DSW_TRY(add(name + ".", value));
      } else {
        file.metadata.emplace_back(
            name, value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace));
      }
    }
    return {};
  }
};

}  // namespace

Result<TensorFile> parse_json_tensors(const std::string& text, const std::string& what) {
  Collector collector{what, {}};
  Json json;
  try {
    json = Json::parse(text, [](int depth, Json::parse_event_t, Json&) {
      if (depth > kMaxDepth) throw std::length_error("depth");
      return true;
    });
  } catch (const std::length_error&) {
    return collector.bad("is nested deeper than tensors need");
  } catch (const Json::exception&) {
    return collector.bad("is not JSON");
  }
  if (!json.is_object()) return collector.bad("is not a JSON object");
  DSW_TRY(collector.add("", json));
  if (collector.file.tensors.empty()) return collector.bad("holds no tensors");
  return std::move(collector.file);
}

Result<TensorFile> read_json_tensors(const std::filesystem::path& path) {
  DSW_TRY_ASSIGN(const std::string text, read_file(path));
  auto file = parse_json_tensors(text, path.filename().string());
  if (!file) file.error().where = path.string();
  return file;
}

}  // namespace dsw
