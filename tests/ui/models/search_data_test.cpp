// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: ui
// What a search told, read from its samples: whole, damaged and missing ones; candidates as a table; the document of what it derived.
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/search_project.h"
#include "ui/models/candidate_table_model.h"
#include "ui/models/derived_document.h"
#include "ui/models/search_data.h"

namespace dsw {
namespace {

using namespace sample_search;

struct Told {
  std::vector<SampleRow> rows;
  void add(const char* kind, const std::string& data, std::int64_t step = 0) {
    rows.push_back({static_cast<std::int64_t>(rows.size()) + 1, step, kind, data, {}});
  }
  SearchData data() const {
    SearchData out;
    out.apply(SearchData::parse(rows));
    return out;
  }
};

Told whole(int epochs) {
  Told told;
  told.add("space", cell_space().dump());
  for (int e = 0; e <= epochs; ++e) {
    told.add("search", cell_epoch(e).dump(), e * kStepsPerEpoch);
    told.add("architectures", architectures(e).dump(), e * kStepsPerEpoch);
  }
  return told;
}

TEST(SearchData, ReadsSpaceDistributionsAndArchitectures) {
  const SearchData data = whole(kEpochs).data();
  const SearchSpaceInfo& space = data.space();
  EXPECT_EQ(space.algorithm, "beta-darts");
  EXPECT_EQ(space.epochs, kEpochs);
  EXPECT_DOUBLE_EQ(space.target, 2.9e7);
  EXPECT_DOUBLE_EQ(space.skip_limit, 0.6);
  ASSERT_EQ(space.choices.size(), 6U);
  EXPECT_EQ(space.choices[4].from, 1);
  EXPECT_EQ(space.choices[4].to, 3);
  EXPECT_EQ(space.choices[4].places.size(), 3);
  EXPECT_EQ(space.cells[0].nodes, 4);
  EXPECT_EQ(data.lastEpoch(), kEpochs);
  EXPECT_EQ(data.points().size(), 5U * (kEpochs + 1));
  EXPECT_EQ(data.damaged(), 0);

  const SearchEpoch* last = data.at(kEpochs);
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(space.choices[0].candidates[static_cast<std::size_t>(last->choices[0].leading)].title, "conv 3×3");
  EXPECT_TRUE(last->string.startsWith("|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+"));
  EXPECT_NEAR(last->full_flops, 4.27 * last->derived.flops, 1);
  EXPECT_NEAR(data.edgeWeight(*last, 4), 0.31, 1e-12);
  EXPECT_TRUE(std::isnan(data.edgeWeight(*last, 0))) << "nothing is learned for the only edge into a node";
  EXPECT_TRUE(std::isfinite(space.targetCost(last->derived)));
}

TEST(SearchData, TimeIsAnEpoch) {
  Told told;
  told.add("space", cell_space().dump());
  for (const int e : {2, 7}) told.add("search", cell_epoch(e).dump(), e * kStepsPerEpoch);
  const SearchData data = told.data();
  EXPECT_EQ(data.at(1), nullptr);
  EXPECT_EQ(data.at(2)->epoch, 2);
  EXPECT_EQ(data.at(6)->epoch, 2);
  EXPECT_EQ(data.at(1000)->epoch, 7);
  EXPECT_EQ(data.epochOfStep(7 * kStepsPerEpoch + 3), 7);
}

TEST(SearchData, AnEpochThatIsToldAgainReplacesTheEarlierOne) {
  Told told = whole(5);
  Json again = cell_epoch(3);
  again["val"]["accuracy"] = 0.5;
  told.add("search", again.dump(), 3 * kStepsPerEpoch);
  const SearchData data = told.data();
  EXPECT_EQ(data.epochs().size(), 6U);
  EXPECT_DOUBLE_EQ(data.at(3)->val_accuracy, 0.5);
}

TEST(SearchData, WhatComesInPartsIsTheSameAsTheWhole) {
  const Told told = whole(10);
  SearchData parts;
  for (const SampleRow& row : told.rows) parts.apply(SearchData::parse({row}));
  EXPECT_EQ(parts.epochs().size(), told.data().epochs().size());
  EXPECT_EQ(parts.points().size(), told.data().points().size());
}

TEST(SearchData, DamagedSamplesAreCountedAndLeftOut) {
  Told told;
  told.add("search", cell_epoch(0).dump());  // before its space
  told.add("space", cell_space().dump());
  told.add("search", "{\"epoch\": 1, \"choi");
  told.add("search", "[]");
  told.add("search", chain_epoch(2).dump());  // of another space
  told.add("derived", R"({"model": 3})");
  told.add("architectures", R"({"items": [7, {"accuracy": "high", "by": 3}]})");
  told.add("text", "not of a search");
  Json odd = cell_epoch(4);
  odd["choices"][0]["chosen"] = 99;
  odd["choices"][0]["alpha"] = {1};
  odd["choices"][1]["p"][0] = nullptr;
  odd.erase("expected");
  odd["guards"] = "none";
  told.add("search", odd.dump());
  const SearchData data = told.data();
  EXPECT_EQ(data.damaged(), 4) << "half a text, a list, another space's, and a model that is none; the one before its space fits it";
  ASSERT_EQ(data.epochs().size(), 2U);
  const SearchEpoch& kept = data.epochs().back();
  EXPECT_EQ(kept.choices[0].chosen, kept.choices[0].leading);
  EXPECT_TRUE(kept.choices[0].alpha.empty());
  EXPECT_DOUBLE_EQ(kept.choices[1].p[0], 0);
  EXPECT_TRUE(std::isnan(kept.expected.flops));
  EXPECT_TRUE(std::isnan(kept.skip_share));
  EXPECT_EQ(data.points().size(), 1U);
}

TEST(SearchData, ASpaceWithOddPartsIsReadAsFarAsItGoes) {
  Told told;
  told.add("space",
           R"({"choices": [{"id": "a", "from": "3", "to": "1", "candidates": [{}]}, 5], "cells": [{"web": {"nodes": 1e9, "inputs": -4}}],
    "nodes": [{"id": "x", "choice": 12, "candidate": [40, 0]}], "edges": [{}], "target": 7, "epochs": -3})");
  const SearchData data = told.data();
  ASSERT_TRUE(data.hasSpace());
  EXPECT_FALSE(data.space().choices[0].isEdge());
  EXPECT_EQ(data.space().nodes[0].choice, -1);
  EXPECT_EQ(data.space().nodes[0].candidate, -1);
  EXPECT_LE(data.space().cells[0].nodes, 64);
  EXPECT_EQ(data.space().epochs, 0);
}

TEST(SearchData, APrimitiveHasOneColourInAllSearches) {
  Told cell, chain;
  cell.add("space", cell_space().dump());
  chain.add("space", chain_space().dump());
  std::map<QString, std::set<int>> colors;
  for (const SearchData& data : {cell.data(), chain.data()})
    for (const SearchChoice& choice : data.space().choices) {
      std::set<int> here;
      for (const SearchCandidate& candidate : choice.candidates) {
        EXPECT_TRUE(here.insert(candidate.color).second) << "two of one choice look the same";
        if (choice.kind == "operation") colors[candidate.title].insert(candidate.color);
      }
    }
  EXPECT_EQ(colors.at("skip").size(), 1U);
  EXPECT_EQ(colors.at("conv 3×3").size(), 1U);
}

TEST(SearchData, MarksOfACollapse) {
  const SearchData data = whole(30).data();
  const auto collapses = data.collapses({{1, 5, 0, "stage", "x"}, {2, kCollapse * kStepsPerEpoch, 0, "collapse", "Epoch 21: skips."}});
  ASSERT_EQ(collapses.size(), 1U);
  EXPECT_EQ(collapses[0].epoch, kCollapse);
}

TEST(CandidateTable, LikeliestFirst) {
  const SearchData data = whole(31).data();
  CandidateTableModel model;
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  model.setChoice(data.space().choices[4], data.at(31)->choices[4]);
  ASSERT_EQ(model.rowCount(), 5);
  QStringList titles;
  double before = 1;
  for (int row = 0; row < 5; ++row) {
    titles << model.index(row, CandidateTableModel::Title).data().toString();
    const double p = model.index(row, CandidateTableModel::Probability).data().toDouble();
    EXPECT_LE(p, before);
    before = p;
  }
  EXPECT_EQ(titles.front(), "conv 1×1");
  EXPECT_EQ(model.index(0, CandidateTableModel::Flops).data().toString(), "1.05");
  EXPECT_EQ(model.headerData(CandidateTableModel::Flops, Qt::Horizontal).toString(), "MFLOPs");
  model.clear();
  EXPECT_EQ(model.rowCount(), 0);
}

TEST(DerivedDocument, TrainsWhatWasFoundAndSaysWhereItCameFrom) {
  RunRow search;
  search.short_name = "r-0004";
  search.experiment_name = "cell-mnist";
  search.version = 3;
  search.seed = 7;
  const Json resolved = {{"device", "cpu"},
                         {"precision", "auto"},
                         {"data", {{"type", "images"}, {"source", "builtin:mnist"}}},
                         {"search", {{"algorithm", {{"type", "gdas"}}}}},
                         {"optimizer", {{"type", "sgd"}}},
                         {"training", {{"epochs", 50}, {"steps_per_epoch", 0}, {"batch", 64}, {"keep", 2}}}};
  Json document = derivedDocument(search, resolved, derived()["model"]);
  EXPECT_EQ(document["task"], "train");
  EXPECT_EQ(document["name"], "cell-mnist-derived");
  EXPECT_EQ(document["model"]["type"], "graph");
  EXPECT_EQ(document["model"]["origin"], "r-0004 cell-mnist v3, gdas, seed 7");
  EXPECT_EQ(document["training"], Json({{"epochs", 50}, {"batch", 64}}));
  EXPECT_EQ(document["data"]["source"], "builtin:mnist");
  EXPECT_EQ(derivedDocument(search, resolved, derived()["model"], 12)["model"]["origin"], "r-0004 cell-mnist v3, gdas, seed 7, epoch 12");
  Json steps = resolved;
  steps["training"]["steps_per_epoch"] = 60;
  EXPECT_EQ(derivedDocument(search, steps, derived()["model"])["training"]["steps"], 3000);
  EXPECT_EQ(derivedDocument(search, Json(), derived()["model"])["training"], Json::object()) << "a run that recorded nothing";
}

}  // namespace
}  // namespace dsw
