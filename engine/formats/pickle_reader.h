// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/core/result.h"

namespace dsw {

/// A value that a pickle describes. Containers are numbers of the reader's list, so that nothing nests in memory: a hostile file
/// can make neither deep recursion nor cycles of owners.
struct PickleValue {
  enum class Kind { Mark, None, Bool, Int, Float, Text, Tuple, List, Dict, Global, Storage, Tensor } kind = Kind::None;
  std::int64_t integer = 0;  ///< Int, Bool; a container's number otherwise
  double real = 0;
  std::string text;  ///< Text; Global: "torch.FloatStorage"
};

/// A torch storage that a pickle names: `key` is where its data are found later.
struct PickleStorage {
  std::string type, key;  ///< type: "torch.FloatStorage"
  std::int64_t elements = 0;
};

/// A torch tensor over a storage, as torch._utils._rebuild_tensor would make it. Nothing of it is checked against the storage yet.
struct PickleTensor {
  std::size_t storage = 0;
  std::int64_t offset = 0;
  std::vector<std::int64_t> size, stride;
};

/// Reads the opcodes of a pickle that torch.save writes for a state dict, and executes nothing: a "global" is a name, and only
/// these mean something: collections.OrderedDict, torch._utils._rebuild_tensor, _rebuild_tensor_v2 and _rebuild_parameter, and the
/// storages torch.{Float,Double,Half,BFloat16,Long,Int,Byte}Storage. Any other global or opcode is refused with its name and byte
/// offset. Bounds: every length is checked against the bytes there are; at most 4 million opcodes.
class PickleReader {
 public:
  /// `what` names the file in messages; offsets in messages count from the start of `bytes`.
  PickleReader(std::span<const std::byte> bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}

  /// The next pickle, up to its STOP.
  Result<PickleValue> read();
  std::size_t position() const { return at_; }
  void skip(std::size_t bytes) { at_ += bytes; }  ///< the caller knows that they are there

  const std::vector<PickleValue>& items(const PickleValue& container) const {
    return containers_[static_cast<std::size_t>(container.integer)];
  }
  const std::vector<PickleStorage>& storages() const { return storages_; }
  const PickleTensor& tensor(const PickleValue& value) const { return tensors_[static_cast<std::size_t>(value.integer)]; }

 private:
  Result<void> step(unsigned opcode, std::size_t offset);
  Result<void> push_number(unsigned opcode);
  Result<void> push_text(std::uint64_t length);
  Result<void> push_global(std::size_t offset);
  Result<void> reduce(std::size_t offset);
  Result<void> rebuild_tensor(const std::vector<PickleValue>& arguments, std::size_t offset);
  Result<void> load_storage(std::size_t offset);
  Result<void> collect(PickleValue::Kind kind, std::size_t count);
  Result<void> extend(PickleValue::Kind kind, std::size_t count);
  Result<std::size_t> since_mark();
  Result<std::uint64_t> little_endian(std::size_t bytes);
  tl::unexpected<Error> bad(const std::string& message, std::size_t offset) const;
  PickleValue make_container(PickleValue::Kind kind, std::vector<PickleValue> items);

  std::span<const std::byte> bytes_;
  std::string what_;
  std::size_t at_ = 0, opcodes_ = 0;
  std::vector<PickleValue> stack_;
  std::map<std::uint64_t, PickleValue> memo_;
  std::vector<std::vector<PickleValue>> containers_;  ///< a dict's keys and values take turns
  std::vector<PickleStorage> storages_;
  std::vector<PickleTensor> tensors_;
};

}  // namespace dsw
