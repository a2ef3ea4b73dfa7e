// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/shell/commands.h"

#include "ui/models/command_registry.h"

namespace dsw {

namespace {

QVector<QKeySequence> keys(std::initializer_list<const char*> texts) {
  QVector<QKeySequence> list;
  for (const char* text : texts) list.push_back(QKeySequence(QString::fromLatin1(text), QKeySequence::PortableText));
  return list;
}

}  // namespace

void addCommands(CommandRegistry& r) {
  using enum CommandContext;
  // File: projects and experiments as wholes.
  r.add({"file.new-experiment", "&New experiment…", "plus-lg", keys({"Ctrl+N"}), "A new experiment from a template"});
  r.add({"file.new-project", "New &project…", "folder2", {}, "An empty project file in a place that you choose"});
  r.add({"file.open", "&Open…", "folder2-open", keys({"Ctrl+O"}), "Open a project (.dsx), or import an archive, a model or a data file"});
  r.add(needing("Open an experiment first.",
                {"file.save", "&Keep version", "save", keys({"Ctrl+S"}), "Store the document as a new version of its experiment"}));
  r.add({"file.import", "&Import…", "box-arrow-in-down", keys({"Ctrl+Shift+I"}),
         "Import an archive, a model, a document or data, after a preview"});
  r.add({"file.export", "&Export…", "download", keys({"Ctrl+Shift+E"}),
         "Export what the focused view shows: figure, table, model or project"});
  r.add({"file.export-project", "Export pro&ject…", "archive", {}, "Write the whole project, with its files, into one archive (.dsz)"});
  r.add({"file.report", "Make &report…", "file-earmark-text", {}, "A self-contained HTML report of the selected runs"});
  r.add({"file.close-project", "&Close project", "", {}, "Close the project and show the start page"});
  r.add({"file.settings", "&Settings…", "gear", keys({"Ctrl+,"}), "Theme, scale, motion and keys"});
  r.add({"file.quit", "&Quit", "", keys({"Ctrl+Q"}), "Close the window"});

  // Edit: one action each; the focused pane answers.
  r.add(needing("There is nothing to take back here.",
                {"edit.undo", "&Undo", "arrow-counterclockwise", keys({"Ctrl+Z"}), "Take the last change back"}));
  r.add(
      needing("Nothing was taken back here.", {"edit.redo", "&Redo", "arrow-clockwise", keys({"Ctrl+Shift+Z", "Ctrl+Y"}), "Do it again"}));
  r.add(needing("Click into a text field first.", {"edit.cut", "Cu&t", "scissors", keys({"Ctrl+X"}), "Cut to the clipboard"}));
  r.add(needing("Click into a text or a table first.",
                {"edit.copy", "&Copy", "clipboard", keys({"Ctrl+C"}), "Copy to the clipboard; tables with their head"}));
  r.add(needing("Click into a text field first.",
                {"edit.paste", "&Paste", "clipboard-check", keys({"Ctrl+V"}), "Insert from the clipboard"}));
  r.add(needing("Click into a text or a table first.",
                {"edit.select-all", "Select &all", "", keys({"Ctrl+A"}), "Select everything in the focused view"}));
  r.add(needing("Open an experiment or the run table first.",
                {"edit.find", "&Find…", "search", keys({"Ctrl+F"}), "Find in the focused view"}));
  r.add(
      needing("Open the log and find something first.", {"edit.find-next", "Find &next", "", keys({"F3"}), "Go to the next place found"}));
  r.add(needing("Open the log and find something first.",
                {"edit.find-previous", "Find pre&vious", "", keys({"Shift+F3"}), "Go to the previous place found"}));

  // Object: the verbs of section 1, on what is focused or shown.
  r.add(needing("Select an experiment, a run or a model first.",
                {"object.open", "&Open object", "box-arrow-up-right", {}, "Open or raise its tab"}));
  r.add(needing("Open or select an experiment or a run first.",
                {"object.duplicate", "&Duplicate", "files", keys({"Ctrl+D"}),
                 "A new experiment from this one, or from the document that a run recorded"}));
  r.add(needing("Open or select an experiment, a run or a model first.",
                {"object.rename", "Re&name", "pencil", keys({"F2"}), "Give it another name"}));
  r.add(needing("Open or select a run first.", {"object.tag", "&Tag…", "tag", keys({"Ctrl+Shift+T"}), "Add or remove tags"}));
  r.add(
      needing("Open or select a run or a model first.", {"object.note", "N&ote…", "sticky", keys({"Ctrl+Shift+N"}), "Write a note on it"}));
  r.add(needing("Open or select an experiment, a run or a model first.",
                {"object.archive", "&Archive", "archive", keys({"Delete"}), "Hide it; it can be restored"}));
  r.add(needing("Open or select a run first.", {"object.source", "&Go to source", "signpost-split", keys({"F4"}),
                                                "Go to the run, document version or row behind what is focused"}));

  // Run.
  r.add(needing("Open or select an experiment first.",
                {"run.start", "&Run", "play-fill", keys({"F5"}), "Freeze a version, queue a run and open its dashboard"}));
  r.add(needing("Open or select a run first.", {"run.stop", "&Stop", "stop-circle", keys({"Shift+F5"}), "Save a checkpoint and stop"}));
  r.add(needing("Open or select a run first.",
                {"run.resume", "R&esume", "arrow-repeat", keys({"Ctrl+F5"}), "Go on from the last checkpoint"}));
  r.add(needing("Open or select a run first.", {"run.pin", "&Pin as baseline", "pin-angle", keys({"Ctrl+B"}),
                                                "Every difference in tables and charts refers to it", Window, true}));
  r.add(needing("Mark two runs or more in the run table first.",
                {"run.compare", "&Compare", "intersect", keys({"Ctrl+M"}), "Show the marked runs over one another, differences first"}));
  r.add(needing("Open or select a run or a model first.",
                {"run.export-model", "E&xport model…", "box-seam", {}, "Write the best weights of a run, or a model, as safetensors"}));
  r.add(needing("Open or select a run first.",
                {"run.open-model", "Try &model", "box", {}, "Let a run's weights write text or classify, and measure them on other data"}));
  r.add(needing("Open a model first.", {"model.try", "&Generate or classify", "play-fill", keys({"Ctrl+Return"}),
                                        "Let the open model go on from its prompt, or classify examples"}));
  r.add(needing("Open a model first.",
                {"model.evaluate", "E&valuate", "speedometer2", {}, "Measure the open model on the data that is chosen there"}));
  r.add(needing("Open a model first.", {"model.stop", "S&top the model", "stop-circle", {}, "Stop what the open model is doing"}));
  r.add(needing("Open a search first.", {"search.derive", "&Derive now", "scissors", keys({"Ctrl+E"}),
                                         "Write what the search found as the model of a new experiment"}));
  r.add(needing("Open a search first.",
                {"search.retrain", "&Retrain", "arrow-repeat", keys({"Ctrl+R"}), "Derive, and train the result from scratch"}));
  r.add({"run.all", "All r&uns", "table", keys({"Ctrl+Shift+R"}), "The table of all runs"});

  // View.
  r.add({"view.palette", "&Command palette…", "command", keys({"Ctrl+Shift+P"}), "Find a command, run, experiment or field by name"});
  r.add({"view.go-to", "&Go to object…", "compass", keys({"Ctrl+K"}), "Find a run or experiment by name"});
  r.add({"view.overview", "Project &overview", "archive", {}, "What is in the project"});
  r.add({"view.devices", "&Devices", "cpu", {}, "Devices, their memory and precisions"});
  r.add({"view.machine",
         "&Speed of this machine",
         "speedometer2",
         {},
         "Measure this machine, and the engine's kernels beside what it allows"});
  r.add({"view.navigator", "&Navigator", "layout-sidebar", keys({"Alt+1"}), "Go to the navigator; again: close it", Window, true});
  r.add({"view.document", "&Document", "", keys({"Alt+2"}), "Go to the document"});
  r.add({"view.inspector", "&Inspector", "layout-sidebar-reverse", keys({"Alt+3"}), "Go to the inspector; again: close it", Window, true});
  r.add({"view.jobs", "&Jobs", "hdd-stack", keys({"Alt+4"}), "Go to the jobs; again: close them", Window, true});
  r.add({"view.log", "&Log", "journal-text", keys({"Alt+5"}), "Go to the log; again: close it", Window, true});
  r.add({"view.problems", "&Problems", "exclamation-triangle", keys({"Alt+6"}), "Go to the problems; again: close them", Window, true});
  r.add({"view.next-pane", "Ne&xt pane", "", keys({"F6"}), "Navigator, header, document, inspector, bottom"});
  r.add({"view.previous-pane", "Pre&vious pane", "", keys({"Shift+F6"}), "The other way round"});
  r.add({"view.back", "&Back", "arrow-left", keys({"Alt+Left"}), "Back to where you were"});
  r.add({"view.forward", "&Forward", "arrow-right", keys({"Alt+Right"}), "Forward again"});
  r.add({"view.filter", "F&ilter navigator", "filter", keys({"Ctrl+L"}), "Type to narrow the navigator"});
  r.add({"view.next-problem", "Next problem", "", keys({"F8"}), "Go to the next problem"});
  r.add({"view.previous-problem", "Previous problem", "", keys({"Shift+F8"}), "Go to the previous problem"});
  r.add({"view.full-screen", "F&ull screen", "fullscreen", keys({"F11"}), "Use the whole screen", Window, true});
  r.add({"view.scale-up", "&Larger", "zoom-in", keys({"Ctrl+=", "Ctrl++"}), "Larger text and controls, from the next start"});
  r.add({"view.scale-down", "&Smaller", "zoom-out", keys({"Ctrl+-"}), "Smaller text and controls, from the next start"});
  r.add({"view.scale-reset", "Normal si&ze", "", keys({"Ctrl+0"}), "100 %, from the next start"});
  r.add({"view.theme-desktop", "Theme &as the desktop", "circle-half", {}, "Light or dark as the desktop says", Window, true});
  r.add({"view.theme-light", "L&ight theme", "sun", {}, "Dark text on light ground", Window, true});
  r.add({"view.theme-dark", "Da&rk theme", "moon", {}, "Light text on dark ground", Window, true});
  r.add({"view.theme-contrast", "&High contrast", "circle-half", {}, "White and yellow on black, dashes always on", Window, true});
  r.add({"view.reset-layout", "Reset la&yout", "layout-three-columns", {}, "Put all panes back to where they were at first"});

  // Window: tabs.
  r.add({"window.next-tab", "&Next tab", "", keys({"Ctrl+Tab", "Ctrl+PgDown"}), "The tab to the right"});
  r.add({"window.previous-tab", "&Previous tab", "", keys({"Ctrl+Shift+Tab", "Ctrl+PgUp"}), "The tab to the left"});
  r.add({"window.close-tab", "&Close tab", "", keys({"Ctrl+W"}), "Close this tab"});
  r.add({"window.close-all", "Close &all tabs", "", keys({"Ctrl+Shift+W"}), "Close all tabs"});
  r.add({"window.second-group", "&Second group", "layout-split", keys({"Ctrl+\\"}), "Show this tab beside the others; again: put it back"});
  r.add({"window.start", "S&tart page", "house", {}, "Recent projects and templates"});

  // Help.
  r.add({"help.context", "Help on &focus", "question-circle", keys({"F1"}), "Say what the focused control does"});
  r.add({"help.first-run", "Your first run in one &minute", "", {}, "What to press, in order"});
  r.add({"help.keys", "All &keys", "keyboard", keys({"Ctrl+F1"}), "Every command with its key; change keys there"});
  r.add({"help.about", "&About", "info-circle", {}, "Version, licences"});

  // Forms and JSON.
  r.add(needing("Open an experiment first.", {"form.toggle-json", "Form or JSON at the same place", "braces", keys({"Ctrl+J"}),
                                              "Jump between the form and the JSON text", Form}));
  r.add({"form.values", "Possible values", "", keys({"Ctrl+Space", "Alt+/"}), "List what can stand here", Form});
  r.add({"form.default", "Back to default", "", keys({"Alt+Backspace"}), "Take the value away, so that the default applies", Form});
  r.add({"form.next-group", "Next group", "", keys({"Alt+Down"}), "The next section of the form", Form});
  r.add({"form.previous-group", "Previous group", "", keys({"Alt+Up"}), "The section before", Form});

  // Tables.
  r.add({"table.mark", "Mark for comparison", "", keys({"Space"}), "Mark or unmark the row", Table});
  r.add({"table.columns", "Choose columns…", "layout-three-columns", keys({"Ctrl+Shift+C"}), "Choose which columns are shown", Table});
  r.add(
      {"table.sort", "Sort by this column", "", keys({"S"}), "Sort by the column of the current cell; again: the other way round", Table});
  r.add({"table.filter", "Filter", "funnel", keys({"/"}), "Go to the filter of the table", Table});
  r.add({"table.pin", "Pin as baseline", "", keys({"P"}), "Every difference refers to this row", Table});
  r.add({"table.open-group", "Open group", "", keys({"Ctrl+Right"}), "Show the rows of the group", Table});
  r.add({"table.close-group", "Close group", "", keys({"Ctrl+Left"}), "Hide the rows of the group", Table});

  // Charts: what nothing else answers is given to the focused chart as the default key.
  r.add({"chart.zoom-in", "Zoom in", "", keys({"+"}), "Zoom in at the crosshair", Chart});
  r.add({"chart.zoom-out", "Zoom out", "", keys({"-"}), "Zoom out", Chart});
  r.add({"chart.fit", "Show all", "", keys({"0"}), "The whole range of steps", Chart});
  r.add({"chart.log-x", "Logarithmic x", "", keys({"X"}), "Log or linear x axis", Chart});
  r.add({"chart.log-y", "Logarithmic y", "", keys({"Y"}), "Log or linear y axis", Chart});
  r.add({"chart.smoothing", "Smoothing", "", keys({"M"}), "Smoothing on or off", Chart});
  r.add({"chart.follow", "Follow", "", keys({"F"}), "Keep the newest point in view", Chart});
  r.add({"chart.hide", "Hide series", "", keys({"H"}), "Hide the series under the crosshair", Chart});
  r.add({"chart.table", "Data behind the picture", "", keys({"T"}), "The numbers as a table", Chart});
  r.add({"chart.export", "Export figure…", "", keys({"E"}), "As SVG, PNG or CSV", Chart});

  // Canvas.
  const QString space = QStringLiteral("Open a search and click its canvas first.");
  r.add(needing(
      space, {"canvas.add", "Add a node", "plus-lg", keys({"Space"}), "Type what is put in, behind what is selected or into it", Canvas}));
  r.add(needing(space, {"canvas.choice", "Leave open", "signpost-split", keys({"H"}),
                        "A selected layer becomes a choice; else a choice is added", Canvas}));
  r.add(needing(space, {"canvas.cell", "Add a cell", "box", keys({"C"}), "A part of its own, opened in place", Canvas}));
  r.add(needing(space, {"canvas.connect", "Connect from here", "link-45deg", keys({"K"}),
                        "Arrows choose the other end, Enter connects, Tab takes the fix", Canvas}));
  r.add(needing(space, {"canvas.group", "Make a cell of the selection", "", keys({"Ctrl+G"}),
                        "The selected nodes become a cell in their place", Canvas}));
  r.add(needing(space, {"canvas.ungroup", "Take a cell apart", "", keys({"Ctrl+Shift+G"}), "Its nodes stand in its place", Canvas}));
  r.add(
      needing(space, {"canvas.lay-out", "Lay out", "magic", keys({"L"}), "From left to right; places given by hand are dropped", Canvas}));
  r.add(
      needing(space, {"canvas.outline", "Outline", "list-ul", keys({"Ctrl+Shift+O"}), "The canvas as a tree; again: the palette", Canvas}));
  r.add({"canvas.fit", "Fit the graph", "", keys({"F"}), "The whole graph", Canvas});
  r.add({"canvas.fit-selection", "Fit the selection", "", keys({"Shift+F"}), "The selected nodes", Canvas});
  r.add({"canvas.minimap", "Minimap", "", keys({"M"}), "Show or hide the minimap", Canvas});
  r.add({"canvas.zoom-100", "Zoom 100 %", "", keys({"1"}), "Full size", Canvas});
  r.add({"canvas.zoom-50", "Zoom 50 %", "", keys({"2"}), "Half size", Canvas});
  r.add({"canvas.zoom-25", "Zoom 25 %", "", keys({"3"}), "A quarter", Canvas});
}

QVector<MenuPlan> menuPlan() {
  return {
      {"&File",
       {"file.new-experiment", "file.new-project", "file.open", "@recent", "", "file.save", "file.import", "file.export",
        "file.export-project", "file.report", "", "file.settings", "", "file.close-project", "file.quit"}},
      {"&Edit",
       {"edit.undo", "edit.redo", "", "edit.cut", "edit.copy", "edit.paste", "edit.select-all", "", "edit.find", "edit.find-next",
        "edit.find-previous", "", "object.duplicate", "object.rename", "object.tag", "object.note", "object.archive"}},
      {"&View",
       {"view.palette",
        "view.go-to",
        "object.source",
        "",
        "view.overview",
        "run.all",
        "view.devices",
        "view.machine",
        "",
        "view.navigator",
        "view.document",
        "view.inspector",
        "view.jobs",
        "view.log",
        "view.problems",
        "",
        "view.back",
        "view.forward",
        "view.filter",
        "view.next-problem",
        "view.previous-problem",
        "",
        "@theme",
        "view.scale-up",
        "view.scale-down",
        "view.scale-reset",
        "view.full-screen"}},
      {"&Run",
       {"run.start", "run.stop", "run.resume", "", "run.pin", "run.compare", "run.all", "", "run.open-model", "model.try", "model.evaluate",
        "model.stop", "", "run.export-model"}},
      {"&Search", {"search.derive", "search.retrain", "", "run.pin", "run.compare"}},
      {"&Window",
       {"window.next-tab", "window.previous-tab", "window.second-group", "view.next-pane", "view.previous-pane", "", "window.close-tab",
        "window.close-all", "", "window.start", "view.reset-layout"}},
      {"&Help", {"help.first-run", "help.keys", "help.context", "", "help.about"}},
  };
}

}  // namespace dsw
