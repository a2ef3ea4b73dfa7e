// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/sample_view.h"

#include <QFileInfo>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTableView>
#include <QTextCharFormat>

#include <mutex>
#include <nlohmann/json.hpp>

#include "ui/models/kernel_table_model.h"
#include "ui/models/number_format.h"
#include "ui/models/work_pool.h"
#include "ui/panels/confusion_map.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/heatmap_view.h"
#include "ui/widgets/image_grid.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/name_column.h"
#include "ui/widgets/theme.h"

namespace dsw {

/// Where the pool thread leaves pictures; emptied when the view goes.
struct SampleView::Mailbox {
  std::mutex mutex;  // guards view
  SampleView* view = nullptr;
};

const QStringList& sampleKinds() {
  static const QStringList kKinds = {"text", "misclassified", "confusion", "profile"};
  return kKinds;
}

QString sampleKindTitle(const QString& kind) {
  if (kind == "text") return QObject::tr("Sample");
  if (kind == "misclassified") return QObject::tr("Misclassified");
  if (kind == "profile") return QObject::tr("Step time");
  return QObject::tr("Confusion");
}

SampleView::SampleView(QWidget* parent)
    : QStackedWidget(parent),
      empty_(new ThemedLabel({}, FontRole::Text, Token::Text3)),
      text_(new QPlainTextEdit),
      confusion_(new HeatmapView),
      pictures_(new ImageGrid),
      kernels_(new KernelTableModel(this)),
      profile_(new QTableView),
      mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->view = this;
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setBackgroundRole(QPalette::Base);
  empty_->setAutoFillBackground(true);
  empty_->setWordWrap(true);
  empty_->setContentsMargins(24, 12, 24, 12);
  text_->setReadOnly(true);
  text_->setFrameShape(QFrame::NoFrame);
  text_->setFont(themeFont(FontRole::Number));
  text_->document()->setDocumentMargin(12);
  text_->setAccessibleName(tr("Generated text"));
  profile_->setModel(kernels_);
  installTableLook(profile_);
  profile_->setItemDelegateForColumn(KernelTableModel::Share, new BarDelegate(profile_));
  for (int c = KernelTableModel::Time; c < KernelTableModel::ColumnCount; ++c)
    profile_->setItemDelegateForColumn(c, new NumberDelegate(profile_));
  new NameColumn(profile_, KernelTableModel::Kernel, KernelTableModel::Share);
  profile_->setAccessibleName(tr("Kernels with their share of a step's time"));
  for (QWidget* page : {static_cast<QWidget*>(empty_), static_cast<QWidget*>(text_), static_cast<QWidget*>(pictures_),
                        static_cast<QWidget*>(confusion_), static_cast<QWidget*>(profile_)})
    addWidget(page);
  connect(&Theme::current(), &Theme::changed, this, [this] {
    if (shown_kind_ == "text" && shown_seq_ >= 0) showText(text_sample_);  // its letters have the colours of the theme
  });
}

SampleView::~SampleView() {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->view = nullptr;
}

void SampleView::showNothing(const QString& sentence) {
  shown_seq_ = -1;
  note_.clear();
  empty_->setText(sentence);
  setCurrentWidget(empty_);
}

void SampleView::showSample(const SampleRow& sample) {
  if (sample.seq == shown_seq_ && sample.kind == shown_kind_) return;
  shown_seq_ = sample.seq;
  shown_kind_ = sample.kind;
  note_ = tr("step %1").arg(formatCountExact(sample.step));
  if (sample.kind == "text")
    showText(text_sample_ = sample);
  else if (sample.kind == "confusion")
    showConfusion(sample);
  else if (sample.kind == "profile")
    showProfile(sample);
  else
    showMisclassified(sample);
}

void SampleView::showText(const SampleRow& sample) {
  const Json content = Json::parse(sample.data, nullptr, false);
  if (!content.is_object()) return;
  if (content.contains("temperature") && content["temperature"].is_number())
    note_ = tr("step %1, temperature %2").arg(formatCountExact(sample.step), formatNumber(content["temperature"].get<double>(), 2));
  // The prompt is told from what the model wrote by its tone.
  text_->clear();
  QTextCursor cursor(text_->document());
  QTextCharFormat given, written;
  given.setForeground(themeColor(Token::Text3));
  written.setForeground(themeColor(Token::Text1));
  const auto words = [&](const char* key) {
    const auto it = content.find(key);
    return it != content.end() && it->is_string() ? QString::fromStdString(it->get<std::string>()) : QString();
  };
  cursor.insertText(words("prompt"), given);
  cursor.insertText(words("text"), written);
  text_->moveCursor(QTextCursor::Start);
  setCurrentWidget(text_);
}

void SampleView::showConfusion(const SampleRow& sample) {
  const Json content = Json::parse(sample.data, nullptr, false);
  if (!content.is_object() || !content.contains("classes") || !content.contains("counts")) return;
  const ConfusionMap map = confusionMap(content);
  if (map.map.rows == 0) return;
  note_ = tr("step %1, %2 of %3 right").arg(formatCountExact(sample.step), formatCountExact(map.right), formatCountExact(map.all));
  confusion_->setTitle(tr("Confusion at step %1").arg(formatCountExact(sample.step)));
  showConfusionMap(*confusion_, map);
  setCurrentWidget(confusion_);
}

void SampleView::showProfile(const SampleRow& sample) {
  if (!kernels_->setProfile(sample.data)) return;
  note_ = tr("step %1, %2 ms a step").arg(formatCountExact(sample.step), formatNumber(kernels_->stepSeconds() * 1e3, 3));
  setCurrentWidget(profile_);
}

void SampleView::showMisclassified(const SampleRow& sample) {
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
    setCurrentWidget(text_);
    return;
  }
  setCurrentWidget(pictures_);
  pictures_->setEmptyText(tr("Nothing was misclassified."));
  workPool().start([mailbox = mailbox_, items, seq = sample.seq] {
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
    if (SampleView* view = mailbox->view)
      QMetaObject::invokeMethod(
          view,
          [view, images, seq] {
            if (view->shown_seq_ == seq) view->pictures_->setImages(images);
          },
          Qt::QueuedConnection);
  });
}

}  // namespace dsw
