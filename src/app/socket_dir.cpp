#include "app/socket_dir.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "app/data_dir.hpp"
#include "config/resolve.hpp"

namespace moai::app {
namespace {

namespace fs = std::filesystem;

// Leaves room for "/moai-XXXXXX/.s.PGSQL.5432.lock" within 107 bytes.
constexpr std::size_t kLongestParent = 70;

// The path is pasted into shells and connection strings: nothing in it may need quoting.
bool plain_and_short(std::string_view folder) {
    return folder.starts_with('/') && folder.size() <= kLongestParent &&
           folder.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") ==
               std::string_view::npos;
}

fs::path parent() {
    if (geteuid() == 0) {
        return access("/run", W_OK) == 0 ? "/run" : "/tmp";
    }
    const std::string runtime = config::process_environment("XDG_RUNTIME_DIR").value_or("");
    return plain_and_short(runtime) && access(runtime.c_str(), W_OK) == 0 ? runtime : "/tmp";
}

}  // namespace

bool private_to(const fs::path& folder, uid_t owner) {
    struct stat status {};
    return lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == owner &&
           (status.st_mode & 07777) == 0700;
}

fs::path private_socket_dir(const fs::path& record, const std::optional<User>& owner) {
    const uid_t uid = owner ? owner->uid : geteuid();
    if (const auto recorded = read_file(record)) {
        fs::path folder = recorded->substr(0, recorded->find('\n'));
        if (private_to(folder, uid)) {
            return folder;
        }
    }
    std::string folder = parent() / "moai-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) {
        throw std::system_error(errno, std::generic_category(), "mkdtemp " + folder);
    }
    if (owner && chown(folder.c_str(), owner->uid, owner->gid) != 0) {
        throw std::system_error(errno, std::generic_category(), "chown " + folder);
    }
    write_private_file(record, folder + "\n");
    return folder;
}

}  // namespace moai::app
