// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractButton>

#include "engine/run/templates.h"

namespace dsw {

/// A template on the start page: a drawn picture, name, task, what it does, how large it is. Press it to start from it.
class TemplateCard : public QAbstractButton {
  Q_OBJECT
 public:
  explicit TemplateCard(DocumentTemplate entry, QWidget* parent = nullptr);
  const DocumentTemplate& entry() const { return entry_; }
  bool matches(const QString& filter) const;
  QSize sizeHint() const override { return {480, 112}; }
  QSize minimumSizeHint() const override { return {320, 112}; }

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void paintEvent(QPaintEvent*) override;

 private:
  DocumentTemplate entry_;
};

}  // namespace dsw
