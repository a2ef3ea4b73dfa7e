// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QVector>
#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "engine/core/catalog.h"
#include "engine/tensor/device.h"
#include "engine/tensor/kernel_records.h"

class QTimer;

namespace dsw {

/// Devices of this machine, and how busy it is. Looked at by a thread of the global pool every 2 s; values are read on the UI thread.
class SystemMonitor : public QObject {
  Q_OBJECT
 public:
  /// `catalog` outlives the monitor.
  explicit SystemMonitor(const Catalog& catalog, QObject* parent = nullptr);
  ~SystemMonitor() override;

  struct Sample {
    std::vector<DeviceInfo> devices;                                     ///< in the catalog's order; free_bytes as of now
    std::map<std::string, std::map<std::string, KernelRecord>> givenUp;  ///< by a device's description: kernels that run elsewhere
    double cpuUse = 0;                                                   ///< 0..1 over the last interval, all cores
    std::uint64_t memoryBytes = 0, freeBytes = 0;
  };
  const Sample& sample() const { return sample_; }
  bool hasSample() const { return hasSample_; }
  /// CPU use of the last two minutes, oldest first.
  const QVector<double>& useHistory() const { return useHistory_; }

 signals:
  void sampled();

 private:
  struct Shared;
  void ask();
  std::shared_ptr<Shared> shared_;
  QTimer* timer_;
  Sample sample_;
  bool hasSample_ = false;
  QVector<double> useHistory_;
};

}  // namespace dsw
