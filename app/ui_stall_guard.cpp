// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ui_stall_guard.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <QEvent>
#include <QMetaEnum>
#include <QThread>
#include <cstdio>
#include <cstdlib>

namespace dsw {

namespace {

double clockMs(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

}  // namespace

UiStallGuard::UiStallGuard(int& argc, char** argv, double limit_ms)
    : QApplication(argc, argv), limit_ms_(limit_ms), schedstat_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

UiStallGuard::~UiStallGuard() {
  if (schedstat_ >= 0) ::close(schedstat_);
}

UiStallGuard* UiStallGuard::instance() { return dynamic_cast<UiStallGuard*>(QCoreApplication::instance()); }

UiStallGuard::Clock UiStallGuard::now() const {
  Clock clock;
  clock.cpu_ms = clockMs(CLOCK_THREAD_CPUTIME_ID);
  char text[96];
  // "time on a core, time ready without one, slices", nanoseconds.
  const ssize_t length = schedstat_ >= 0 ? ::pread(schedstat_, text, sizeof(text) - 1, 0) : 0;
  if (length > 0) {
    text[length] = 0;
    unsigned long long ran = 0, waited = 0;
    if (std::sscanf(text, "%llu %llu", &ran, &waited) == 2) clock.waited_ms = static_cast<double>(waited) / 1e6;
  }
  clock.wall_ms = clockMs(CLOCK_MONOTONIC);
  return clock;
}

bool UiStallGuard::notify(QObject* receiver, QEvent* event) {
  if (QThread::currentThread() != thread()) return QApplication::notify(receiver, event);
  const int level = QThread::currentThread()->loopLevel();
  // An event sent from within an event is part of it; one of a nested loop is an event of its own, and what surrounds it
  // is measured again from its end.
  const bool own = depth_ == 0 || level > loop_level_;
  if (!own) return QApplication::notify(receiver, event);
  const int outer_level = loop_level_;
  // The receiver may be gone afterwards.
  const QString name = QString::fromLatin1(receiver->metaObject()->className()) +
                       (receiver->objectName().isEmpty() ? QString() : ' ' + receiver->objectName());
  const QEvent::Type type = event->type();
  loop_level_ = level;
  ++depth_;
  start_ = now();
  const bool result = QApplication::notify(receiver, event);
  const Clock end = now();
  --depth_;
  loop_level_ = outer_level;
  const double cpu = end.cpu_ms - start_.cpu_ms;
  const double blocked = schedstat_ < 0 ? 0 : (end.wall_ms - start_.wall_ms) - cpu - (end.waited_ms - start_.waited_ms);
  start_ = end;  // the event around a nested loop goes on from here
  if (allowed_ > 0) return result;
  longest_cpu_ = std::max(longest_cpu_, cpu);
  longest_blocked_ = std::max(longest_blocked_, blocked);
  if (cpu > limit_ms_ || blocked > limit_ms_) {
    const char* key = QMetaEnum::fromType<QEvent::Type>().valueToKey(type);
    stalls_.push_back({name, key ? QString::fromLatin1(key) : QString::number(type), cpu, blocked});
  }
  return result;
}

QString UiStallGuard::report() const {
  QString text;
  for (const Stall& stall : stalls_)
    text += QString("%1 of %2: %3 ms of CPU, blocked for %4 ms\n")
                .arg(stall.event, stall.receiver)
                .arg(stall.cpu_ms, 0, 'f', 1)
                .arg(stall.blocked_ms, 0, 'f', 1);
  return text;
}

UiStallGuard::Allow::Allow() {
  if (UiStallGuard* guard = instance()) ++guard->allowed_;
}

UiStallGuard::Allow::~Allow() {
  if (UiStallGuard* guard = instance()) --guard->allowed_;
}

}  // namespace dsw
