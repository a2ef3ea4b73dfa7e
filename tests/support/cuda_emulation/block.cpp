// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cuda_emulation/block.h"

#include <cstdlib>
#include <cstring>

#include "tests/support/cuda_emulation/options.h"
#include "tests/support/cuda_emulation/quiet.h"

namespace dsw::cuda_emulation {

using State = CudaThread::State;

Options& options() {
  static Options instance;
  return instance;
}

std::string line_of(std::source_location where) {
  const std::string path = where.file_name();
  return path.substr(path.rfind('/') + 1) + ":" + std::to_string(where.line());
}

Block::Block() = default;

DSW_EMULATION_UNSEEN Block& Block::current() {
  static thread_local Block block;
  return block;
}

CudaThread* Block::take_ready() {
  if (ready_.empty()) return nullptr;
  const std::size_t at = options().order == Order::Shuffled ? random_() % ready_.size() : ready_.size() - 1;
  std::swap(ready_[at], ready_.back());
  CudaThread* taken = ready_.back();
  ready_.pop_back();
  return taken;
}

/// The last one that becomes ready runs first, so they are entered in the opposite order.
void Block::make_ready(CudaThread* const* threads, int count) {
  for (int i = 0; i < count; ++i) {
    CudaThread* thread = threads[options().order == Order::Reverse ? i : count - 1 - i];
    thread->state = State::Ready;
    ready_.push_back(thread);
  }
}

/// Lets others run until somebody makes this thread ready; with nobody left the block is stuck and ends.
DSW_EMULATION_UNSEEN void Block::wait() {
  CudaThread* me = thread_;
  CudaThread* next = take_ready();
  if (next == me) return;
  thread_ = next;
  me->fiber.switch_to(next != nullptr ? next->fiber : home_);
}

void Block::fail(const std::string& why) {
  Quiet quiet;
  report_ = why;
  CudaThread* me = thread_;
  thread_ = nullptr;
  me->fiber.switch_to(home_);
  std::abort();
}

void Block::fail(const std::string& why, std::source_location where) { fail(why + ", " + line_of(where)); }

void Block::open_barrier_when_all_are_there() {
  if (at_barrier_ == 0 || at_barrier_ != alive_) return;
  std::vector<CudaThread*> there;
  for (int i = 0; i < count_; ++i) {
    CudaThread* thread = threads_[static_cast<std::size_t>(i)].get();
    if (thread->state != State::AtBarrier) continue;
    const std::source_location& first = there.empty() ? thread->where : there.front()->where;
    if (first.line() != thread->where.line() || first.column() != thread->where.column())
      fail("divergent __syncthreads: " + line_of(first) + " and " + line_of(thread->where));
    there.push_back(thread);
  }
  votes_ = arriving_;
  arriving_ = Votes{};
  at_barrier_ = 0;
  make_ready(there.data(), static_cast<int>(there.size()));
}

Block::Votes Block::barrier(int predicate, std::source_location where) {
  Quiet quiet;
  CudaThread* me = thread_;
  me->state = State::AtBarrier;
  me->where = where;
  ++at_barrier_;
  const int vote = predicate != 0;
  arriving_ = {arriving_.count + vote, arriving_.any | vote, arriving_.all & vote};
  release(&barrier_token_);
  open_barrier_when_all_are_there();
  wait();
  acquire(&barrier_token_);
  return votes_;
}

void Block::collective(unsigned lanes, const char* operation, void* record, void (*meet)(unsigned, void**), std::source_location where,
                       bool orders_memory) {
  Quiet quiet;
  CudaThread* me = thread_;
  if ((lanes >> me->lane & 1u) == 0) fail(std::string(operation) + ": the calling lane is not among its lanes", where);
  me->state = State::InWarp;
  me->operation = operation;
  me->lanes = lanes;
  me->record = record;
  me->where = where;
  unsigned& waiting = waiting_lanes_[static_cast<std::size_t>(me->warp)];
  waiting |= 1u << me->lane;
  CudaThread* meeting[32];
  void* records[32] = {};
  int count = 0;
  bool complete = (waiting & lanes) == lanes;
  for (int lane = 0; lane < 32 && complete; ++lane) {
    if ((lanes >> lane & 1u) == 0) continue;
    CudaThread* other = threads_[static_cast<std::size_t>(me->warp * 32 + lane)].get();
    complete = other->operation == operation && other->lanes == lanes;  // else the report of the deadlock tells who waits for what
    records[lane] = other->record;
    meeting[count++] = other;
  }
  char* token = &warp_tokens_[static_cast<std::size_t>(me->warp)];
  if (orders_memory) release(token);
  if (complete) {
    waiting &= ~lanes;
    if (meet != nullptr) meet(lanes, records);
    make_ready(meeting, count);
  }
  wait();
  if (orders_memory) acquire(token);
}

DSW_EMULATION_UNSEEN void Block::entry() {
  Block& block = current();
  Fiber::entered(block.home_);
  acquire(&block.begin_token_);
  block.body_();
  release(&block.end_token_);
  CudaThread* me = block.thread_;
  CudaThread* next = nullptr;
  {
    Quiet quiet;
    me->state = State::Done;
    --block.alive_;
    block.open_barrier_when_all_are_there();
    next = block.take_ready();
    block.thread_ = next;
  }
  me->fiber.leave_for(next != nullptr ? next->fiber : block.home_);
}

std::string Block::stuck() const {
  std::string report =
      "deadlock in block (" + std::to_string(index_.x) + ", " + std::to_string(index_.y) + ", " + std::to_string(index_.z) + "):";
  std::string last;
  for (int i = 0; i < count_; ++i) {
    const CudaThread& thread = *threads_[static_cast<std::size_t>(i)];
    const std::string now = thread.state == State::Done        ? "has ended"
                            : thread.state == State::AtBarrier ? "waits in __syncthreads, " + line_of(thread.where)
                                                               : "waits in " + std::string(thread.operation) + ", " + line_of(thread.where);
    if (now != last) report += "\n  from thread " + std::to_string(i) + ": " + now;
    last = now;
  }
  return report;
}

void Block::start_threads() {
  while (static_cast<int>(threads_.size()) < count_) threads_.push_back(std::make_unique<CudaThread>());
  std::vector<CudaThread*> all;
  for (int i = 0; i < count_; ++i) {
    CudaThread* thread = threads_[static_cast<std::size_t>(i)].get();
    const unsigned number = static_cast<unsigned>(i);
    thread->index = {number % shape_.x, number / shape_.x % shape_.y, number / (shape_.x * shape_.y)};
    thread->number = i;
    thread->lane = i % 32;
    thread->warp = i / 32;
    thread->copies.clear();
    thread->fiber.prepare(&entry);
    all.push_back(thread);
  }
  ready_.clear();
  make_ready(all.data(), count_);
}

std::string Block::run(uint3 block_index, dim3 block_shape, dim3 grid_shape, std::size_t shared_bytes, const std::function<void()>& body) {
  Quiet quiet;
  index_ = block_index;
  shape_ = block_shape;
  grid_ = grid_shape;
  count_ = static_cast<int>(shape_.x * shape_.y * shape_.z);
  alive_ = count_;
  at_barrier_ = 0;
  arriving_ = Votes{};
  report_.clear();
  body_ = body;
  const auto warps = static_cast<std::size_t>((count_ + 31) / 32);
  waiting_lanes_.assign(warps, 0u);
  warp_tokens_.resize(warps);
  // Exactly as long as asked for, so that AddressSanitizer sees its end; filled with NaN.
  void* memory = nullptr;
  if (posix_memalign(&memory, 128, shared_bytes) != 0) return "no memory for the block";
  const std::unique_ptr<void, void (*)(void*)> shared(memory, std::free);
  dynamic_shared_ = static_cast<unsigned char*>(memory);
  if (shared_bytes != 0) std::memset(dynamic_shared_, 0xFF, shared_bytes);
  start_threads();
  release(&begin_token_);
  thread_ = take_ready();
  if (thread_ != nullptr) home_.switch_to(thread_->fiber);
  acquire(&end_token_);
  if (report_.empty() && alive_ != 0) report_ = stuck();
  thread_ = nullptr;
  if (!report_.empty()) threads_.clear();  // stacks in the middle of something cannot be used again
  return report_;
}

}  // namespace dsw::cuda_emulation
