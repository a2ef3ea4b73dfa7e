// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/report/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/report/html_text.h"
#include "engine/report/report_samples.h"
#include "engine/report/svg_chart.h"
#include "tests/support/temp_folder.h"

namespace dsw {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(HtmlText, EscapesWhatHtmlTakesForItself) {
  EXPECT_EQ(html_escape("<a href=\"x\" title='y'>&</a>"), "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
  EXPECT_EQ(html_escape(std::string("a\0b\x01\n", 5)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\n");
  EXPECT_EQ(html_escape("\xff\xc3\xa4"), "\xEF\xBF\xBD\xc3\xa4");
}

TEST(HtmlText, Base64OfTheRfc) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(SvgChart, TicksAreOneTwoOrFive) {
  EXPECT_EQ(nice_ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(nice_ticks(0, 2000, 6).size(), 5u);  // every 500
}

TEST(SvgChart, ThinningKeepsTheExtremes) {
  ChartSeries series{"a", {}, {}};
  for (int i = 0; i < 100000; ++i) {
    series.x.push_back(i);
    series.y.push_back(i == 77777 ? 1e6 : i == 12345 ? -1e6 : std::sin(i));
  }
  const ChartSeries thin = thin_out(series, 1000);
  EXPECT_LE(thin.x.size(), 1000u);
  EXPECT_EQ(*std::max_element(thin.y.begin(), thin.y.end()), 1e6);
  EXPECT_EQ(*std::min_element(thin.y.begin(), thin.y.end()), -1e6);
  EXPECT_TRUE(std::is_sorted(thin.x.begin(), thin.x.end()));
}

TEST(SvgChart, NaNIsAGapAndNamesAreEscaped) {
  ChartOptions options;
  options.title = "<loss>";
  const std::string svg = svg_chart({{"<b>", {0, 1, 2, 3}, {1, kNaN, 2, 3}}}, options);
  EXPECT_EQ(svg.find("<loss>"), std::string::npos);
  EXPECT_EQ(svg.find("<b>"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  const std::string path = svg.substr(svg.rfind("<path d=\"M"));
  EXPECT_EQ(std::count(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(path.find("\" class")), 'M'), 2);  // two strokes
  EXPECT_NE(svg_chart({{"a", {0, 1}, {kNaN, kNaN}}}, options).find("No values yet"), std::string::npos);
  options.log_y = true;
  EXPECT_EQ(svg_chart({{"a", {0, 1, 2}, {0, -1, 5}}}, options).find("inf"), std::string::npos);
}

TEST(Report, HostileNamesAndSamplesAreText) {
  TempFolder folder;
  const std::string evil = "<script>alert(1)</script>\"'";
  {
    const auto project = Project::open(folder / "p.dsx", Project::Mode::Create).value();
    Experiment experiment;
    experiment.task = "train";
    experiment.name = evil;
    experiment.document = experiment.resolved = "{\"name\": \"<script>alert(2)</script>\"}";
    const auto id = project->save_experiment("", evil, "train", experiment.document, folder.path().string()).value();
    const RunRow run = project->create_run(id, experiment, "{}").value();
    std::vector<Event> events;
    const auto add = [&](EventBody body) { events.push_back({static_cast<std::int64_t>(events.size()) + 1, 1, std::move(body)}); };
    add(StatusBody{RunStatus::Failed, 3, evil, evil});
    for (int i = 1; i < 5; ++i) add(MetricBody{"train/" + evil, i, i * 1.0});
    add(SampleBody{3, "text", R"({"prompt": "<script>", "text": "<img src=x onerror=alert(3)>", "temperature": 0.8})", {}});
    add(SampleBody{3, "confusion", R"({"classes": ["<script>", "b"], "counts": [[1, 2], [3, 4]]})", {}});
    add(SampleBody{3, "misclassified", R"({"items": [{"text": "<script>", "truth": "<b>", "guess": "c", "probability": 0.5}]})", {}});
    add(SampleBody{3, "confusion", "{\"classes\": 5}", {}});
    project->append(run.id, events);
    ASSERT_TRUE(project->flush());
    ASSERT_TRUE(project->set_note(run.id, evil));
    ASSERT_TRUE(project->set_tags(run.id, {evil}));
  }
  const auto reader = ProjectReader::open(folder / "p.dsx").value();
  ASSERT_TRUE(write_report(*reader, {}, folder / "r.html"));
  const std::string html = read_text(folder / "r.html");
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("<img src=x"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;alert(1)"), std::string::npos);
  EXPECT_NE(html.find("Content-Security-Policy\" content=\"default-src 'none'"), std::string::npos);
  EXPECT_NE(html.find("<svg"), std::string::npos);
  EXPECT_EQ(html.find("http://"), std::string::npos);
  EXPECT_EQ(html.find("https://"), std::string::npos);
  EXPECT_FALSE(write_report(*reader, {"r-0099"}, folder / "x.html"));
  EXPECT_FALSE(write_report(*reader, {}, "/nowhere/at/all.html"));
}

}  // namespace
}  // namespace dsw
