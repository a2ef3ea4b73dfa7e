// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/report_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/core/file_bytes.h"
#include "engine/core/json.h"
#include "engine/report/html_text.h"

namespace dsw {
namespace {

constexpr std::uint64_t kLargestPicture = 1 << 20;
constexpr std::size_t kMostClasses = 40;

std::string text_html(const SampleRow& sample, const Json& data) {
  return fmt::format("<h3>Text after step {}, temperature {}</h3>\n<pre><b>{}</b>{}</pre>\n", sample.step,
                     data.at("temperature").get<double>(), html_escape(data.at("prompt").get<std::string>()),
                     html_escape(data.at("text").get<std::string>()));
}

std::string confusion_html(const SampleRow& sample, const Json& data) {
  const Json &classes = data.at("classes"), &counts = data.at("counts");
  if (counts.size() > kMostClasses || classes.size() != counts.size()) return {};
  double most = 1;
  for (const Json& row : counts)
    for (const Json& count : row) most = std::max(most, count.get<double>());
  std::string html =
      fmt::format("<h3>Confusion matrix of the {} part after step {}</h3>\n<table class=\"confusion\"><tr><th>truth \\ guess</th>",
                  html_escape(data.value("split", "")), sample.step);
  for (const Json& name : classes) html += "<th>" + html_escape(name.get<std::string>()) + "</th>";
  html += "</tr>\n";
  for (std::size_t r = 0; r < counts.size(); ++r) {
    html += "<tr><th>" + html_escape(classes[r].get<std::string>()) + "</th>";
    for (std::size_t c = 0; c < counts[r].size(); ++c) {
      const double count = counts[r][c].get<double>(), share = std::sqrt(count / most);
      html += fmt::format("<td class=\"n\" style=\"background:rgba({},{:.2f})\">{:.0f}</td>", r == c ? "28,110,63" : "179,38,30",
                          share * 0.55, count);
    }
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

std::string wrong_html(const SampleRow& sample, const Json& data) {
  std::string html = fmt::format("<h3>Surest mistakes after step {}</h3>\n", sample.step);
  std::size_t file = 0;
  for (const Json& item : data.at("items")) {
    const std::string caption = fmt::format("{} taken for {}, {:.2f}", html_escape(item.at("truth").get<std::string>()),
                                            html_escape(item.at("guess").get<std::string>()), item.at("probability").get<double>());
    if (item.contains("text")) {
      html += "<p><b>" + caption + "</b> " + html_escape(item.at("text").get<std::string>()) + "</p>\n";
      continue;
    }
    if (file >= sample.files.size()) break;
    const auto picture = read_file(sample.files[file++], {}, kLargestPicture);
    if (picture && picture->starts_with("\x89PNG"))
      html += "<figure><img alt=\"\" src=\"data:image/png;base64," + base64(*picture) + "\"><figcaption>" + caption +
              "</figcaption></figure>\n";
  }
  return html;
}

}  // namespace

std::string samples_html(const std::vector<SampleRow>& samples) {
  std::map<std::string, const SampleRow*> last;
  for (const SampleRow& sample : samples)
    if (const auto& known = last[sample.kind]; !known || known->seq < sample.seq) last[sample.kind] = &sample;
  std::string html;
  for (const auto& [kind, sample] : last) {
    try {
      const Json data = Json::parse(sample->data);
      if (kind == "text") html += text_html(*sample, data);
      if (kind == "confusion") html += confusion_html(*sample, data);
      if (kind == "misclassified") html += wrong_html(*sample, data);
    } catch (const Json::exception&) {
      continue;  // an imported project may hold anything
    }
  }
  return html;
}

}  // namespace dsw
