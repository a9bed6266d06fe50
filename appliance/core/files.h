// SPDX-License-Identifier: EUPL-1.2
//
// Files that are whole or not there: written beside, synced, renamed, folder synced. Mode 0600,
// folders 0700.
#pragma once

#include "appliance/core/bytes.h"

#include <filesystem>
#include <string>

namespace amt {

/// Throws SystemFailed.
void writeDurably(const std::filesystem::path& file, ByteView content);
/// Makes the folder and syncs its parent. Throws SystemFailed.
void makeFolder(const std::filesystem::path& folder);
/// Throws ConfigurationInvalid when it is not there or over 1 MiB.
Bytes readSmallFile(const std::filesystem::path& file);

/// The folder for this process alone among those that ask the same, as long as it lives; waits.
/// Goes with its process.
class FolderLock {
public:
    /// Throws SystemFailed.
    explicit FolderLock(const std::filesystem::path& folder);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    int _descriptor;
};

} // namespace amt
