// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/run_samples.h"

#include <QPlainTextEdit>
#include <QStackedWidget>
#include <QTextCharFormat>
#include <QThreadPool>
#include <QToolButton>
#include <QVBoxLayout>
#include <mutex>
#include <nlohmann/json.hpp>

#include "ui/models/number_format.h"
#include "ui/models/run_data.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/heatmap_view.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/image_grid.h"
#include "ui/widgets/segmented_control.h"
#include "ui/widgets/theme.h"

namespace dsw {

/// Where the pool thread leaves pictures; emptied when the view goes.
struct RunSamples::Mailbox {
  std::mutex mutex;  // guards view
  RunSamples* view = nullptr;
};

namespace {

const QStringList kKinds = {"text", "misclassified", "confusion"};

QString kindTitle(const QString& kind) {
  if (kind == "text") return QObject::tr("Sample");
  if (kind == "misclassified") return QObject::tr("Misclassified");
  return QObject::tr("Confusion");
}

QToolButton* stepButton(const QString& icon, const QString& name) {
  auto* button = new QToolButton;
  button->setIcon(themeIcon(icon));
  button->setToolTip(name);
  button->setAccessibleName(name);
  button->setAutoRaise(true);
  button->setFixedSize(24, 24);
  return button;
}

}  // namespace

RunSamples::RunSamples(RunData& run, QWidget* parent)
    : QWidget(parent),
      run_(run),
      kinds_(new SegmentedControl),
      note_(new ThemedLabel({}, FontRole::Hint, Token::Text2)),
      count_(new ThemedLabel({}, FontRole::Hint, Token::Text2)),
      back_(stepButton("chevron-left", tr("Earlier sample"))),
      forward_(stepButton("chevron-right", tr("Later sample"))),
      stack_(new QStackedWidget),
      empty_(new ThemedLabel(tr("Sample outputs appear here when the run makes its first one."), FontRole::Text, Token::Text3)),
      text_(new QPlainTextEdit),
      confusion_(new HeatmapView),
      pictures_(new ImageGrid),
      mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->view = this;
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QWidget;
  head->setFixedHeight(30);
  auto* line = new QHBoxLayout(head);
  line->setContentsMargins(12, 0, 8, 0);
  line->setSpacing(8);
  line->addWidget(kinds_);
  line->addWidget(note_);
  line->addStretch(1);
  line->addWidget(back_);
  line->addWidget(count_);
  line->addWidget(forward_);
  column->addWidget(head);
  column->addWidget(stack_, 1);
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setWordWrap(true);
  empty_->setContentsMargins(24, 12, 24, 12);
  text_->setReadOnly(true);
  text_->setFrameShape(QFrame::NoFrame);
  text_->setFont(themeFont(FontRole::Number));
  text_->document()->setDocumentMargin(12);
  text_->setAccessibleName(tr("Generated text"));
  confusion_->setDiagonalMarked(true);
  confusion_->setScale(HeatmapScale::SquareRoot);
  confusion_->setCellText([](double v) { return formatCount(v); });
  for (QWidget* page :
       {static_cast<QWidget*>(empty_), static_cast<QWidget*>(text_), static_cast<QWidget*>(pictures_), static_cast<QWidget*>(confusion_)})
    stack_->addWidget(page);
  connect(kinds_, &SegmentedControl::chosen, this, [this](int index) { showKind(offered_.value(index)); });
  connect(back_, &QToolButton::clicked, this, [this] { step(-1); });
  connect(forward_, &QToolButton::clicked, this, [this] { step(1); });
  connect(&run_, &RunData::samplesChanged, this, &RunSamples::refresh);
  refresh();
}

RunSamples::~RunSamples() {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->view = nullptr;
}

std::vector<const SampleRow*> RunSamples::ofKind(const QString& kind) const {
  std::vector<const SampleRow*> out;
  for (const SampleRow& sample : run_.samples())
    if (QString::fromStdString(sample.kind) == kind) out.push_back(&sample);
  return out;
}

void RunSamples::refresh() {
  QStringList offered;
  for (const QString& kind : kKinds)
    if (!ofKind(kind).empty()) offered << kind;
  if (offered != offered_) {
    offered_ = offered;
    QStringList titles;
    for (const QString& kind : offered) titles << kindTitle(kind);
    kinds_->setOptions(titles);
  }
  kinds_->setVisible(!offered_.isEmpty());
  if (!offered_.contains(kind_)) kind_ = offered_.value(0);
  kinds_->setCurrent(static_cast<int>(offered_.indexOf(kind_)));
  if (follow_) at_ = static_cast<int>(ofKind(kind_).size()) - 1;
  showSample();
}

void RunSamples::showKind(const QString& kind) {
  if (kind.isEmpty()) return;
  kind_ = kind;
  follow_ = true;
  refresh();
}

void RunSamples::step(int direction) {
  const int count = static_cast<int>(ofKind(kind_).size());
  at_ = std::clamp(at_ + direction, 0, count - 1);
  follow_ = at_ == count - 1;
  showSample();
}

void RunSamples::showSample() {
  const auto samples = ofKind(kind_);
  const int count = static_cast<int>(samples.size());
  const bool any = at_ >= 0 && at_ < count;
  count_->setText(count > 1 ? tr("%1 of %2").arg(at_ + 1).arg(count) : QString());
  back_->setVisible(count > 1);
  forward_->setVisible(count > 1);
  back_->setEnabled(at_ > 0);
  forward_->setEnabled(at_ < count - 1);
  if (!any) {
    note_->clear();
    stack_->setCurrentWidget(empty_);
    return;
  }
  const SampleRow& sample = *samples[static_cast<std::size_t>(at_)];
  if (sample.seq == shown_seq_) return;
  shown_seq_ = sample.seq;
  note_->setText(tr("step %1").arg(formatCountExact(sample.step)));
  if (kind_ == "text")
    showText(sample);
  else if (kind_ == "confusion")
    showConfusion(sample);
  else
    showMisclassified(sample);
}

void RunSamples::showText(const SampleRow& sample) {
  const Json content = Json::parse(sample.data, nullptr, false);
  if (!content.is_object()) return;
  if (content.contains("temperature") && content["temperature"].is_number())
    note_->setText(tr("step %1, temperature %2").arg(formatCountExact(sample.step), formatNumber(content["temperature"].get<double>(), 2)));
  // The prompt is told from what the model wrote by its tone.
  text_->clear();
  QTextCursor cursor(text_->document());
  QTextCharFormat given, written;
  given.setForeground(themeColor(Token::Text3));
  written.setForeground(themeColor(Token::Text1));
  cursor.insertText(QString::fromStdString(content.value("prompt", std::string())), given);
  cursor.insertText(QString::fromStdString(content.value("text", std::string())), written);
  text_->moveCursor(QTextCursor::Start);
  stack_->setCurrentWidget(text_);
}

void RunSamples::showConfusion(const SampleRow& sample) {
  const Json content = Json::parse(sample.data, nullptr, false);
  if (!content.is_object() || !content.contains("classes") || !content.contains("counts")) return;
  HeatmapData map;
  map.row_title = tr("true");
  map.column_title = tr("predicted");
  for (const Json& name : content["classes"])
    map.row_labels << QString::fromStdString(name.is_string() ? name.get<std::string>() : name.dump());
  map.column_labels = map.row_labels;
  map.rows = map.columns = static_cast<int>(map.row_labels.size());
  double right = 0, all = 0;
  int i = 0;
  for (const Json& row : content["counts"]) {
    int j = 0;
    for (const Json& count : row) {
      const double n = count.is_number() ? count.get<double>() : 0;
      map.values.push_back(n);
      all += n;
      if (i == j++) right += n;
    }
    ++i;
  }
  if (map.values.size() != static_cast<std::size_t>(map.rows) * static_cast<std::size_t>(map.columns)) return;
  note_->setText(tr("step %1, %2 of %3 right")
                     .arg(formatCountExact(sample.step), formatCountExact(static_cast<std::int64_t>(right)),
                          formatCountExact(static_cast<std::int64_t>(all))));
  const QStringList names = map.row_labels;
  confusion_->setCellTip([names](int row, int column, double v) {
    return row == column ? tr("%1 taken for %1, rightly: %2").arg(names.value(row), formatCount(v))
                         : tr("%1 taken for %2: %3").arg(names.value(row), names.value(column), formatCount(v));
  });
  confusion_->setData(std::move(map));
  stack_->setCurrentWidget(confusion_);
}

void RunSamples::showMisclassified(const SampleRow& sample) {
  const Json content = Json::parse(sample.data, nullptr, false);
  if (!content.is_object() || !content.contains("items")) return;
  struct Item {
    QString file, truth, guess, text;
    double probability;
    std::int64_t example;
  };
  std::vector<Item> items;
  for (const Json& item : content["items"]) {
    if (!item.is_object()) continue;
    const auto word = [&](const char* key) {
      const Json value = item.contains(key) ? item[key] : Json();
      return QString::fromStdString(value.is_string() ? value.get<std::string>() : value.is_null() ? std::string() : value.dump());
    };
    QString file = word("file");
    for (const std::string& path : sample.files)  // the store gives absolute paths in the order of the event's
      if (!file.isEmpty() && QString::fromStdString(path).endsWith(file)) file = QString::fromStdString(path);
    if (!file.isEmpty() && !QFileInfo(file).isAbsolute() && items.size() < sample.files.size())
      file = QString::fromStdString(sample.files[items.size()]);
    items.push_back(
        {file, word("truth"), word("guess"), word("text"), item.value("probability", 0.0), item.value("example", std::int64_t{-1})});
  }
  if (std::none_of(items.begin(), items.end(), [](const Item& item) { return !item.file.isEmpty(); }) && !items.empty()) {  // texts
    QStringList lines;
    for (const Item& item : items)
      lines << tr("%1, said %2 (%3)\n%4\n").arg(item.truth, item.guess, formatProbability(item.probability, 2), item.text);
    text_->setPlainText(lines.join('\n'));
    stack_->setCurrentWidget(text_);
    return;
  }
  stack_->setCurrentWidget(pictures_);
  pictures_->setEmptyText(tr("Nothing was misclassified."));
  QThreadPool::globalInstance()->start([mailbox = mailbox_, items, seq = sample.seq] {
    QVector<GridImage> images;
    for (const Item& item : items) {
      GridImage image;
      image.image = QImage(item.file);
      image.caption = QObject::tr("%1, said %2").arg(item.truth, item.guess);
      image.tooltip = QObject::tr("Example %1 is %2; the model said %3 with probability %4")
                          .arg(item.example)
                          .arg(item.truth, item.guess, formatProbability(item.probability, 3));
      image.tone = CellTone::Worse;
      images.push_back(image);
    }
    const std::lock_guard lock(mailbox->mutex);
    if (RunSamples* view = mailbox->view)
      QMetaObject::invokeMethod(
          view,
          [view, images, seq] {
            if (view->shown_seq_ == seq) view->pictures_->setImages(images);
          },
          Qt::QueuedConnection);
  });
}

}  // namespace dsw
