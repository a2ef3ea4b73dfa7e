// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/formats/tensor_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dsw {
namespace {

class FileHandle {
 public:
  explicit FileHandle(int fd) : fd_(fd) {}
  ~FileHandle() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> system_error(const std::filesystem::path& path, const char* what) {
  const int code = errno;
  const ErrorCode kind = code == ENOENT ? ErrorCode::NotFound : ErrorCode::Io;
  return fail(kind, fmt::format("{} cannot be {}: {}", path.filename().string(), what, std::strerror(code)), {}, path.string());
}

}  // namespace

const StoredTensor* TensorFile::find(const std::string& name) const {
  const auto at = std::find_if(tensors.begin(), tensors.end(), [&](const StoredTensor& tensor) { return tensor.name == name; });
  return at == tensors.end() ? nullptr : &*at;
}

const std::string* TensorFile::meta(const std::string& key) const {
  const auto at = std::find_if(metadata.begin(), metadata.end(), [&](const auto& entry) { return entry.first == key; });
  return at == metadata.end() ? nullptr : &at->second;
}

Tensor to_tensor(const StoredTensor& stored, Device& device) {
  Tensor y = empty(stored.shape, stored.dtype, device);
  DSW_CHECK(y.bytes() == stored.bytes.size(), "a stored tensor has the bytes of its shape");
  if (!stored.bytes.empty()) device.copy_from_host(y.view().data, stored.bytes.data(), stored.bytes.size());
  return y;
}

Result<void> write_bytes(const std::filesystem::path& path, const std::vector<std::span<const std::byte>>& pieces) {
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}.part", ::getpid());
  const auto broken = [&]() {
    auto error = system_error(path, "written");
    ::unlink(temporary.c_str());
    return error;
  };
  {
    const FileHandle file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.get() < 0) return system_error(path, "written");
    for (const auto& piece : pieces) {
      std::size_t done = 0;
      while (done < piece.size()) {
        const ssize_t put = ::write(file.get(), piece.data() + done, piece.size() - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return broken();
        done += static_cast<std::size_t>(put);
      }
    }
    if (::fsync(file.get()) != 0) return broken();
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return broken();
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const FileHandle directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) ::fsync(directory.get());  // some file systems refuse to sync a folder; the file itself is safe
  return {};
}

}  // namespace dsw
