// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/pickle_reader.h"

#include <algorithm>
#include <cstring>

namespace dsw {
namespace {

using Kind = PickleValue::Kind;

constexpr std::size_t kMaxOpcodes = 4'000'000;
constexpr const char* kGlobals[] = {"collections.OrderedDict",
                                    "torch._utils._rebuild_tensor",
                                    "torch._utils._rebuild_tensor_v2",
                                    "torch._utils._rebuild_parameter",
                                    "torch.FloatStorage",
                                    "torch.DoubleStorage",
                                    "torch.HalfStorage",
                                    "torch.BFloat16Storage",
                                    "torch.LongStorage",
                                    "torch.IntStorage",
                                    "torch.ByteStorage"};

/// A name out of a foreign file, fit to stand in a sentence.
std::string printable(std::string text) {
  if (text.size() > 80) {
    text.resize(80);
    text += "…";
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

bool all_integers(const std::vector<PickleValue>& values) {
  return std::all_of(values.begin(), values.end(), [](const PickleValue& v) { return v.kind == Kind::Int; });
}

std::vector<std::int64_t> integers(const std::vector<PickleValue>& values) {
  std::vector<std::int64_t> out;
  for (const PickleValue& value : values) out.push_back(value.integer);
  return out;
}

}  // namespace

tl::unexpected<Error> PickleReader::bad(const std::string& message, std::size_t offset) const {
  return fail(ErrorCode::BadFormat, fmt::format("{} {} at byte {} of its pickle", what_, message, offset),
              "Nothing of it was run and it was not imported. Ask for a safetensors file.");
}

PickleValue PickleReader::make_container(Kind kind, std::vector<PickleValue> items) {
  containers_.push_back(std::move(items));
  return {kind, static_cast<std::int64_t>(containers_.size() - 1), 0, {}};
}

Result<std::uint64_t> PickleReader::little_endian(std::size_t bytes) {
  if (bytes > bytes_.size() - at_) return bad("is cut off", at_);
  std::uint64_t value = 0;
  std::memcpy(&value, bytes_.data() + at_, bytes);
  at_ += bytes;
  return value;
}

Result<std::size_t> PickleReader::since_mark() {
  const auto mark = std::find_if(stack_.rbegin(), stack_.rend(), [](const PickleValue& v) { return v.kind == Kind::Mark; });
  if (mark == stack_.rend()) return bad("misses a mark", at_);
  return static_cast<std::size_t>(mark - stack_.rbegin());
}

/// Takes `count` values off the stack into a new container.
Result<void> PickleReader::collect(Kind kind, std::size_t count) {
  if (stack_.size() < count) return bad("takes more values than there are", at_);
  std::vector<PickleValue> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  stack_.push_back(make_container(kind, std::move(items)));
  return {};
}

/// Adds `count` values from the top of the stack to the container below them.
Result<void> PickleReader::extend(Kind kind, std::size_t count) {
  if (stack_.size() < count + 1 || (kind == Kind::Dict && count % 2 != 0)) return bad("takes more values than there are", at_);
  const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
  const PickleValue container = *(first - 1);
  if (container.kind != kind) return bad("adds to something that is no list or dict", at_);
  auto& items = containers_[static_cast<std::size_t>(container.integer)];
  items.insert(items.end(), first, stack_.end());
  stack_.resize(stack_.size() - count);
  return {};
}

Result<void> PickleReader::push_number(unsigned opcode) {
  PickleValue value{Kind::Int, 0, 0, {}};
  switch (opcode) {
    case 'K': {
      DSW_TRY_ASSIGN(const std::uint64_t raw, little_endian(1));
      value.integer = static_cast<std::int64_t>(raw);
      break;
    }
    case 'M': {
      DSW_TRY_ASSIGN(const std::uint64_t raw, little_endian(2));
      value.integer = static_cast<std::int64_t>(raw);
      break;
    }
    case 'J': {
      DSW_TRY_ASSIGN(const std::uint64_t raw, little_endian(4));
      value.integer = static_cast<std::int32_t>(static_cast<std::uint32_t>(raw));
      break;
    }
    case 0x8a: {  // LONG1: up to 255 bytes, two's complement; numbers beyond 64 bits mean nothing here
      DSW_TRY_ASSIGN(const std::uint64_t length, little_endian(1));
      if (length > 8) return bad("holds a number beyond 64 bits", at_);
      DSW_TRY_ASSIGN(std::uint64_t raw, little_endian(static_cast<std::size_t>(length)));
      if (length > 0 && length < 8 && ((raw >> (8 * length - 1)) & 1) != 0) raw |= ~std::uint64_t{0} << (8 * length);
      value.integer = static_cast<std::int64_t>(raw);
      break;
    }
    default: {  // BINFLOAT: big-endian
      DSW_TRY_ASSIGN(const std::uint64_t raw, little_endian(8));
      const std::uint64_t swapped = __builtin_bswap64(raw);
      value.kind = Kind::Float;
      std::memcpy(&value.real, &swapped, sizeof swapped);
      break;
    }
  }
  stack_.push_back(std::move(value));
  return {};
}

Result<void> PickleReader::push_text(std::uint64_t length) {
  if (length > bytes_.size() - at_) return bad("is cut off", at_);
  const auto* text = reinterpret_cast<const char*>(bytes_.data() + at_);
  stack_.push_back({Kind::Text, 0, 0, std::string(text, static_cast<std::size_t>(length))});
  at_ += static_cast<std::size_t>(length);
  return {};
}

Result<void> PickleReader::push_global(std::size_t offset) {
  std::string parts[2];
  for (std::string& part : parts) {
    const auto* begin = reinterpret_cast<const char*>(bytes_.data() + at_);
    const void* end = std::memchr(begin, '\n', bytes_.size() - at_);
    if (!end) return bad("is cut off", offset);
    part.assign(begin, static_cast<const char*>(end));
    at_ += part.size() + 1;
  }
  const std::string name = parts[0] + "." + parts[1];
  if (std::find(std::begin(kGlobals), std::end(kGlobals), name) == std::end(kGlobals)) {
    return bad(fmt::format("asks for `{}`", printable(name)), offset);
  }
  stack_.push_back({Kind::Global, 0, 0, name});
  return {};
}

Result<void> PickleReader::rebuild_tensor(const std::vector<PickleValue>& arguments, std::size_t offset) {
  if (arguments.size() < 4 || arguments[0].kind != Kind::Storage || arguments[1].kind != Kind::Int || arguments[2].kind != Kind::Tuple ||
      arguments[3].kind != Kind::Tuple || !all_integers(items(arguments[2])) || !all_integers(items(arguments[3]))) {
    return bad("describes a tensor wrongly", offset);
  }
  tensors_.push_back(
      {static_cast<std::size_t>(arguments[0].integer), arguments[1].integer, integers(items(arguments[2])), integers(items(arguments[3]))});
  stack_.push_back({Kind::Tensor, static_cast<std::int64_t>(tensors_.size() - 1), 0, {}});
  return {};
}

Result<void> PickleReader::reduce(std::size_t offset) {
  if (stack_.size() < 2 || stack_.back().kind != Kind::Tuple || stack_[stack_.size() - 2].kind != Kind::Global) {
    return bad("calls something that is no function", offset);
  }
  const std::vector<PickleValue> arguments = items(stack_.back());
  const std::string name = stack_[stack_.size() - 2].text;
  stack_.resize(stack_.size() - 2);
  if (name == "torch._utils._rebuild_tensor" || name == "torch._utils._rebuild_tensor_v2") return rebuild_tensor(arguments, offset);
  if (name == "torch._utils._rebuild_parameter" && !arguments.empty() && arguments[0].kind == Kind::Tensor) {
    stack_.push_back(arguments[0]);
    return {};
  }
  if (name == "collections.OrderedDict" && arguments.empty()) {
    stack_.push_back(make_container(Kind::Dict, {}));
    return {};
  }
  return bad(fmt::format("calls `{}` in a way that no state dict needs", name), offset);
}

/// ('storage', type, key, location, elements[, None])
Result<void> PickleReader::load_storage(std::size_t offset) {
  if (stack_.empty() || stack_.back().kind != Kind::Tuple) return bad("refers to something that is no storage", offset);
  const std::vector<PickleValue>& id = items(stack_.back());
  if (id.size() < 5 || id[0].kind != Kind::Text || id[0].text != "storage" || id[1].kind != Kind::Global ||
      id[1].text.rfind("Storage") == std::string::npos || id[2].kind != Kind::Text || id[4].kind != Kind::Int || id[4].integer < 0) {
    return bad("refers to something that is no storage", offset);
  }
  if (id.size() > 5 && id[5].kind != Kind::None)
    return bad("refers to a view of a storage, as very old files do; that is not read,", offset);
  std::size_t index = 0;
  while (index < storages_.size() && storages_[index].key != id[2].text) ++index;
  if (index == storages_.size()) {
    storages_.push_back({id[1].text, id[2].text, id[4].integer});
  } else if (storages_[index].type != id[1].text || storages_[index].elements != id[4].integer) {
    return bad("gives one storage two sizes", offset);
  }
  stack_.back() = {Kind::Storage, static_cast<std::int64_t>(index), 0, {}};
  return {};
}

Result<void> PickleReader::step(unsigned opcode, std::size_t offset) {
  switch (opcode) {
    case 0x80: {  // PROTO
      DSW_TRY_ASSIGN(const std::uint64_t protocol, little_endian(1));
      if (protocol > 2) return bad(fmt::format("is of protocol {}, 2 is the highest that is read,", protocol), offset);
      return {};
    }
    case '(':
      stack_.push_back({Kind::Mark, 0, 0, {}});
      return {};
    case 'N':
      stack_.push_back({Kind::None, 0, 0, {}});
      return {};
    case 0x88:
    case 0x89:
      stack_.push_back({Kind::Bool, opcode == 0x88 ? 1 : 0, 0, {}});
      return {};
    case 'K':
    case 'M':
    case 'J':
    case 'G':
    case 0x8a:
      return push_number(opcode);
    case 'X':
    case 'T': {  // BINUNICODE, BINSTRING
      DSW_TRY_ASSIGN(const std::uint64_t length, little_endian(4));
      return push_text(length);
    }
    case 'U': {  // SHORT_BINSTRING
      DSW_TRY_ASSIGN(const std::uint64_t length, little_endian(1));
      return push_text(length);
    }
    case '}':
      stack_.push_back(make_container(Kind::Dict, {}));
      return {};
    case ']':
      stack_.push_back(make_container(Kind::List, {}));
      return {};
    case ')':
      stack_.push_back(make_container(Kind::Tuple, {}));
      return {};
    case 0x85:
    case 0x86:
    case 0x87:
      return collect(Kind::Tuple, opcode - 0x84);
    case 't':
    case 'u':
    case 'e': {
      DSW_TRY_ASSIGN(const std::size_t count, since_mark());
      stack_.erase(stack_.end() - static_cast<std::ptrdiff_t>(count) - 1);  // the mark
      return opcode == 't' ? collect(Kind::Tuple, count) : extend(opcode == 'u' ? Kind::Dict : Kind::List, count);
    }
    case 's':
      return extend(Kind::Dict, 2);
    case 'a':
      return extend(Kind::List, 1);
    case 'q':
    case 'r': {  // BINPUT, LONG_BINPUT
      DSW_TRY_ASSIGN(const std::uint64_t place, little_endian(opcode == 'q' ? 1 : 4));
      if (stack_.empty()) return bad("keeps a value that is not there", offset);
      memo_[place] = stack_.back();
      return {};
    }
    case 'h':
    case 'j': {  // BINGET, LONG_BINGET
      DSW_TRY_ASSIGN(const std::uint64_t place, little_endian(opcode == 'h' ? 1 : 4));
      const auto kept = memo_.find(place);
      if (kept == memo_.end()) return bad("asks for a value that was not kept", offset);
      stack_.push_back(kept->second);
      return {};
    }
    case 'c':
      return push_global(offset);
    case 'R':
      return reduce(offset);
    case 'Q':
      return load_storage(offset);
    case 'b':  // BUILD: the state of an OrderedDict (versions of its modules) is of no use here
      if (stack_.size() < 2 || stack_[stack_.size() - 2].kind != Kind::Dict)
        return bad("sets the state of something that is no dict", offset);
      stack_.pop_back();
      return {};
    default:
      return bad(fmt::format("asks for the opcode 0x{:02x}, which no state dict needs,", opcode), offset);
  }
}

Result<PickleValue> PickleReader::read() {
  stack_.clear();
  memo_.clear();
  for (;;) {
    const std::size_t offset = at_;
    DSW_TRY_ASSIGN(const std::uint64_t opcode, little_endian(1));
    if (opcode == '.') break;
    if (++opcodes_ > kMaxOpcodes) return bad("is longer than any state dict", offset);
    DSW_TRY(step(static_cast<unsigned>(opcode), offset));
  }
  if (stack_.size() != 1 || stack_.back().kind == Kind::Mark) return bad("ends without one value", at_);
  return stack_.back();
}

}  // namespace dsw
