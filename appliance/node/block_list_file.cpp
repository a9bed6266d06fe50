// SPDX-License-Identifier: EUPL-1.2
//
// The list read beside the loop, asked for in each read.
#include "appliance/node/block_list_file.h"

#include "appliance/core/log.h"
#include "appliance/node/house.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace fs = std::filesystem;

namespace amt::node {
namespace {

/// Lists are made anew each day; a town that is cut off goes on with its last one, and says so.
constexpr auto freshFor = std::chrono::hours(48);

fs::path sectorKeyFile(const std::string& folder)
{
    return fs::path(folder) / "sector.key";
}

fs::path listFile(const std::string& folder)
{
    return fs::path(folder) / "blocklist.txt";
}

std::string contentOf(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    if (!file || content.empty())
        throw Error(ErrorCode::InputMalformed, path.filename().string() + " cannot be read");
    return content;
}

UtcTime writtenAt(const fs::path& path)
{
    const auto written = std::chrono::file_clock::to_sys(fs::last_write_time(path));
    return std::chrono::floor<Milliseconds>(written);
}

} // namespace

std::optional<BlockListFile::Stamp> BlockListFile::stamp() const
{
    const std::string& folder = _house.settings.blockListFolder;
    try {
        return Stamp{writtenAt(sectorKeyFile(folder)), writtenAt(listFile(folder))};
    } catch (const fs::filesystem_error&) { // not there: a question here
        return std::nullopt;
    }
}

void BlockListFile::look()
{
    const std::string& folder = _house.settings.blockListFolder;
    if (folder.empty() || _reading)
        return;
    const auto now = stamp();
    if (_stamp && now == _stamp)
        return;
    if (!now) {
        if (_content)
            log::error("block-list.gone");
        _content.reset();
        _stamp.reset();
        return;
    }
    _reading = true;
    const auto result = std::make_shared<Content>(); // worker, then loop
    const auto failure = std::make_shared<std::string>();
    _house.doors.longWork.run(
        [result, failure, folder] {
            try { // the worker's door
                result->sectorKey = toBytes(contentOf(sectorKeyFile(folder)));
                result->list = BlockList::parse(contentOf(listFile(folder)));
            } catch (const Error& unusable) {
                *failure = unusable.message();
            }
        },
        _house.guarded([this, result, failure, now] {
            _reading = false;
            _stamp = now;
            if (failure->empty()) {
                _content = result;
                log::info("block-list.read", {{"marks", std::to_string(result->list.size())}});
            } else {
                _content.reset();
                log::error("block-list.unusable", {{"detail", *failure}});
            }
        }));
}

BlockListFile::Standing BlockListFile::standing() const
{
    if (_house.settings.blockListFolder.empty())
        return Standing::NotWanted;
    if (!_content)
        return Standing::Unusable;
    return _house.now() - _stamp->list > freshFor ? Standing::Old : Standing::Good;
}

std::optional<UtcTime> BlockListFile::newest() const
{
    return _stamp ? std::optional(_stamp->list) : std::nullopt;
}

void BlockListFile::ask(IdentityRequest& request) const
{
    if (standing() == Standing::NotWanted)
        return;
    if (!_content)
        throw Error(ErrorCode::CertificateUnusable, "no usable block list");
    request.revocationKey = _content->sectorKey;
}

IdentityOutcome BlockListFile::judged(const IdentityOutcome& outcome) const
{
    if (standing() == Standing::NotWanted)
        return outcome;
    if (!_content) // it went while the card was read
        return std::holds_alternative<IdentityRead>(outcome)
                   ? DeviceFailed{ErrorCode::CertificateUnusable}
                   : outcome;
    return judge(outcome, _content->list);
}

} // namespace amt::node
