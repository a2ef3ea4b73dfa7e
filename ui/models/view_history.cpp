// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/view_history.h"

namespace dsw {

void ViewHistory::visit(const ObjectRef& ref) {
  if (!places_.empty() && places_[at_] == ref) return;
  if (!places_.empty()) places_.resize(at_ + 1);
  places_.push_back(ref);
  if (places_.size() > kMost) places_.erase(places_.begin());
  at_ = places_.size() - 1;
}

ObjectRef ViewHistory::back() { return canGoBack() ? places_[--at_] : ObjectRef(); }
ObjectRef ViewHistory::forward() { return canGoForward() ? places_[++at_] : ObjectRef(); }

void ViewHistory::clear() {
  places_.clear();
  at_ = 0;
}

}  // namespace dsw
