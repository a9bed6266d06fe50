// SPDX-License-Identifier: EUPL-1.2
//
// SQLite's backup interface, and what makes a file a backup: clean, whole, synced, then named.
#include "appliance/store/backup.h"

#include "appliance/core/log.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace amt::store {
namespace {

constexpr std::string_view prefix = "node-";
constexpr std::string_view ending = ".db";
constexpr std::string_view unfinished = ".partial";

[[noreturn]] void failed(std::string_view what, const std::string& why)
{
    throw Error(ErrorCode::SystemFailed, std::string(what) + ": " + why);
}

[[noreturn]] void failed(std::string_view what, int code)
{
    failed(what, std::string(::sqlite3_errstr(code)) + " (" + std::to_string(code) + ")");
}

struct Close {
    void operator()(sqlite3* handle) const { ::sqlite3_close(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

Handle open(const std::filesystem::path& path, int flags)
{
    sqlite3* handle = nullptr;
    const int code = ::sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    Handle owned(handle);
    if (code != SQLITE_OK)
        failed("open a copy", code);
    ::sqlite3_extended_result_codes(handle, 1);
    return owned;
}

void run(sqlite3* handle, const std::string& sql)
{
    const int code = ::sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        failed("work on a copy", code);
}

/// First column of the first row.
std::string answer(sqlite3* handle, const std::string& sql)
{
    std::optional<std::string> first;
    const auto keep = [](void* to, int columns, char** values, char**) {
        auto& kept = *static_cast<std::optional<std::string>*>(to);
        if (!kept && columns > 0)
            kept = values[0] ? values[0] : "";
        return 0;
    };
    const int code = ::sqlite3_exec(handle, sql.c_str(), keep, &first, nullptr);
    if (code != SQLITE_OK)
        failed("read a copy", code);
    return first.value_or("");
}

void sync(const std::filesystem::path& path, int flags)
{
    const int file = ::open(path.c_str(), flags | O_CLOEXEC);
    if (file < 0)
        failed("open to sync", std::strerror(errno));
    const int result = ::fsync(file);
    const int why = errno;
    ::close(file);
    if (result != 0)
        failed("sync", std::strerror(why));
}

void syncFolderOf(const std::filesystem::path& path)
{
    sync(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."),
         O_RDONLY | O_DIRECTORY);
}

void removeWithLogs(const std::filesystem::path& path)
{
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
        std::filesystem::remove(path.string() + suffix, ignored);
}

void giveName(const std::filesystem::path& from, const std::filesystem::path& to)
{
    std::error_code why;
    std::filesystem::rename(from, to, why);
    if (why)
        failed("give a copy its name", why.message());
}

std::filesystem::path rawName(const std::filesystem::path& name)
{
    return name.string() + std::string(unfinished);
}

} // namespace

Backup::Backup(Database& source, const std::filesystem::path& copy) : _source(source), _path(copy)
{
    removeWithLogs(_path);
    try {
        _copy = open(_path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).release();
        // Synced once, when it is whole; until then it has no name that counts.
        run(_copy, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1024");
        _backup = ::sqlite3_backup_init(_copy, "main", _source._handle, "main");
        if (!_backup)
            failed("begin a copy", ::sqlite3_extended_errcode(_copy));
    } catch (...) {
        close();
        removeWithLogs(_path);
        throw;
    }
}

Backup::~Backup()
{
    close();
    if (!_whole)
        removeWithLogs(_path);
}

void Backup::close()
{
    if (_backup)
        ::sqlite3_backup_finish(_backup);
    _backup = nullptr;
    if (_copy)
        ::sqlite3_close(_copy);
    _copy = nullptr;
}

Backup::Progress Backup::step(int pages)
{
    AMT_ASSERT(_backup && !_source.inTransaction());
    const int code = ::sqlite3_backup_step(_backup, pages);
    if (code == SQLITE_OK)
        return Progress::More;
    if (code != SQLITE_DONE)
        failed("copy pages", code);
    const int finished = ::sqlite3_backup_finish(_backup);
    _backup = nullptr;
    if (finished != SQLITE_OK)
        failed("end a copy", finished);
    _whole = true;
    close();
    return Progress::Whole;
}

void finishCopy(const std::filesystem::path& raw, const std::filesystem::path& name,
                const std::string& forget)
{
    try {
        {
            const Handle copy = open(raw, SQLITE_OPEN_READWRITE);
            // One file without a log beside it; what is deleted is overwritten.
            run(copy.get(), "PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF;"
                            "PRAGMA secure_delete=ON; BEGIN IMMEDIATE");
            run(copy.get(), forget);
            run(copy.get(), "COMMIT");
            const std::string found = answer(copy.get(), "PRAGMA quick_check(1)");
            if (found != "ok")
                failed("a copy is not whole", found);
        }
        sync(raw, O_RDONLY);
        giveName(raw, name);
        syncFolderOf(name);
    } catch (...) {
        removeWithLogs(raw);
        throw;
    }
}

void copyWhole(Database& source, const std::filesystem::path& name, const std::string& forget)
{
    AMT_ASSERT(!source.inTransaction());
    const auto raw = rawName(name);
    removeWithLogs(raw);
    source.prepare("VACUUM INTO ?").bind(raw.string()).run();
    finishCopy(raw, name, forget);
}

std::string copyName(UtcTime madeAt)
{
    std::string digits = toIso(std::chrono::floor<std::chrono::seconds>(madeAt)).substr(0, 19);
    std::erase_if(digits, [](char letter) { return letter == '-' || letter == ':'; });
    return std::string(prefix) + digits + "Z" + std::string(ending);
}

std::vector<KeptCopy> keptCopies(const std::filesystem::path& folder)
{
    std::vector<KeptCopy> found;
    std::error_code why;
    for (const auto& entry : std::filesystem::directory_iterator(folder, why)) {
        const std::string name = entry.path().filename().string();
        // node-20261121T094100Z.db
        if (name.size() != 24 || !name.starts_with(prefix) || !name.ends_with(ending))
            continue;
        try {
            const std::string day = name.substr(5, 8), time = name.substr(14, 6);
            const UtcTime madeAt = fromIso(day.substr(0, 4) + "-" + day.substr(4, 2) + "-" +
                                           day.substr(6, 2) + "T" + time.substr(0, 2) + ":" +
                                           time.substr(2, 2) + ":" + time.substr(4, 2) + "Z");
            if (copyName(madeAt) == name)
                found.push_back({entry.path(), madeAt});
        } catch (const Error&) { // another file that only looks like one of ours
            continue;
        }
    }
    if (why)
        failed("read the folder of copies", why.message());
    std::sort(found.begin(), found.end(),
              [](const auto& left, const auto& right) { return left.madeAt > right.madeAt; });
    return found;
}

void dropOldCopies(const std::filesystem::path& folder, int keep)
{
    const auto copies = keptCopies(folder);
    for (std::size_t i = static_cast<std::size_t>(std::max(keep, 1)); i < copies.size(); ++i)
        removeWithLogs(copies[i].path);
    std::vector<std::filesystem::path> left;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(prefix) &&
            name.ends_with(std::string(ending) + std::string(unfinished)))
            left.push_back(entry.path());
    }
    for (const auto& path : left)
        removeWithLogs(path);
}

std::filesystem::path stage(const std::filesystem::path& copy, const std::filesystem::path& target,
                            int newest)
{
    const auto staged = rawName(target);
    removeWithLogs(staged);
    std::error_code why;
    std::filesystem::copy_file(copy, staged, why);
    if (why)
        failed("read the copy", why.message());
    try {
        const Handle opened = open(staged, SQLITE_OPEN_READWRITE);
        run(opened.get(), "PRAGMA journal_mode=DELETE");
        if (answer(opened.get(), "PRAGMA integrity_check(1)") != "ok")
            throw Error(ErrorCode::StoreFailed, "the copy is not whole");
        const int version = std::atoi(answer(opened.get(), "PRAGMA user_version").c_str());
        const std::string reader =
            answer(opened.get(), "SELECT value FROM meta WHERE key = 'min_reader'");
        if (version < 1 || reader.empty())
            throw Error(ErrorCode::StoreFailed, "this is no copy of a node's database");
        if (version > newest && std::atoi(reader.c_str()) > newest)
            throw Error(ErrorCode::StoreNewer,
                        "copy " + std::to_string(version) + ", program " + std::to_string(newest));
    } catch (const Error& failure) {
        removeWithLogs(staged);
        if (failure.errorCode() == ErrorCode::SystemFailed) // SQLite's word on a file that is none
            throw Error(ErrorCode::StoreFailed, failure.message());
        throw;
    }
    return staged;
}

void replace(const std::filesystem::path& staged, const std::filesystem::path& target)
{
    sync(staged, O_RDONLY);
    if (std::filesystem::exists(target)) {
        bool opens = true;
        try { // its log goes into it, and nobody else may have it
            DatabaseSettings old;
            old.path = target;
            const Database closed(old);
        } catch (const Error& failure) {
            if (failure.message().find("database is locked") != std::string::npos)
                throw;
            // It does not open, which may be why a copy is put back; it is kept as it is.
            log::warning("restore.old-database", {{"detail", failure.message()}});
            opens = false;
        }
        const std::string replaced = target.string() + ".replaced";
        removeWithLogs(replaced);
        if (!opens && std::filesystem::exists(target.string() + "-wal"))
            giveName(target.string() + "-wal", replaced + "-wal");
        // Never a moment without a database: a second name first, then the new one over it.
        std::error_code why;
        std::filesystem::create_hard_link(target, replaced, why);
        if (why)
            failed("keep the old database", why.message());
    }
    giveName(staged, target);
    syncFolderOf(target);
}

} // namespace amt::store
