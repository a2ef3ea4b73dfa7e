// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine/core/result.h"

namespace dsw {

/// The most that is read into memory of one file, unpacked: 16 GiB, and never more than half of the machine's memory.
std::uint64_t largest_readable_file();

/// The bytes of a regular file. Errors name the file: NotFound (with the nearest name in its folder), Io, OutOfMemory (larger
/// than `limit`), Stopped. Never blocks on a pipe or a device file.
Result<std::string> read_file(const std::filesystem::path& path, std::stop_token stop = {}, std::uint64_t limit = largest_readable_file());

bool is_gzip(std::string_view bytes);
/// Unpacks gzip (RFC 1952; several members follow one another). `name` is for messages. Errors: BadFormat with the byte at which
/// the packed data is damaged or ends early; OutOfMemory when more than `limit` bytes come out.
Result<std::string> gunzip(std::string_view packed, const std::string& name, std::stop_token stop = {},
                           std::uint64_t limit = largest_readable_file());

/// "3.1 MB", "812 bytes".
std::string size_text(std::uint64_t bytes);

}  // namespace dsw
