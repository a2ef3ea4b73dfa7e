// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/help_panel.h"

#include <QTextBrowser>
#include <QVBoxLayout>

#include "ui/models/command_registry.h"
#include "ui/models/navigator.h"
#include "ui/widgets/shell/panel_header.h"
#include "ui/widgets/theme.h"

namespace dsw {

HelpPanel::HelpPanel(PanelContext& context, const ObjectRef& ref, QWidget* parent)
    : DocumentPanel(context, ref, parent), text_(new QTextBrowser) {
  setTitle(QStringLiteral("Help"));
  setTabIcon("question-circle");
  text_->setFrameShape(QFrame::NoFrame);
  text_->setOpenLinks(false);
  text_->document()->setDocumentMargin(24);
  text_->setAccessibleName(QStringLiteral("Help"));
  text_->setMaximumWidth(720);
  auto* body = new QWidget(this);
  auto* row = new QHBoxLayout(body);
  row->setContentsMargins(0, 0, 0, 0);
  row->addWidget(text_, 1);
  row->addStretch();
  setBody(body);
  connect(text_, &QTextBrowser::anchorClicked, this, [this](const QUrl& url) {
    const ObjectRef target = ObjectRef::fromHref(url.toString(QUrl::FullyEncoded));
    if (!target.isNull()) this->context().navigator.open(target);
  });
  connect(&context.commands, &CommandRegistry::keysChanged, this, &HelpPanel::fill);
  connect(&Theme::current(), &Theme::changed, this, &HelpPanel::fill);
  fill();
}

QString HelpPanel::key(const char* command) const {
  const auto keys = context().commands.keys(command);
  return keys.isEmpty() ? QStringLiteral("the palette")
                        : QString("<code>%1</code>").arg(keys.front().toString(QKeySequence::NativeText).toHtmlEscaped());
}

void HelpPanel::showPlace(const QString& place) {
  if (place != "first-run" && place != "about") return;
  place_ = place;
  fill();
}

void HelpPanel::fill() {
  const QString style = QString(
                            "<style>h2{font-size:15px;font-weight:600;} p,li{font-size:13px;} code{font-family:'JetBrains "
                            "Mono';font-size:12px;} a{color:%1;text-decoration:none;}</style>")
                            .arg(themeColor(Token::Accent).name());
  QString html;
  if (place_ == "about") {
    html = "<h2>Deepshock Workbench " + QCoreApplication::applicationVersion() +
           "</h2><p>Designs, runs and compares experiments of deep learning, with its own engine, on this machine.</p>"
           "<p>Free software under the GNU General Public License, version 3 or later. Fonts: Inter (SIL Open Font License 1.1), JetBrains "
           "Mono (Apache 2.0). "
           "Icons: Bootstrap Icons (MIT). Built on Qt, oneDNN, SQLite, libzip and others; their licences lie beside the program.</p>";
  } else {
    html =
        "<h2>Your first run in one minute</h2><ol>"
        "<li>Take a template: " +
        objectLink({kind::kTemplate, "shakespeare-char", {}}, "shakespeare-char") + " trains a small model that writes like Shakespeare. " +
        key("file.new-experiment") +
        " shows them all.</li>"
        "<li>Its form opens. Every field says what it allows; the right side says what a step costs. Change what you like, or nothing.</li>"
        "<li>Press Run, or " +
        key("run.start") + ". The curves move while it learns. " + key("run.stop") + " stops it and keeps a checkpoint, " +
        key("run.resume") +
        " goes on from there.</li>"
        "<li>Change a value and run it again. Mark both runs in the table of all runs (" +
        key("run.all") + ", then Space) and compare them with " + key("run.compare") +
        ".</li>"
        "<li>" +
        key("view.palette") + " finds every command, run and field by name; " + key("help.keys") +
        " lists all keys.</li></ol>"
        "<p>Everything is kept in one project file, as it happens. A run that was cut off can be resumed.</p>";
  }
  text_->setHtml(style + html);
}

QWidget* HelpPanel::mainFocus() { return text_; }

}  // namespace dsw
