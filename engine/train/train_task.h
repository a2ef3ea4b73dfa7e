// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace dsw {
struct Catalog;

/// The task "train": trains one model on one dataset until its steps are done, it stops getting better, or a stop request comes.
/// Every step emits train/loss (nats a target), train/grad-norm (before clipping) and train/lr; every 10 steps the rate and
/// sys/activation-bytes; evaluations emit val/… over the whole val part; the end emits test/… once.
/// Same document, seed, device and threads: same numbers to the bit, rates left out; so do stop and resume at any step.
/// A loss that is not finite ends the run with the step and the place where it arose; the last checkpoint stays.
/// Register after models, optimizers, schedules and data types: its schema lists them.
void register_train_task(Catalog& catalog);

}  // namespace dsw
