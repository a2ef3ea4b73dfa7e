// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
#include "ui/models/spec_document.h"

#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTest>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/core/catalog.h"
#include "engine/data/dataset.h"
#include "engine/data/dataset_cache.h"
#include "engine/workspace.h"
#include "tests/support/temp_folder.h"
#include "ui/models/work_pool.h"

namespace dsw {
namespace {

const char* const kText = R"({
  "deepshock": 1, "task": "train",
  "name": "small", "seed": 7,
  "data": {"type": "text", "source": "builtin:tinyshakespeare", "tokenizer": "char", "context": 64},
  "model": {"type": "gpt", "layers": 2, "heads": 4, "width": 128},
  "optimizer": {"type": "adamw", "lr": 1e-3},
  "training": {"steps": 100, "batch": 12}
})";

class SpecDocumentTest : public ::testing::Test {
 protected:
  SpecDocumentTest() : data_(catalog()), document_(catalog(), data_) { document_.load(kText, "."); }
  static const Catalog& catalog() {
    static const Catalog* const kCatalog = [] {
      auto* made = new Catalog;
      register_builtins(*made);
      made->freeze();
      return made;
    }();
    return *kCatalog;
  }
  const Json& at(const char* pointer) { return document_.json().at(Json::json_pointer(pointer)); }

  DatasetCache data_;
  SpecDocument document_;
};

TEST_F(SpecDocumentTest, SettingAValueChangesOnlyItsText) {
  document_.setValue("/model/heads", "8", "Set heads to 8");
  QString expected = kText;
  expected.replace("\"heads\": 4", "\"heads\": 8");
  EXPECT_EQ(document_.text(), expected);
  EXPECT_EQ(at("/model/heads"), 8);
}

TEST_F(SpecDocumentTest, UndoCrossesFormAndTextInOneOrder) {
  document_.setValue("/model/heads", "8", "Set heads to 8");
  document_.endMerge();
  const int place = static_cast<int>(document_.text().indexOf("128"));
  document_.textTyped(place, 3, "256");  // as the text view tells it
  document_.setValue("/seed", "9", "Set seed to 9");
  EXPECT_EQ(at("/model/width"), 256);
  document_.undoStack().undo();
  EXPECT_EQ(at("/seed"), 7);
  document_.undoStack().undo();
  EXPECT_EQ(at("/model/width"), 128);
  EXPECT_EQ(at("/model/heads"), 8);
  document_.undoStack().undo();
  EXPECT_EQ(document_.text(), QString(kText));
  document_.undoStack().redo();
  EXPECT_EQ(at("/model/heads"), 8);
}

TEST_F(SpecDocumentTest, TypingInOneFieldIsOneStep) {
  for (const char* value : {"1", "12", "120"}) document_.setValue("/training/steps", value, QString("Set steps to %1").arg(value));
  EXPECT_EQ(document_.undoStack().count(), 1);
  EXPECT_EQ(document_.undoStack().undoText(), QString("Set steps to 120"));
  document_.endMerge();
  document_.setValue("/training/steps", "130", "Set steps to 130");
  EXPECT_EQ(document_.undoStack().count(), 2);
}

TEST_F(SpecDocumentTest, MissingKeysAndObjectsAreMade) {
  document_.setValue("/model/dropout", "0.1", "Set dropout");
  EXPECT_EQ(at("/model/dropout"), 0.1);
  document_.setValue("/training/early_stopping/patience", "3", "Set patience");
  EXPECT_EQ(at("/training/early_stopping/patience"), 3);
  document_.removeKey("/model/dropout", "Reset dropout");
  EXPECT_FALSE(document_.json()["model"].contains("dropout"));
  document_.removeKey("/deepshock", "Remove");
  EXPECT_TRUE(document_.parses());
  document_.undoStack().undo();
  document_.removeKey("/training/batch", "Remove");
  EXPECT_TRUE(document_.parses());
}

TEST_F(SpecDocumentTest, ShortFormsBecomeLongOnes) {
  document_.setValue("/data/tokenizer/vocabulary", "500", "Set vocabulary");
  EXPECT_EQ(at("/data/tokenizer/type"), "char");
  EXPECT_EQ(at("/data/tokenizer/vocabulary"), 500);
}

TEST_F(SpecDocumentTest, TextThatDoesNotParseKeepsTheLastDocumentAndSaysWhere) {
  const int place = static_cast<int>(document_.text().indexOf("\"seed\""));
  document_.textTyped(place, 0, "oops ");
  EXPECT_FALSE(document_.parses());
  EXPECT_EQ(at("/seed"), 7);
  EXPECT_EQ(document_.problems().size(), 1u);
  EXPECT_GE(document_.parseErrorAt(), place - 2);
  EXPECT_LE(document_.parseErrorAt(), place + 6);
  document_.setValue("/seed", "8", "Set seed");  // has no effect now
  EXPECT_FALSE(document_.text().contains("8,"));
  document_.undoStack().undo();
  EXPECT_TRUE(document_.parses());
}

TEST_F(SpecDocumentTest, ProblemsOfTheTaskComeWithFixesThatMendThem) {
  QSignalSpy estimates(&document_, &SpecDocument::estimateChanged);
  document_.setValue("/model/heads", "5", "Set heads to 5");
  ASSERT_TRUE(QTest::qWaitFor([&] { return !document_.checking() && document_.errorCount() == 1; }, 20000));
  const Problem problem = document_.problems().front();
  EXPECT_EQ(problem.pointer, "/model/heads");
  ASSERT_FALSE(problem.fixes.empty());
  document_.applyFix(problem.fixes.front());
  EXPECT_TRUE(
      QTest::qWaitFor([&] { return !document_.checking() && document_.errorCount() == 0 && document_.estimateIsCurrent(); }, 20000));
  ASSERT_NE(document_.estimate(), nullptr);
  EXPECT_GT(document_.estimate()->parameters, 300000);
}

TEST_F(SpecDocumentTest, AnUnknownKeyIsRenamedByItsFix) {
  document_.setValue("/optimizer/weight_decai", "0.1", "Set a key that is not known");
  ASSERT_EQ(document_.errorCount(), 1);
  const Problem problem = document_.problems().front();
  ASSERT_FALSE(problem.fixes.empty());
  EXPECT_EQ(problem.fixes.front().rename, "weight_decay");
  document_.applyFix(problem.fixes.front());
  EXPECT_EQ(at("/optimizer/weight_decay"), 0.1);
  EXPECT_EQ(document_.errorCount(), 0);
}

TEST_F(SpecDocumentTest, PlacesAreRightBehindOtherScripts) {
  document_.setValue("/name", "\"größe 数\"", "Set name");
  const auto place = document_.place("/seed");
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(document_.text().mid(place->valueBegin, place->valueEnd - place->valueBegin), QString("7"));
  EXPECT_EQ(document_.pointerAt(place->valueBegin), QString("/seed"));
}

TEST_F(SpecDocumentTest, ADocumentThatGoesSaysNothing) {
  int said = 0;
  {
    SpecDocument gone(catalog(), data_);
    gone.load(kText, ".");
    gone.setValue("/seed", "8", "Set seed");
    QObject::connect(&gone.undoStack(), &QUndoStack::indexChanged, [&] { ++said; });
  }
  EXPECT_EQ(said, 0) << "a view would read a document half gone";
}

TEST_F(SpecDocumentTest, AFileThatCameBackIsFound) {
  const TempFolder folder;
  document_.setOutsideFiles({});
  document_.load(QString(kText).replace("builtin:tinyshakespeare", "book.txt"), folder.path());
  ASSERT_TRUE(QTest::qWaitFor([&] { return !document_.checking() && document_.errorCount() == 1; }, 20000));
  write_text(folder / "book.txt", std::string(4000, 'a') + std::string(4000, 'b'));
  document_.filesMayHaveChanged();
  EXPECT_TRUE(QTest::qWaitFor([&] { return !document_.checking() && document_.errorCount() == 0; }, 20000));
  document_.filesMayHaveChanged();
  EXPECT_FALSE(document_.checking()) << "what has no problem is not read again";
}

/// Data of the type "endless" are read until somebody stops it.
TEST(SpecDocumentCheck, ReadingDataEndsWithTheDocumentAndWhenItNamesOthers) {
  std::atomic<int> reading{0}, stopped{0};
  Catalog catalog;
  catalog.datasets.add(
      {"endless", "Never ends", ParamSchema{string_param("source", "Source", std::string("a"), "Where it is")},
       [&](const Json&, const std::filesystem::path&, std::uint64_t, std::stop_token stop) -> Result<std::unique_ptr<Dataset>> {
         ++reading;
         for (int tries = 0; tries < 2000 && !stop.stop_requested(); ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(10));
         if (stop.stop_requested()) ++stopped;
         return fail(ErrorCode::Stopped, "reading was stopped");
       }});
  register_builtins(catalog);
  catalog.freeze();
  DatasetCache data(catalog);
  {
    SpecDocument document(catalog, data);
    document.load(R"({"deepshock": 1, "task": "train", "data": {"type": "endless"}, "model": {"type": "gpt"}, "training": {"steps": 5}})",
                  ".");
    ASSERT_TRUE(QTest::qWaitFor([&] { return reading == 1; }, 10000));
    document.setValue("/training/steps", "6", "Set steps");  // the same data: they are read on
    QTest::qWait(400);
    EXPECT_EQ(stopped, 0);
    document.setValue("/data/source", "\"b\"", "Set source");
    ASSERT_TRUE(QTest::qWaitFor([&] { return stopped >= 1; }, 10000)) << "what nobody wants any more is read to its end";
    const int before = reading;
    ASSERT_TRUE(QTest::qWaitFor([&] { return reading > before || reading > stopped; }, 10000)) << "the present data are not read";
  }
  workPool().waitForDone(10000);
  EXPECT_EQ(stopped, reading) << "what is read outlives its document";
}

}  // namespace
}  // namespace dsw
