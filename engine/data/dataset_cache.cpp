// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset_cache.h"

#include <nlohmann/json.hpp>

#include "engine/core/catalog.h"
#include "engine/data/data_file.h"

namespace dsw {
namespace {

void add_stamp(const std::filesystem::path& path, std::string& stamps) {
  std::error_code none;
  const auto status = std::filesystem::status(path, none);
  if (!std::filesystem::exists(status)) return;
  const auto time = std::filesystem::last_write_time(path, none).time_since_epoch().count();
  const bool file = std::filesystem::is_regular_file(status);
  stamps += fmt::format("{}\n{} {}\n", path.string(), time, file ? std::filesystem::file_size(path, none) : 0);
}

/// Of every path that the settings name; of folders also those of the folders in them, where files come and go.
void add_named_stamps(const Json& value, const std::filesystem::path& base, std::string& stamps) {
  if (value.is_structured()) {
    for (const auto& member : value) add_named_stamps(member, base, stamps);
  } else if (value.is_string() && builtin_name(value.get_ref<const std::string&>()).empty()) {
    const auto path = resolve_data_path(base, value.get_ref<const std::string&>());
    std::error_code none;
    if (!path || !std::filesystem::exists(*path, none)) return;
    add_stamp(*path, stamps);
    if (!std::filesystem::is_directory(*path, none)) return;
    for (std::filesystem::directory_iterator it(*path, none), end; !none && it != end; it.increment(none))
      if (it->is_directory(none)) add_stamp(it->path(), stamps);
  }
}

std::string stamps_of(const Json& settings, const std::filesystem::path& base, const Dataset& dataset) {
  constexpr std::size_t kMostFiles = 2000;  // of more, only the folders' times are looked at
  std::string stamps;
  add_named_stamps(settings, base, stamps);
  const std::vector<DataFile> files = dataset.files();
  if (files.size() <= kMostFiles)
    for (const DataFile& file : files) add_stamp(file.path, stamps);
  return stamps;
}

}  // namespace

Result<std::shared_ptr<const Dataset>> DatasetCache::find(const Entry& wanted, const Json& settings, std::stop_token stop) {
  std::list<Entry> candidates;
  {
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : entries_)
      if (entry.type == wanted.type && entry.base == wanted.base) candidates.push_back(entry);
  }
  candidates.remove_if(
      [&](const Entry& entry) { return entry.stamps != stamps_of(Json::parse(entry.settings), wanted.base, *entry.dataset); });
  for (const Entry& entry : candidates)
    if (entry.settings == wanted.settings && entry.seed == wanted.seed) {
      keep(entry);  // to the front
      return entry.dataset;
    }
  for (const Entry& entry : candidates) {
    DSW_TRY_ASSIGN(std::shared_ptr<const Dataset> dataset, entry.dataset->with_settings(settings, wanted.seed, stop));
    if (dataset) return dataset;
  }
  return nullptr;
}

void DatasetCache::keep(Entry entry) {
  const std::lock_guard lock(mutex_);
  entries_.remove_if([&](const Entry& other) {
    return other.type == entry.type && other.settings == entry.settings && other.base == entry.base && other.seed == entry.seed;
  });
  entries_.push_front(std::move(entry));
  if (entries_.size() > keep_) entries_.pop_back();
}

Result<std::shared_ptr<const Dataset>> DatasetCache::get(const Json& data, const std::filesystem::path& base, std::uint64_t seed,
                                                         std::stop_token stop) {
  const auto type = data.is_object() && data.contains("type") && data["type"].is_string() ? data["type"].get<std::string>() : std::string();
  const auto* entry = catalog_.datasets.find(type);
  Json settings = data;
  if (entry) settings.erase("type");
  // What does not fit the schema goes to load_dataset, which says why.
  if (!entry || !check_params(entry->schema, settings).empty()) {
    auto refused = load_dataset(catalog_, data, base, seed, stop);
    if (!refused) return fail(refused.error());
    return std::shared_ptr<const Dataset>(std::move(*refused));
  }
  settings = with_defaults(entry->schema, settings);
  Entry wanted{type, settings.dump(-1, ' ', false, Json::error_handler_t::replace), base.string(), seed, {}, nullptr};
  const std::string key = fmt::format("{}\n{}\n{}\n{}", type, wanted.settings, wanted.base, seed);
  {
    std::unique_lock lock(mutex_);
    if (!loaded_.wait(lock, stop, [&] { return loading_.count(key) == 0; }))
      return fail(ErrorCode::Stopped, "waiting for the data was stopped");
    loading_.insert(key);
  }
  const struct Done {
    DatasetCache* cache;
    const std::string& key;
    ~Done() {
      const std::lock_guard lock(cache->mutex_);
      cache->loading_.erase(key);
      cache->loaded_.notify_all();
    }
  } done{this, key};
  DSW_TRY_ASSIGN(wanted.dataset, find(wanted, settings, stop));
  if (!wanted.dataset) {
    DSW_TRY_ASSIGN(wanted.dataset, load_dataset(catalog_, data, base, seed, stop));
  }
  wanted.stamps = stamps_of(settings, base, *wanted.dataset);
  std::shared_ptr<const Dataset> dataset = wanted.dataset;
  keep(std::move(wanted));
  return dataset;
}

Result<InputSpec> DatasetCache::describe(const Json& data, const std::filesystem::path& base, std::stop_token stop) {
  auto dataset = get(data, base, 0, stop);
  if (!dataset) return fail(dataset.error());
  return (*dataset)->input_spec();
}

}  // namespace dsw
