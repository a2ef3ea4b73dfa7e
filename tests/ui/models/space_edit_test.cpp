// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// Edits of a search space as values, and as changes of the document's text.
#include "ui/models/space/space_edit.h"

#include <gtest/gtest.h>

#include "engine/data/dataset_cache.h"
#include "engine/workspace.h"
#include "ui/models/space/space_facts.h"
#include "ui/models/space/space_layers.h"
#include "ui/models/spec_document.h"

namespace dsw {
namespace {

const char* const kText = R"({
  "deepshock": 1, "task": "search", "name": "small",
  "data": {"type": "images", "source": "builtin:mnist"},
  "model": {"type": "space", "output": "logits", "nodes": [
    {"id": "stem", "op": "conv2d", "out": 16},
    {"id": "mix", "op": "choice", "candidates": [
      {"op": "identity"},
      {"op": "conv2d", "out": 16, "kernel": 5}]},
    {"id": "sum", "op": "add", "inputs": ["stem", "mix"]},
    {"id": "flat", "op": "flatten"},
    {"id": "logits", "op": "logits"}]}
})";

Json model() { return Json::parse(kText)["model"]; }
std::vector<std::string> inputsOf(const Json& m, const std::string& part, const std::string& id) {
  const Json& where = *spacePart(m, part);
  return spaceInputs(where, *spaceNodeIndex(where, id));
}
using Ids = std::vector<std::string>;

TEST(SpaceEditTest, NodesThatReadTheOneBeforeThemGoOnReadingIt) {
  const SpaceChange added = addSpaceNode(model(), "", {{"op", "activation"}}, {"stem"}, std::nullopt);
  ASSERT_TRUE(added.ok());
  EXPECT_EQ(added.select, Ids{"activation"});
  EXPECT_EQ(spaceOutput(added.model), "logits") << "it stands last now, but is not the output";
  EXPECT_EQ(inputsOf(added.model, "", "activation"), Ids{"stem"});

  const SpaceChange removed = removeSpaceNodes(model(), "", {"flat"});
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(inputsOf(removed.model, "", "logits"), Ids{"sum"}) << "it reads what the removed one read";
  const SpaceChange first = removeSpaceNodes(model(), "", {"stem"});
  EXPECT_EQ(inputsOf(first.model, "", "mix"), Ids{"input"});
  EXPECT_EQ(inputsOf(first.model, "", "sum"), (Ids{"input", "mix"}));

  Json last = model();
  last.erase("output");
  const SpaceChange behind = addSpaceNode(last, "", {{"op", "identity"}}, {"mix"}, std::nullopt);
  EXPECT_EQ(spaceOutput(behind.model), "logits") << "what was the output by standing last stays it";
  EXPECT_EQ(spaceOutput(removeSpaceNodes(last, "", {"logits"}).model), "flat");
}

TEST(SpaceEditTest, ConnectingRefusesCyclesAndFullNodes) {
  EXPECT_EQ(connectSpaceNodes(model(), "", "sum", "mix", 1).refused,
            "This closes a cycle: mix → sum → mix. A network runs from its input to its output.");
  EXPECT_FALSE(connectSpaceNodes(model(), "", "mix", "mix", 1).ok());
  EXPECT_FALSE(connectSpaceNodes(model(), "", "stem", "sum", 16).ok()) << "it is read already";
  EXPECT_FALSE(connectSpaceNodes(model(), "", "input", "sum", 2).ok()) << "two inputs are there";
  EXPECT_FALSE(connectSpaceNodes(model(), "", "input", kSpaceOutput, 1).ok());
  const SpaceChange third = connectSpaceNodes(model(), "", "input", "sum", 16);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(third.label, "Connect input to sum");
  EXPECT_EQ(inputsOf(third.model, "", "sum"), (Ids{"stem", "mix", "input"}));
  EXPECT_EQ(inputsOf(connectSpaceNodes(model(), "", "stem", "flat", 1).model, "", "flat"), Ids{"stem"}) << "one input: it changes";
  EXPECT_EQ(inputsOf(disconnectSpaceNodes(model(), "", "mix", "sum").model, "", "sum"), Ids{"stem"});
  EXPECT_EQ(disconnectSpaceNodes(model(), "", "sum", "flat").model["nodes"][3]["inputs"], Json::array()) << "nothing leads into it";
  EXPECT_EQ(connectSpaceNodes(model(), "", "flat", kSpaceOutput, 1).model["output"], "flat");
}

TEST(SpaceEditTest, IntoAnEdgeAndOutAgain) {
  const SpaceChange in = insertSpaceNode(model(), "", {{"op", "batchnorm2d"}}, "stem", "mix", std::nullopt);
  EXPECT_EQ(inputsOf(in.model, "", "mix"), Ids{"batchnorm2d"});
  EXPECT_EQ(inputsOf(in.model, "", "batchnorm2d"), Ids{"stem"});
  EXPECT_EQ(inputsOf(in.model, "", "sum"), (Ids{"stem", "mix"})) << "the other edge stays";
  EXPECT_EQ(spaceOutput(insertSpaceNode(model(), "", {{"op", "identity"}}, "logits", kSpaceOutput, std::nullopt).model), "identity");
  const SpaceChange moved = moveSpaceNodeInto(in.model, {"", "batchnorm2d"}, "sum", "flat");
  EXPECT_EQ(inputsOf(moved.model, "", "mix"), Ids{"stem"});
  EXPECT_EQ(inputsOf(moved.model, "", "flat"), Ids{"batchnorm2d"});
  EXPECT_EQ(inputsOf(moved.model, "", "batchnorm2d"), Ids{"sum"});
}

TEST(SpaceEditTest, NamesChangeEverywhere) {
  Json m = placeSpaceNodes(model(), "", {{"stem", {40, 8}}}).model;
  const SpaceChange renamed = renameSpaceNode(m, {"", "stem"}, "first");
  EXPECT_EQ(inputsOf(renamed.model, "", "sum"), (Ids{"first", "mix"}));
  EXPECT_EQ(inputsOf(renamed.model, "", "mix"), Ids{"first"}) << "not written out";
  EXPECT_FALSE(renamed.model["nodes"][1].contains("inputs"));
  EXPECT_EQ(spacePosition(renamed.model, {"", "first"}), QPointF(40, 8));
  EXPECT_EQ(renameSpaceNode(m, {"", "logits"}, "out").model["output"], "out");
  for (const char* wrong : {"", "a b", "input", "mix", "stem"}) EXPECT_FALSE(renameSpaceNode(m, {"", "stem"}, wrong).ok()) << wrong;
}

TEST(SpaceEditTest, GroupedAndTakenApartItIsTheSame) {
  const SpaceChange cell = groupSpaceNodes(model(), "", {"mix", "sum"}, "block");
  ASSERT_TRUE(cell.ok()) << cell.refused.toStdString();
  EXPECT_EQ(cell.label, "Make cell block of mix and sum");
  EXPECT_EQ(inputsOf(cell.model, "", "block"), Ids{"stem"});
  EXPECT_EQ(inputsOf(cell.model, "", "flat"), Ids{"block"});
  EXPECT_EQ(inputsOf(cell.model, "block", "sum"), (Ids{"input", "mix"}));
  EXPECT_EQ(cell.model["cells"]["block"]["output"], "sum");
  EXPECT_EQ(spaceCellUses(cell.model, "block"), Ids{"/model/nodes/1"});
  const SpaceChange apart = ungroupSpaceNode(cell.model, {"", "block"});
  ASSERT_TRUE(apart.ok()) << apart.refused.toStdString();
  EXPECT_EQ(apart.select, (Ids{"mix", "sum"}));
  EXPECT_EQ(inputsOf(apart.model, "", "sum"), (Ids{"stem", "mix"}));
  EXPECT_EQ(inputsOf(apart.model, "", "flat"), Ids{"sum"});
  EXPECT_EQ(spaceOutput(apart.model), "logits");

  EXPECT_EQ(groupSpaceNodes(model(), "", {"stem", "sum"}, "c").refused,
            "A cell has one output, but stem and sum are read outside of these.");
  EXPECT_FALSE(groupSpaceNodes(model(), "", {"mix", "flat"}, "c").ok());
  const SpaceChange around = groupSpaceNodes(removeSpaceNodes(model(), "", {"mix"}).model, "", {"logits"}, "head");
  EXPECT_EQ(spaceOutput(around.model), "head");
  EXPECT_FALSE(ungroupSpaceNode(model(), {"", "stem"}).ok());
}

TEST(SpaceEditTest, CopiesGetNamesOfTheirOwn) {
  const Json copied = copySpaceNodes(model(), "", {"mix", "sum"});
  const SpaceChange pasted = pasteSpaceNodes(model(), "", copied, {24, 24}, "Paste");
  ASSERT_TRUE(pasted.ok());
  EXPECT_EQ(pasted.select, (Ids{"mix-2", "sum-2"}));
  EXPECT_EQ(inputsOf(pasted.model, "", "sum-2"), (Ids{"stem", "mix-2"}));
  EXPECT_EQ(spaceOutput(pasted.model), "logits");
  for (const char* text : {"null", "[]", "{}", R"({"deepshock-space": 1, "nodes": [1]})", R"({"deepshock-space": 1, "nodes": 4})"})
    EXPECT_FALSE(pasteSpaceNodes(model(), "", Json::parse(text), {}, "Paste").ok()) << text;
  // A cell goes along, and stays out of itself.
  const SpaceChange cell = groupSpaceNodes(model(), "", {"mix", "sum"}, "block");
  const Json with = copySpaceNodes(cell.model, "", {"block"});
  EXPECT_TRUE(pasteSpaceNodes(model(), "", with, {}, "Paste").model["cells"].contains("block"));
  EXPECT_FALSE(pasteSpaceNodes(cell.model, "block", with, {}, "Paste").ok());
}

TEST(SpaceEditTest, CandidatesAreAddedMovedAndSettled) {
  const SpaceNodeRef mix{"", "mix"};
  const SpaceChange more = addSpaceCandidate(model(), mix, {{"op", "zero"}});
  EXPECT_EQ(more.label, "Add candidate zero to mix");
  ASSERT_EQ(spaceCandidates(more.model, mix)->size(), 3u);
  EXPECT_EQ((*spaceCandidates(moveSpaceCandidate(more.model, mix, 2, -1).model, mix))[1]["op"], "zero");
  EXPECT_FALSE(moveSpaceCandidate(more.model, mix, 2, 1).ok());
  EXPECT_EQ(spaceCandidates(removeSpaceCandidate(more.model, mix, 0).model, mix)->size(), 2u);
  EXPECT_FALSE(removeSpaceCandidate(more.model, mix, 3).ok());
  EXPECT_FALSE(addSpaceCandidate(model(), {"", "stem"}, {{"op", "zero"}}).ok());
  const Json settled = settleSpaceChoice(model(), mix, 1).model["nodes"][1];
  EXPECT_EQ(settled, Json::parse(R"({"id": "mix", "op": "conv2d", "out": 16, "kernel": 5})"));
  const Json opened = makeSpaceChoice(model(), {"", "stem"}).model["nodes"][0];
  EXPECT_EQ(opened["candidates"], Json::parse(R"([{"op": "conv2d", "out": 16}, {"op": "identity"}])"));
  EXPECT_FALSE(makeSpaceChoice(model(), mix).ok());
}

TEST(SpaceEditTest, AWebLosesAndGetsEdges) {
  Json m = model();
  m["cells"]["web"] = {{"nodes", 4}, {"candidates", Json::array()}};
  using Edges = std::vector<std::pair<int, int>>;
  EXPECT_EQ(spaceWebEdges(m["cells"]["web"]), (Edges{{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}}));
  const SpaceChange less = setSpaceWebEdge(m, "web", 1, 2, false);
  EXPECT_EQ(less.model["cells"]["web"]["edges"], Json::parse("[[0,1],[0,2],[0,3],[1,3],[2,3]]"));
  EXPECT_FALSE(setSpaceWebEdge(less.model, "web", 1, 2, true).model["cells"]["web"].contains("edges")) << "all: not written";
  EXPECT_EQ(setSpaceWebEdge(m, "web", 0, 1, false).refused, "Node 1 would have no edge left.");
  EXPECT_FALSE(setSpaceWebEdge(m, "web", 3, 1, true).ok());
  EXPECT_FALSE(addSpaceNode(m, "web", {{"op", "identity"}}, {}, std::nullopt).ok());
}

TEST(SpaceEditTest, PathsLeadIntoCells) {
  const Json m = groupSpaceNodes(model(), "", {"mix", "sum"}, "block").model;
  EXPECT_EQ(resolveSpacePath(m, "block/mix"), (SpaceNodeRef{"block", "mix"}));
  EXPECT_EQ(resolveSpacePath(m, "block/*input"), (SpaceNodeRef{"block", "*input"}));
  EXPECT_FALSE(resolveSpacePath(m, "stem/mix"));
  EXPECT_FALSE(resolveSpacePath(m, "block/stem"));
  EXPECT_EQ(spaceNodePointer(m, {"block", "sum"}), "/model/cells/block/nodes/1");
  EXPECT_EQ(spaceFlatId(m, "block/mix"), "block-mix");
  EXPECT_EQ(spaceFlatId(m, "block"), "block-sum") << "what gives its result";
  Json deep = m;
  deep["nodes"][1]["repeat"] = 3;
  EXPECT_EQ(spaceFlatId(deep, "block/mix"), "block-1-mix");
  EXPECT_EQ(spaceFlatId(deep, "block"), "block-3-sum");
}

class SpaceDocumentTest : public ::testing::Test {
 protected:
  SpaceDocumentTest() : data_(catalog()), document_(catalog(), data_) { document_.load(kText, "."); }
  static const Catalog& catalog() {
    static const Catalog* const kCatalog = [] {
      auto* made = new Catalog;
      register_builtins(*made);
      made->freeze();
      return made;
    }();
    return *kCatalog;
  }
  void apply(const SpaceChange& change) {
    ASSERT_TRUE(change.ok()) << change.refused.toStdString();
    Json whole = document_.json();
    whole["model"] = change.model;
    document_.setJson(whole, change.label);
    document_.endMerge();
    EXPECT_EQ(document_.json(), whole);
    EXPECT_EQ(Json::parse(document_.text().toStdString()), whole) << "what is known of the text is what it says";
  }
  DatasetCache data_;
  SpecDocument document_;
};

TEST_F(SpaceDocumentTest, AnEditLeavesTheRestOfTheTextAlone) {
  const Json& m = document_.json()["model"];
  apply(addSpaceNode(m, "", {{"op", "activation"}}, {"stem"}, std::nullopt));
  QString expected = kText;
  expected.replace(
      "{\"id\": \"logits\", \"op\": \"logits\"}]}",
      "{\"id\": \"logits\", \"op\": \"logits\"},\n    {\"id\": \"activation\", \"op\": \"activation\", \"inputs\": [\"stem\"]}]}");
  EXPECT_EQ(document_.text(), expected);
  EXPECT_EQ(document_.undoStack().undoText(), "Add activation");
  document_.undoStack().undo();
  EXPECT_EQ(document_.text(), QString(kText));
  apply(removeSpaceNodes(m, "", {"mix"}));
  expected = kText;
  expected.replace(R"({"id": "mix", "op": "choice", "candidates": [
      {"op": "identity"},
      {"op": "conv2d", "out": 16, "kernel": 5}]},
    {"id": "sum", "op": "add", "inputs": ["stem", "mix"]})",
                   R"({"id": "sum", "op": "add", "inputs": ["stem", "stem"]})");
  EXPECT_EQ(document_.text(), expected);
}

TEST_F(SpaceDocumentTest, EveryEditComesBackByUndo) {
  const auto m = [&]() -> const Json& { return document_.json()["model"]; };
  apply(placeSpaceNodes(m(), "", {{"stem", {8, 16}}, {"mix", {200, 16}}}));
  apply(groupSpaceNodes(m(), "", {"mix", "sum"}, "block"));
  apply(addSpaceCandidate(m(), {"block", "mix"}, {{"op", "zero"}}));
  apply(moveSpaceCandidate(m(), {"block", "mix"}, 2, -2));
  apply(renameSpaceCell(m(), "block", "cell"));
  apply(ungroupSpaceNode(m(), {"", "block"}));
  apply(removeSpaceNodes(m(), "", {"stem", "mix", "flat"}));
  apply(clearSpacePositions(m()));
  const QString last = document_.text();
  while (document_.undoStack().canUndo()) document_.undoStack().undo();
  EXPECT_EQ(document_.text(), QString(kText));
  while (document_.undoStack().canRedo()) document_.undoStack().redo();
  EXPECT_EQ(document_.text(), last);
}

TEST_F(SpaceDocumentTest, APaletteOfEveryRegisteredLayer) {
  std::size_t entries = 0;
  for (const SpacePaletteGroup& group : spacePalette(catalog().layers, document_.json()["model"])) {
    EXPECT_FALSE(group.entries.empty());
    entries += group.entries.size();
  }
  EXPECT_EQ(entries, catalog().layers.names().size() + 3) << "and choice, cell and windowed attention";
}

TEST_F(SpaceDocumentTest, ShapesDecideWhatGoesTogether) {
  const Json& m = document_.json()["model"];
  SpaceFacts facts;
  facts.input.kind = InputSpec::Kind::Image;
  facts.input.channels = 1;
  facts.input.height = facts.input.width = 28;
  facts.input.classes = 10;
  facts.input_shape = {1, 1, 28, 28};
  facts.nodes["stem"] = {"conv 3×3", "conv", {1, 16, 28, 28}, {}};
  facts.nodes["mix"] = {"", "choice", {1, 16, 28, 28}, {}};
  facts.nodes["flat"] = {"flatten", "flatten", {1, 12544}, {}};
  facts.nodes["logits"] = {"logits", "output", {1, 10}, {}};
  const auto judge = [&](const char* from, const char* to) { return judgeSpaceConnection(catalog().layers, m, facts, "", from, to); };
  EXPECT_FALSE(judge("mix", "flat"));
  EXPECT_FALSE(judge("flat", "logits") && judge("flat", "logits")->sentence.contains("takes"));
  const auto sum = judge("input", "sum");
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->sentence, "sum takes 16×28×28; this gives 1×28×28.");
  EXPECT_EQ(sum->adapter, Json::parse(R"({"op": "conv2d", "out": 16, "kernel": 1})"));
  const auto out = judge("flat", kSpaceOutput);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->sentence, "The data need 10; this gives 12544.");
  EXPECT_EQ(out->adapter_name, "logits");
  EXPECT_TRUE(judge("sum", "mix")) << "a cycle";
  const Shape pictures{1, 16, 28, 28};
  const auto fit = spaceLayersThatFit(catalog().layers, facts.input, &pictures);
  EXPECT_NE(std::find(fit.begin(), fit.end(), "conv2d"), fit.end());
  EXPECT_EQ(std::find(fit.begin(), fit.end(), "attention"), fit.end());
  EXPECT_EQ(defaultSpaceNode(catalog().layers, "conv2d", &pictures)["out"], 16);
}

}  // namespace
}  // namespace dsw
