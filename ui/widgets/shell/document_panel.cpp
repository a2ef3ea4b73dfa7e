// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/document_panel.h"

#include <QVBoxLayout>

#include "ui/models/navigator.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/shell/panel_header.h"

namespace dsw {

DocumentPanel::DocumentPanel(PanelContext& context, ObjectRef ref, QWidget* parent)
    : QWidget(parent),
      context_(context),
      ref_(ref.withoutPlace()),
      header_(new PanelHeader(context.commands, this)),
      messages_(new MessageBar(this)),
      layout_(new QVBoxLayout(this)) {
  setAttribute(Qt::WA_StyledBackground);  // the ground of forms and headers, in every theme
  layout_->setContentsMargins(0, 0, 0, 0);
  layout_->setSpacing(0);
  layout_->addWidget(header_);
  layout_->addWidget(messages_);
  connect(header_, &PanelHeader::linkActivated, this, [this](const QString& href) {
    const ObjectRef target = ObjectRef::fromHref(href);
    if (!target.isNull()) context_.navigator.open(target);
  });
}

DocumentPanel::~DocumentPanel() = default;

void DocumentPanel::showPlace(const QString&) {}

CommandState DocumentPanel::commandState(const QString&) const { return {}; }

void DocumentPanel::runCommand(const QString&) {}

void DocumentPanel::setTitle(const QString& title) {
  if (title_ == title) return;
  title_ = title;
  header_->setTitle(title);
  setAccessibleName(title);
  emit tabChanged();
}

void DocumentPanel::setTabIcon(const QString& icon) {
  if (tabIcon_ == icon) return;
  tabIcon_ = icon;
  header_->setIcon(icon);
  emit tabChanged();
}

void DocumentPanel::setTabStatus(const QString& status) {
  if (tabStatus_ == status) return;
  tabStatus_ = status;
  header_->setStatus(status);
  emit tabChanged();
}

void DocumentPanel::setModified(bool modified) {
  if (modified_ == modified) return;
  modified_ = modified;
  emit tabChanged();
}

void DocumentPanel::setLocked(const QString& reason) {
  if (lockReason_ == reason) return;
  lockReason_ = reason;
  emit tabChanged();
}

void DocumentPanel::setBody(QWidget* body) {
  if (body_) {
    layout_->removeWidget(body_);
    body_->deleteLater();
  }
  body_ = body;
  layout_->addWidget(body, 1);
}

}  // namespace dsw
