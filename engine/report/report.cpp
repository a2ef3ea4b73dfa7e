// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/report/report.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/core/file_bytes.h"
#include "engine/formats/tensor_file.h"
#include "engine/report/html_text.h"
#include "engine/report/report_samples.h"
#include "engine/report/svg_chart.h"
#include "engine/run/run_record.h"

namespace dsw {
namespace {

constexpr std::size_t kMostRuns = 50;

constexpr const char* kHead =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n";

constexpr const char* kStyle =
    "<style>\n"
    "body{font:14px/1.45 Inter,system-ui,sans-serif;color:#191C20;background:#fff;max-width:1120px;margin:24px auto;padding:0 16px}\n"
    "h1{font-size:22px}h2{font-size:17px;margin-top:32px;border-top:1px solid #D7DCE2;padding-top:16px}h3{font-size:14px}\n"
    "table{border-collapse:collapse;font-size:13px}td,th{padding:3px 12px 3px 0;text-align:left;border-bottom:1px solid #E8EBEF}\n"
    "td.n,th.n,pre,code{font-family:'JetBrains Mono',ui-monospace,monospace;font-size:12px}td.n,th.n{text-align:right}\n"
    "pre{background:#F3F5F7;padding:10px;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(420px,1fr));gap:16px}svg{width:100%;height:auto}\n"
    "svg .t{font-weight:600;font-size:13px}svg .k{font-size:11px;fill:#59626D}svg .e{text-anchor:end}svg .m{text-anchor:middle}\n"
    "svg .g{stroke:#E8EBEF}svg .a{stroke:#848D98;fill:none}svg .c{fill:none;stroke-width:1.6;stroke-linejoin:round}\n"
    ".failed{color:#B3261E}.finished{color:#1C6E3F}.note{color:#454D57}figure{display:inline-block;margin:4px;text-align:center;font-size:"
    "11px;color:#454D57}\n"
    "figure img{width:56px;height:56px;image-rendering:pixelated;border:1px solid #D7DCE2}.confusion td{text-align:right;padding:2px 7px}\n"
    "</style></head><body>\n";

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  return fmt::format("{:.5g}", value);
}

std::string date_text(double seconds) {
  if (seconds <= 0) return "–";
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

std::string name_of(const RunRow& row) { return row.name.empty() ? row.experiment_name : row.name; }

Result<ChartSeries> series_of(ProjectReader& reader, const RunRow& row, const std::string& key, const std::string& name) {
  DSW_TRY_ASSIGN(const auto points, reader.metric(row.id, key));
  ChartSeries series{name, {}, {}};
  for (const MetricPoint& point : points) {
    series.x.push_back(static_cast<double>(point.step));
    series.y.push_back(point.value);
  }
  return series;
}

/// Metrics of one name and all its splits in one chart: "loss" of train, val and test.
Result<std::string> charts_of(ProjectReader& reader, const RunRow& row) {
  std::map<std::string, std::vector<std::string>> by_name;
  for (const auto& [key, summary] : row.metrics)
    if (summary.points > 1) by_name[key.substr(key.find('/') + 1)].push_back(key);
  std::string html = "<div class=\"charts\">\n";
  for (auto& [name, keys] : by_name) {
    std::sort(keys.begin(), keys.end(),
              [](const std::string& a, const std::string& b) { return a.starts_with("train/") > b.starts_with("train/"); });
    std::vector<ChartSeries> series;
    for (const std::string& key : keys) {
      DSW_TRY_ASSIGN(ChartSeries one, series_of(reader, row, key, key.substr(0, key.find('/'))));
      series.push_back(std::move(one));
    }
    ChartOptions options;
    options.title = name;
    options.log_y = name == "grad-norm";
    html += svg_chart(series, options);
  }
  return html + "</div>\n";
}

std::string metric_table(const RunRow& row) {
  std::string html = "<table><tr><th>Metric</th><th class=\"n\">Last</th><th class=\"n\">Best</th><th class=\"n\">At step</th></tr>\n";
  for (const auto& [key, one] : row.metrics)
    html += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n", html_escape(key),
                        number(one.last), number(one.best), one.best_step);
  return html + "</table>\n";
}

Result<std::string> run_section(ProjectReader& reader, const RunRow& row) {
  const std::string status = run_status_name(row.status);
  std::string html = fmt::format(
      "<h2 id=\"{0}\">{0} {1}</h2>\n<p><span class=\"{2}\">{2}</span>, version {3} of {4}, seed {5}, {6}, step {7} of {8}, started {9}, "
      "{10:.1f} s</p>\n",
      html_escape(row.short_name), html_escape(name_of(row)), status, row.version, html_escape(row.experiment_name), row.seed,
      html_escape(row.device), row.step, row.total_steps, date_text(row.started), row.seconds);
  if (!row.sentence.empty())
    html += "<p class=\"failed\">" + html_escape(Error(ErrorCode::Internal, row.sentence, row.hint).sentence()) + "</p>\n";
  for (const std::string& tag : row.tags) html += "<code>" + html_escape(tag) + "</code> ";
  if (!row.note.empty()) html += "<p class=\"note\">" + html_escape(row.note) + "</p>\n";
  DSW_TRY_ASSIGN(const std::string charts, charts_of(reader, row));
  html += charts + metric_table(row);
  DSW_TRY_ASSIGN(const auto samples, reader.samples(row.id));
  html += samples_html(samples);
  DSW_TRY_ASSIGN(const std::string document, reader.run_document(row.id));
  DSW_TRY_ASSIGN(const std::string record, reader.run_record(row.id));
  html += "<h3>Document</h3>\n<pre>" + html_escape(document) + "</pre>\n<h3>Record</h3>\n<pre>" + html_escape(record) + "</pre>\n";
  return html;
}

Result<std::string> comparison(ProjectReader& reader, const std::vector<RunRow>& rows) {
  std::string html =
      "<table><tr><th>Run</th><th>Name</th><th>Status</th><th class=\"n\">Steps</th><th class=\"n\">val/loss</th><th "
      "class=\"n\">val/accuracy</th><th class=\"n\">test/accuracy</th><th class=\"n\">Seconds</th></tr>\n";
  const auto cell = [](const RunRow& row, const char* key) {
    const auto found = row.metrics.find(key);
    return fmt::format("<td class=\"n\">{}</td>", found == row.metrics.end() ? "–" : number(found->second.last));
  };
  for (const RunRow& row : rows)
    html += fmt::format(
        "<tr><td><a href=\"#{0}\">{0}</a></td><td>{1}</td><td class=\"{2}\">{2}</td><td class=\"n\">{3}</td>{4}{5}{6}<td "
        "class=\"n\">{7:.1f}</td></tr>\n",
        html_escape(row.short_name), html_escape(name_of(row)), run_status_name(row.status), row.step, cell(row, "val/loss"),
        cell(row, "val/accuracy"), cell(row, "test/accuracy"), row.seconds);
  html += "</table>\n";
  if (rows.size() < 2) return html;
  std::vector<ChartSeries> series;
  for (const RunRow& row : rows) {
    if (!row.metrics.contains("val/loss") || series.size() == 8) continue;
    DSW_TRY_ASSIGN(ChartSeries one, series_of(reader, row, "val/loss", row.short_name));
    series.push_back(std::move(one));
  }
  ChartOptions options;
  options.title = "val/loss";
  options.width = 1000;
  options.height = 320;
  if (!series.empty()) html += svg_chart(series, options);
  return html;
}

}  // namespace

Result<std::string> report_html(ProjectReader& reader, const std::vector<std::string>& runs) {
  DSW_TRY_ASSIGN(const ProjectInfo info, reader.info());
  std::vector<RunRow> rows;
  std::size_t left_out = 0;
  if (runs.empty()) {
    DSW_TRY_ASSIGN(rows, reader.runs());
    left_out = rows.size() > kMostRuns ? rows.size() - kMostRuns : 0;
    rows.resize(std::min(rows.size(), kMostRuns));
  } else {
    for (const std::string& id : runs) {
      DSW_TRY_ASSIGN(RunRow row, reader.run(id));
      rows.push_back(std::move(row));
    }
  }
  const std::string name = html_escape(info.name);
  const std::string count_text = fmt::format("{} {}", rows.size(), rows.size() == 1 ? "run" : "runs");
  const std::string left_text = left_out > 0 ? fmt::format(" {} older runs are not shown.", left_out) : std::string();
  std::string html = fmt::format("{}<title>{}</title>\n{}", kHead, name, kStyle);
  html += fmt::format("<h1>{}</h1>\n<p class=\"note\">{} of project {} by Deepshock Workbench {}, {}.{}</p>\n", name, count_text,
                      html_escape(info.id), program_version(), date_text(static_cast<double>(std::time(nullptr))), left_text);
  if (rows.empty()) html += "<p>There are no runs in this project.</p>\n";
  DSW_TRY_ASSIGN(const std::string overview, comparison(reader, rows));
  html += overview;
  for (const RunRow& row : rows) {
    DSW_TRY_ASSIGN(const std::string section, run_section(reader, row));
    html += section;
  }
  return html + "</body></html>\n";
}

Result<void> write_report(ProjectReader& reader, const std::vector<std::string>& runs, const std::filesystem::path& path) {
  DSW_TRY_ASSIGN(const std::string html, report_html(reader, runs));
  return write_bytes(path, {std::as_bytes(std::span(html))});
}

}  // namespace dsw
