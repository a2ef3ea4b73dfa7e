// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/space/space_analysis.h"

#include <mutex>
#include <nlohmann/json.hpp>

#include "engine/core/result.h"
#include "engine/data/dataset_cache.h"
#include "ui/models/spec_document.h"
#include "ui/models/work_pool.h"

namespace dsw {

struct SpaceAnalysis::Mailbox {
  std::mutex mutex;  // guards owner
  SpaceAnalysis* owner = nullptr;
};

SpaceAnalysis::SpaceAnalysis(SpecDocument& document, const Catalog& catalog, DatasetCache& data, QObject* parent)
    : QObject(parent), document_(document), catalog_(catalog), data_(data), mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->owner = this;
  timer_.setSingleShot(true);
  timer_.setInterval(80);
  connect(&timer_, &QTimer::timeout, this, &SpaceAnalysis::start);
  connect(&document_, &SpecDocument::changed, this, [this] {
    ++asked_;
    timer_.start();
  });
  ++asked_;
  timer_.start();
}

SpaceAnalysis::~SpaceAnalysis() {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->owner = nullptr;
}

void SpaceAnalysis::start() {
  if (busy_ || !document_.parses() || !document_.outsideFiles().empty()) return;
  busy_ = true;
  auto json = std::make_shared<Json>(document_.json());
  workPool().start([mailbox = mailbox_, json, number = asked_, base = document_.base(), &catalog = catalog_, &data = data_] {
    std::shared_ptr<const SpaceFacts> facts;
    try {
      if (json->is_object() && json->contains("data"))
        if (const auto input = data.describe(json->at("data"), base))
          facts = std::make_shared<SpaceFacts>(spaceFacts(*json, *input, catalog));
    } catch (const Error&) {  // the document's own check says what is wrong with it
    } catch (const nlohmann::json::exception&) {
    }
    const std::lock_guard lock(mailbox->mutex);
    SpaceAnalysis* owner = mailbox->owner;
    if (owner)
      QMetaObject::invokeMethod(
          owner, [=] { owner->receive(number, facts); }, Qt::QueuedConnection);
  });
}

void SpaceAnalysis::receive(quint64 number, std::shared_ptr<const SpaceFacts> facts) {
  busy_ = false;
  if (number != asked_) timer_.start();
  if (!facts) return;  // what was known stays
  facts_ = std::move(facts);
  known_ = number;
  emit changed();
}

}  // namespace dsw
