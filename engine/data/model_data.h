// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "engine/data/dataset.h"

namespace dsw {

/// Data as a model sees it that exists already: texts in its tokens, labels as its classes (by their names), pictures in its
/// normalisation unless `data` gives one, sequences no longer than its context. For evaluating a model on other data.
/// `model` is a model's description: {"tokenizer": …, "classes": […], "mean": […], "std": […], "input": {"context": T}}; what is
/// not there is taken from the data. Errors as load_dataset gives them, and labels that the model does not know.
Result<std::unique_ptr<Dataset>> load_dataset_for_model(const Catalog& catalog, const Json& data, const std::filesystem::path& base,
                                                        std::uint64_t seed, const Json& model, std::stop_token stop = {});

/// The model among a loader's settings, under a key that no document can hold; null where there is none.
const Json& model_of(const Json& settings);
/// The model's classes; empty where it names none.
std::vector<std::string> model_classes(const Json& settings);

}  // namespace dsw
