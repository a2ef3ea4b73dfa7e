// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
#include "ui/models/query_runner.h"

#include <gtest/gtest.h>

#include <QTest>
#include <QThread>
#include <atomic>
#include <latch>

#include "engine/store/project.h"
#include "tests/support/project_fixture.h"
#include "ui/models/store_watcher.h"

namespace dsw {
namespace {

TEST(QueryRunner, AnswersOnTheUiThreadFromAThreadOfItsOwn) {
  ProjectFixture fixture;
  fixture.new_run();
  QueryRunner queries;
  queries.setProject(fixture.path());
  QThread* asked = nullptr;
  std::size_t runs = 0;
  bool answered = false;
  queries.ask<std::vector<RunRow>>(
      &queries,
      [&](ProjectReader& reader) {
        asked = QThread::currentThread();
        return reader.runs();
      },
      [&](Result<std::vector<RunRow>> rows) {
        EXPECT_EQ(QThread::currentThread(), queries.thread());
        runs = value_of(rows).size();
        answered = true;
      });
  EXPECT_EQ(queries.pending(), 1);
  ASSERT_TRUE(QTest::qWaitFor([&] { return answered; }));
  EXPECT_NE(asked, queries.thread());
  EXPECT_EQ(runs, 1u);
  EXPECT_EQ(queries.pending(), 0);
}

TEST(QueryRunner, OnlyTheNewestQuestionOfAChannelIsAnswered) {
  ProjectFixture fixture;
  QueryRunner queries;
  queries.setProject(fixture.path());
  std::latch go(1);
  QList<int> answers;
  std::atomic<int> asked = 0;
  for (int i = 0; i < 5; ++i)
    queries.askLatest<int>(
        &queries, "curve",
        [&, i](ProjectReader&) -> Result<int> {
          ++asked;
          if (i == 0) go.wait();
          return i;
        },
        [&](const Result<int>& value) { answers.push_back(value.value_or(-1)); });
  go.count_down();
  ASSERT_TRUE(QTest::qWaitFor([&] { return !answers.isEmpty(); }));
  QTest::qWait(30);
  EXPECT_EQ(answers, QList<int>{4});
  EXPECT_LE(asked, 2) << "questions that nobody waits for are not asked";
}

TEST(QueryRunner, NobodyIsAnsweredWhoIsGoneOrCancelledOrOfAnotherProject) {
  ProjectFixture fixture;
  QueryRunner queries;
  queries.setProject(fixture.path());
  int answers = 0;
  const auto question = [](ProjectReader&) -> Result<int> { return 1; };
  const auto answer = [&](const Result<int>&) { ++answers; };
  {
    QObject gone;
    queries.ask<int>(&gone, question, answer);
  }
  queries.cancel(queries.ask<int>(&queries, question, answer));
  queries.ask<int>(&queries, question, answer);
  queries.setProject({});
  queries.setProject(fixture.path());
  bool last = false;
  queries.ask<int>(&queries, question, [&](const Result<int>&) { last = true; });
  ASSERT_TRUE(QTest::qWaitFor([&] { return last; }));
  EXPECT_EQ(answers, 0);
}

TEST(QueryRunner, ErrorsAndExceptionsAreAnswers) {
  TempFolder folder;
  QueryRunner queries;
  QStringList sentences;
  const auto note = [&](const Result<int>& result) { sentences.push_back(result ? "ok" : QString::fromStdString(result.error().message)); };
  queries.ask<int>(
      &queries, [](ProjectReader&) -> Result<int> { return 1; }, note);
  queries.setProject(folder / "missing.dsx");
  queries.ask<int>(
      &queries, [](ProjectReader&) -> Result<int> { return 1; }, note);
  ASSERT_TRUE(QTest::qWaitFor([&] { return sentences.size() == 1; }));
  EXPECT_NE(sentences[0], "ok");
  ProjectFixture fixture;
  queries.setProject(fixture.path());
  queries.ask<int>(
      &queries, [](ProjectReader&) -> Result<int> { throw std::runtime_error("broken"); }, note);
  ASSERT_TRUE(QTest::qWaitFor([&] { return sentences.size() == 2; }));
  EXPECT_EQ(sentences[1], "broken");
}

TEST(StoreWatcher, PutsCommitsTogetherAndKeepsTheRate) {
  StoreWatcher watcher;
  int signals_ = 0;
  QSet<QString> seen;
  QObject::connect(&watcher, &StoreWatcher::committed, [&](const QStringList& ids) {
    ++signals_;
    seen += QSet<QString>(ids.begin(), ids.end());
  });
  QElapsedTimer timer;
  timer.start();
  std::thread writer([&] {
    for (int i = 0; i < 500; ++i) {
      watcher.post({QString("run%1").arg(i % 10)});
      std::this_thread::sleep_for(std::chrono::microseconds(400));
    }
  });
  const auto done = [&] { return seen.size() == 10 && timer.elapsed() > 300; };
  ASSERT_TRUE(QTest::qWaitFor(done));
  writer.join();
  QTest::qWait(60);
  EXPECT_EQ(seen.size(), 10);
  EXPECT_LE(signals_, timer.elapsed() / 40 + 2) << "at most 25 times a second";
}

}  // namespace
}  // namespace dsw
