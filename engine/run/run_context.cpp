// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/run/run_context.h"

#include <algorithm>
#include <chrono>

namespace dsw {

RunContext::RunContext(const Catalog& catalog, Experiment experiment, Device& device, std::filesystem::path folder, std::stop_token stop,
                       std::function<void(Event)> sink, std::int64_t first_seq)
    : catalog_(catalog),
      experiment_(std::move(experiment)),
      device_(device),
      folder_(std::move(folder)),
      stop_(std::move(stop)),
      sink_(std::move(sink)),
      next_seq_(first_seq) {}

void RunContext::emit(EventBody body) {
  if (const auto* metric = std::get_if<MetricBody>(&body)) last_step_ = std::max(last_step_, metric->step);
  if (const auto* mark = std::get_if<MarkBody>(&body)) last_step_ = std::max(last_step_, mark->step);
  if (const auto* checkpoint = std::get_if<CheckpointBody>(&body)) last_step_ = std::max(last_step_, checkpoint->step);
  Event event;
  event.seq = next_seq_++;
  event.time = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  event.body = std::move(body);
  sink_(std::move(event));
}

}  // namespace dsw
