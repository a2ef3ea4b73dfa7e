// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "ui/models/object_ref.h"

namespace dsw {

/// Where a person has been: Alt+Left and Alt+Right. At most 100 places; going somewhere new drops what lay ahead. A value.
class ViewHistory {
 public:
  static constexpr std::size_t kMost = 100;
  /// The same place twice in a row counts once; the same object at another place counts.
  void visit(const ObjectRef& ref);
  bool canGoBack() const { return at_ > 0; }
  bool canGoForward() const { return at_ + 1 < places_.size(); }
  ObjectRef back();  ///< null when there is none
  ObjectRef forward();
  void clear();

 private:
  std::vector<ObjectRef> places_;
  std::size_t at_ = 0;
};

}  // namespace dsw
