// SPDX-License-Identifier: GPL-3.0-or-later
#include <new>

#include "engine/core/catalog.h"
#include "engine/run/run_context.h"
#include "engine/run/task.h"

namespace dsw {
namespace {

Result<void> run_task(RunContext& context) {
  DSW_TRY_ASSIGN(const auto* entry, context.catalog().tasks.get(context.experiment().task));
  DSW_TRY_ASSIGN(const std::unique_ptr<Task> task, entry->make({}));
  return task->run(context);
}

/// Tensor and model code throws; this is where that ends for a run.
Result<void> run_and_catch(RunContext& context) {
  try {
    return run_task(context);
  } catch (const Error& error) {
    return fail(error);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::OutOfMemory, "The memory of this machine is used up", "Take a smaller batch or a smaller model.");
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, fmt::format("The run ended by an unexpected error ({})", error.what()),
                "This is a bug; the details help whoever mends it.");
  }
}

}  // namespace

Result<void> execute(RunContext& context) {
  context.emit(StatusBody{RunStatus::Running, 0, "", ""});
  const Result<void> result = run_and_catch(context);
  StatusBody end{RunStatus::Finished, context.last_step(), "", ""};
  if (!result) {
    const Error& error = result.error();
    end.status = error.code == ErrorCode::Stopped       ? RunStatus::Stopped
                 : error.code == ErrorCode::DeviceFault ? RunStatus::Interrupted
                                                        : RunStatus::Failed;
    end.sentence = error.where.empty() ? error.message : error.where + ": " + error.message;
    end.hint = error.hint;
  }
  context.emit(std::move(end));
  return result;
}

}  // namespace dsw
