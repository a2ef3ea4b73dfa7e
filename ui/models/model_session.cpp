// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/model_session.h"

#include <QElapsedTimer>
#include <QFileInfo>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/run/launcher.h"
#include "engine/tensor/device.h"
#include "engine/train/text_sample.h"
#include "engine/workspace.h"
#include "ui/models/project_actions.h"
#include "ui/models/project_data.h"
#include "ui/models/query_runner.h"
#include "ui/models/work_pool.h"

namespace dsw {

/// The network with its weights. Read by the first job that needs it, used by one job at a time.
struct ModelSession::Weights {
  Workspace& workspace;
  ProjectModel model;
  std::unique_ptr<Device> device;
  std::optional<RunModel> loaded;

  Result<void> read() {
    if (loaded) return {};
    DSW_TRY_ASSIGN(const std::string name, choose_device(workspace.catalog(), "auto"));
    DSW_TRY_ASSIGN(device, make_device(workspace.catalog(), name, 0));
    DSW_TRY_ASSIGN(loaded, load_run_model(workspace.catalog(), model.path, *device));
    return {};
  }
};

namespace {

constexpr qint64 kExamplesAPage = 24;

/// What evaluate and classify ask the engine for; the document of an experiment is read here.
Result<EvaluateRequest> requestOf(const ProjectModel& model, const RunModel& loaded, const ModelData& data, const QString& part,
                                  const std::filesystem::path& project) {
  if (data.kind == ModelData::Kind::Own) return evaluate_request(model, loaded, "/data", part.toStdString());
  if (data.kind == ModelData::Kind::File) return evaluate_request(model, loaded, data.id.toStdString(), part.toStdString());
  DSW_TRY_ASSIGN(const auto reader, ProjectReader::open(project));
  DSW_TRY_ASSIGN(const std::vector<ExperimentVersion> versions, reader->versions(data.id.toStdString()));
  DSW_TRY_ASSIGN(const std::vector<ExperimentRow> rows, reader->experiments(true));
  ProjectModel other = model;
  for (const ExperimentRow& row : rows)
    if (row.id == data.id.toStdString()) {
      other.name = row.name;
      other.outside_files = row.outside_files;
    }
  const auto newest =
      std::max_element(versions.begin(), versions.end(), [](const auto& a, const auto& b) { return a.version < b.version; });
  if (newest == versions.end()) return fail(ErrorCode::NotFound, "The experiment has no version yet", "Keep a version first.");
  other.document = newest->document;
  other.base = newest->base;
  return evaluate_request(other, loaded, "/data", part.toStdString());
}

}  // namespace

ModelSession::ModelSession(Workspace& workspace, QueryRunner& queries, ProjectActions& actions, const QString& id, QObject* parent)
    : QObject(parent), workspace_(workspace), queries_(queries), actions_(actions), id_(id) {}

ModelSession::~ModelSession() { stop(); }

void ModelSession::load(const QString& checkpoint) {
  struct Found {
    ProjectModel model;
    std::vector<CheckpointRow> checkpoints;
    std::vector<EvaluationRow> evaluations;
  };
  queries_.askLatest<Found>(
      this, "model",
      [id = id_.toStdString(), checkpoint = checkpoint.toStdString(), path = queries_.project()](ProjectReader& reader) -> Result<Found> {
        Found found;
        DSW_TRY_ASSIGN(found.model, find_project_model(reader, path, id, checkpoint));
        if (found.model.of_run) {
          DSW_TRY_ASSIGN(found.checkpoints, reader.checkpoints(found.model.id));
          std::erase_if(found.checkpoints, [](const CheckpointRow& row) { return row.missing; });
        }
        DSW_TRY_ASSIGN(found.evaluations, reader.evaluations(found.model.sha256));
        return found;
      },
      [this](Result<Found> found) {
        if (!found) return emit failed(found.error());
        const bool other = found->model.sha256 != model_.sha256;
        model_ = std::move(found->model);
        checkpoints_ = std::move(found->checkpoints);
        evaluations_ = std::move(found->evaluations);
        emit evaluationsChanged();
        if (!other && facts_) return emit changed();
        stop();
        weights_ = std::make_shared<Weights>(Weights{workspace_, model_, nullptr, std::nullopt});
        readFacts();
      });
}

void ModelSession::readFacts() {
  const quint64 number = ++reading_;
  workPool().start([this, number, path = model_.path, &catalog = workspace_.catalog(), call = actions_.caller(this)] {
    Result<ModelFacts> facts = model_facts(catalog, path);
    call([this, number, facts = std::move(facts)] {
      if (number != reading_) return;
      if (!facts) return emit failed(facts.error());
      facts_ = std::make_shared<ModelFacts>(*facts);
      emit changed();
    });
  });
}

void ModelSession::readEvaluations() {
  queries_.askLatest<std::vector<EvaluationRow>>(
      this, "evaluations", [sha256 = model_.sha256](ProjectReader& reader) { return reader.evaluations(sha256); },
      [this](Result<std::vector<EvaluationRow>> rows) {
        if (!rows) return;
        evaluations_ = std::move(*rows);
        emit evaluationsChanged();
      });
}

QString ModelSession::reasonNotToTry() const {
  if (!isLoaded()) return tr("The model is being read.");
  if (writesText() && facts_->family != "gpt") return tr("A %1 model does not write text.").arg(QString::fromStdString(facts_->family));
  if (writesText() && facts_->tokenizer.empty())
    return tr("It has no tokenizer, so it cannot write text. Import it again with its vocab.json and merges.txt.");
  return {};
}

std::vector<ModelData> ModelSession::dataChoices(const ProjectData& project) const {
  std::vector<ModelData> choices;
  if (isLoaded() && !facts_->data.empty()) {
    const Json data = Json::parse(facts_->data, nullptr, false);
    QString source = QString::fromStdString(data.contains("source") && data["source"].is_string() ? data["source"].get<std::string>() : "");
    if (source.startsWith("builtin:"))
      source.remove(0, 8);
    else
      source = QFileInfo(source).fileName();
    choices.push_back({ModelData::Kind::Own, {}, source.isEmpty() ? tr("its own data") : tr("its own: %1").arg(source)});
  }
  for (const ExperimentRow& row : project.experiments())
    if (!row.archived)
      choices.push_back({ModelData::Kind::Experiment, QString::fromStdString(row.id), tr("of %1").arg(QString::fromStdString(row.name))});
  return choices;
}

template <class T>
void ModelSession::start(const QString& title, std::function<Result<T>(Weights&, std::stop_token)> work,
                         std::function<void(Result<T>)> done) {
  if (busy() || !weights_) return;
  busyWith_ = title;
  job_ = actions_.startJob<T>(
      title, this,
      [weights = weights_, work = std::move(work)](std::stop_token stop, const ProjectActions::Progress&) -> Result<T> {
        DSW_TRY(weights->read());
        return work(*weights, std::move(stop));
      },
      [this, done = std::move(done)](Result<T> result) {
        job_ = 0;
        busyWith_.clear();
        emit busyChanged();
        if (!result && result.error().code != ErrorCode::Stopped) emit workFailed(result.error());
        done(std::move(result));
      });
  emit busyChanged();
}

void ModelSession::generate(const GenerateAsk& ask) {
  auto seconds = std::make_shared<double>(0);
  start<qint64>(
      tr("Generate by %1").arg(QString::fromStdString(model_.name)),
      [ask, seconds, call = actions_.caller(this), this](Weights& weights, std::stop_token stop) -> Result<qint64> {
        if (!weights.loaded->tokenizer) return fail(ErrorCode::InvalidArgument, "It has no tokenizer, so it cannot write text");
        TextRequest request;
        request.prompt = ask.prompt.toStdString();
        request.tokens = ask.tokens;
        request.temperature = ask.temperature;
        request.top_k = ask.topK;
        request.top_p = ask.topP;
        request.repetition_penalty = ask.repetitionPenalty;
        request.seed = ask.seed;
        QElapsedTimer begun;
        begun.start();
        if (ask.texts > 1) {
          DSW_TRY_ASSIGN(const std::vector<std::string> written,
                         generate_texts(*weights.loaded->model, *weights.loaded->tokenizer, request, ask.texts, *weights.device, stop));
          *seconds = static_cast<double>(begun.elapsed()) / 1000;
          QStringList texts;
          for (const std::string& text : written) texts << QString::fromStdString(text);
          call([this, texts] { emit textsCame(texts); });
          return ask.tokens * ask.texts;
        }
        request.on_text = [&](const std::string& text) { call([this, piece = QString::fromStdString(text)] { emit textCame(piece); }); };
        const auto written = generate_text(*weights.loaded->model, *weights.loaded->tokenizer, request, *weights.device, stop);
        *seconds = static_cast<double>(begun.elapsed()) / 1000;
        if (!written) return fail(written.error());
        return ask.tokens;
      },
      [this, seconds](Result<qint64> made) {
        if (made || made.error().code == ErrorCode::Stopped) emit generated(made ? *made : 0, *seconds, !made);
      });
}

void ModelSession::classifyText(const QString& text) {
  start<std::vector<ClassScore>>(
      tr("Classify by %1").arg(QString::fromStdString(model_.name)),
      [text = text.toStdString()](Weights& weights, std::stop_token) { return classify_text(*weights.loaded, text, *weights.device); },
      [this](Result<std::vector<ClassScore>> scores) {
        if (scores) emit textClassified(*scores);
      });
}

void ModelSession::classifyExamples(const ModelData& data, const QString& part, qint64 page) {
  start<ClassifiedPage>(
      tr("Classify by %1").arg(QString::fromStdString(model_.name)),
      [data, part, page, project = queries_.project()](Weights& weights, std::stop_token stop) -> Result<ClassifiedPage> {
        DSW_TRY_ASSIGN(const EvaluateRequest request, requestOf(weights.model, *weights.loaded, data, part, project));
        return classify_examples(weights.workspace.catalog(), *weights.loaded, request, page, kExamplesAPage, *weights.device, stop);
      },
      [this](Result<ClassifiedPage> answer) {
        if (answer) emit examplesClassified(*answer);
      });
}

void ModelSession::evaluate(const ModelData& data, const QString& part) {
  start<EvaluationRow>(
      tr("Evaluate %1").arg(QString::fromStdString(model_.name)),
      [data, part, project = queries_.project()](Weights& weights, std::stop_token stop) -> Result<EvaluationRow> {
        DSW_TRY_ASSIGN(const EvaluateRequest request, requestOf(weights.model, *weights.loaded, data, part, project));
        DSW_TRY_ASSIGN(const ModelEvaluation result,
                       evaluate_model(weights.workspace.catalog(), *weights.loaded, request, *weights.device, stop));
        EvaluationRow row = evaluation_row(weights.model, *weights.loaded, result, data.label.toStdString());
        // A project that is open read-only shows the result and keeps nothing.
        if (Project* open = weights.workspace.project()) DSW_TRY(open->add_evaluation(row));
        return row;
      },
      [this](Result<EvaluationRow> row) {
        if (!row) return;
        emit evaluated(*row);
        if (actions_.canWrite()) return readEvaluations();
        evaluations_.insert(evaluations_.begin(), *row);
        emit evaluationsChanged();
      });
}

void ModelSession::stop() {
  if (job_ != 0) actions_.stopJob(job_);
}

}  // namespace dsw
