// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

namespace dsw {
namespace {

/// "file:" URI of a path: everything but unreserved characters as %XX.
std::string file_uri(const std::filesystem::path& path, const char* options) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(path).string()) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '-' || c == '_' || c == '.';
    if (plain) {
      uri += c;
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return uri + options;
}

constexpr int kBusyTimeoutMs = 5000;
constexpr const char* kFullDiskHint = "Make room there; what waits is written then.";

/// A quota, a limit on file sizes and a broken disk all end a write alike, and SQLite has forgotten the reason by now: the same is
/// tried beside it. EDQUOT or EFBIG where there is no room, else EIO.
int reason_of_failed_write(const std::filesystem::path& path) {
  std::filesystem::path log = path, probe = path;
  log += "-wal";
  probe += fmt::format(".probe-{}", ::getpid());
  std::error_code code;
  const auto size = std::filesystem::file_size(log, code);
  const auto end = static_cast<off_t>(code ? std::filesystem::file_size(path, code) : size);
  const int file = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return errno == ENOSPC || errno == EDQUOT ? errno : EIO;
  const std::string block(1 << 20, '\0');
  const ssize_t written = ::pwrite(file, block.data(), block.size(), code ? 0 : end);
  const int reason = written < 0 ? errno : written < static_cast<ssize_t>(block.size()) ? EDQUOT : EIO;
  ::close(file);
  ::unlink(probe.c_str());
  return reason == ENOSPC || reason == EDQUOT || reason == EFBIG ? reason : EIO;
}

}  // namespace

Error write_error(const std::filesystem::path& path, int system_error) {
  if (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG) {
    return Error(ErrorCode::Io,
                 fmt::format("the disk of {} is full{}", path.parent_path().string(),
                             system_error == ENOSPC ? "" : ", or the space that may be used there"),
                 kFullDiskHint, path.string());
  }
  return Error(ErrorCode::Io, fmt::format("cannot be written: {}", std::strerror(system_error)), "Check the disk and the permissions.",
               path.string());
}

bool is_full_disk(const Error& error) { return error.code == ErrorCode::Io && error.hint == kFullDiskHint; }
bool is_passing_trouble(const Error& error) { return error.code == ErrorCode::Io || error.code == ErrorCode::Locked; }

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const int extended = sqlite3_extended_errcode(database_.handle_);
  database_.raise(extended);
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Query::real(int column) const {
  return is_null(column) ? std::numeric_limits<double>::quiet_NaN() : sqlite3_column_double(statement_, column);
}
std::string Query::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr ? std::string() : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}
bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::span<const unsigned char> Query::blob(int column) const {
  const auto* bytes = static_cast<const unsigned char*>(sqlite3_column_blob(statement_, column));
  return {bytes, bytes == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void Query::bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
void Query::bind(int index, double value) {
  if (std::isnan(value)) {
    sqlite3_bind_null(statement_, index);
  } else {
    sqlite3_bind_double(statement_, index, value);
  }
}
void Query::bind(int index, std::string_view value) {
  const int code =
      sqlite3_bind_text64(statement_, index, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) database_.raise(code);
}
void Query::bind(int index, std::span<const unsigned char> value) {
  const int code = sqlite3_bind_blob64(statement_, index, value.data(), value.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) database_.raise(code);
}

Database::Database(const std::filesystem::path& path, Access access) : path_(path) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
  if (access == Access::ReadWrite) flags |= SQLITE_OPEN_READWRITE;
  if (access == Access::Create) flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (access == Access::ReadOnly || access == Access::Immutable) flags |= SQLITE_OPEN_READONLY;
  const std::string uri = file_uri(path, access == Access::Immutable ? "?immutable=1" : "");
  const int code = sqlite3_open_v2(uri.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    const int system_error = handle_ != nullptr ? sqlite3_system_errno(handle_) : 0;
    sqlite3_close(handle_);
    throw Error(ErrorCode::Io, fmt::format("cannot be opened: {}", system_error != 0 ? std::strerror(system_error) : sqlite3_errstr(code)),
                "Check the path and its permissions.", path_.string());
  }
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // A cell larger than any document, picture list or chunk may be is a trap.
  sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, 256 << 20);
}

Database::~Database() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

void Database::script(const std::string& sql) {
  if (const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr); code != SQLITE_OK) raise(code);
}

sqlite3_stmt* Database::prepare(std::string_view sql) {
  if (const auto found = statements_.find(std::string(sql)); found != statements_.end()) {
    DSW_CHECK(sqlite3_stmt_busy(found->second) == 0, "a statement is not started while it runs");
    return found->second;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) raise(code);
  statements_.emplace(sql, statement);
  return statement;
}

std::int64_t Database::integer(std::string_view sql) {
  Query started = query(sql);
  return started.step() ? started.integer(0) : 0;
}
std::string Database::text(std::string_view sql) {
  Query started = query(sql);
  return started.step() ? started.text(0) : std::string();
}
std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }
std::int64_t Database::last_row() const { return sqlite3_last_insert_rowid(handle_); }

std::string Database::file_start(int count) {
  sqlite3_file* file = nullptr;
  const int found = sqlite3_file_control(handle_, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (found != SQLITE_OK || file == nullptr || file->pMethods == nullptr) raise(found != SQLITE_OK ? found : SQLITE_CANTOPEN);
  sqlite3_int64 size = 0;
  if (const int code = file->pMethods->xFileSize(file, &size); code != SQLITE_OK) raise(code);
  std::string start(static_cast<std::size_t>(std::min<sqlite3_int64>(count, size)), '\0');
  if (start.empty()) return start;
  if (const int code = file->pMethods->xRead(file, start.data(), static_cast<int>(start.size()), 0); code != SQLITE_OK) raise(code);
  return start;
}

void Database::copy_to(const std::filesystem::path& target) {
  Database copy(target, Access::Create);
  sqlite3_backup* backup = sqlite3_backup_init(copy.handle_, "main", handle_, "main");
  if (backup == nullptr) copy.raise(sqlite3_extended_errcode(copy.handle_));
  const int step = sqlite3_backup_step(backup, -1);
  const int finish = sqlite3_backup_finish(backup);
  if (step != SQLITE_DONE) copy.raise(step);
  if (finish != SQLITE_OK) copy.raise(finish);
}

void Database::raise(int code) const {
  const std::string place = path_.string();
  const int system_error = sqlite3_system_errno(handle_);
  const std::string said = sqlite3_errmsg(handle_);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(ErrorCode::Locked, "another process holds the file", "Wait until it is done, or close it there.", place);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw Error(ErrorCode::Damaged, fmt::format("the project file is damaged ({})", said),
                  fmt::format("Go back to a copy of it, or save what can be read with the command: sqlite3 {} .recover.",
                              path_.filename().string()),
                  place);
    case SQLITE_FULL:
      throw write_error(path_, ENOSPC);
    case SQLITE_IOERR:
      if (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG) throw write_error(path_, system_error);
      if (code == SQLITE_IOERR_WRITE && system_error == 0) {
        if (const int reason = reason_of_failed_write(path_); reason != EIO) throw write_error(path_, reason);
      }
      throw Error(ErrorCode::Io, fmt::format("the disk gave an error ({})", system_error != 0 ? std::strerror(system_error) : said.c_str()),
                  "Check the disk.", place);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      throw Error(ErrorCode::Io, fmt::format("cannot be opened or written ({})", said), "Check the permissions of the file and its folder.",
                  place);
    case SQLITE_NOMEM:
      throw Error(ErrorCode::OutOfMemory, "no memory is left for the database", "Close other programs.", place);
    case SQLITE_TOOBIG:
      throw Error(ErrorCode::Damaged, "a value in the project file is larger than any may be", "Go back to a copy of it.", place);
    default:
      throw Error(ErrorCode::Internal, fmt::format("the database refused a statement ({})", said), {}, place);
  }
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  database_.run(kind == Kind::Write ? "BEGIN IMMEDIATE" : "BEGIN");
}
Transaction::~Transaction() {
  // SQLite may have rolled back by itself (full disk); then there is nothing to end.
  if (open_ && sqlite3_get_autocommit(database_.handle()) == 0) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}
void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace dsw
