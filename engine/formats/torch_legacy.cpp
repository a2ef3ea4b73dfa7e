// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/torch_legacy.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "engine/core/file_bytes.h"
#include "engine/formats/pickle_reader.h"

namespace dsw {
namespace {

using Kind = PickleValue::Kind;

constexpr unsigned char kMagic[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
constexpr std::int64_t kProtocol = 1001;

const std::map<std::string, DType>& storage_types() {
  static const std::map<std::string, DType> types{{"torch.FloatStorage", DType::F32}, {"torch.DoubleStorage", DType::F64},
                                                  {"torch.HalfStorage", DType::F16},  {"torch.BFloat16Storage", DType::BF16},
                                                  {"torch.LongStorage", DType::I64},  {"torch.IntStorage", DType::I32},
                                                  {"torch.ByteStorage", DType::U8}};
  return types;
}

struct Reader {
  std::span<const std::byte> bytes;
  std::string what;
  std::size_t copied = 0;
  std::vector<std::span<const std::byte>> storage_bytes;

  tl::unexpected<Error> bad(const std::string& message) const {
    return fail(ErrorCode::BadFormat, fmt::format("{} {}", what, message),
                "Nothing of it was run and it was not imported. Ask for a safetensors file.");
  }

  /// The data behind the pickles, in the order of the list of keys.
  Result<void> find_storages(const PickleReader& pickle, const std::vector<PickleValue>& keys, std::size_t at) {
    const auto& storages = pickle.storages();
    storage_bytes.resize(storages.size());
    std::set<std::string> seen;
    for (const PickleValue& key : keys) {
      const auto storage = std::find_if(storages.begin(), storages.end(),
                                        [&](const PickleStorage& s) { return key.kind == Kind::Text && s.key == key.text; });
      if (storage == storages.end() || !seen.insert(key.text).second) return bad("lists a storage that no tensor uses, or one twice");
      const auto type = storage_types().find(storage->type);
      if (type == storage_types().end()) return bad("has a storage of an unknown type");
      std::int64_t elements = 0;
      if (bytes.size() - at < sizeof elements) return bad(fmt::format("is cut off at byte {} of {}", at, bytes.size()));
      std::memcpy(&elements, bytes.data() + at, sizeof elements);
      at += sizeof elements;
      if (elements != storage->elements)
        return bad(fmt::format("says at byte {} that a storage has {} elements, but its tensors need {}", at, elements, storage->elements));
      const std::size_t width = dtype_bytes(type->second);
      if (static_cast<std::uint64_t>(elements) > (bytes.size() - at) / width)
        return bad(fmt::format("is cut off at byte {}: a storage needs {} elements", bytes.size(), elements));
      const std::size_t length = static_cast<std::size_t>(elements) * width;
      storage_bytes[static_cast<std::size_t>(storage - storages.begin())] = bytes.subspan(at, length);
      at += length;
    }
    if (seen.size() != storages.size()) return bad("leaves out a storage that its tensors use");
    return {};
  }

  Result<StoredTensor> make_tensor(const PickleReader& pickle, const std::string& name, const PickleTensor& tensor, TensorFile& file) {
    const PickleStorage& storage = pickle.storages()[tensor.storage];
    StoredTensor stored;
    stored.name = name;
    stored.dtype = storage_types().at(storage.type);
    if (tensor.size.size() != tensor.stride.size() || tensor.size.size() > DSW_MAX_RANK)
      return bad(fmt::format("gives `{}` {} axes", name, tensor.size.size()));
    std::int64_t elements = 1, last = tensor.offset, expected_stride = 1;
    bool contiguous = true, wrong = tensor.offset < 0;
    for (std::size_t i = tensor.size.size(); i-- > 0;) {
      const std::int64_t n = tensor.size[i], stride = tensor.stride[i];
      std::int64_t reach = 0;
      wrong = wrong || n < 0 || stride < 0 || __builtin_mul_overflow(elements, n, &elements) ||
              __builtin_mul_overflow(std::max<std::int64_t>(n - 1, 0), stride, &reach) || __builtin_add_overflow(last, reach, &last);
      if (wrong) break;
      contiguous = contiguous && (n == 1 || stride == expected_stride);
      expected_stride *= n;  // cannot overflow: it is `elements`
    }
    if (wrong || elements > storage.elements || (elements > 0 && last >= storage.elements)) {
      return bad(fmt::format("lets the tensor `{}` reach beyond its storage of {} elements", name, storage.elements));
    }
    stored.shape = Shape(tensor.size);
    const std::size_t width = dtype_bytes(stored.dtype), length = static_cast<std::size_t>(elements) * width;
    const auto source = storage_bytes[tensor.storage];
    if (elements == 0) return stored;
    if (contiguous) {
      stored.bytes = source.subspan(static_cast<std::size_t>(tensor.offset) * width, length);
      return stored;
    }
    copied += length;
    if (copied > bytes.size()) return bad("repeats its data more often than the file is long");
    auto packed = std::make_shared<std::string>(length, '\0');
    std::vector<std::int64_t> index(tensor.size.size(), 0);
    for (std::size_t element = 0; element < static_cast<std::size_t>(elements); ++element) {
      std::int64_t from = tensor.offset;
      for (std::size_t i = 0; i < index.size(); ++i) from += index[i] * tensor.stride[i];
      std::memcpy(packed->data() + element * width, source.data() + static_cast<std::size_t>(from) * width, width);
      for (std::size_t i = index.size(); i-- > 0;) {
        if (++index[i] < tensor.size[i]) break;
        index[i] = 0;
      }
    }
    stored.bytes = std::as_bytes(std::span(std::as_const(*packed)));
    file.memory.push_back(std::move(packed));
    return stored;
  }
};

/// Value of a text key in a dict; null when there is none.
const PickleValue* lookup(const PickleReader& pickle, const PickleValue& dict, const std::string& key) {
  const auto& items = pickle.items(dict);
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].kind == Kind::Text && items[i].text == key) return &items[i + 1];
  }
  return nullptr;
}

}  // namespace

Result<TensorFile> parse_torch_legacy(std::string content, const std::string& what) {
  auto memory = std::make_shared<const std::string>(std::move(content));
  Reader reader{std::as_bytes(std::span(*memory)), what, 0, {}};
  if (memory->size() >= 4 && std::memcmp(memory->data(), "PK\3\4", 4) == 0) {
    return fail(ErrorCode::Unsupported, fmt::format("{} is a zip of PyTorch 1.6 or later, which is not read", what),
                "Ask for a safetensors file.");
  }
  if (memory->size() < sizeof kMagic || std::memcmp(memory->data(), kMagic, sizeof kMagic) != 0) {
    return fail(ErrorCode::BadFormat, fmt::format("{} is not a file of torch.save", what), "Choose another file.");
  }
  PickleReader pickle(reader.bytes, what);
  // The magic number itself is beyond 64 bits, so reading starts after it; offsets still count from the file's start.
  pickle.skip(sizeof kMagic);
  DSW_TRY_ASSIGN(const PickleValue protocol, pickle.read());
  if (protocol.kind != Kind::Int || protocol.integer != kProtocol) return reader.bad("is of another version of torch.save");
  DSW_TRY_ASSIGN(const PickleValue facts, pickle.read());
  const PickleValue* little = facts.kind == Kind::Dict ? lookup(pickle, facts, "little_endian") : nullptr;
  if (!little || little->kind != Kind::Bool || little->integer != 1)
    return reader.bad("was written by a machine that is not little-endian");
  DSW_TRY_ASSIGN(const PickleValue object, pickle.read());
  DSW_TRY_ASSIGN(const PickleValue keys, pickle.read());
  if (object.kind != Kind::Dict || keys.kind != Kind::List) return reader.bad("does not hold a state dict");
  DSW_TRY(reader.find_storages(pickle, pickle.items(keys), pickle.position()));

  TensorFile file;
  file.memory.push_back(memory);
  const PickleValue* nested = lookup(pickle, object, "state_dict");
  const PickleValue& state = nested && nested->kind == Kind::Dict ? *nested : object;
  std::set<std::string> names;
  for (const PickleValue* dict : {&object, &state}) {
    const auto& items = pickle.items(*dict);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const PickleValue &key = items[i], &value = items[i + 1];
      if (key.kind != Kind::Text) return reader.bad("has a key that is not a text");
      if (dict == &object && value.kind == Kind::Float) file.metadata.emplace_back(key.text, fmt::format("{}", value.real));
      if (dict == &object && value.kind == Kind::Int) file.metadata.emplace_back(key.text, fmt::format("{}", value.integer));
      if (dict == &object && value.kind == Kind::Text) file.metadata.emplace_back(key.text, value.text);
      if (dict != &state || value.kind != Kind::Tensor) continue;
      if (!names.insert(key.text).second) return reader.bad(fmt::format("names the tensor `{}` twice", key.text));
      DSW_TRY_ASSIGN(StoredTensor tensor, reader.make_tensor(pickle, key.text, pickle.tensor(value), file));
      file.tensors.push_back(std::move(tensor));
    }
    if (dict == &state) break;  // object and state may be one
  }
  if (file.tensors.empty()) return reader.bad("holds no tensors");
  return file;
}

Result<TensorFile> read_torch_legacy(const std::filesystem::path& path) {
  DSW_TRY_ASSIGN(std::string bytes, read_file(path));
  auto file = parse_torch_legacy(std::move(bytes), path.filename().string());
  if (!file) file.error().where = path.string();
  return file;
}

}  // namespace dsw
