// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <QTimer>
#include <memory>

#include "ui/models/space/space_facts.h"

namespace dsw {

class DatasetCache;
class SpecDocument;

/// Looks at the space of a document, on a pool thread, soon after each change. UI thread only; an answer to an older text is dropped.
class SpaceAnalysis : public QObject {
  Q_OBJECT
 public:
  /// All three outlive it.
  SpaceAnalysis(SpecDocument& document, const Catalog& catalog, DatasetCache& data, QObject* parent = nullptr);
  ~SpaceAnalysis() override;

  /// The last that is known; null before the first, and while nothing is known of the data.
  std::shared_ptr<const SpaceFacts> facts() const { return facts_; }
  bool isCurrent() const { return facts_ && known_ == asked_; }

 signals:
  void changed();

 private:
  struct Mailbox;
  void start();
  void receive(quint64 number, std::shared_ptr<const SpaceFacts> facts);

  SpecDocument& document_;
  const Catalog& catalog_;
  DatasetCache& data_;
  QTimer timer_;
  std::shared_ptr<const SpaceFacts> facts_;
  quint64 asked_ = 0, known_ = 0;
  bool busy_ = false;
  std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace dsw
