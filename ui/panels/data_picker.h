// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <optional>
#include <vector>

#include "ui/models/model_session.h"

class QComboBox;

namespace dsw {

/// Which data, and which part of it: two lists side by side. The last entry of the first asks for a file. UI thread only.
class DataPicker : public QWidget {
  Q_OBJECT
 public:
  explicit DataPicker(QWidget* parent = nullptr);
  /// Keeps what was chosen where it is still offered, files included.
  void setChoices(const std::vector<ModelData>& choices);
  std::optional<ModelData> data() const;
  QString part() const;  ///< "train", "val", "test"; empty: test where there is one, else val
  void chooseFile(const QString& path);

 signals:
  void changed();

 private:
  void onActivated(int index);
  void fill();
  QComboBox* data_box_;
  QComboBox* part_box_;
  std::vector<ModelData> offered_, files_;
  int last_ = -1;
};

}  // namespace dsw
