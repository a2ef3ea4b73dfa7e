// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/formats/csv.h"

#include <gtest/gtest.h>

namespace dsw {
namespace {

using Records = std::vector<std::vector<std::string>>;

Records read(std::string_view text, char separator = ',') {
  CsvReader reader(text, separator);
  Records records;
  std::vector<std::string> fields;
  for (;;) {
    const auto more = reader.next(fields);
    if (!more) return {{"error", more.error().message}};
    if (!*more) return records;
    records.push_back(fields);
  }
}

TEST(Csv, plainFields) {
  EXPECT_EQ(read("a,b\nc,d\n"), (Records{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(read("a,b\r\nc,d"), (Records{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(read("a,b\rc,d\r"), (Records{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(read("a,,\n,b"), (Records{{"a", "", ""}, {"", "b"}}));
  EXPECT_EQ(read("\n\na\n\r\n\nb\n\n"), (Records{{"a"}, {"b"}}));
  EXPECT_EQ(read(""), Records{});
  EXPECT_EQ(read("a;b", ';'), (Records{{"a", "b"}}));
  EXPECT_EQ(read(" a , b "), (Records{{" a ", " b "}}));
}

TEST(Csv, quotes) {
  EXPECT_EQ(read("\"a,b\",\"c\"\"d\",\"\"\n"), (Records{{"a,b", "c\"d", ""}}));
  EXPECT_EQ(read("\"two\nlines\",x\r\n\"and\r\nmore\",y"), (Records{{"two\nlines", "x"}, {"and\r\nmore", "y"}}));
  EXPECT_EQ(read("a\"b,c"), (Records{{"a\"b", "c"}}));
  EXPECT_EQ(read("\"a\"b,c"), (Records{{"ab", "c"}}));  // as Python's csv reads it
  EXPECT_EQ(read("x,y\n\n\"never closed\nz"), (Records{{"error", "the quote that opens in line 3 is never closed"}}));
}

TEST(Csv, withTabsSingleQuotesAreText) {
  EXPECT_EQ(read("\"Stop\" she said\t1\nlone \" quote\t0\n\"not closed\t1\n", '\t'),
            (Records{{"\"Stop\" she said", "1"}, {"lone \" quote", "0"}, {"\"not closed", "1"}}));
  EXPECT_EQ(read("\"tab\there\t\"\"\"x\"\"\"\"\t2\n", '\t'), (Records{{"\"tab", "here", "\"\"\"x\"\"\"\"", "2"}}));
  EXPECT_EQ(read("\"in\ttab\"\t\"two\nlines\"\n", '\t'), (Records{{"in\ttab", "two\nlines"}}));
}

TEST(Csv, linesAreCountedInTheFile) {
  CsvReader reader("a\n\"b\nc\"\n\nd\n", ',');
  std::vector<std::string> fields;
  std::vector<std::size_t> lines, bytes;
  while (*reader.next(fields)) lines.push_back(reader.line()), bytes.push_back(reader.byte());
  EXPECT_EQ(lines, (std::vector<std::size_t>{1, 2, 5}));
  EXPECT_EQ(bytes, (std::vector<std::size_t>{0, 2, 9}));
}

TEST(Csv, everyCutEndsWell) {
  const std::string text = "label,text\r\n\"a\"\"b\",\"x\ny\"\r\n1,\"\"\n\",\",'\n";
  for (const char separator : {',', '\t', ';'})
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      CsvReader reader(std::string_view(text).substr(0, cut), separator);
      std::vector<std::string> fields;
      int records = 0;
      for (;;) {
        const auto more = reader.next(fields);
        if (!more || !*more) break;
        ASSERT_LT(++records, 100);
      }
    }
}

TEST(Csv, separatorsAreGuessed) {
  EXPECT_EQ(guess_separator("a,b", "x.tsv"), '\t');
  EXPECT_EQ(guess_separator("a,b\tc\td", "x.csv"), '\t');
  EXPECT_EQ(guess_separator("a;b;c,d\n,,,,", "x.csv"), ';');
  EXPECT_EQ(guess_separator("\"a;b;c\",d", "x"), ',');
  EXPECT_EQ(guess_separator("text", "x.csv"), ',');
}

}  // namespace
}  // namespace dsw
