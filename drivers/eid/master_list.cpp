// SPDX-License-Identifier: EUPL-1.2
//
// Master lists: the country signers (CSCA) that one country vouches for.
#include "drivers/eid/master_list.h"

#include "drivers/eid/openssl.h"
#include "drivers/eid/signed_message.h"
#include "drivers/eid/tlv.h"

#include <algorithm>
#include <array>
#include <set>

namespace amt::eid {
namespace {

constexpr auto unusable = ErrorCode::CertificateUnusable;

/// Countries write their code in capitals, or not.
bool isOf(const std::string& country, X509* certificate)
{
    std::array<char, 8> text{};
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_countryName,
                                               text.data(), static_cast<int>(text.size()));
    const std::string_view own(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return std::equal(own.begin(), own.end(), country.begin(), country.end(),
                      [](char left, char right) { return (left | 0x20) == (right | 0x20); });
}

} // namespace

std::vector<Bytes> countrySignersOf(ByteView masterList, const std::string& country,
                                    ByteView anchor, UtcTime at)
{
    // id-icao-cscaMasterList, id-icao-cscaMasterListSigningKey
    const Bytes content =
        verifiedContent(masterList, {"2.23.136.1.1.2", "2.23.136.1.1.3", unusable},
                        {Bytes(anchor.begin(), anchor.end())}, at);
    const auto fields = parseTlv(parseOne(content, 0x30, unusable).value, unusable);
    if (fields.size() != 2 || fields[0].tag != 0x02 || fields[0].value.size() != 1 ||
        fields[0].value[0] != 0 || fields[1].tag != 0x31)
        throw Error(unusable, "master list of another version");

    std::set<Bytes> found;
    for (const auto& encoded : parseTlv(fields[1].value, unusable)) {
        const std::uint8_t* position = encoded.whole.data();
        const Certificate certificate(
            d2i_X509(nullptr, &position, static_cast<long>(encoded.whole.size())));
        ERR_clear_error();
        if (certificate != nullptr && position == encoded.whole.data() + encoded.whole.size() &&
            isOf(country, certificate.get()))
            found.insert(Bytes(encoded.whole.begin(), encoded.whole.end()));
    }
    if (found.empty())
        throw Error(unusable, "no country signer of this country in the master list");
    return {found.begin(), found.end()};
}

} // namespace amt::eid
