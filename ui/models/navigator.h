// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>
#include <functional>

#include "ui/models/object_ref.h"

namespace dsw {

enum class NoticeLevel { Info, Success, Warning, Error };

/// Ways to other places of the window, given to panels; implemented by the main window. UI thread only.
class Navigator {
 public:
  virtual ~Navigator() = default;
  /// Opens or raises the tab of an object, shows its place, and keeps where we came from in the history (Alt+Left).
  /// An unknown kind gives a notice.
  virtual void open(const ObjectRef& ref) = 0;
  /// Closes the tab of an object where there is one.
  virtual void close(const ObjectRef& ref) = 0;
  /// A tab changed what it shows or where: called by panels when a jump inside them should be in the history.
  virtual void remember(const ObjectRef& ref) = 0;
  /// A short message over the status bar for 8 s, with one action at most ("Undo"). Announced; never takes the focus.
  virtual void notice(NoticeLevel level, const QString& text, const QString& actionText = {}, std::function<void()> action = {}) = 0;
};

}  // namespace dsw
