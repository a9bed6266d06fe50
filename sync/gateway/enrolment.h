// SPDX-License-Identifier: EUPL-1.2
//
// Set-up of a gateway with one destination, and the files that node, sync and subscriber start with
// (ENROLMENT.md).
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/json.h"
#include "appliance/core/random.h"
#include "sync/gateway/books.h"
#include "sync/gateway/gateway.h"
#include "sync/gateway/subscriber.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace amt::gateway {

enum class SetUp { Made, WasThere };

/// Makes keys, certificates, clients, the destination, its rows in the books and the enrolment
/// files. A folder that was set up stays as it is. Takes seconds (RSA). Without `open` the books
/// are databaseFile(state). `quotaPages`: see databasePages. Throws ConfigurationInvalid when it
/// was set up for another address.
SetUp setUp(const std::filesystem::path& state, const std::string& url, UtcTime now,
            RandomSource& random, const std::function<std::unique_ptr<Books>()>& open = {},
            std::int64_t quotaPages = 0);
/// Quota of databaseFile(state) in pages of 4096 bytes, which it has from the first day on; 0: it
/// grows as it likes, as those do that an older program made.
std::int64_t databasePages(const std::filesystem::path& state);

/// Makes what a folder lacks that an older program set up: the authority of the nodes'
/// certificates, the key of callback secrets. Throws ConfigurationInvalid.
void completeState(const std::filesystem::path& state, UtcTime now);
std::filesystem::path deviceAuthorityFile(const std::filesystem::path& state);

/// What `serve` needs of a folder that was set up. Throws ConfigurationInvalid.
GatewaySettings loadGateway(const std::filesystem::path& state);
std::filesystem::path databaseFile(const std::filesystem::path& state);
std::filesystem::path serverCertificateFile(const std::filesystem::path& state);
std::filesystem::path serverKeyFile(const std::filesystem::path& state);

/// subscriber.json. Throws ConfigurationInvalid, JsonMalformed, KeyUnusable.
struct SubscriberEnrolment {
    std::string url, caCertificate;
    SubscriberSettings settings;
};
SubscriberEnrolment loadSubscriber(const std::filesystem::path& file);

/// Where `serve` listens for whoever runs the gateway.
std::filesystem::path operatorsSocket(const std::filesystem::path& state);
/// The pinned roots that keys of destinations come from, DER. Throws ConfigurationInvalid.
std::vector<Bytes> loadRoots(const std::filesystem::path& state);
/// node-enrolment.json and sync-enrolment.json of one more node, into `folder`. `destinations`: as
/// they stand in the file.
void writeEnrolmentOfNode(const std::filesystem::path& state, const std::filesystem::path& folder,
                          const ClientEntry& node, const json::ArrayPtr& destinations);

} // namespace amt::gateway
