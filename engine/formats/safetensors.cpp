// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/core/file_bytes.h"
#include "engine/core/json.h"

namespace dsw {
namespace {

static_assert(std::endian::native == std::endian::little, "tensor files are little-endian");

constexpr std::uint64_t kMaxHeader = 100'000'000;
constexpr std::size_t kMaxValues = 4'000'000;  // of the header's JSON; a tensor takes about nine

struct TypeName {
  const char* name;
  DType dtype;
};
constexpr TypeName kTypes[] = {{"F32", DType::F32},      {"F64", DType::F64},     {"F16", DType::F16}, {"BF16", DType::BF16},
                               {"I32", DType::I32},      {"I64", DType::I64},     {"U8", DType::U8},   {"BOOL", DType::Bool},
                               {"F8_E4M3", DType::E4M3}, {"F8_E5M2", DType::E5M2}};

tl::unexpected<Error> bad(const std::string& what, const std::string& message) {
  return fail(ErrorCode::BadFormat, fmt::format("{} {}", what, message), "Nothing of it was used.");
}

/// JSON of the header. Refuses what a header never needs before it costs memory: depth, endless values, equal names.
Result<Json> parse_header(const char* text, std::size_t length, const std::string& what) {
  std::size_t values = 0;
  std::set<std::string> names;
  std::string refused;
  const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (++values > kMaxValues || depth > 4) throw std::length_error("header");
    if (event == Json::parse_event_t::key && depth == 1 && !names.insert(parsed.get<std::string>()).second) {
      refused = parsed.get<std::string>();
      throw std::invalid_argument("header");
    }
    return true;
  };
  try {
    return Json::parse(text, text + length, look);
  } catch (const std::length_error&) {
    return bad(what, "has a header that is nested deeper or longer than tensors need");
  } catch (const std::invalid_argument&) {
    return bad(what, fmt::format("names the tensor `{}` twice", refused));
  } catch (const Json::exception&) {
    return bad(what, "has a header that is not JSON");
  }
}

/// A length or offset: a whole number from 0 on.
std::optional<std::uint64_t> whole(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  const std::int64_t number = value.get<std::int64_t>();
  return number < 0 ? std::nullopt : std::optional<std::uint64_t>(static_cast<std::uint64_t>(number));
}

struct Entry {
  StoredTensor tensor;
  std::uint64_t begin = 0, end = 0;
};

Result<Entry> parse_entry(const std::string& name, const Json& value, std::uint64_t data_bytes, const std::string& what) {
  const auto wrong = [&](const std::string& message) {
    return bad(what, fmt::format("describes the tensor `{}` wrongly: {}", name, message));
  };
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") || !value.contains("data_offsets")) {
    return wrong("dtype, shape and data_offsets are needed");
  }
  const Json &dtype = value.at("dtype"), &shape = value.at("shape"), &offsets = value.at("data_offsets");
  if (!dtype.is_string() || !shape.is_array() || !offsets.is_array() || offsets.size() != 2) {
    return wrong("dtype is a text, shape a list and data_offsets a list of two");
  }
  Entry entry;
  entry.tensor.name = name;
  const std::string type = dtype.get<std::string>();
  const auto* known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& t) { return type == t.name; });
  if (known == std::end(kTypes)) return wrong(fmt::format("the type {} is not known here", type.substr(0, 32)));
  entry.tensor.dtype = known->dtype;
  if (shape.size() > DSW_MAX_RANK) return wrong(fmt::format("it has {} axes, at most {} are possible here", shape.size(), DSW_MAX_RANK));
  std::uint64_t bytes = dtype_bytes(known->dtype);
  for (const Json& length : shape) {
    const auto n = whole(length);
    if (!n || *n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return wrong("a length is not a whole number from 0 on");
    if (__builtin_mul_overflow(bytes, *n, &bytes)) return wrong("its size is beyond any file");
    entry.tensor.shape.push_back(static_cast<std::int64_t>(*n));
  }
  const auto begin = whole(offsets[0]), end = whole(offsets[1]);
  if (!begin || !end || *begin > *end) return wrong("its data_offsets are not two rising whole numbers");
  if (*end > data_bytes)
    return wrong(fmt::format("its data end at byte {} of {}; the file is cut off or lies about its size", *end, data_bytes));
  if (*end - *begin != bytes)
    return wrong(fmt::format("shape {} of {} takes {} bytes, but {} are given", entry.tensor.shape.text(), type, bytes, *end - *begin));
  entry.begin = *begin;
  entry.end = *end;
  return entry;
}

/// Data areas have to follow one another from the first byte to the last.
Result<void> check_layout(const std::vector<Entry>& entries, std::uint64_t data_bytes, const std::string& what) {
  std::vector<const Entry*> order;
  for (const Entry& entry : entries) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(),
                   [](const Entry* a, const Entry* b) { return std::pair(a->begin, a->end) < std::pair(b->begin, b->end); });
  std::uint64_t at = 0;
  for (const Entry* entry : order) {
    if (entry->begin < at) return bad(what, fmt::format("lets the data of `{}` overlap those of another tensor", entry->tensor.name));
    if (entry->begin > at)
      return bad(what, fmt::format("has {} bytes before `{}` that belong to no tensor", entry->begin - at, entry->tensor.name));
    at = entry->end;
  }
  if (at != data_bytes) return bad(what, fmt::format("has {} bytes at its end that belong to no tensor", data_bytes - at));
  return {};
}

}  // namespace

Result<TensorFile> parse_safetensors(std::string bytes, const std::string& what) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length) return bad(what, "is too short for a safetensors file");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMaxHeader) return bad(what, "is not a safetensors file, or its header is over 100 MB");
  if (length > bytes.size() - sizeof length) return bad(what, fmt::format("is cut off within its header of {} bytes", length));
  const char* text = bytes.data() + sizeof length;
  DSW_TRY_ASSIGN(const Json header, parse_header(text, static_cast<std::size_t>(length), what));
  if (!header.is_object()) return bad(what, "has a header that is not a JSON object");

  const std::size_t data_begin = sizeof length + static_cast<std::size_t>(length);
  const std::uint64_t data_bytes = bytes.size() - data_begin;
  TensorFile file;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) return bad(what, "has metadata that are not an object");
      for (const auto& [key, note] : value.items()) {
        if (!note.is_string()) return bad(what, fmt::format("has a metadata entry `{}` that is not a text", key));
        file.metadata.emplace_back(key, note.get<std::string>());
      }
      continue;
    }
    DSW_TRY_ASSIGN(Entry entry, parse_entry(name, value, data_bytes, what));
    entries.push_back(std::move(entry));
  }
  DSW_TRY(check_layout(entries, data_bytes, what));
  auto memory = std::make_shared<const std::string>(std::move(bytes));
  for (Entry& entry : entries) {
    entry.tensor.bytes =
        std::as_bytes(std::span(*memory))
            .subspan(data_begin + static_cast<std::size_t>(entry.begin), static_cast<std::size_t>(entry.end - entry.begin));
    file.tensors.push_back(std::move(entry.tensor));
  }
  file.memory.push_back(std::move(memory));
  return file;
}

Result<TensorFile> read_safetensors(const std::filesystem::path& path) {
  DSW_TRY_ASSIGN(std::string bytes, read_file(path));
  auto file = parse_safetensors(std::move(bytes), path.filename().string());
  if (!file) file.error().where = path.string();
  return file;
}

Result<void> write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors, const Metadata& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) {
    Json& notes = header["__metadata__"] = Json::object();
    for (const auto& [key, value] : metadata) notes[key] = value;
  }
  std::uint64_t offset = 0;
  std::vector<Tensor> contiguous;
  for (const auto& [name, tensor] : tensors) {
    const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& t) { return t.dtype == tensor.dtype(); });
    DSW_CHECK(type != std::end(kTypes), "every dtype has a name in safetensors");
    DSW_CHECK(name != "__metadata__" && !header.contains(name), "tensor names are given once");
    header[name] = {{"dtype", type->name},
                    {"shape", std::vector<std::int64_t>(tensor.shape().begin(), tensor.shape().end())},
                    {"data_offsets", {offset, offset + tensor.bytes()}}};
    offset += tensor.bytes();
    contiguous.push_back(tensor.is_contiguous() ? tensor.detach() : tensor.detach().contiguous_copy());
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception&) {
    return fail(ErrorCode::InvalidArgument, "A name or note of the model is not UTF-8", {}, path.string());
  }
  text.resize((text.size() + sizeof offset + 63) / 64 * 64 - sizeof offset, ' ');
  const std::uint64_t length = text.size();

  std::vector<std::vector<std::byte>> copies;  // only where a device's memory cannot be read in place
  copies.reserve(contiguous.size());
  std::vector<std::span<const std::byte>> pieces{std::as_bytes(std::span(&length, 1)), std::as_bytes(std::span(text))};
  for (const Tensor& tensor : contiguous) {
    if (tensor.device().host_memory()) {
      pieces.emplace_back(static_cast<const std::byte*>(tensor.view().data), tensor.bytes());
      continue;
    }
    copies.emplace_back(tensor.bytes());
    tensor.device().copy_to_host(copies.back().data(), tensor.view().data, tensor.bytes());
    pieces.emplace_back(copies.back());
  }
  return write_bytes(path, pieces);
}

}  // namespace dsw
