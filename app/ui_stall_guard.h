// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QApplication>
#include <QString>
#include <vector>

namespace dsw {

/// One event that held the UI thread too long.
struct Stall {
  QString receiver, event;  ///< class (and object name) of the receiver, type of the event
  double cpu_ms = 0;        ///< CPU time of the thread in the event
  double blocked_ms = 0;    ///< time in which the thread neither ran nor waited for a core: file, lock, future, query
};

/// A QApplication that watches each event of the UI thread: one that takes more than 50 ms of the thread's own CPU time, or more than
/// 50 ms in a blocking call, is a stall. Being preempted does not count: the time in which the thread was ready and had no core is
/// read from /proc/thread-self/schedstat. Nested event loops (dialogs, waits of tests) are taken out. UI thread only.
///
/// Tests look at stalls() at their end. The one allowed exception is a theme switch, which they bracket by Allow.
class UiStallGuard : public QApplication {
 public:
  static constexpr double kLimitMs = 50;
  /// @param limit_ms  what takes longer is a stall; only builds that are slow by their making (sanitizers) ask for another
  UiStallGuard(int& argc, char** argv, double limit_ms = kLimitMs);
  ~UiStallGuard() override;
  double limitMs() const { return limit_ms_; }

  bool notify(QObject* receiver, QEvent* event) override;
  const std::vector<Stall>& stalls() const { return stalls_; }
  void clear() {
    stalls_.clear();
    longest_cpu_ = longest_blocked_ = 0;
  }
  /// All stalls as text, for a test's message.
  QString report() const;
  /// Longest CPU time and longest block of any event since clear(), in ms.
  double longestCpuMs() const { return longest_cpu_; }
  double longestBlockedMs() const { return longest_blocked_; }
  static UiStallGuard* instance();

  /// While one lives, stalls are not counted.
  class Allow {
   public:
    Allow();
    ~Allow();
  };

 private:
  struct Clock {
    double cpu_ms = 0, waited_ms = 0, wall_ms = 0;
  };
  Clock now() const;
  const double limit_ms_;
  Clock start_;         ///< of the event that is measured now
  int loop_level_ = 0;  ///< of that event
  int depth_ = 0;
  int allowed_ = 0;
  int schedstat_ = -1;  ///< file descriptor, kept open
  double longest_cpu_ = 0, longest_blocked_ = 0;
  std::vector<Stall> stalls_;
};

}  // namespace dsw
