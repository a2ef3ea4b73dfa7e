// SPDX-License-Identifier: GPL-3.0-or-later
// Names a thing that a tab can show. Values; any thread.
#pragma once
#include <QHashFunctions>
#include <QString>

namespace dsw {

/// Kinds of objects. A kind is a word, so that a later capability adds one by registering a panel for it (PanelRegistry).
namespace kind {
inline const QString kStart = QStringLiteral("start");
inline const QString kOverview = QStringLiteral("overview");      ///< the project; id empty
inline const QString kExperiment = QStringLiteral("experiment");  ///< id: ExperimentRow::id
inline const QString kRun = QStringLiteral("run");                ///< id: RunRow::id
inline const QString kRuns = QStringLiteral("runs");              ///< the run table with comparison; id empty, place: a filter
inline const QString kDevices = QStringLiteral("devices");
inline const QString kMachine = QStringLiteral("machine");  ///< how fast it is
inline const QString kKeys = QStringLiteral("keys");        ///< all commands and keys
inline const QString kModel = QStringLiteral("model");      ///< id: ModelRow::id, or RunRow::id for the weights of a run
inline const QString kHelp = QStringLiteral("help");
// Not tabs: opening them does something.
inline const QString kProjectFile = QStringLiteral("project-file");  ///< id: a path; opens the project
inline const QString kTemplate = QStringLiteral("template");         ///< id: a template's name; a new experiment from it
}  // namespace kind

/// `kind` and `id` say which tab; `place` says where in it and never makes a second tab. Places by kind:
///   experiment  a JSON pointer ("/model/heads"), or "version:3"
///   run         "step:1200", "metric:val/loss", "sample", "log"
///   runs        a filter ("status:failed")
///   model       "checkpoint:best", "checkpoint:1600" (of a run)
struct ObjectRef {
  QString kind, id, place;

  bool isNull() const { return kind.isEmpty(); }
  bool sameObject(const ObjectRef& other) const { return kind == other.kind && id == other.id; }
  ObjectRef at(const QString& where) const { return {kind, id, where}; }
  ObjectRef withoutPlace() const { return {kind, id, {}}; }
  /// "dsw:run/ID#step:1200", for links in labels; percent-encoded.
  QString href() const;
  /// Null when `href` is none of ours.
  static ObjectRef fromHref(const QString& href);
  friend bool operator==(const ObjectRef&, const ObjectRef&) = default;
};

/// `<a href="…">text</a>` with both escaped: for PanelHeader::setLinks and MessageBar texts.
QString objectLink(const ObjectRef& ref, const QString& text);

}  // namespace dsw
