// SPDX-License-Identifier: GPL-3.0-or-later
// Exchange: what ProjectActions does as jobs.
#include <mutex>

#include "engine/model_import.h"
#include "engine/report/report.h"
#include "engine/workspace.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"

namespace dsw {

/// How jobs reach the UI thread; emptied when the actions go, so that a late answer finds nobody.
struct ProjectActions::Mailbox {
  std::mutex mutex;  // guards actions
  ProjectActions* actions = nullptr;
};

void ProjectActions::openMailbox() {
  mailbox_ = std::make_shared<Mailbox>();
  mailbox_->actions = this;
}

void ProjectActions::closeMailbox() {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->actions = nullptr;
}

std::function<void(std::function<void()>)> ProjectActions::caller(QObject* asker) {
  return [mailbox = mailbox_, who = QPointer<QObject>(asker)](std::function<void()> call) {
    const std::lock_guard lock(mailbox->mutex);
    if (!mailbox->actions) return;
    QMetaObject::invokeMethod(
        mailbox->actions,
        [who, call = std::move(call)] {
          if (who) call();
        },
        Qt::QueuedConnection);
  };
}

qint64 ProjectActions::startWork(const QString& title, std::function<Result<void>(std::stop_token, const Progress&)> work,
                                 std::function<void(const Result<void>&)> finished) {
  return workspace_.start_job(
      title.toStdString(),
      [work = std::move(work)](std::stop_token stop, const Progress& progress) -> Result<void> {
        try {
          return work(std::move(stop), progress);
        } catch (const Error& thrown) {
          return dsw::fail(thrown);
        } catch (const std::exception& thrown) {
          return dsw::fail(ErrorCode::Internal, thrown.what());
        }
      },
      std::move(finished));
}

void ProjectActions::exportProject(const QString& archive, const QStringList& runs, QObject* asker, Done done) {
  const std::filesystem::path from = path_.toStdString(), to = archive.toStdString();
  startJob<void>(
      "Export " + QString::fromStdString(to.filename().string()), asker,
      [from, to, ids = toStrings(runs)](std::stop_token, const Progress&) { return export_project(from, to, ids); }, std::move(done));
}

void ProjectActions::makeReport(const QString& path, const QStringList& runs, QObject* asker, Done done) {
  const std::filesystem::path project = path_.toStdString(), to = path.toStdString();
  startJob<void>(
      "Report " + QString::fromStdString(to.filename().string()), asker,
      [project, to, ids = toStrings(runs)](std::stop_token, const Progress&) -> Result<void> {
        DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(project));
        return write_report(*reader, ids, to);
      },
      std::move(done));
}

void ProjectActions::importArchive(const QString& archive, bool allowFiles, QObject* asker, std::function<void(Result<ImportPlan>)> done) {
  const std::filesystem::path from = archive.toStdString();
  startJob<ImportPlan>(
      "Import " + QString::fromStdString(from.filename().string()), asker,
      [this, from, allowFiles](std::stop_token stop, const Progress& progress) -> Result<ImportPlan> {
        Project* open = workspace_.project();
        if (!open) return dsw::fail(readOnlyError());
        DSW_TRY_ASSIGN(const ImportPlan plan, import_archive(from, *open, std::move(stop), progress));
        if (allowFiles) DSW_TRY(allow_imported_files(plan, *open));
        return plan;
      },
      [this, done = std::move(done)](Result<ImportPlan> plan) {
        if (plan) data_.reload();
        if (done) done(std::move(plan));
      });
}

void ProjectActions::importModel(const ModelImport& request, QObject* asker, std::function<void(Result<ModelRow>)> done) {
  startJob<ModelRow>(
      "Import " + QString::fromStdString(request.file.filename().string()), asker,
      [this, request](std::stop_token stop, const Progress&) -> Result<ModelRow> {
        Project* open = workspace_.project();
        if (!open) return dsw::fail(readOnlyError());
        return import_model(workspace_.catalog(), request, *open, std::move(stop));
      },
      [this, done = std::move(done)](Result<ModelRow> row) {
        if (row) data_.reloadExperiments();
        if (done) done(std::move(row));
      });
}

void ProjectActions::allowOutsideFiles(const QString& experimentId, QObject* asker, Done done) {
  change<void>(
      asker, [id = experimentId.toStdString()](Project& project) { return project.allow_outside_files(id); },
      [this, done = std::move(done)](Result<void> result) {
        if (result) data_.reloadExperiments();
        if (done)
          done(std::move(result));
        else if (!result)
          emit failed(result.error());
      });
}

}  // namespace dsw
