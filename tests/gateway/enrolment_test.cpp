// SPDX-License-Identifier: EUPL-1.2
//
// Set-up: the files that the others start with, made once.
#include "appliance/core/files.h"
#include "sync/gateway/enrolment.h"
#include "tests/gateway/town.h"

#include <boost/test/unit_test.hpp>

#include <future>
#include <set>

namespace fs = std::filesystem;
using namespace amt;
using namespace amt::test;

namespace {

std::map<std::string, Bytes> filesIn(const fs::path& folder)
{
    std::map<std::string, Bytes> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file())
            files[fs::relative(entry.path(), folder).string()] = readSmallFile(entry.path());
    }
    return files;
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_enrolment)

BOOST_AUTO_TEST_CASE(a_set_up_is_made_once_and_fits_together)
{
    TemporaryFolder folder;
    const fs::path state = folder.path() / "gateway";
    SystemRandom random;
    const UtcTime now = fromIso("2026-11-21T09:00:00Z");
    const std::string url = "https://127.0.0.1:18443";
    BOOST_TEST((gateway::setUp(state, url, now, random) == gateway::SetUp::Made));

    for (const auto& entry : fs::recursive_directory_iterator(state)) {
        const auto others =
            fs::status(entry.path()).permissions() & (fs::perms::group_all | fs::perms::others_all);
        BOOST_TEST((others == fs::perms::none || entry.path().extension() == ".db"),
                   entry.path().filename());
    }

    const auto forNode = json::parseObject(toText(readSmallFile(state / "node-enrolment.json")));
    json::onlyKeys(*forNode, {"format", "service", "roots", "destinations"});
    const auto service = json::object(*forNode, "service");
    BOOST_TEST(json::text(*service, "issuer") == url);
    const auto serviceKeys = envelope::parseJwkSet(json::write(*json::object(*service, "keys")),
                                                   envelope::KeyUse::Verify);
    BOOST_REQUIRE_EQUAL(serviceKeys.size(), 1);
    const std::vector<Bytes> roots = {fromBase64(json::texts(*forNode, "roots").at(0))};
    const auto destination = json::array(*forNode, "destinations")->getObject(0);
    const auto document = json::object(*destination, "document");
    const auto encryption =
        envelope::parseJwk(*json::object(*destination, "encryptionKey"), envelope::KeyUse::Encrypt);
    const auto signature = envelope::parseJwk(
        *json::array(*destination, "signatureKeys")->getObject(0), envelope::KeyUse::Verify);
    BOOST_TEST(json::text(*document, "encryptionKid") == encryption.kid);
    BOOST_CHECK_NO_THROW(envelope::checkChain(encryption, roots, now));
    BOOST_CHECK_NO_THROW(envelope::checkChain(signature, roots, now));

    const auto subscriber = gateway::loadSubscriber(state / "subscriber.json");
    BOOST_TEST(subscriber.settings.destinationId == json::text(*document, "destinationId"));
    BOOST_TEST(subscriber.settings.openingKeys.at(0).key.fingerprint() ==
               encryption.key.fingerprint());
    BOOST_TEST(subscriber.settings.signatureKey.fingerprint() == signature.key.fingerprint());
    BOOST_TEST(subscriber.settings.signatureKid == signature.kid);
    const auto settings = gateway::loadGateway(state);
    BOOST_TEST(settings.signingKid == serviceKeys[0].kid);
    BOOST_TEST(settings.signingKey.fingerprint() == serviceKeys[0].key.fingerprint());

    const auto before = filesIn(state);
    BOOST_TEST((gateway::setUp(state, url, now + std::chrono::hours(1), random) ==
                gateway::SetUp::WasThere));
    BOOST_TEST((filesIn(state) == before));
    try {
        gateway::setUp(state, "https://127.0.0.1:9", now, random);
        BOOST_TEST(false);
    } catch (const Error& refused) {
        BOOST_TEST((refused.errorCode() == ErrorCode::ConfigurationInvalid));
    }
}

// one folder, as where several gateways of one machine share it
BOOST_AUTO_TEST_CASE(of_gateways_that_start_at_once_one_makes_the_authority_of_devices)
{
    TemporaryFolder folder;
    const fs::path state = folder.path() / "gateway";
    SystemRandom random;
    const UtcTime now = fromIso("2026-11-21T09:00:00Z");
    gateway::setUp(state, "https://127.0.0.1:18443", now, random);
    for (int round = 0; round < 10; ++round) {
        fs::remove(gateway::deviceAuthorityFile(state));
        std::vector<std::future<Bytes>> starts;
        for (int i = 0; i < 4; ++i)
            starts.push_back(std::async(std::launch::async, [&] {
                gateway::completeState(state, now);
                return readSmallFile(gateway::deviceAuthorityFile(state));
            }));
        std::set<Bytes> made;
        for (auto& start : starts)
            BOOST_CHECK_NO_THROW(made.insert(start.get()));
        BOOST_TEST(made.size() == 1);
        BOOST_CHECK_NO_THROW(gateway::loadGateway(state));
    }
}

BOOST_AUTO_TEST_CASE(callback_secrets_outlive_the_signing_key)
{
    TemporaryFolder folder;
    const fs::path state = folder.path() / "gateway";
    SystemRandom random;
    const UtcTime now = fromIso("2026-11-21T09:00:00Z");
    gateway::setUp(state, "https://127.0.0.1:18443", now, random);
    // A folder of an older program: what it sealed can still be opened.
    fs::remove(state / "keys" / "callbacks.key");
    const auto before = gateway::loadGateway(state);
    BOOST_TEST(before.callbackKey.empty());
    gateway::completeState(state, now);
    const auto complete = gateway::loadGateway(state);
    BOOST_TEST((complete.callbackKey == gateway::callbackKeyFrom(before.signingKey)));
    BOOST_TEST(complete.callbackKey.size() == 32);

    writeDurably(state / "keys" / "service.der", rsaKey(1).privateDer().reveal());
    gateway::completeState(state, now);
    const auto renewed = gateway::loadGateway(state);
    BOOST_TEST((renewed.signingKey.fingerprint() != before.signingKey.fingerprint()));
    BOOST_TEST((renewed.callbackKey == complete.callbackKey));
}

BOOST_AUTO_TEST_CASE(a_folder_that_was_not_set_up_is_refused)
{
    TemporaryFolder folder;
    for (const auto& attempt :
         {+[](const fs::path& state) { gateway::loadGateway(state); },
          +[](const fs::path& state) { gateway::loadSubscriber(state / "subscriber.json"); }}) {
        try {
            attempt(folder.path());
            BOOST_TEST(false);
        } catch (const Error& refused) {
            BOOST_TEST((refused.errorCode() == ErrorCode::ConfigurationInvalid));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
