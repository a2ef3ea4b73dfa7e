// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
// What comes with an archive beside runs: documents that name files of this machine, models with what was said about them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/project_fixture.h"

namespace dsw {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST(Archive, APermissionHoldsForTheFilesThatWereShownAndACopyAsksToo) {
  ProjectFixture source;
  value_of(source.project->save_experiment({}, "guest", "train", R"({"data":{"source":"/dev/zero"}})", ""));
  value_of(export_project(source.path(), source.folder / "asks.dsz", {}));
  ProjectFixture target;
  const ImportPlan done = value_of(import_archive(source.folder / "asks.dsz", *target.project));
  ASSERT_THAT(done.experiment_ids, SizeIs(1));
  const std::string copy = value_of(target.project->save_experiment({}, "copy", "train", "{}", ""));
  value_of(target.project->copy_outside_files(done.experiment_ids[0], copy));
  ImportPlan other = done;
  other.outside_files = {"harmless.txt"};
  value_of(allow_imported_files(other, *target.project));
  for (const ExperimentRow& row : value_of(target.reader()->experiments()))
    EXPECT_THAT(row.outside_files, ElementsAre("/dev/zero")) << row.name;
  value_of(allow_imported_files(done, *target.project));
  for (const ExperimentRow& row : value_of(target.reader()->experiments())) EXPECT_EQ(row.outside_files.empty(), row.id != copy);
}

TEST(Archive, ModelsBringTheirNotesAndWhatTheyScored) {
  ProjectFixture source, target;
  write_text(source.folder / "w", "weights");
  const ModelRow model = value_of(source.project->add_model("m", "gpt", "w.safetensors", source.folder / "w"));
  value_of(source.project->rename(model.id, "better"));
  value_of(source.project->set_note(model.id, "a note"));
  value_of(source.project->add_evaluation({0, model.sha256, 0, "book", "test", 12, R"({"metrics":{"test/loss":1.5}})"}));
  EXPECT_FALSE(source.project->rename(model.id, "")) << "a model needs a name";
  value_of(export_project(source.path(), source.folder / "m.dsz", {}));
  EXPECT_THAT(value_of(inspect_archive(source.folder / "m.dsz")).models, ElementsAre("better"));
  EXPECT_THAT(value_of(import_archive(source.folder / "m.dsz", *target.project)).models, ElementsAre("better"));
  value_of(import_archive(source.folder / "m.dsz", *target.project));  // again: nothing stands twice
  const auto models = value_of(target.reader()->models());
  ASSERT_THAT(models, SizeIs(1));
  EXPECT_EQ(models[0].note, "a note");
  const auto scored = value_of(target.reader()->evaluations(model.sha256));
  ASSERT_THAT(scored, SizeIs(1));
  EXPECT_EQ(scored[0].targets, 12);
  value_of(target.project->set_archived(model.id, true));
  EXPECT_TRUE(value_of(target.reader()->models())[0].archived);
  value_of(target.project->prune());
  EXPECT_TRUE(value_of(target.reader()->models()).empty());
  EXPECT_TRUE(value_of(target.reader()->evaluations(model.sha256)).empty());
}

}  // namespace
}  // namespace dsw
