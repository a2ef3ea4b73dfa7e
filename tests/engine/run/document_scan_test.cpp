// SPDX-License-Identifier: GPL-3.0-or-later
// LABELS: unit
#include "engine/run/document_scan.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

namespace dsw {
namespace {

std::string error_of(const std::string& text) {
  const auto json = parse_document(text);
  return json ? "no error" : json.error().sentence();
}

TEST(Document, PlacesOfKeysAndValues) {
  const std::string text = "{\n  \"model\": {\"layers\": 4, \"a/b~\": [1, \"zwei\"]}\n}";
  const auto places = document_places(text);
  ASSERT_TRUE(places);
  std::map<std::string, TextPlace> by_pointer;
  for (const TextPlace& place : *places) by_pointer[place.pointer] = place;
  const auto value = [&](const std::string& pointer) {
    const TextPlace& place = by_pointer.at(pointer);
    return text.substr(place.value_begin, place.value_end - place.value_begin);
  };
  EXPECT_EQ(value("/model/layers"), "4");
  EXPECT_EQ(value("/model/a~1b~0/1"), "\"zwei\"");
  EXPECT_EQ(value(""), text);
  const TextPlace& layers = by_pointer.at("/model/layers");
  EXPECT_EQ(text.substr(layers.key_begin, layers.key_end - layers.key_begin), "\"layers\"");
}

TEST(Document, KeepsTheOrderOfKeys) {
  EXPECT_EQ(parse_document(R"({"z": 1, "a": {"y": 2, "b": 3}})")->dump(), R"({"z":1,"a":{"y":2,"b":3}})");
}

TEST(Document, ErrorsGiveLineAndColumn) {
  EXPECT_EQ(error_of("{\"a\": 1,\n \"b\" 2}"), "line 2, column 6: After the key \"b\" a colon is wanted.");
  EXPECT_EQ(error_of("{\"ä\": 1 2}"), "line 1, column 9: Here a comma or } is wanted.");  // columns count characters, not bytes
  EXPECT_EQ(error_of("{\"a\": 1, }"), "line 1, column 8: A comma stands before }. Take it out.");
  EXPECT_EQ(error_of("{\"a\": 1"), "line 1, column 8: The document ends inside an object. A } is missing.");
}

TEST(Document, DuplicateKeysAreRefused) {
  EXPECT_EQ(error_of("{\"lr\": 1,\n\"lr\": 2}"), "line 2, column 1: The key \"lr\" stands twice in this object. Keep one of them.");
  EXPECT_NE(error_of("{\"lr\": 1, \"\\u006cr\": 2}").find("stands twice"), std::string::npos);  // the same key, escaped
  EXPECT_EQ(error_of("{\"a\": {\"x\": 1}, \"b\": {\"x\": 1}}"), "no error");
}

TEST(Document, HostileTextsGetASentence) {
  for (const std::string& text : {std::string(),
                                  std::string(" \n"),
                                  std::string("null"),
                                  std::string("[]"),
                                  std::string("{\"a\": NaN}"),
                                  std::string("{\"a\": 01}"),
                                  std::string("{\"a\": .5}"),
                                  std::string("{\"a\": 1.}"),
                                  std::string("{\"a\": 1e}"),
                                  std::string("{\"a\": 1e999}"),
                                  std::string("{\"a\": +1}"),
                                  std::string("{'a': 1}"),
                                  std::string("{\"a\": \"\t\"}"),
                                  std::string("{\"a\": \"x"),
                                  std::string("{\"a\": \"\\x\"}"),
                                  std::string("{\"a\": \"\\u12\"}"),
                                  std::string("{\"a\": \"\\ud800\"}"),
                                  std::string("{\"a\": \"\\udc00\"}"),
                                  std::string("{\"a\": \"\xff\"}"),
                                  std::string("{\"a\": \"\xc0\xaf\"}"),
                                  std::string("{\"a\": \"\xed\xa0\x80\"}"),
                                  std::string("{} {}"),
                                  std::string("{} // c"),
                                  std::string("{\"a\": tru}"),
                                  std::string("{\"a\": 1}\0", 9),
                                  std::string("{\"a\": \0}", 8),
                                  std::string("\0", 1)}) {
    const auto json = parse_document(text);
    ASSERT_FALSE(json) << text;
    EXPECT_EQ(json.error().code, ErrorCode::InvalidDocument);
    EXPECT_NE(json.error().where.find("line "), std::string::npos) << text;
  }
}

TEST(Document, DepthIsLimited) {
  const auto nested = [](int depth) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(depth - 1), '[') + std::string(static_cast<std::size_t>(depth - 1), ']') + "}";
  };
  EXPECT_EQ(error_of(nested(kMaxDocumentDepth)), "no error");
  EXPECT_NE(error_of(nested(kMaxDocumentDepth + 1)).find("deeper than 64 levels"), std::string::npos);
  EXPECT_NE(error_of(std::string(4000000, '[')).find("deeper than 64 levels"),
            std::string::npos);  // returns, and does not overflow the stack
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_NE(error_of(objects).find("deeper than 64 levels"), std::string::npos);
}

TEST(Document, SizeIsLimited) {
  const std::string text = "{\"a\": \"" + std::string(kMaxDocumentBytes, 'x') + "\"}";
  EXPECT_NE(error_of(text).find("8 MiB is the limit"), std::string::npos);
}

TEST(Document, EscapesAndByteOrderMark) {
  EXPECT_EQ(parse_document("\xEF\xBB\xBF{\"a\": \"\\ud83d\\ude00 \\u00e4\"}")->at("a").get<std::string>(), "\xF0\x9F\x98\x80 \xC3\xA4");
}

}  // namespace
}  // namespace dsw
