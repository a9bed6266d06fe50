// SPDX-License-Identifier: EUPL-1.2
//
// Country signers out of master lists; only out of those that somebody we know has signed.
#include "drivers/eid/master_list.h"
#include "drivers/eid/passive_authentication.h"
#include "tests/drivers/eid/table.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using test::CountedRandom;
using test::now;
using test::pki;

namespace {

struct Unusable {
    bool operator()(const Error& error) const
    {
        return error.errorCode() == ErrorCode::CertificateUnusable;
    }
};

/// The same certificate of another country: C=DE is written as 06 03 55 04 06 13 02 44 45.
Bytes ofCountry(Bytes certificate, char first, char second)
{
    const Bytes german = fromHex("060355040613024445");
    for (auto at = certificate.begin();;) {
        at = std::search(at, certificate.end(), german.begin(), german.end());
        if (at == certificate.end())
            return certificate;
        at[7] = static_cast<std::uint8_t>(first);
        at[8] = static_cast<std::uint8_t>(second);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(eid_master_list)

BOOST_AUTO_TEST_CASE(the_signers_of_one_country_are_taken_and_a_card_is_read_with_them)
{
    CountedRandom random(31);
    const Bytes own = pki().countrySigner;
    const Bytes small = ofCountry(own, 'd', 'e'); // some write it so
    const auto list =
        sim::makeMasterList(random, now, {own, ofCountry(own, 'F', 'R'), own, small, {0x30, 0}});
    const auto found = eid::countrySignersOf(list.file, "DE", list.anchor, now);
    BOOST_TEST(found.size() == 2U);
    BOOST_TEST((std::count(found.begin(), found.end(), own) == 1));
    BOOST_TEST(eid::countrySignersOf(list.file, "FR", list.anchor, now).size() == 1U);

    test::Table table;
    auto wanted = test::request();
    wanted.certificates.countrySigners = found;
    BOOST_TEST(table.readName(wanted) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_list_that_does_not_verify_is_refused_whole)
{
    CountedRandom random(32);
    const auto list = sim::makeMasterList(random, now, {pki().countrySigner});
    const auto refused = [](const Bytes& file, const Bytes& anchor, UtcTime at) {
        BOOST_CHECK_EXCEPTION(eid::countrySignersOf(file, "DE", anchor, at), Error, Unusable());
    };
    refused(list.file, pki().countrySigner, now); // somebody else's
    refused(list.file, {0x30, 0x00}, now);
    refused(list.file, list.anchor, fromIso("2056-11-21T10:00:00Z"));
    refused({}, list.anchor, now);
    for (const std::size_t byte : {list.file.size() - 1, list.file.size() / 2, std::size_t{60}}) {
        Bytes bent = list.file;
        bent[byte] ^= 1;
        refused(bent, list.anchor, now);
    }
    BOOST_CHECK_EXCEPTION(eid::countrySignersOf(list.file, "NL", list.anchor, now), Error,
                          Unusable()); // nobody of that country
    const auto byDocumentSigner =
        sim::makeMasterList(random, now, {pki().countrySigner}, sim::ListSigner::ForDocuments);
    refused(byDocumentSigner.file, byDocumentSigner.anchor, now);
}

BOOST_AUTO_TEST_CASE(a_card_and_a_master_list_are_not_taken_for_each_other)
{
    CountedRandom random(33);
    const auto list = sim::makeMasterList(random, now, {pki().countrySigner});
    BOOST_CHECK_THROW(eid::verifiedSecurityInfos(list.file, {list.anchor}, now), Error);
}

BOOST_AUTO_TEST_SUITE_END()
