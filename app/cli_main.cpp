// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "app/cli_commands.h"
#include "engine/core/resource_folder.h"
#include "engine/run/run_record.h"

namespace dsw {
namespace {

/// Turns SIGINT and SIGTERM into a stop request: the run saves a checkpoint and ends. A second one ends the program at once, but not within
/// a second: `timeout` and batch systems signal a process and its group, and mean one request.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);  // before any other thread starts: they inherit it
    listener_ = std::thread([this] { listen(); });
  }
  ~StopSignals() {
    done_ = true;
    listener_.join();
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  std::stop_token token() const { return stop_.get_token(); }

 private:
  void listen() {
    const timespec patience{0, 50'000'000};
    std::chrono::steady_clock::time_point asked;
    while (!done_) {
      const int signal = sigtimedwait(&signals_, nullptr, &patience);
      if (signal <= 0) continue;
      const auto now = std::chrono::steady_clock::now();
      if (stop_.stop_requested()) {
        if (now - asked < std::chrono::seconds(1)) continue;
        _exit(kStopped);
      }
      asked = now;
      if (isatty(STDERR_FILENO)) std::fputs("\nStopping: a checkpoint is saved. Once more ends at once.\n", stderr);
      stop_.request_stop();
    }
  }

  sigset_t signals_;
  std::stop_source stop_;
  std::atomic<bool> done_{false};
  std::thread listener_;
};

int tell(const Error& error) {
  std::fprintf(stderr, "deepshock: %s\n", error.sentence().c_str());
  return exit_code(error.code);
}

int runCommand(const CommandAction& action) {
  try {
    const Result<int> result = action();
    return result ? *result : tell(result.error());
  } catch (const Error& error) {
    return tell(error);
  } catch (const std::bad_alloc&) {
    return tell(Error(ErrorCode::OutOfMemory, "The memory of this machine is used up"));
  } catch (const std::exception& error) {
    return tell(Error(ErrorCode::Internal, error.what(), "This is a bug; the details help whoever mends it."));
  }
}

int main(int argc, char** argv) {
  CommandContext context;
  context.program = program_folder();
  CLI::App app("Deepshock Workbench: experiments with neural networks from a terminal", "deepshock");
  app.set_version_flag("--version", std::string("deepshock ") + program_version());
  app.require_subcommand(1);
  app.fallthrough(false);
  addDocumentCommands(app, context);
  addRunCommands(app, context);
  addReadCommands(app, context);
  addExchangeCommands(app, context);
  addModelCommands(app, context);
  CLI::App* gui = app.add_subcommand("gui", "Start the window");
  gui->prefix_command();
  gui->callback([&] {
    context.chosen = [&context, gui]() -> Result<int> {
      const std::string window = (context.program / "deepshock-workbench").string();
      std::vector<std::string> words{window};
      for (const std::string& word : gui->remaining()) words.push_back(word);
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      sigset_t none;
      sigemptyset(&none);
      pthread_sigmask(SIG_SETMASK, &none, nullptr);
      execv(window.c_str(), arguments.data());
      return fail(ErrorCode::NotFound, "The window's program is not there", "Install deepshock-workbench, or build it with ./dev build.",
                  window);
    };
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "deepshock: %s. `deepshock --help` lists what there is.\n", error.what());
    return kWrongUsage;
  }
  if (!context.chosen) return kWrongUsage;
  const StopSignals signals;
  context.stop = signals.token();
  return runCommand(context.chosen);
}

}  // namespace
}  // namespace dsw

int main(int argc, char** argv) { return dsw::main(argc, argv); }
