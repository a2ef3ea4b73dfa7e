// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/json_splice.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace dsw {
namespace {

std::string escaped(std::string key) {
  for (std::size_t at = 0; (at = key.find_first_of("~/", at)) != std::string::npos; at += 2)
    key.replace(at, 1, key[at] == '~' ? "~0" : "~1");
  return key;
}

void writeLine(const Json& value, std::string& out) {
  if (!value.is_structured()) {
    out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  const bool object = value.is_object();
  out += object ? '{' : '[';
  bool first = true;
  for (auto it = value.begin(); it != value.end(); ++it) {
    if (!first) out += ", ";
    first = false;
    if (object) out += Json(it.key()).dump(-1, ' ', false, Json::error_handler_t::replace) + ": ";
    writeLine(it.value(), out);
  }
  out += object ? '}' : ']';
}

class Splicer {
 public:
  Splicer(const QString& text, const std::function<std::optional<JsonPlace>(const std::string&)>& place_of)
      : text_(text), place_of_(place_of) {}

  std::vector<JsonSplice> run(const Json& before, const Json& after, const std::string& pointer) {
    change(before, after, pointer);
    std::sort(splices_.begin(), splices_.end(),
              [](const JsonSplice& a, const JsonSplice& b) { return a.at != b.at ? a.at < b.at : a.length < b.length; });
    return std::move(splices_);
  }

 private:
  void change(const Json& before, const Json& after, const std::string& pointer) {
    if (before == after) return;
    const auto place = place_of_(pointer);
    if (!place) return;
    if (before.is_object() && after.is_object() && !before.empty() && !after.empty() && changeObject(before, after, pointer)) return;
    if (before.is_array() && after.is_array() && !before.empty() && !after.empty() && changeList(before, after, pointer)) return;
    splices_.push_back({place->valueBegin, place->valueEnd - place->valueBegin, jsonLine(after)});
  }

  /// One thing of a container: where it stands, from its key on.
  struct Item {
    std::string pointer;
    int begin, end;
  };

  bool changeObject(const Json& before, const Json& after, const std::string& pointer) {
    std::vector<Item> items;
    std::vector<int> kept;  // of `items`, whether it stays
    std::unordered_map<std::string, std::size_t> was;
    std::unordered_map<std::string, const Json*> now;  // an object looks its keys up one by one
    for (const auto& [key, value] : after.items()) now.emplace(key, &value);
    for (const auto& [key, value] : before.items()) {
      const std::string at = pointer + "/" + escaped(key);
      const auto place = place_of_(at);
      if (!place) return false;
      items.push_back({at, place->keyBegin, place->valueEnd});
      kept.push_back(now.contains(key) ? 1 : 0);
      was.emplace(key, items.size() - 1);
    }
    const bool any = std::find(kept.begin(), kept.end(), 1) != kept.end();
    if (!any) return false;
    for (const auto& [key, value] : before.items())
      if (const auto stays = now.find(key); stays != now.end()) change(value, *stays->second, pointer + "/" + escaped(key));
    removeItems(items, kept);
    std::size_t behind = kNone;
    for (const auto& [key, value] : after.items()) {
      if (const auto at = was.find(key); at != was.end())
        behind = at->second;
      else
        insert(items, kept, behind, jsonLine(Json(key)) + ": " + jsonLine(value));
    }
    return true;
  }

  static std::string idOf(const Json& value) {
    if (!value.is_object()) return {};
    const auto id = value.find("id");
    return id != value.end() && id->is_string() ? id->get<std::string>() : std::string();
  }

  bool changeList(const Json& before, const Json& after, const std::string& pointer) {
    // What is equal at both ends, then pairs in the middle.
    std::size_t head = 0, tail = 0;
    const std::size_t least = std::min(before.size(), after.size());
    while (head < least && before[head] == after[head]) ++head;
    while (tail < least - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
    std::vector<std::size_t> partner(after.size(), kNone);
    for (std::size_t i = 0; i < head; ++i) partner[i] = i;
    for (std::size_t i = 0; i < tail; ++i) partner[after.size() - 1 - i] = before.size() - 1 - i;
    pairMiddle(before, after, head, tail, partner);

    std::vector<Item> items;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::string at = pointer + "/" + std::to_string(i);
      const auto place = place_of_(at);
      if (!place) return false;
      items.push_back({at, place->valueBegin, place->valueEnd});
    }
    std::vector<int> kept(before.size(), 0);
    for (const std::size_t i : partner)
      if (i != kNone) kept[i] = 1;
    if (std::find(kept.begin(), kept.end(), 1) == kept.end()) return false;
    for (std::size_t i = 0; i < after.size(); ++i)
      if (partner[i] != kNone) change(before[partner[i]], after[i], items[partner[i]].pointer);
    removeItems(items, kept);
    std::size_t behind = kNone;
    for (std::size_t i = 0; i < after.size(); ++i) {
      if (partner[i] != kNone)
        behind = partner[i];
      else
        insert(items, kept, behind, jsonLine(after[i]));
    }
    return true;
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// Elements with the same id, else at the same place where both middles are as long; never crossing.
  static void pairMiddle(const Json& before, const Json& after, std::size_t head, std::size_t tail, std::vector<std::size_t>& partner) {
    std::map<std::string, std::size_t> ids;
    for (std::size_t i = head; i < before.size() - tail; ++i)
      if (const std::string id = idOf(before[i]); !id.empty()) ids.emplace(id, i);
    std::size_t next = head;
    const bool same_count = before.size() == after.size();
    for (std::size_t i = head; i < after.size() - tail; ++i) {
      const auto at = ids.find(idOf(after[i]));
      std::size_t found = at != ids.end() ? at->second : kNone;
      if (found == kNone && same_count && (ids.empty() || !ids.contains(idOf(after[i])))) found = i;
      if (found == kNone || found < next) continue;
      partner[i] = found;
      next = found + 1;
    }
  }

  /// Whole runs of items with the comma that falls away with them.
  void removeItems(const std::vector<Item>& items, const std::vector<int>& kept) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (kept[i]) continue;
      std::size_t end = i;
      while (end + 1 < items.size() && !kept[end + 1]) ++end;
      // To the next one that stays, or, at the end, from the one before.
      const int from = end + 1 < items.size() ? items[i].begin : i > 0 ? items[i - 1].end : items[i].begin;
      const int to = end + 1 < items.size() ? items[end + 1].begin : items[end].end;
      splices_.push_back({from, to - from, {}});
      i = end;
    }
  }

  /// What parts an item from the one before: a new line with its indent, or nothing.
  QString newLine(const std::vector<Item>& items) const {
    for (std::size_t i = 0; i < items.size(); ++i) {
      int at = items[i].begin;
      while (at > 0 && (text_[at - 1] == ' ' || text_[at - 1] == '\t')) --at;
      if (at > 0 && text_[at - 1] == '\n') return "\n" + text_.mid(at, items[i].begin - at);
    }
    return {};
  }

  /// Behind an item; with kNone before the first one that stays.
  void insert(const std::vector<Item>& items, const std::vector<int>& kept, std::size_t behind, const QString& text) {
    const QString line = newLine(items), gap = line.isEmpty() ? QStringLiteral(" ") : line;
    if (behind != kNone) return add(items[behind].end, "," + gap + text);
    const auto first = static_cast<std::size_t>(std::find(kept.begin(), kept.end(), 1) - kept.begin());
    add(items[first].begin, text + "," + gap);
  }
  /// Several at one place stay in the order in which they come.
  void add(int at, const QString& text) {
    for (JsonSplice& splice : splices_)
      if (splice.at == at && splice.length == 0) {
        splice.text += text;
        return;
      }
    splices_.push_back({at, 0, text});
  }

  const QString& text_;
  const std::function<std::optional<JsonPlace>(const std::string&)>& place_of_;
  std::vector<JsonSplice> splices_;
};

}  // namespace

QString jsonLine(const Json& value) {
  std::string out;
  writeLine(value, out);
  return QString::fromStdString(out);
}

std::vector<JsonSplice> jsonSplices(const QString& text, const Json& before, const Json& after, const std::string& pointer,
                                    const std::function<std::optional<JsonPlace>(const std::string&)>& placeOf) {
  return Splicer(text, placeOf).run(before, after, pointer);
}

}  // namespace dsw
