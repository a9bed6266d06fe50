// SPDX-License-Identifier: EUPL-1.2
//
// Copies of the database: taken in steps beside the running work, cleaned of what no copy may hold,
// whole on the medium before they get their name (sync.md 11), and put back.
#pragma once

#include "appliance/store/store.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3_backup;

namespace amt::store {

/// A consistent copy in steps, between which the database is used as ever: what its connection
/// writes meanwhile goes into the copy, too (SQLite's backup interface). Whatever goes wrong throws
/// SystemFailed, an error of the other medium never ends the process. The database must outlive it.
class Backup {
public:
    Backup(Database& source, const std::filesystem::path& copy);
    ~Backup(); ///< what is not whole is removed
    Backup(const Backup&) = delete;
    Backup& operator=(const Backup&) = delete;

    enum class Progress { More, Whole };
    /// Outside transactions. Whole: the file is closed and waits for finishCopy.
    Progress step(int pages);

private:
    void close();

    Database& _source;
    std::filesystem::path _path;
    sqlite3* _copy = nullptr;
    sqlite3_backup* _backup = nullptr;
    bool _whole = false;
};

/// A raw copy becomes one that counts: `forget` (SQL) is deleted from it, SQLite finds it whole, it
/// is on the medium, and only then it has its name. On any thread. Throws SystemFailed; what was
/// under `name` before stays then.
void finishCopy(const std::filesystem::path& raw, const std::filesystem::path& name,
                const std::string& forget);

/// The copy before an update (VACUUM INTO), finished as above. Outside transactions.
void copyWhole(Database& source, const std::filesystem::path& name, const std::string& forget);

struct KeptCopy {
    std::filesystem::path path;
    UtcTime madeAt;
};
/// `node-20261121T094100Z.db`
std::string copyName(UtcTime madeAt);
/// Finished copies in a folder, newest first; files with other names are nobody's business.
std::vector<KeptCopy> keptCopies(const std::filesystem::path& folder);
/// Removes all but the newest `keep`, and what an interrupted copy left behind.
void dropOldCopies(const std::filesystem::path& folder, int keep);

/// First half of a restore: the copy stands beside `target` under another name, whole by SQLite's
/// own check, with a schema that `newest` knows or may read. Throws StoreFailed (not whole, no
/// node's database), StoreNewer, SystemFailed.
std::filesystem::path stage(const std::filesystem::path& copy, const std::filesystem::path& target,
                            int newest);
/// Second half: `staged`, closed, takes the place of `target`; the one that stood there is kept as
/// `<target>.replaced`. Throws StoreFailed (another process has the database), SystemFailed;
/// nothing is changed then.
void replace(const std::filesystem::path& staged, const std::filesystem::path& target);

} // namespace amt::store
