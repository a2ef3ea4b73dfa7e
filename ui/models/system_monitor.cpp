// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/system_monitor.h"

#include <QTimer>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/tensor/cuda_device.h"
#include "ui/models/work_pool.h"

namespace dsw {

struct SystemMonitor::Shared {
  std::mutex mutex;                  // guards all below
  SystemMonitor* monitor = nullptr;  // null once it is gone
  const Catalog* catalog = nullptr;  // set once
  bool busy = false;
  std::vector<DeviceInfo> devices;  // found once
  bool devicesKnown = false;
  std::uint64_t idle = 0, total = 0;  // of /proc/stat
};

namespace {

std::vector<DeviceInfo> findDevices(const Catalog& catalog) {
  std::vector<DeviceInfo> list;
  for (const std::string& name : catalog.devices.names()) {
    const auto* entry = catalog.devices.find(name);
    auto device = entry->make(with_defaults(entry->schema, Json::object()));
    if (device) {
      list.push_back((*device)->info());
    } else {
      DeviceInfo info;
      info.name = name;
      info.unavailable = device.error().sentence();
      list.push_back(std::move(info));
    }
  }
  return list;
}

/// Sums of /proc/stat's first line: all time and idle time, in ticks.
void cpuTicks(std::uint64_t& total, std::uint64_t& idle) {
  std::ifstream file("/proc/stat");
  std::string word;
  file >> word;
  std::uint64_t value = 0;
  total = idle = 0;
  for (int field = 0; field < 8 && file >> value; ++field) {
    total += value;
    if (field == 3 || field == 4) idle += value;  // idle, iowait
  }
}

void memory(std::uint64_t& total, std::uint64_t& available) {
  std::ifstream file("/proc/meminfo");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t kib = 0;
    words >> name >> kib;
    if (name == "MemTotal:") total = kib * 1024;
    if (name == "MemAvailable:") available = kib * 1024;
  }
}

}  // namespace

SystemMonitor::SystemMonitor(const Catalog& catalog, QObject* parent)
    : QObject(parent), shared_(std::make_shared<Shared>()), timer_(new QTimer(this)) {
  shared_->monitor = this;
  shared_->catalog = &catalog;
  timer_->setInterval(2000);
  connect(timer_, &QTimer::timeout, this, &SystemMonitor::ask);
  timer_->start();
  QTimer::singleShot(0, this, &SystemMonitor::ask);
}

SystemMonitor::~SystemMonitor() {
  const std::lock_guard lock(shared_->mutex);
  shared_->monitor = nullptr;
}

void SystemMonitor::ask() {
  {
    const std::lock_guard lock(shared_->mutex);
    if (std::exchange(shared_->busy, true)) return;
  }
  workPool().start([shared = shared_] {
    Sample sample;
    bool known = false;
    std::uint64_t total = 0, idle = 0;
    cpuTicks(total, idle);
    memory(sample.memoryBytes, sample.freeBytes);
    {
      const std::lock_guard lock(shared->mutex);
      if (!shared->monitor) return;
      known = shared->devicesKnown;
      sample.devices = shared->devices;
      const double span = static_cast<double>(total - shared->total);
      if (shared->total > 0 && span > 0) sample.cpuUse = 1 - static_cast<double>(idle - shared->idle) / span;
      shared->total = total;
      shared->idle = idle;
    }
    if (!known) sample.devices = findDevices(*shared->catalog);
    sample.givenUp = given_up_kernels(kernel_records_file());
    for (DeviceInfo& device : sample.devices) {
      if (device.name == "cpu") {
        device.memory_bytes = sample.memoryBytes;
        device.free_bytes = sample.freeBytes;
      } else if (known) {
        refresh_cuda_use(device);
      }
    }
    const std::lock_guard lock(shared->mutex);
    shared->busy = false;
    shared->devices = sample.devices;
    shared->devicesKnown = true;
    if (!shared->monitor) return;
    QMetaObject::invokeMethod(
        shared->monitor,
        [monitor = shared->monitor, sample] {
          monitor->sample_ = sample;
          if (monitor->hasSample_) monitor->useHistory_.push_back(sample.cpuUse);
          if (monitor->useHistory_.size() > 60) monitor->useHistory_.removeFirst();
          monitor->hasSample_ = true;
          emit monitor->sampled();
        },
        Qt::QueuedConnection);
  });
}

}  // namespace dsw
