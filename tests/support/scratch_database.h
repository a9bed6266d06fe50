// SPDX-License-Identifier: EUPL-1.2
//
// A node.db of its own for one test, in a folder that goes with it.
#pragma once

#include "appliance/store/migrations/migrations.h"
#include "appliance/store/store.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

namespace amt::test {

class ScratchFolder {
public:
    ScratchFolder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "amt-test-XXXXXX").string();
        if (!::mkdtemp(name.data()))
            throw std::runtime_error("no scratch folder");
        _path = name;
    }
    ~ScratchFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(_path, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    const std::filesystem::path& path() const { return _path; }

private:
    std::filesystem::path _path;
};

inline store::DatabaseSettings settingsFor(const std::filesystem::path& file)
{
    store::DatabaseSettings settings;
    settings.path = file.string();
    return settings;
}

class ScratchDatabase {
public:
    ScratchDatabase() { reopen(); }
    store::Database& operator*() { return *_database; }
    store::Database* operator->() { return &*_database; }
    /// As after a restart of the process.
    void reopen()
    {
        _database.reset();
        store::DatabaseSettings settings = settingsFor(file());
        settings.atCommit = atCommit;
        _database.emplace(settings);
        _database->migrate(store::nodeMigrations());
    }
    std::string file() const { return (_folder.path() / "node.db").string(); }

    std::function<void(store::CommitMoment)> atCommit; ///< taken at the next reopen()

private:
    ScratchFolder _folder;
    std::optional<store::Database> _database;
};

} // namespace amt::test
