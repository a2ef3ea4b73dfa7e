// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/app_settings.h"

#include <QSettings>
#include <QStandardPaths>
#include <QThreadPool>
#include <QTimer>
#include <algorithm>

namespace dsw {

namespace {

QString usualFile() { return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) + "/deepshock/workbench.ini"; }

/// One thread, so that an older state never overwrites a newer one.
QThreadPool& writers() {
  static QThreadPool pool;
  pool.setMaxThreadCount(1);
  return pool;
}

void writeAll(const QString& file, const QMap<QString, QVariant>& values) {
  QSettings settings(file, QSettings::IniFormat);
  settings.clear();
  for (auto it = values.begin(); it != values.end(); ++it) settings.setValue(it.key(), it.value());
  settings.sync();
}

constexpr int kMostRecent = 12;

}  // namespace

AppSettings::AppSettings(const QString& file, QObject* parent)
    : QObject(parent), file_(file.isEmpty() ? usualFile() : file), timer_(new QTimer(this)) {
  const QSettings settings(file_, QSettings::IniFormat);
  for (const QString& key : settings.allKeys()) values_[key] = settings.value(key);
  timer_->setSingleShot(true);
  timer_->setInterval(500);
  connect(timer_, &QTimer::timeout, this, [this] { write(false); });
}

AppSettings::~AppSettings() {
  if (timer_->isActive()) write(true);
  writers().waitForDone();
}

QVariant AppSettings::value(const QString& key, const QVariant& fallback) const { return values_.value(key, fallback); }

void AppSettings::setValue(const QString& key, const QVariant& value) {
  const auto it = values_.find(key);
  if (!value.isValid()) {
    if (it == values_.end()) return;
    values_.erase(it);
  } else {
    if (it != values_.end() && *it == value) return;
    values_[key] = value;
  }
  timer_->start();
}

void AppSettings::removeGroup(const QString& prefix) {
  const QString head = prefix + '/';
  for (auto it = values_.begin(); it != values_.end();) it = it.key().startsWith(head) ? values_.erase(it) : std::next(it);
  timer_->start();
}

void AppSettings::write(bool wait) {
  timer_->stop();
  writers().start([file = file_, values = values_] { writeAll(file, values); });
  if (wait) writers().waitForDone();
}

QVector<RecentProject> AppSettings::recentProjects() const {
  QVector<RecentProject> list;
  for (const QVariant& entry : value("recent/projects").toList()) {
    const QVariantList fields = entry.toList();
    if (fields.size() < 5) continue;
    list.push_back({fields[0].toString(), fields[1].toLongLong(), fields[2].toInt(), fields[3].toInt(), fields[4].toInt()});
  }
  return list;
}

void AppSettings::addRecentProject(const RecentProject& project) {
  QVector<RecentProject> list = recentProjects();
  list.removeIf([&](const RecentProject& other) { return other.path == project.path; });
  list.prepend(project);
  if (list.size() > kMostRecent) list.resize(kMostRecent);
  QVariantList stored;
  for (const RecentProject& r : list) stored.push_back(QVariantList{r.path, r.opened, r.runs, r.running, r.interrupted});
  setValue("recent/projects", stored);
  emit recentChanged();
}

void AppSettings::removeRecentProject(const QString& path) {
  QVariantList stored;
  for (const RecentProject& r : recentProjects())
    if (r.path != path) stored.push_back(QVariantList{r.path, r.opened, r.runs, r.running, r.interrupted});
  setValue("recent/projects", stored);
  emit recentChanged();
}

std::optional<QVector<QKeySequence>> AppSettings::keys(const QString& commandId) const {
  const QVariant stored = value("keys/" + commandId);
  if (!stored.isValid()) return std::nullopt;
  QVector<QKeySequence> list;
  for (const QString& text : stored.toStringList())
    if (!text.isEmpty()) list.push_back(QKeySequence(text, QKeySequence::PortableText));
  return list;
}

void AppSettings::setKeys(const QString& commandId, const std::optional<QVector<QKeySequence>>& keys) {
  if (!keys) return setValue("keys/" + commandId, {});
  QStringList texts;
  for (const QKeySequence& key : *keys) texts.push_back(key.toString(QKeySequence::PortableText));
  if (texts.isEmpty()) texts.push_back(QString());  // an empty list would not survive the file
  setValue("keys/" + commandId, texts);
}

}  // namespace dsw
