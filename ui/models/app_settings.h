// SPDX-License-Identifier: GPL-3.0-or-later
// What the window remembers about the person: layout, theme, keys, recent projects. Never in the project.
#pragma once
#include <QByteArray>
#include <QKeySequence>
#include <QMap>
#include <QObject>
#include <QString>
#include <QVariant>
#include <QVector>
#include <optional>

class QTimer;

namespace dsw {

struct RecentProject {
  QString path;
  qint64 opened = 0;                           ///< seconds since 1970
  int runs = 0, running = 0, interrupted = 0;  ///< as last seen
};

/// Read once when made (before the window is shown); kept in memory; written by another thread 500 ms after a change and at the end.
/// UI thread only.
class AppSettings : public QObject {
  Q_OBJECT
 public:
  /// `file`: an INI file; empty: the usual place of the program (~/.config/deepshock/workbench.ini).
  explicit AppSettings(const QString& file = {}, QObject* parent = nullptr);
  ~AppSettings() override;  ///< writes what is not yet written

  QVariant value(const QString& key, const QVariant& fallback = {}) const;
  void setValue(const QString& key, const QVariant& value);  ///< an invalid value removes the key
  void removeGroup(const QString& prefix);

  QString theme() const { return value("look/theme", "as-desktop").toString(); }
  void setTheme(const QString& name) {
    setValue("look/theme", name);
    emit themeChanged(name);
  }
  bool reducedMotion() const { return value("look/reduced-motion", false).toBool(); }
  void setReducedMotion(bool on) { setValue("look/reduced-motion", on); }
  /// Whole percent, 75 to 200; takes effect at the next start (Qt has no later moment).
  int scale() const { return value("look/scale", 100).toInt(); }
  void setScale(int percent) { setValue("look/scale", percent); }

  /// At most 12, newest first.
  QVector<RecentProject> recentProjects() const;
  void addRecentProject(const RecentProject& project);
  void removeRecentProject(const QString& path);

  std::optional<QVector<QKeySequence>> keys(const QString& commandId) const;
  void setKeys(const QString& commandId, const std::optional<QVector<QKeySequence>>& keys);

 signals:
  void themeChanged(const QString& name);
  void recentChanged();

 private:
  void write(bool wait);
  QString file_;
  QMap<QString, QVariant> values_;
  QTimer* timer_;
};

}  // namespace dsw
