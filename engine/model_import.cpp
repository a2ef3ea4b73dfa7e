// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model_import.h"

#include <nlohmann/json.hpp>
#include <tuple>

#include "engine/core/file_bytes.h"
#include "engine/core/ids.h"
#include "engine/data/bpe_tokenizer.h"
#include "engine/formats/model_file.h"
#include "engine/tensor/device.h"

namespace dsw {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMostConfigBytes = std::uint64_t{8} << 20, kMostTokenizerBytes = std::uint64_t{256} << 20;

/// A plan with what is needed to carry it out.
struct Prepared {
  ModelImportPlan plan;
  std::optional<ModelFile> own;
  TensorFile weights;  // of other programs
  Json tokenizer;      // null: none
};

fs::path beside(const fs::path& file, const char* name) {
  fs::path path = file.parent_path() / name;
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) ? path : fs::path();
}

std::string format_of(const TensorFile& weights, const fs::path& file) {
  if (file.extension() == ".safetensors") return "safetensors";
  const bool json = weights.meta("config.n_head") != nullptr && file.extension() == ".json";
  if (json || file.extension() == ".json") return "JSON tensors";
  return file.extension() == ".th" || file.extension() == ".pt" || file.extension() == ".pth" ? "torch.save, legacy" : "weights";
}

/// config.json says what stands in no tensor, and must agree with those that there are.
Result<void> use_config(Prepared& made, const ModelImport& request) {
  made.plan.config = request.config.empty() ? beside(request.file, "config.json") : request.config;
  if (made.plan.config.empty()) return {};
  DSW_TRY_ASSIGN(const std::string text, read_file(made.plan.config, {}, kMostConfigBytes));
  return add_config(made.weights, text, made.plan.config.filename().string());
}

std::optional<Error> config_disagrees(const Prepared& made, const GuessedModel& guess) {
  const Json section = Json::parse(guess.section);
  const std::string type = section.at("type").get<std::string>();
  if (type != "gpt") return std::nullopt;
  const auto differs = [&](const char* key, std::int64_t weights_say, const char* what) -> std::optional<Error> {
    const std::string* said = made.weights.meta(std::string("config.") + key);
    if (!said || *said == std::to_string(weights_say)) return std::nullopt;
    return Error(ErrorCode::InvalidArgument, fmt::format("The weights have {} {}; {} says {}", weights_say, what, key, *said),
                 "Choose the config.json that came with these weights.", made.plan.config.string());
  };
  for (const auto& [key, number, what] :
       {std::tuple("n_layer", section.at("layers").get<std::int64_t>(), "layers"),
        std::tuple("n_embd", section.at("width").get<std::int64_t>(), "numbers a token"),
        std::tuple("vocab_size", guess.input.vocabulary, "tokens"), std::tuple("n_positions", guess.input.context, "positions")})
    if (auto error = differs(key, number, what)) return error;
  return std::nullopt;
}

/// vocab.json and merges.txt, as the person gave them or as they lie beside the weights.
Result<void> use_tokenizer(Prepared& made, const ModelImport& request, std::stop_token stop) {
  ModelImportPlan& plan = made.plan;
  const bool given = !request.vocabulary.empty() || !request.merges.empty();
  if (plan.input.kind != InputSpec::Kind::Tokens) {
    if (given)
      plan.refused = Error(ErrorCode::InvalidArgument, fmt::format("A {} does not write text, so it takes no tokenizer", plan.family));
    return {};
  }
  if (!given && made.own && !made.tokenizer.is_null()) return {};
  const fs::path folder = (request.vocabulary.empty() ? request.merges : request.vocabulary).parent_path();
  plan.vocabulary = !request.vocabulary.empty() ? request.vocabulary
                    : given                     ? beside(folder / "x", "vocab.json")
                                                : beside(request.file, "vocab.json");
  plan.merges = !request.merges.empty() ? request.merges : given ? beside(folder / "x", "merges.txt") : beside(request.file, "merges.txt");
  if (plan.vocabulary.empty() || plan.merges.empty()) {
    if (given)
      plan.refused =
          Error(ErrorCode::InvalidArgument,
                fmt::format("A tokenizer is two files, and {} is not given", plan.vocabulary.empty() ? "vocab.json" : "merges.txt"),
                "Name both.");
    plan.vocabulary.clear();
    plan.merges.clear();
    return {};
  }
  DSW_TRY_ASSIGN(const std::string vocabulary, read_file(plan.vocabulary, stop, kMostTokenizerBytes));
  DSW_TRY_ASSIGN(const std::string merges, read_file(plan.merges, stop, kMostTokenizerBytes));
  auto tokenizer = BpeTokenizer::from_files(vocabulary, plan.vocabulary.filename().string(), merges, plan.merges.filename().string());
  std::optional<Error> wrong;
  if (!tokenizer) {
    wrong = tokenizer.error();
  } else if (tokenizer->vocabulary() > plan.input.vocabulary) {
    wrong = Error(ErrorCode::InvalidArgument,
                  fmt::format("{} has {} tokens; the model knows {}", plan.vocabulary.filename().string(), tokenizer->vocabulary(),
                              plan.input.vocabulary),
                  "Choose the tokenizer that the model was trained with.", plan.vocabulary.string());
  }
  if (wrong) {
    if (given)
      plan.refused = std::move(wrong);
    else
      plan.notes.push_back(fmt::format("The tokenizer beside the file is not used: {}.", wrong->message));
    plan.vocabulary.clear();
    plan.merges.clear();
    return {};
  }
  made.tokenizer = tokenizer->to_json();
  plan.tokenizer = tokenizer->kind();
  plan.symbols = tokenizer->vocabulary();
  return {};
}

Result<void> recognise_own(const Catalog& catalog, Prepared& made) {
  ModelImportPlan& plan = made.plan;
  plan.own = true;
  plan.format = "safetensors";
  plan.input = made.own->input;
  DSW_TRY_ASSIGN(const Json settings, checked_model_settings(catalog, *made.own));
  plan.family = settings.at("type").get<std::string>();
  plan.section = settings.dump(2);
  const auto host = make_cpu_device(1);
  if (const auto built = build_model(catalog, *made.own, *host); !built) plan.refused = built.error();
  const Json description = Json::parse(made.own->description);
  made.tokenizer = description.value("tokenizer", Json());
  if (!made.tokenizer.is_null()) {
    DSW_TRY_ASSIGN(const auto tokenizer, tokenizer_from_json(made.tokenizer));
    plan.tokenizer = tokenizer->kind();
    plan.symbols = tokenizer->vocabulary();
  }
  if (const auto classes = description.find("classes"); classes != description.end() && classes->is_array())
    for (const Json& name : *classes) plan.classes.push_back(name.is_string() ? name.get<std::string>() : name.dump());
  for (const StoredTensor& tensor : made.own->weights.tensors) {
    StateRow row;
    row.file_name = row.parameter = tensor.name;
    row.dtype = tensor.dtype;
    row.file_shape = row.wanted = tensor.shape;
    plan.rows.push_back(std::move(row));
  }
  return {};
}

Result<void> recognise_foreign(const Catalog& catalog, const ModelImport& request, Prepared& made, std::stop_token stop) {
  ModelImportPlan& plan = made.plan;
  DSW_TRY_ASSIGN(made.weights, read_weights(request.file));
  if (stop.stop_requested()) return fail(ErrorCode::Stopped, "reading the weights was stopped");
  plan.format = format_of(made.weights, request.file);
  if (const auto used = use_config(made, request); !used) plan.refused = used.error();
  const auto guess = guess_model(made.weights);
  if (!guess)
    return fail(ErrorCode::Unsupported, "These weights belong to no family that is known here",
                "Known are resnets of the CIFAR kind and GPT-2 style models.", request.file.string());
  plan.section = guess->section;
  plan.family = Json::parse(guess->section).at("type").get<std::string>();
  plan.input = guess->input;
  if (!plan.refused) plan.refused = config_disagrees(made, *guess);
  if (const auto match = match_weights(catalog, made.weights, Json::parse(guess->section), guess->input))
    plan.rows = match->rows;
  else if (!plan.refused)
    plan.refused = match.error();
  if (guess->heads_guessed)
    plan.notes.push_back(fmt::format("Nothing says how many heads the model has: {} are taken, 64 numbers each. A config.json tells.",
                                     Json::parse(guess->section).at("heads").get<std::int64_t>()));
  return {};
}

const char* outcome(StateRow::Result result) {
  return result == StateRow::Result::Missing      ? "is not in the file"
         : result == StateRow::Result::WrongShape ? "has another shape"
                                                  : "is not known";
}

Result<Prepared> prepare(const Catalog& catalog, const ModelImport& request, std::stop_token stop) {
  Prepared made;
  ModelImportPlan& plan = made.plan;
  plan.name = request.name.empty() ? request.file.stem().string() : request.name;
  // "model.safetensors", "pytorch_model.bin": the folder says what it is.
  if (request.name.empty() && (plan.name == "model" || plan.name == "pytorch_model") && request.file.has_parent_path())
    plan.name = fs::absolute(request.file).parent_path().filename().string();
  std::error_code ignored;
  plan.bytes = fs::file_size(request.file, ignored);
  auto own = read_model_file(request.file);
  if (own) {
    made.own = std::move(*own);
    DSW_TRY(recognise_own(catalog, made));
  } else if (own.error().code != ErrorCode::Unsupported && own.error().code != ErrorCode::BadFormat) {
    return fail(own.error());
  } else {
    DSW_TRY(recognise_foreign(catalog, request, made, stop));
  }
  for (const StateRow& row : plan.rows) {
    const bool fits = row.result == StateRow::Result::Maps || row.result == StateRow::Result::Transposed;
    if (fits) {
      double elements = 1;
      for (const std::int64_t length : row.file_shape) elements *= static_cast<double>(length);
      plan.parameters += elements;
    } else if (row.result != StateRow::Result::LeftOut && !plan.refused) {
      plan.refused =
          Error(ErrorCode::ShapeMismatch, fmt::format("{} {}", row.file_name.empty() ? row.parameter : row.file_name, outcome(row.result)),
                "Nothing has been written.", request.file.string());
    }
  }
  if (!plan.refused) DSW_TRY(use_tokenizer(made, request, stop));
  if (plan.input.kind == InputSpec::Kind::Tokens && plan.tokenizer.empty() && !plan.refused)
    plan.notes.push_back("It has no tokenizer, so it can be evaluated on tokens but cannot write text. Give vocab.json and merges.txt.");
  return made;
}

/// A file that goes at the end of its scope.
struct Temporary {
  fs::path path = fs::temp_directory_path() / (new_id() + ".safetensors");
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
};

}  // namespace

Result<ModelImportPlan> inspect_model(const Catalog& catalog, const ModelImport& request, std::stop_token stop) {
  DSW_TRY_ASSIGN(Prepared made, prepare(catalog, request, std::move(stop)));
  return std::move(made.plan);
}

Result<ModelRow> import_model(const Catalog& catalog, const ModelImport& request, Project& into, std::stop_token stop) {
  DSW_TRY_ASSIGN(Prepared made, prepare(catalog, request, stop));
  if (made.plan.refused) return fail(*made.plan.refused);
  if (stop.stop_requested()) return fail(ErrorCode::Stopped, "the import was stopped; nothing has been written");
  const std::string source = request.file.filename().string();
  const bool new_tokenizer = !made.plan.vocabulary.empty();
  if (made.own && !new_tokenizer) return into.add_model(made.plan.name, made.plan.family, source, request.file);
  const Temporary file;
  const auto host = make_cpu_device(1);
  if (made.own) {
    Json description = Json::parse(made.own->description);
    description["tokenizer"] = made.tokenizer;
    made.own->description = description.dump(-1, ' ', false, Json::error_handler_t::replace);
    DSW_TRY(write_model_file(file.path, *made.own, *host));
  } else {
    DSW_TRY(import_weights(catalog, made.weights, Json::parse(made.plan.section), made.plan.input, made.plan.name,
                           Json{{"tokenizer", made.tokenizer}}, *host, file.path));
  }
  return into.add_model(made.plan.name, made.plan.family, source, file.path);
}

}  // namespace dsw
