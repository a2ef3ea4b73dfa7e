// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/labelled_texts.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "engine/core/registry.h"
#include "engine/data/data_file.h"
#include "engine/data/model_data.h"
#include "engine/data/text_file.h"
#include "engine/formats/csv.h"

namespace dsw {
namespace {

struct Example {
  std::string label, text;
  std::string place;  ///< "train.csv line 17"
};

class Reader {
 public:
  Reader(const Json& settings, LabelledTexts& out, std::stop_token stop) : settings_(settings), out_(out), stop_(std::move(stop)) {}

  Result<std::vector<Example>> read(const char* key) {
    pointer_ = std::string("/data/") + key;
    const auto name = settings_.at(key).get<std::string>();
    if (!builtin_name(name).empty())
      return fail(ErrorCode::NotFound, fmt::format("no labelled texts \"{}\" are shipped with the program", name),
                  "Name a TSV or CSV file, or a folder.", pointer_);
    DSW_TRY_ASSIGN(const std::filesystem::path path, resolve_data_path(out_.base, name));
    std::error_code none;
    return std::filesystem::is_directory(path, none) ? read_folder(name, path) : read_table(name);
  }

 private:
  Error error(std::string message, std::string hint) const { return {ErrorCode::BadFormat, std::move(message), std::move(hint), pointer_}; }

  Result<std::string> read_text(const std::string& name, const std::string& shown) {
    auto text = read_data_file(out_.base, name, pointer_, out_.files, stop_);
    if (!text) return text;
    if (auto wrong = check_text(*text, shown, pointer_)) return fail(*wrong);
    std::string note;
    to_utf8(*text, shown, note);
    if (!note.empty()) out_.notes.push_back(note);
    return text;
  }

  // One file a class, one example a line.
  Result<std::vector<Example>> read_folder(const std::string& name, const std::filesystem::path& path) {
    std::vector<std::string> names;
    std::error_code failed;
    bool folders = false;
    for (std::filesystem::directory_iterator it(path, failed), end; !failed && it != end; it.increment(failed)) {
      const std::string file = it->path().filename().string();
      if (file.front() == '.') continue;
      std::error_code none;
      if (it->is_directory(none))
        folders = true;
      else
        names.push_back(file);
    }
    if (failed)
      return fail(Error(ErrorCode::Io, fmt::format("the folder {} cannot be read: {}", name, failed.message()), "Check its permissions.",
                        pointer_));
    if (names.empty())
      return fail(error(fmt::format("the folder {} holds no file", name), folders
                                                                              ? "Put one text file a class in it, not folders."
                                                                              : "Put one text file a class in it, one example a line."));
    std::sort(names.begin(), names.end());
    std::map<std::string, std::string> file_of;
    std::vector<Example> examples;
    for (const std::string& file : names) {
      const std::string label = label_of(file);
      const auto [other, fresh] = file_of.emplace(label, file);
      if (!fresh)
        return fail(error(fmt::format("the folder {} has two files for the label \"{}\": {} and {}", name, label, other->second, file),
                          "Join them, or rename one."));
      DSW_TRY_ASSIGN(const std::string text, read_text((std::filesystem::path(name) / file).string(), file));
      std::size_t line = 0;
      for (std::string_view rest = text; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view example = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        ++line;
        if (!example.empty() && example.back() == '\r') example.remove_suffix(1);
        if (example.find_first_not_of(" \t") != std::string_view::npos)
          examples.push_back({label, std::string(example), fmt::format("{} line {}", file, line)});
      }
    }
    return examples;
  }

  static std::string label_of(std::string file) {
    for (const char* end : {".gz", ".txt", ".csv"})
      if (file.size() > std::string_view(end).size() &&
          file.compare(file.size() - std::string_view(end).size(), std::string::npos, end) == 0) {
        file.resize(file.size() - std::string_view(end).size());
        if (std::string_view(end) != ".gz") break;
      }
    return file;
  }

  Result<std::vector<Example>> read_table(const std::string& name) {
    const std::string file = std::filesystem::path(name).filename().string();
    DSW_TRY_ASSIGN(const std::string text, read_text(name, file));
    const std::string delimiter = settings_.at("delimiter");
    const char separator = delimiter == "tab"         ? '\t'
                           : delimiter == "comma"     ? ','
                           : delimiter == "semicolon" ? ';'
                                                      : guess_separator(text, file);
    CsvReader reader(text, separator);
    const auto next = [&](std::vector<std::string>& fields) -> Result<bool> {
      auto more = reader.next(fields);
      if (!more) return fail(error(fmt::format("{}: {}", file, more.error().message), more.error().hint));
      return more;
    };
    std::vector<std::string> fields, header;
    if (settings_.at("header").get<bool>()) {
      DSW_TRY_ASSIGN(bool more, next(header));
      if (!more) return fail(error(fmt::format("{} is empty", file), "Choose a table with examples in it."));
    }
    const Json& columns = settings_.at("columns");
    DSW_TRY_ASSIGN(const std::size_t label_column, column(columns.at("label"), "/data/columns/label", header, file));
    std::vector<std::size_t> text_columns;
    for (const Json& c : columns.at("text")) {
      DSW_TRY_ASSIGN(const std::size_t number, column(c, "/data/columns/text", header, file));
      text_columns.push_back(number);
    }
    const std::size_t last = std::max(label_column, *std::max_element(text_columns.begin(), text_columns.end()));
    std::vector<Example> examples;
    for (;;) {
      if (examples.size() % 4096 == 0 && stop_.stop_requested())
        return fail(ErrorCode::Stopped, fmt::format("reading {} was stopped", file));
      DSW_TRY_ASSIGN(const bool more, next(fields));
      if (!more) break;
      const std::string place = fmt::format("{} line {}", file, reader.line());
      if (fields.size() <= last)
        return fail(error(fmt::format("{} has {} {}, but column {} is wanted", place, fields.size(),
                                      fields.size() == 1 ? "field" : "fields", column_text(last, header)),
                          fields.size() == 1 ? "Check the delimiter: it is \"auto\", \"tab\", \"comma\" or \"semicolon\"."
                                             : "Mend the line, or the setting columns."));
      Example example{fields[label_column], {}, place};
      if (example.label.empty())
        return fail(error(fmt::format("{} (byte {}) has no label", place, reader.byte()), "Give it one, or take the line out."));
      for (const std::size_t c : text_columns) {
        if (!example.text.empty()) example.text += ' ';
        example.text += fields[c];
      }
      examples.push_back(std::move(example));
    }
    if (examples.empty()) return fail(error(fmt::format("{} has a head but no example", file), "Choose a table with examples in it."));
    return examples;
  }

  static std::string column_text(std::size_t number, const std::vector<std::string>& header) {
    return number < header.size() ? fmt::format("\"{}\"", header[number]) : fmt::format("{} (counted from 0)", number);
  }

  Result<std::size_t> column(const Json& value, const std::string& pointer, const std::vector<std::string>& header,
                             const std::string& file) const {
    const auto wrong = [&](std::string message, std::string hint, std::vector<Fix> fixes = {}) {
      Error e(ErrorCode::InvalidDocument, std::move(message), std::move(hint), pointer);
      e.fixes = std::make_shared<const std::vector<Fix>>(std::move(fixes));
      return fail(std::move(e));
    };
    if (value.is_number()) {
      const double number = value.get<double>();
      if (number < 0 || number > 1e6 || number != static_cast<double>(static_cast<std::size_t>(number)))
        return wrong(fmt::format("a column has the number {}", value.dump()), "Columns are counted from 0.");
      if (!header.empty() && number >= static_cast<double>(header.size()))
        return wrong(fmt::format("{} has {} columns, and none of the number {}", file, header.size(), value.dump()),
                     "Columns are counted from 0.");
      return static_cast<std::size_t>(number);
    }
    if (!value.is_string()) return wrong("a column is neither a name nor a number", "Write \"label\" or 0.");
    const auto& name = value.get_ref<const std::string&>();
    if (!settings_.at("header").get<bool>())
      return wrong(fmt::format("a file without a head has no column \"{}\"", name), "Give the column's number, counted from 0.",
                   {{"Read names from the first line", "/data/header", "true", {}, false}});
    const auto found = std::find(header.begin(), header.end(), name);
    if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
    std::string names;
    for (std::size_t i = 0; i < header.size() && i < 8; ++i) names += (i ? ", \"" : "\"") + header[i].substr(0, 40) + "\"";
    const std::string near = nearest_name(name, header);
    std::vector<Fix> fixes;
    if (!near.empty() && (pointer == "/data/columns/label" || settings_.at("columns").at("text").size() == 1))
      fixes.push_back({"Use " + near, pointer, Json(near).dump(), {}, false});
    return wrong(fmt::format("{} has no column \"{}\"; its first line has {}{}", file, name, names, header.size() > 8 ? ", …" : ""),
                 near.empty() ? "If that line is an example already, set \"header\": false and give the columns by number, counted from 0."
                              : fmt::format("Nearest name: {}.", near),
                 fixes);
  }

  const Json& settings_;
  LabelledTexts& out_;
  std::stop_token stop_;
  std::string pointer_;
};

bool all_numbers(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(),
                     [](const std::string& n) { return n.size() < 18 && n.find_first_not_of("0123456789") == std::string::npos; });
}

}  // namespace

Result<LabelledTexts> read_labelled_texts(const Json& settings, const std::filesystem::path& base, std::stop_token stop) {
  LabelledTexts out;
  out.base = base;
  Reader reader(settings, out, stop);
  DSW_TRY_ASSIGN(std::vector<Example> examples, reader.read("source"));
  std::unordered_map<std::string, std::int32_t> numbers;
  const std::vector<std::string> known = model_classes(settings);
  for (const Example& example : examples) {
    if (!known.empty() && std::find(known.begin(), known.end(), example.label) == known.end())
      return fail(ErrorCode::BadFormat,
                  fmt::format("{} has the label \"{}\", which the model does not know", example.place, example.label.substr(0, 40)), {},
                  "/data/source");
    numbers.emplace(example.label, 0);
  }
  for (const auto& [label, number] : numbers) out.classes.push_back(label);
  if (!known.empty())
    out.classes = known;
  else if (all_numbers(out.classes))
    std::sort(out.classes.begin(), out.classes.end(), [](const std::string& a, const std::string& b) {
      const auto left = std::stoull(a), right = std::stoull(b);
      return left != right ? left < right : a < b;
    });
  else
    std::sort(out.classes.begin(), out.classes.end());
  for (std::size_t i = 0; i < out.classes.size(); ++i) numbers[out.classes[i]] = static_cast<std::int32_t>(i);
  constexpr std::size_t kMostClasses = 10000;
  const auto wrong = [](std::string message, std::string hint, const char* pointer) {
    return fail(Error(ErrorCode::BadFormat, std::move(message), std::move(hint), pointer));
  };
  if (out.classes.size() == 1)
    return wrong(fmt::format("every example has the label \"{}\"", out.classes[0].substr(0, 40)),
                 "Classification needs two labels or more: check the column of the label.", "/data/columns/label");
  if (out.classes.size() > kMostClasses)
    return wrong(fmt::format("there are {} different labels for {} examples", out.classes.size(), examples.size()),
                 "Check the column of the label.", "/data/columns/label");
  out.source_count = examples.size();
  if (settings.contains("test_source")) {
    DSW_TRY_ASSIGN(std::vector<Example> test, reader.read("test_source"));
    for (Example& example : test) {
      if (numbers.find(example.label) == numbers.end())
        return wrong(
            fmt::format("{} has the label \"{}\", which is not among those of the source", example.place, example.label.substr(0, 40)),
            nearest_name(example.label, out.classes).empty() ? "Mend it, or take the line out."
                                                             : fmt::format("Nearest label: {}.", nearest_name(example.label, out.classes)),
            "/data/test_source");
      examples.push_back(std::move(example));
    }
  }
  for (Example& example : examples) {
    out.labels.push_back(numbers[example.label]);
    out.texts.push_back(std::move(example.text));
  }
  return out;
}

}  // namespace dsw
