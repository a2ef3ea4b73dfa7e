// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/tensor/forwarding_device.h"

namespace dsw {

/// A device under another name that says of itself in which precisions it computes.
class RelabelledDevice final : public ForwardingDevice {
 public:
  RelabelledDevice(std::unique_ptr<Device> device, std::string name, std::vector<std::string> precisions)
      : ForwardingDevice(std::move(device)), name_(std::move(name)), precisions_(std::move(precisions)) {}

  DeviceInfo info() const override {
    DeviceInfo info = inner().info();
    info.name = name_;
    info.precisions = precisions_;
    return info;
  }

 private:
  std::string name_;
  std::vector<std::string> precisions_;
};

}  // namespace dsw
