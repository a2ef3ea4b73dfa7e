// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractScrollArea>
#include <QImage>
#include <QVector>
#include "ui/models/cell_roles.h"

namespace dsw {

struct GridImage {
  QImage image;
  QString caption;  ///< under the picture: "7, said 1"
  QString tooltip;
  CellTone tone = CellTone::Normal;
};

/// Thumbnails with captions, as many columns as fit (misclassified digits). Pictures are enlarged by whole factors without smoothing,
/// reduced with smoothing, at device resolution. Arrows move, Enter activates.
class ImageGrid : public QAbstractScrollArea {
  Q_OBJECT
 public:
  explicit ImageGrid(QWidget* parent = nullptr);
  void setImages(QVector<GridImage> images);
  const QVector<GridImage>& images() const { return images_; }
  void setThumbSize(int px);  ///< default 56
  void setEmptyText(const QString& sentence);
  int current() const { return current_; }
  void setCurrent(int index);

 signals:
  void currentChanged(int index);
  void activated(int index);

 protected:
  void paintEvent(QPaintEvent*) override;
  void resizeEvent(QResizeEvent*) override;
  void mousePressEvent(QMouseEvent*) override;
  void mouseDoubleClickEvent(QMouseEvent*) override;
  void keyPressEvent(QKeyEvent*) override;
  bool viewportEvent(QEvent*) override;

 private:
  QSize cell() const;
  int columns() const;
  int indexAt(QPoint pos) const;
  QRect cellRect(int index) const;
  void updateScroll();
  QVector<GridImage> images_;
  int thumb_ = 56;
  int current_ = -1;
  QString empty_text_;
};

}  // namespace dsw
