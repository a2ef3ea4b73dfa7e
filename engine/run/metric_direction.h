// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string_view>

namespace dsw {

/// What "best" means for a metric key, in this one place for the store's summaries, early stopping, checkpoints and tables.
/// The key's last part (behind the last '/') decides, whole words between '-' counting:
///   Lower   loss, error, perplexity, bits-per-char and all else that names a cost (…-loss, mse, flops, latency-ms, …-bytes)
///   Higher  accuracy, recall, precision, f1, auc, score, and rates (…-per-s)
///   Last    lr, grad-norm: neither end is better, the last value counts
/// An unknown name is Lower: objectives are minimised.
enum class MetricDirection { Lower, Higher, Last };
MetricDirection metric_direction(std::string_view key);

/// True when smaller values of `key` are better. For Last this is true, too: ask metric_direction where it matters.
bool lower_is_better(std::string_view key);
/// True when `value` replaces `best` as the best of `key`. NaN never does.
bool is_better(std::string_view key, double value, double best);

}  // namespace dsw
