// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/run/event_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

Event metric(std::int64_t seq) { return {seq, 1, MetricBody{"train/loss", seq, 0.5}}; }

TEST(EventFile, FollowerReadsWhatTheWriterAppended) {
  TempFolder folder;
  const auto path = folder.path() / "events.jsonl";
  EventFollower follower(path);
  std::vector<Event> events;
  EXPECT_FALSE(follower.read(events).value());  // not there yet
  auto writer = EventFileWriter::open(path).value();
  ASSERT_TRUE(writer->append(metric(1)));
  ASSERT_TRUE(writer->append(metric(2)));
  EXPECT_TRUE(follower.read(events).value());
  EXPECT_EQ(events.size(), 2u);
  EXPECT_FALSE(follower.read(events).value());
  ASSERT_TRUE(writer->append(metric(3)));
  EXPECT_TRUE(follower.read(events).value());
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events.back().seq, 3);
}

TEST(EventFile, ATornLastLineWaitsForItsEnd) {
  TempFolder folder;
  const auto path = folder.path() / "events.jsonl";
  const std::string line = event_to_line(metric(1));
  std::ofstream(path) << line.substr(0, 20);
  EventFollower follower(path);
  std::vector<Event> events;
  EXPECT_FALSE(follower.read(events).value());
  std::ofstream(path, std::ios::app) << line.substr(20) << '\n';
  EXPECT_TRUE(follower.read(events).value());
  EXPECT_EQ(events.size(), 1u);
}

TEST(EventFile, AWriterDropsATornLineAndWhatAResumeWritesAgain) {
  TempFolder folder;
  const auto path = folder.path() / "events.jsonl";
  {
    auto writer = EventFileWriter::open(path).value();
    for (std::int64_t seq = 1; seq <= 5; ++seq) ASSERT_TRUE(writer->append(metric(seq)));
  }
  std::ofstream(path, std::ios::app) << "{\"seq\":6,\"ti";
  {
    auto writer = EventFileWriter::open(path).value();
    EXPECT_EQ(writer->last_seq(), 5);
  }
  {
    auto writer = EventFileWriter::open(path, 3).value();
    EXPECT_EQ(writer->last_seq(), 3);
    ASSERT_TRUE(writer->append(metric(4)));
  }
  std::vector<Event> events;
  EventFollower(path).read(events).value();
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events.back().seq, 4);
}

TEST(EventFile, ReadingAgainAfterACutGivesNothingTwice) {
  TempFolder folder;
  const auto path = folder.path() / "events.jsonl";
  auto writer = EventFileWriter::open(path).value();
  for (std::int64_t seq = 1; seq <= 5; ++seq) ASSERT_TRUE(writer->append(metric(seq)));
  EventFollower follower(path);
  std::vector<Event> events;
  follower.read(events).value();
  writer.reset();
  writer = EventFileWriter::open(path, 2).value();  // a resumed worker cuts the file
  for (std::int64_t seq = 3; seq <= 4; ++seq) ASSERT_TRUE(writer->append(metric(seq)));
  EXPECT_FALSE(follower.read(events).value());
  for (std::int64_t seq = 5; seq <= 7; ++seq) ASSERT_TRUE(writer->append(metric(seq)));
  follower.read(events).value();
  ASSERT_EQ(events.size(), 7u);
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].seq, static_cast<std::int64_t>(i) + 1);
}

TEST(EventFile, LinesThatAreNoEventsAreCountedAndLeftOut) {
  TempFolder folder;
  const auto path = folder.path() / "events.jsonl";
  std::ofstream(path) << "rubbish\n" << event_to_line(metric(1)) << "\n\x01\xff\n";
  EventFollower follower(path);
  std::vector<Event> events;
  EXPECT_TRUE(follower.read(events).value());
  EXPECT_EQ(events.size(), 1u);
  EXPECT_EQ(follower.bad_lines(), 2);
}

TEST(EventFile, AFolderThatIsNotThereIsNamed) {
  const auto writer = EventFileWriter::open("/nowhere/at/all/events.jsonl");
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, ErrorCode::Io);
  EXPECT_NE(writer.error().sentence().find("/nowhere/at/all/events.jsonl"), std::string::npos);
}

TEST(EventFile, WhatFoundNoRoomLeavesNothingAndIsWrittenLater) {
  TempFolder folder;
  const auto path = folder.path() / "events.jsonl";
  auto writer = EventFileWriter::open(path).value();
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit limit = before;
  limit.rlim_cur = 4096;
  setrlimit(RLIMIT_FSIZE, &limit);
  std::int64_t seq = 1;
  while (writer->append(metric(seq))) ++seq;
  const bool ran_out = writer->ran_out();
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(ran_out);
  EXPECT_EQ(writer->last_seq(), seq - 1);
  ASSERT_TRUE(writer->append(metric(seq)));
  EventFollower follower(path);
  std::vector<Event> events;
  ASSERT_TRUE(follower.read(events));
  ASSERT_EQ(events.size(), static_cast<std::size_t>(seq));
  EXPECT_EQ(follower.bad_lines(), 0) << "a torn line was left";
  EXPECT_TRUE(writer->keep_room());
  writer.reset();
  EXPECT_LE(std::filesystem::file_size(path), 4096u + 200) << "room that was kept is no part of the file";
}

}  // namespace
}  // namespace dsw
