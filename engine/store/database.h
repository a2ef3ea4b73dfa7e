// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace dsw {

class Database;

/// One running statement of a Database: rows are read by step(), columns count from 0. Resets its statement when it goes.
/// A NULL reads as 0, NaN, "" or no bytes.
class Query {
 public:
  Query(Query&& other) noexcept : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}
  Query& operator=(Query&&) = delete;
  ~Query();

  bool step();  ///< false after the last row
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;
  std::span<const unsigned char> blob(int column) const;  ///< valid until the next step

 private:
  friend class Database;
  Query(Database& database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  void bind(int index, std::int64_t value);
  void bind(int index, int value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, bool value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, double value);  ///< NaN becomes NULL: SQLite knows no NaN
  void bind(int index, std::string_view value);
  void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
  void bind(int index, const char* value) { bind(index, std::string_view(value)); }
  void bind(int index, std::span<const unsigned char> value);

  Database& database_;
  sqlite3_stmt* statement_;
};

/// One SQLite connection, used by one thread at a time. Everything here throws Error (Damaged, Locked, Io, Internal), which the
/// public functions of engine/store turn into a Result by `guarded`. Triggers, views and loadable extensions are off and the schema
/// is not trusted: a project file may come from anywhere.
class Database {
 public:
  enum class Access { ReadWrite, Create, ReadOnly, Immutable };
  Database(const std::filesystem::path& path, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::filesystem::path& path() const { return path_; }
  sqlite3* handle() const { return handle_; }

  /// Statements without parameters, several with ';'.
  void script(const std::string& sql);
  /// Starts a statement with its parameters ?1, ?2, … bound. The compiled form is kept for the next time.
  template <class... Values>
  Query query(std::string_view sql, const Values&... values) {
    Query query(*this, prepare(sql));
    int index = 0;
    (query.bind(++index, values), ...);
    return query;
  }
  /// Runs a statement to its end; gives the number of rows it changed.
  template <class... Values>
  std::int64_t run(std::string_view sql, const Values&... values) {
    Query started = query(sql, values...);
    while (started.step()) {
    }
    return changes();
  }
  std::int64_t integer(std::string_view sql);  ///< first column of the first row; 0 without one
  std::string text(std::string_view sql);
  std::int64_t changes() const;
  std::int64_t last_row() const;
  /// The first bytes of the file as they lie on the disk, at most `count`, through SQLite's own descriptor: a program that opens and
  /// closes the file itself loses all of its locks on it (POSIX), and then another one may remove the log of a project that is in use.
  std::string file_start(int count);
  /// A consistent copy into a new file, with what a write-ahead log still holds; synced.
  void copy_to(const std::filesystem::path& target);

 private:
  friend class Query;
  sqlite3_stmt* prepare(std::string_view sql);
  [[noreturn]] void raise(int code) const;

  std::filesystem::path path_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

/// Rolls back unless committed. `Read` gives one consistent view to several questions.
class Transaction {
 public:
  enum class Kind { Read, Write };
  Transaction(Database& database, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

/// Calls `action` and turns an Error it throws into the error of a Result.
template <class Action>
auto guarded(Action&& action) -> Result<decltype(action())> {
  try {
    if constexpr (std::is_void_v<decltype(action())>) {
      action();
      return {};
    } else {
      return action();
    }
  } catch (Error& error) {
    return fail(std::move(error));
  }
}

/// True for errors that pass when the disk has room again or the other writer has ended.
bool is_passing_trouble(const Error& error);
/// True for the errors of a disk that has no room, which write_error and the database give.
bool is_full_disk(const Error& error);

/// "The disk of FOLDER is full." and its like for an errno of a write.
Error write_error(const std::filesystem::path& path, int system_error);

}  // namespace dsw
