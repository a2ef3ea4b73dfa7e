// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "engine/store/project.h"
#include "tests/support/temp_folder.h"

namespace dsw {

/// A project as it is after a day of work, the same to the last digit each time; nothing in it was trained. Runs by name:
///   char-1, char-2, char-3   finished, width 128, one document but the seed
///   wide-1, wide-2, wide-3   finished, width 192, lr 7e-4: better, and 2.2 times as dear a step
///   interrupted  at step 1,640 of 2,000 with a checkpoint     failed  NaN at step 412, checkpoint of step 400
///   stopped  at step 700     fresh  stopped before its first step, no metric     digits  an image classifier with a confusion matrix
/// Failing calls throw.
class SampleProject {
 public:
  SampleProject();
  std::filesystem::path path() const { return folder_ / "tiny-language.dsx"; }
  const std::string& id(const std::string& name) const { return ids_.at(name); }

 private:
  struct Wanted;
  void add(Project& project, const Wanted& run);

  TempFolder folder_{"sample-project"};
  std::map<std::string, std::string> ids_, experiments_;
};

}  // namespace dsw
