// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/model_try.h"

#include <QDoubleSpinBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QStackedWidget>
#include <QStandardItemModel>
#include <QTableView>
#include <QTextCharFormat>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/models/app_settings.h"
#include "ui/models/cell_roles.h"
#include "ui/models/number_format.h"
#include "ui/panels/data_picker.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/focus_ring.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/image_grid.h"
#include "ui/widgets/item_delegates.h"
#include "ui/widgets/pane.h"
#include "ui/widgets/theme.h"

namespace dsw {

namespace {

constexpr int kMostTokens = 1'000'000;
enum TextColumn { ExampleText, Truth, Guess, Probability, TextColumnCount };

QWidget* labelled(const QString& text, QWidget* field, QWidget* parent) {
  auto* box = new QWidget(parent);
  auto* line = new QHBoxLayout(box);
  line->setContentsMargins(0, 0, 0, 0);
  line->setSpacing(6);
  auto* label = new ThemedLabel(text, FontRole::Text, Token::Text2);
  label->setBuddy(field);
  line->addWidget(label);
  line->addWidget(field);
  field->setAccessibleName(text);
  return box;
}

QPushButton* primary(const QString& icon, const QString& text) {
  auto* button = new QPushButton(themeIcon(icon, Token::OnAccent), text);
  button->setProperty("primary", true);
  return button;
}

}  // namespace

ModelTry::ModelTry(ModelSession& session, AppSettings& settings, QWidget* parent)
    : QWidget(parent),
      session_(session),
      settings_(settings),
      stack_(new QStackedWidget(this)),
      empty_(new ThemedLabel({}, FontRole::Text, Token::Text3)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  empty_->setAlignment(Qt::AlignCenter);
  empty_->setWordWrap(true);
  empty_->setContentsMargins(24, 12, 24, 12);
  stack_->addWidget(empty_);
  stack_->addWidget(buildGenerate());
  stack_->addWidget(buildClassify());
  column->addWidget(stack_);
  connect(&session_, &ModelSession::changed, this, &ModelTry::refresh);
  connect(&session_, &ModelSession::busyChanged, this, &ModelTry::refreshButtons);
  refresh();
}

QWidget* ModelTry::buildGenerate() {
  auto* page = new QWidget(stack_);
  auto* column = new QVBoxLayout(page);
  column->setContentsMargins(12, 8, 12, 8);
  column->setSpacing(8);
  prompt_ = new QPlainTextEdit;
  prompt_->setProperty("field", true);
  prompt_->setFont(themeFont(FontRole::Number));
  prompt_->setFixedHeight(62);
  prompt_->setTabChangesFocus(true);
  prompt_->setPlaceholderText(tr("Prompt. Empty: from the start of a text."));
  prompt_->setAccessibleName(tr("Prompt"));
  prompt_->setPlainText(settings_.value("model/prompt").toString());
  column->addWidget(prompt_);

  const auto number = [](int least, int most, int value, const QString& tip) {
    auto* box = new QSpinBox;
    box->setRange(least, most);
    box->setValue(value);
    box->setToolTip(tip);
    box->setFixedWidth(74);
    return box;
  };
  const auto real = [](double least, double most, double step, double value, const QString& tip) {
    auto* box = new QDoubleSpinBox;
    box->setRange(least, most);
    box->setDecimals(2);
    box->setFixedWidth(64);
    box->setSingleStep(step);
    box->setValue(value);
    box->setToolTip(tip);
    return box;
  };
  temperature_ = real(0, 100, 0.1, 0.8, tr("0 takes always the likeliest token; higher is bolder"));
  top_p_ = real(0, 1, 0.05, 1, tr("Only among the fewest tokens that together have this probability; 1 is all"));
  repetition_penalty_ = real(1, 100, 0.1, 1, tr("Above 1, tokens that were there before become less likely"));
  top_k_ = number(0, 1'000'000, 0, tr("Only among the k likeliest tokens"));
  top_k_->setSpecialValueText(tr("all"));
  tokens_ = number(1, kMostTokens, 200, tr("How many tokens are written"));
  text_count_ = number(1, 64, 1, tr("How many different texts are written side by side"));
  seed_ = number(0, 1'000'000'000, 1, tr("The same seed writes the same text"));
  auto* fields = new QHBoxLayout;
  fields->setSpacing(8);
  fields->addWidget(labelled(tr("Temperature"), temperature_, page));
  fields->addWidget(labelled(tr("Top k"), top_k_, page));
  fields->addWidget(labelled(tr("Top p"), top_p_, page));
  fields->addStretch(1);
  column->addLayout(fields);
  auto* more = new QHBoxLayout;
  more->setSpacing(8);
  more->addWidget(labelled(tr("Tokens"), tokens_, page));
  more->addWidget(labelled(tr("Texts"), text_count_, page));
  more->addWidget(labelled(tr("Seed"), seed_, page));
  more->addWidget(labelled(tr("Repetition penalty"), repetition_penalty_, page));
  more->addStretch(1);
  column->addLayout(more);

  generate_ = primary("play-fill", tr("Generate"));
  generate_->setToolTip(tr("Write on from the prompt (Ctrl+Return)"));
  stop_ = new QPushButton(themeIcon("stop-circle"), tr("Stop"));
  generate_note_ = new ThemedLabel({}, FontRole::Hint, Token::Text2);
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(8);
  buttons->addWidget(generate_);
  buttons->addWidget(stop_);
  buttons->addWidget(generate_note_, 1);
  column->addLayout(buttons);

  output_ = new QPlainTextEdit;
  output_->setReadOnly(true);
  output_->setFont(themeFont(FontRole::Number));
  output_->setAccessibleName(tr("Generated text"));
  output_->setPlaceholderText(tr("What the model writes appears here."));
  column->addWidget(output_, 1);

  connect(generate_, &QPushButton::clicked, this, &ModelTry::generate);
  connect(stop_, &QPushButton::clicked, this, [this] {
    stop_->setText(tr("Stopping…"));
    session_.stop();
  });
  connect(&session_, &ModelSession::textCame, this, [this](const QString& text) { appendText(text, true); });
  connect(&session_, &ModelSession::textsCame, this, &ModelTry::showTexts);
  connect(&session_, &ModelSession::generated, this, [this](qint64 tokens, double seconds, bool stopped) {
    if (stopped)
      generate_note_->setText(tr("Stopped."));
    else
      generate_note_->setText(tr("%1 tokens in %2, %3 tokens/s")
                                  .arg(formatCount(static_cast<double>(tokens)), formatDuration(seconds),
                                       formatNumber(seconds > 0 ? static_cast<double>(tokens) / seconds : 0, 3)));
  });
  return page;
}

QWidget* ModelTry::buildClassify() {
  auto* page = new QWidget(stack_);
  auto* column = new QVBoxLayout(page);
  column->setContentsMargins(12, 8, 12, 8);
  column->setSpacing(8);

  typed_ = new QWidget(page);
  auto* typed = new QVBoxLayout(typed_);
  typed->setContentsMargins(0, 0, 0, 0);
  typed->setSpacing(6);
  auto* line = new QHBoxLayout;
  line->setSpacing(8);
  text_ = new QLineEdit;
  text_->setPlaceholderText(tr("A text to classify"));
  text_->setAccessibleName(tr("A text to classify"));
  classify_text_ = new QPushButton(tr("Classify text"));
  line->addWidget(text_, 1);
  line->addWidget(classify_text_);
  scores_ = new ThemedLabel({}, FontRole::Number);
  scores_->setWordWrap(true);
  scores_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  scores_->hide();
  typed->addLayout(line);
  typed->addWidget(scores_);
  column->addWidget(typed_);

  data_ = new DataPicker;
  classify_ = primary("play-fill", tr("Classify examples"));
  stop_classify_ = new QPushButton(themeIcon("stop-circle"), tr("Stop"));
  auto* examples = new QHBoxLayout;
  examples->setSpacing(8);
  examples->addWidget(data_, 1);
  examples->addWidget(classify_);
  examples->addWidget(stop_classify_);
  column->addLayout(examples);

  classify_note_ = new ThemedLabel({}, FontRole::Hint, Token::Text2);
  back_ = iconButton("chevron-left", tr("Earlier examples"));
  forward_ = iconButton("chevron-right", tr("Later examples"));
  auto* walk = new QHBoxLayout;
  walk->setSpacing(4);
  walk->addWidget(classify_note_, 1);
  walk->addWidget(back_);
  walk->addWidget(forward_);
  column->addLayout(walk);

  pictures_ = new ImageGrid;
  pictures_->setAccessibleName(tr("Examples with what the model takes them for"));
  pictures_->setEmptyText(tr("Examples appear here with what the model takes them for."));
  texts_ = new QTableView;
  text_rows_ = new QStandardItemModel(0, TextColumnCount, this);
  text_rows_->setHorizontalHeaderLabels({tr("Text"), tr("Truth"), tr("Model says"), tr("Probability")});
  texts_->setModel(text_rows_);
  installTableLook(texts_);
  texts_->setItemDelegateForColumn(Probability, new NumberDelegate(texts_));
  texts_->horizontalHeader()->setSectionResizeMode(ExampleText, QHeaderView::Stretch);
  texts_->setAccessibleName(tr("Texts with what the model takes them for"));
  results_ = new QStackedWidget;
  results_->addWidget(pictures_);
  results_->addWidget(texts_);
  column->addWidget(results_, 1);

  connect(text_, &QLineEdit::returnPressed, classify_text_, &QPushButton::click);
  connect(classify_text_, &QPushButton::clicked, this, [this] { session_.classifyText(text_->text()); });
  connect(classify_, &QPushButton::clicked, this, [this] { classifyPage(0); });
  connect(stop_classify_, &QPushButton::clicked, &session_, &ModelSession::stop);
  connect(back_, &QToolButton::clicked, this, [this] { classifyPage(page_ - 1); });
  connect(forward_, &QToolButton::clicked, this, [this] { classifyPage(page_ + 1); });
  connect(data_, &DataPicker::changed, this, [this] {
    pages_ = 0;
    refreshButtons();
  });
  connect(&session_, &ModelSession::textClassified, this, &ModelTry::showScores);
  connect(&session_, &ModelSession::examplesClassified, this, &ModelTry::showPage);
  return page;
}

void ModelTry::setDataChoices(const std::vector<ModelData>& choices) {
  data_->setChoices(choices);
  refreshButtons();
}

QWidget* ModelTry::mainFocus() const {
  if (stack_->currentIndex() == 1) return prompt_;
  if (stack_->currentIndex() == 2) return typed_->isVisibleTo(stack_) ? static_cast<QWidget*>(text_) : classify_;
  return nullptr;
}

void ModelTry::refresh() {
  const QString reason = session_.reasonNotToTry();
  empty_->setText(reason);
  stack_->setCurrentIndex(!reason.isEmpty() ? 0 : session_.writesText() ? 1 : 2);
  if (session_.isLoaded()) {
    const bool texts = session_.facts().input.kind == InputSpec::Kind::TokenSequence;
    typed_->setVisible(texts);
    results_->setCurrentIndex(texts ? 1 : 0);
  }
  refreshButtons();
}

void ModelTry::refreshButtons() {
  const bool busy = session_.busy(), loaded = session_.isLoaded();
  const KeepFocus generating(generate_, stop_), classifying(classify_, stop_classify_), text(classify_text_, text_);
  for (QPushButton* button : {generate_, classify_text_}) button->setEnabled(loaded && !busy);
  classify_->setEnabled(loaded && !busy && data_->data());
  for (QPushButton* button : {stop_, stop_classify_}) {
    button->setText(tr("Stop"));
    button->setEnabled(busy);
    button->setVisible(busy);
  }
  back_->setEnabled(!busy && page_ > 0);
  forward_->setEnabled(!busy && page_ + 1 < pages_);
  back_->setVisible(pages_ > 1);
  forward_->setVisible(pages_ > 1);
}

void ModelTry::act() {
  if (session_.busy()) return;
  if (stack_->currentIndex() == 1) return generate();
  if (stack_->currentIndex() != 2) return;
  if (typed_->isVisibleTo(stack_) && text_->hasFocus())
    classify_text_->click();
  else
    classify_->click();
}

void ModelTry::generate() {
  const QString prompt = prompt_->toPlainText();
  settings_.setValue("model/prompt", prompt);
  output_->clear();
  const int texts = text_count_->value();
  asked_prompt_ = prompt;
  if (texts == 1) appendText(prompt, false);
  generate_note_->setText(texts == 1 ? tr("Writing…") : tr("Writing %1 texts…").arg(texts));
  GenerateAsk ask;
  ask.prompt = prompt;
  ask.tokens = tokens_->value();
  ask.texts = texts;
  ask.topK = top_k_->value();
  ask.temperature = temperature_->value();
  ask.topP = top_p_->value();
  ask.repetitionPenalty = repetition_penalty_->value();
  ask.seed = static_cast<quint64>(seed_->value());
  session_.generate(ask);
}

void ModelTry::appendText(const QString& text, bool written) {
  // The prompt is told from what the model wrote by its tone.
  QTextCursor cursor(output_->document());
  cursor.movePosition(QTextCursor::End);
  QTextCharFormat format;
  format.setForeground(themeColor(written ? Token::Text1 : Token::Text3));
  cursor.insertText(text, format);
}

void ModelTry::showTexts(const QStringList& texts) {
  output_->clear();
  for (int i = 0; i < texts.size(); ++i) {
    appendText(tr("%1Text %2 of %3\n").arg(i == 0 ? QString() : QStringLiteral("\n\n")).arg(i + 1).arg(texts.size()) + asked_prompt_,
               false);
    appendText(texts[i], true);
  }
  output_->moveCursor(QTextCursor::Start);
}

void ModelTry::classifyPage(qint64 page) {
  const auto chosen = data_->data();
  if (!chosen || session_.busy()) return;
  page_ = page;
  session_.classifyExamples(*chosen, data_->part(), page);
}

void ModelTry::showScores(const std::vector<ClassScore>& scores) {
  QStringList lines;
  constexpr std::size_t kShown = 8;
  for (std::size_t i = 0; i < scores.size() && i < kShown; ++i)
    lines << QStringLiteral("%1  %2").arg(formatProbability(scores[i].probability, 3), QString::fromStdString(scores[i].name));
  if (scores.size() > kShown) lines << tr("and %1 more").arg(scores.size() - kShown);
  scores_->setText(lines.join('\n'));
  scores_->show();
}

void ModelTry::showPage(const ClassifiedPage& page) {
  const qint64 count = static_cast<qint64>(page.examples.size());
  if (count > 0 && page.first == 0) pages_ = (page.total + count - 1) / count;
  qint64 right = 0;
  QVector<GridImage> images;
  text_rows_->removeRows(0, text_rows_->rowCount());
  for (const ClassifiedExample& example : page.examples) {
    const ClassScore& best = example.scores.front();
    const bool good = best.name == example.truth;
    right += good;
    const QString truth = QString::fromStdString(example.truth), guess = QString::fromStdString(best.name),
                  sure = formatProbability(best.probability, 2);
    if (page.images) {
      GridImage image;
      image.image.loadFromData(QByteArray::fromStdString(example.content), "PNG");
      image.caption = good ? QStringLiteral("%1  %2").arg(guess, sure) : tr("%1, said %2").arg(truth, guess);
      QStringList all;
      for (std::size_t i = 0; i < example.scores.size() && i < 3; ++i)
        all << QStringLiteral("%1 %2").arg(QString::fromStdString(example.scores[i].name),
                                           formatProbability(example.scores[i].probability, 3));
      image.tooltip = tr("Example %1 is %2. %3").arg(example.example).arg(truth, all.join(", "));
      image.tone = good ? CellTone::Normal : CellTone::Worse;
      images.push_back(std::move(image));
      continue;
    }
    QList<QStandardItem*> row;
    for (const QString& cell : {QString::fromStdString(example.content).simplified(), truth, guess, sure}) {
      row << new QStandardItem(cell);
      row.back()->setEditable(false);
      row.back()->setToolTip(cell);
    }
    row[Guess]->setData(static_cast<int>(good ? CellTone::Normal : CellTone::Worse), ToneRole);
    text_rows_->appendRow(row);
  }
  pictures_->setImages(images);
  classify_note_->setText(tr("%1 to %2 of %3, %4: %5 right, %6 wrong")
                              .arg(formatCount(static_cast<double>(page.first + 1)), formatCount(static_cast<double>(page.first + count)),
                                   formatCount(static_cast<double>(page.total)), QString::fromStdString(page.part))
                              .arg(right)
                              .arg(count - right));
  refreshButtons();
}

}  // namespace dsw
