// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/step_recording.h"

#include <algorithm>

#include "engine/tensor/kernel_watch.h"

namespace dsw {
namespace {

constexpr std::int64_t kSinglyEvery = 4096;
constexpr std::size_t kAlignment = 256;
constexpr std::size_t kMostDraws = 4096;  // of a step's stream; a network has a few for each layer

}  // namespace

StepRecording::StepRecording(const Rng& keys) {
  Rng same = keys;
  for (std::size_t i = 0; i < kMostDraws; ++i) draws_.emplace(same.next_key(), i);
}

void StepRecording::allocated(void* memory, std::size_t bytes) {
  live_[static_cast<const unsigned char*>(memory)] = blocks_.size();
  blocks_.push_back({bytes});
}

void StepRecording::given(void* memory, std::size_t bytes) {
  allocated(memory, bytes);
  blocks_.back().last = 0;  // used from the beginning
}

void StepRecording::freed(void* memory) { live_.erase(static_cast<const unsigned char*>(memory)); }

void StepRecording::refuse(const char* why) {
  if (refusal_.empty()) refusal_ = why;
}

bool StepRecording::find(const void* memory, Place& place) const {
  const auto* byte = static_cast<const unsigned char*>(memory);
  auto found = live_.upper_bound(byte);
  if (found == live_.begin()) return false;
  --found;
  place = {found->second, static_cast<std::size_t>(byte - found->first)};
  return place.offset < std::max<std::size_t>(1, blocks_[place.block].bytes);
}

void StepRecording::note_pointer(void*& pointer) {
  Place place{};
  if (pointer == nullptr || !find(pointer, place)) return;
  patches_.push_back({&pointer, place});
  ArenaBlock& block = blocks_[place.block];
  const auto now = static_cast<std::int64_t>(calls_.size());
  if (!block.used()) block.first = now;
  block.last = now;
}

void StepRecording::note_key(std::uint64_t& key) {
  const auto draw = draws_.find(key);
  if (draw == draws_.end()) return refuse("a random kernel has a key from elsewhere than the step's stream");
  key_patches_.push_back({&key, draw->second});
  draws_used_ = std::max(draws_used_, draw->second + 1);
}

void StepRecording::host_wrote(void* to, const void* from, std::size_t bytes) {
  auto call = std::make_unique<HostCopy>();
  const auto* begin = static_cast<const unsigned char*>(from);
  call->bytes.assign(begin, begin + bytes);
  call->to = to;
  note_pointer(call->to);
  host_copies_.push_back(call.get());
  calls_.push_back(std::move(call));
}

std::string StepRecording::finish(const std::vector<void*>& kept) {
  std::vector<bool> stays(blocks_.size(), false);
  for (void* pointer : kept) {
    Kept entry{pointer, false, {}};
    entry.own = find(pointer, entry.place);
    if (entry.own) {
      blocks_[entry.place.block].last = ArenaBlock::kToTheEnd;
      stays[entry.place.block] = true;
    }
    kept_.push_back(entry);
  }
  for (const auto& [memory, block] : live_)
    if (!stays[block]) refuse("memory of the step is still in use after it");
  if (!refusal_.empty()) return refusal_;
  constants_begin_ = arena_bytes_ = (lay_out(blocks_) + kAlignment - 1) / kAlignment * kAlignment;
  for (const HostCopy* copy : host_copies_) arena_bytes_ += (copy->bytes.size() + kAlignment - 1) / kAlignment * kAlignment;
  drawn_.resize(draws_used_);
  live_.clear();
  draws_.clear();
  return {};
}

void StepRecording::bind(Device& device, void* arena) {
  const auto at = [&](const Place& place) { return static_cast<unsigned char*>(arena) + blocks_[place.block].offset + place.offset; };
  for (const Patch& patch : patches_) *patch.pointer = at(patch.place);
  for (Kept& entry : kept_)
    if (entry.own) entry.pointer = at(entry.place);
  std::size_t begin = constants_begin_;
  for (HostCopy* copy : host_copies_) {
    copy->from = static_cast<unsigned char*>(arena) + begin;
    device.copy_from_host(copy->from, copy->bytes.data(), copy->bytes.size());
    begin += (copy->bytes.size() + kAlignment - 1) / kAlignment * kAlignment;
  }
  graph_.reset();
  refused_ = false;
}

int StepRecording::HostCopy::run(Device& device) {
  DswView source{};
  source.data = from;
  source.shape[0] = static_cast<std::int64_t>(bytes.size());
  source.stride[0] = 1;
  source.rank = 1;
  source.dtype = DSW_U8;
  DswView target = source;
  target.data = to;
  return device.kernels().copy(device.stream(), source, target);
}

void StepRecording::run(Device& device, Rng& keys) {
  for (std::uint64_t& key : drawn_) key = keys.next_key();
  for (const KeyPatch& patch : key_patches_) *patch.key = drawn_[patch.index];
  as_one_piece_ = run_as_one_piece(device);
  if (as_one_piece_) return;
  for (const auto& call : calls_) {
    const int status = call->run(device);
    if (status != DSW_OK) check_status(status, call->kernel < 0 ? "copy" : kernel_names()[static_cast<std::size_t>(call->kernel)], device);
  }
}

bool StepRecording::run_as_one_piece(Device& device) {
  ++times_;
  if (refused_ || (times_ < kSinglyEvery ? (times_ & (times_ - 1)) == 0 : times_ % kSinglyEvery == 0)) return false;
  if (graph_ && key_patches_.empty() && device.launch(*graph_)) return true;
  if (!device.begin_capture()) return false;
  const bool whole = std::all_of(calls_.begin(), calls_.end(), [&](const auto& call) { return call->run(device) == DSW_OK; });
  graph_ = device.end_capture(std::move(graph_));
  refused_ = !whole || !graph_;
  if (refused_) graph_.reset();
  return !refused_ && device.launch(*graph_);
}

}  // namespace dsw
