// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/json.h"

namespace dsw {

/// A way out of a problem, shown as a button: sets `pointer` to `value` (JSON text), or renames the key at `pointer` to `rename`.
struct Fix {
  std::string label;    ///< "Use 4", "Rename"
  std::string pointer;  ///< JSON pointer
  std::string value;    ///< JSON text; empty with `rename`
  std::string rename;   ///< new key; empty with `value`
  bool remove = false;  ///< takes the key away instead
};

/// One thing wrong in a document. All problems come at once, in document order.
struct Problem {
  std::string pointer;  ///< "/model/heads"
  std::string message;  ///< "is 5, but width 128 needs a divisor: 1, 2, 4, 8, …": a sentence that follows the pointer
  std::vector<Fix> fixes;
  bool warning = false;          ///< does not keep the document from running
  std::string sentence() const;  ///< "`/model/heads` is 5, but …"
};

enum class ParamType { Bool, Int, Float, String, Choice, Path, List, Object, Variant, Any };

struct ParamSchema;

/// One setting. `default_text` is JSON text ("128", "\"adamw\"", "[0.9, 0.1]"); empty: there is no default, and the key is
/// either required or simply absent. A Variant is an object whose key "type" picks one of `alternatives`.
struct Param {
  std::string name;  ///< JSON key
  ParamType type = ParamType::Any;
  std::string label;  ///< "Learning rate"
  std::string help;   ///< one line
  std::string unit;   ///< "tokens", "steps", "MiB"; empty: a plain number
  std::string default_text;
  bool required = false;
  bool advanced = false;  ///< folded away in the form
  bool log_scale = false;
  std::optional<double> low, high;                  ///< closed range of Int, Float and of each number of a List
  bool low_open = false;                            ///< low itself is not allowed
  std::vector<std::string> choices;                 ///< Choice; suggestions for String and Path
  std::optional<std::size_t> min_items, max_items;  ///< List
  std::shared_ptr<const Param> element;             ///< List
  std::shared_ptr<const ParamSchema> object;        ///< Object
  std::vector<std::pair<std::string, std::shared_ptr<const ParamSchema>>> alternatives;  ///< Variant, by "type"
  std::string default_alternative;  ///< Variant: the type when it is not given; may be empty
  /// Variant: a plain string is {"type": string}. List: one element may stand without the list. with_defaults writes the long form.
  bool short_form = false;

  Json default_value() const;  ///< null without a default
};

/// The only description of a thing's settings: validation, the form, `--help`, the manual and table columns are read from it.
/// Built with the small functions below: `ParamSchema{int_param("layers", "Layers", 4, 1, 96, "Number of blocks"), …}`.
struct ParamSchema {
  ParamSchema() = default;
  ParamSchema(std::initializer_list<Param> list) : params(list) {}
  const Param* find(const std::string& name) const;
  ParamSchema& add(Param p) {
    params.push_back(std::move(p));
    return *this;
  }

  std::vector<Param> params;
  std::string summary;  ///< one sentence on the whole; shown in the variant's drop-down
};

Param bool_param(std::string name, std::string label, bool def, std::string help);
Param int_param(std::string name, std::string label, std::optional<long long> def, double low, double high, std::string help,
                std::string unit = {});
Param float_param(std::string name, std::string label, std::optional<double> def, double low, double high, std::string help,
                  std::string unit = {});
Param string_param(std::string name, std::string label, std::optional<std::string> def, std::string help);
Param choice_param(std::string name, std::string label, std::string def, std::vector<std::string> choices, std::string help);
Param path_param(std::string name, std::string label, std::string help);
Param list_param(std::string name, std::string label, std::string default_text, Param element, std::string help);
/// Its default is {} (the defaults of its members) unless a member is required; clear `default_text` for one that may be absent.
Param object_param(std::string name, std::string label, ParamSchema schema, std::string help);
/// Its default is {"type": default_alternative} where that is given.
Param variant_param(std::string name, std::string label, std::string default_alternative,
                    std::vector<std::pair<std::string, ParamSchema>> alternatives, std::string help);
Param any_param(std::string name, std::string label, std::string help);

/// Fluent changes: `with_unit(...)` and friends are not needed; set the public fields.
Param required(Param p);
Param advanced(Param p);

/// Every way in which `value` does not fit `schema`: wrong type, out of range, not a choice, unknown key (with the nearest
/// known key and a Rename fix), missing required key. Never throws. Depth is bounded by the schema, except below Any.
std::vector<Problem> check_params(const ParamSchema& schema, const Json& value, const std::string& pointer = {});

/// `value` with every default filled in, keys in the schema's order, then unknown keys. Expects a value without problems,
/// and leaves what does not fit as it is.
Json with_defaults(const ParamSchema& schema, const Json& value);

/// What `deepshock schema TASK --json` prints: names, types, units, ranges, defaults, help; nested.
Json schema_to_json(const ParamSchema& schema);

/// The parameter that a JSON pointer leads to, following variants by the "type" in `document` (their default without one); a
/// variant's own ".../type" leads to the variant. Null when there is none.
const Param* param_at(const ParamSchema& schema, const Json& document, const std::string& pointer);

}  // namespace dsw
