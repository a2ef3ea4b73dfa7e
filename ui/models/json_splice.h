// SPDX-License-Identifier: GPL-3.0-or-later
// A changed JSON value as changes of its text, so that an edit made on values leaves every character alone that it need not touch.
#pragma once
#include <QString>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/json.h"

namespace dsw {

/// Where a value and, in an object, its key stand in a text.
struct JsonPlace {
  int keyBegin, keyEnd, valueBegin, valueEnd;
};
/// `length` characters at `at` become `text`.
struct JsonSplice {
  int at, length;
  QString text;
};

/// A value on one line: {"id": "a", "inputs": ["b"]}.
QString jsonLine(const Json& value);

/// What turns `before`, whose text is `text`, into `after`; in order of place, apart from each other. Members of objects and elements of
/// lists that stay keep their text; new ones stand on a line of their own where those beside them do.
/// @param pointer  of the value within the text; @param placeOf  of every pointer in it
std::vector<JsonSplice> jsonSplices(const QString& text, const Json& before, const Json& after, const std::string& pointer,
                                    const std::function<std::optional<JsonPlace>(const std::string&)>& placeOf);

}  // namespace dsw
