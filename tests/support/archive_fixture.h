// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/project_fixture.h"

namespace dsw {

/// A project with two runs of one experiment, a checkpoint, a sample with a picture and a model.
struct Source : ProjectFixture {
  Source() {
    first = new_run();
    second = new_run();
    std::vector<Event> events{event_of(1, StatusBody{RunStatus::Running, 0, "", ""})};
    for (int i = 2; i <= 700; ++i) events.push_back(event_of(i, MetricBody{"train/loss", i, 1.0 / i}));
    write_text(project->work_folder(first.id) / "seven.png", "a picture");
    events.push_back(event_of(701, SampleBody{700, "misclassified", "{}", {"seven.png"}}));
    events.push_back(event_of(702, new_checkpoint(first, 700, std::string(100'000, 'w'), true)));
    events.push_back(event_of(703, MarkBody{700, "stop", "stopped"}));
    events.push_back(event_of(704, SummaryBody{"{\"steps\":700}"}));
    events.push_back(event_of(705, StatusBody{RunStatus::Finished, 700, "", ""}));
    store(first, events);
    store(second, {event_of(1, MetricBody{"val/loss", 1, 2.0}), event_of(2, new_checkpoint(second, 1, "other weights"))});
    value_of(project->set_tags(first.id, {"paper"}));
    value_of(project->set_note(first.id, "a note"));
    write_text(folder / "m.safetensors", "model weights");
    model = value_of(project->add_model("teacher", "cnn", "here", folder / "m.safetensors"));
    value_of(project->flush());
    value_of(export_project(path(), folder / "all.dsz", {}));
  }
  RunRow first, second;
  ModelRow model;
};

/// What an archive holds, to be changed and written anew by a hostile hand.
using Content = std::map<std::string, std::string>;

Content read_archive(const std::filesystem::path& path);
/// Lists the files again as they are now.
void renew_manifest(Content& content);
/// `link`: the entry of this name becomes a symbolic link.
void write_archive_of(const std::filesystem::path& path, const std::vector<std::pair<std::string, std::string>>& content,
                      const std::string& link = {});
void write_archive_of(const std::filesystem::path& path, const Content& content, const std::string& link = {});
/// Replaces equal-length bytes everywhere in a file: to change names that libzip would not write twice.
void replace_bytes(const std::filesystem::path& path, const std::string& from, const std::string& to);
/// Changes the database inside and makes the archive whole again.
void change_database(Content& content, const std::filesystem::path& scratch, const std::string& sql);

}  // namespace dsw
