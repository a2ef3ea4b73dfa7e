// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/core/file_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

TEST(FileLock, ExcludesASecondHolderInOneProcessAndNamesIt) {
  const TempFolder folder;
  std::optional<FileLock> first;
  {
    auto lock = FileLock::acquire(folder / "lock");
    ASSERT_TRUE(lock);
    first.emplace(std::move(*lock));
  }
  const auto second = FileLock::acquire(folder / "lock");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Locked);
  EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos) << second.error().message;
  ASSERT_TRUE(FileLock::holder(folder / "lock"));
  EXPECT_EQ(FileLock::holder(folder / "lock")->process, getpid());
  first.reset();
  EXPECT_FALSE(FileLock::holder(folder / "lock"));
  EXPECT_FALSE(std::filesystem::exists(folder / "lock"));
  EXPECT_TRUE(FileLock::acquire(folder / "lock"));
}

TEST(FileLock, DiesWithItsProcess) {
  const TempFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = FileLock::acquire(folder / "lock");
    (void)!write(ready[1], lock ? "y" : "n", 1);
    for (;;) pause();
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  ASSERT_TRUE(FileLock::holder(folder / "lock"));
  EXPECT_EQ(FileLock::holder(folder / "lock")->process, child);
  EXPECT_FALSE(FileLock::acquire(folder / "lock"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "lock")) << "a killed holder cannot tidy up";
  EXPECT_FALSE(FileLock::holder(folder / "lock"));
  EXPECT_TRUE(FileLock::acquire(folder / "lock"));
}

TEST(FileLock, APlaceThatCannotBeWritten) {
  const auto lock = FileLock::acquire("/proc/no-such-folder/lock");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, ErrorCode::Io);
}

}  // namespace
}  // namespace dsw
