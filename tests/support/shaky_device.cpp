// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/shaky_device.h"

#include <csignal>
#include <fstream>
#include <sstream>

#include "engine/tensor/forwarding_device.h"

namespace dsw {
namespace {

struct Fault {
  std::string kind;
  int at = 0;
};

/// Of this process, as a driver's state is.
struct State {
  Fault fault;
  int products = 0, refused = 0;
  bool dead = false;
  DswKernels real{};
};
State& state() {
  static State one;
  return one;
}

Fault take_fault(const std::filesystem::path& file) {
  std::ifstream in(file);
  Fault fault;
  std::stringstream rest;
  if (!(in >> fault.kind >> fault.at)) return {};
  rest << in.rdbuf();
  in.close();
  std::ofstream(file) << rest.str();
  return fault;
}

int product(DswStream* stream, DswView a, DswView b, DswView bias, DswView c, double alpha, double beta) {
  State& now = state();
  const bool begun = ++now.products >= now.fault.at;
  if (now.dead) return DSW_DEVICE_FAULT;
  if (begun && now.fault.kind == "crash") std::raise(SIGKILL);
  if (begun && now.fault.kind == "dies") {
    now.dead = true;
    return DSW_DEVICE_FAULT;
  }
  if (begun && now.fault.kind == "fails") return DSW_DEVICE_FAULT;
  const int status = now.real.matmul(stream, a, b, bias, c, alpha, beta);
  if (begun && now.fault.kind == "wrong" && c.dtype == DSW_F32) *static_cast<float*>(c.data) += 100;
  return status;
}

class ShakyDevice final : public ForwardingDevice {
 public:
  explicit ShakyDevice(const std::filesystem::path& faults) : ForwardingDevice(make_cpu_device(1)), kernels_(inner().kernels()) {
    state() = State{};
    state().fault = take_fault(faults);
    state().real = inner().kernels();
    kernels_.matmul = product;
  }
  DeviceInfo info() const override {
    DeviceInfo info = inner().info();
    info.name = "shaky";
    info.description = "A card that fails when it is told to";
    return info;
  }
  const DswKernels& kernels() const override { return kernels_; }
  bool host_memory() const override { return false; }
  std::shared_ptr<Storage> allocate(std::size_t bytes) override {
    State& now = state();
    if (now.fault.kind == "memory" && now.products >= now.fault.at && bytes > 2048 && now.refused < 2) {
      ++now.refused;
      throw Error(ErrorCode::OutOfMemory, "A tensor finds no memory on shaky.");
    }
    return inner().allocate(bytes);
  }
  void copy_to_host(void* to, const void* from, std::size_t bytes) override {
    answer();
    inner().copy_to_host(to, from, bytes);
  }
  void synchronize() override { answer(); }

 private:
  static void answer() {
    if (state().dead) throw Error(ErrorCode::DeviceFault, "waiting for the device failed on shaky: an illegal memory access.");
  }
  DswKernels kernels_;
};

}  // namespace

void register_shaky_device(Catalog& catalog, std::filesystem::path faults) {
  catalog.devices.add(
      {"shaky", "A card that fails when it is told to", ParamSchema{},
       [faults = std::move(faults)](const Json&) -> Result<std::unique_ptr<Device>> { return std::make_unique<ShakyDevice>(faults); }});
}

}  // namespace dsw
