// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/json.h"
#include "engine/core/result.h"
#include "engine/workspace.h"

namespace CLI {
class App;
}

namespace dsw {

/// What a command does once its arguments are read. Gives the exit code; an Error is told on stderr and gives its own.
using CommandAction = std::function<Result<int>()>;

/// What the commands share: where they leave their action, and the stop token of SIGINT and SIGTERM.
struct CommandContext {
  CommandAction chosen;
  std::stop_token stop;
  std::filesystem::path program;  ///< the folder of this program's file
};

/// Exit codes of CONTRACT.md.
inline constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2, kStopped = 3, kProjectTrouble = 4;

void addDocumentCommands(CLI::App& app, CommandContext& context);  ///< devices templates new schema validate
void addRunCommands(CLI::App& app, CommandContext& context);       ///< run resume worker
void addReadCommands(CLI::App& app, CommandContext& context);      ///< runs show metrics
void addExchangeCommands(CLI::App& app, CommandContext& context);  ///< export import report prune
void addModelCommands(CLI::App& app, CommandContext& context);     ///< model import, model export, evaluate, generate

/// A document named on the command line: a file, "-" for stdin, "template:NAME".
struct NamedDocument {
  std::string text;
  std::filesystem::path base;  ///< what its relative paths are relative to
};
Result<NamedDocument> readNamedDocument(const std::string& name);

/// --set POINTER=VALUE, in order.
Result<void> applySettings(Json& document, const std::vector<std::string>& settings);

/// One JSON object and a line end to stdout.
void printJson(const Json& json);
/// One field of a CSV line; a text that a spreadsheet would take for a formula gets a quote in front.
std::string csvCell(const std::string& text);

/// A number for JSON: NaN and infinities as the texts "nan", "inf", "-inf".
Json jsonNumber(double value);
/// Numbers as people read them: 4 significant digits, "nan" as "NaN".
std::string numberText(double value);
/// "41.2 s", "1 min 50 s", "2 h 05 min".
std::string durationText(double seconds);

}  // namespace dsw
