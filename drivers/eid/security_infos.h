// SPDX-License-Identifier: EUPL-1.2
//
// SecurityInfos: what a card says it can do, in EF.CardAccess and EF.CardSecurity (TR-03110-3
// A.1.1).
#pragma once

#include "drivers/eid/crypto.h"

#include <map>
#include <optional>
#include <vector>

namespace amt::eid {

/// PACEInfo for ECDH with generic mapping, AES and standardised domain parameters; others are
/// passed over.
struct PaceInfo {
    Bytes oid;
    const CipherSuite* suite = nullptr;
    int parameterId = 0;
};

/// ChipAuthenticationInfo, version 2, ECDH with AES.
struct ChipAuthenticationInfo {
    Bytes oid;
    const CipherSuite* suite = nullptr;
    std::optional<Bytes> keyId; ///< the integer's bytes
};

/// ChipAuthenticationDomainParameterInfo with standardised domain parameters.
struct ChipDomainInfo {
    int parameterId = 0;
    std::optional<Bytes> keyId;
};

/// ChipAuthenticationPublicKeyInfo with standardised domain parameters.
struct ChipPublicKey {
    int parameterId = 0;
    Bytes point;
    std::optional<Bytes> keyId;
};

/// RestrictedIdentificationInfo, version 1, ECDH.
struct RestrictedIdInfo {
    Bytes oid;
    Bytes keyId;
    std::size_t markBytes = 0;   ///< length of the hash that is the identifier
    bool authorisedOnly = false; ///< true: the key for pseudonyms; false: the one for block lists
};

/// eIDSecurityInfo: hashes of data groups.
struct GroupHashes {
    const char* hash = nullptr; ///< OpenSSL's name
    std::map<int, Bytes> values;
};

struct SecurityInfos {
    std::vector<PaceInfo> pace; ///< in the order of the card
    std::vector<ChipAuthenticationInfo> chipAuthentication;
    std::vector<ChipDomainInfo> chipDomains;
    std::vector<ChipPublicKey> chipKeys;
    std::vector<RestrictedIdInfo> restrictedId;
    std::optional<GroupHashes> groupHashes;
    bool terminalAuthentication2 = false;
    std::vector<Bytes> relied; ///< elements about PACE, terminal and chip authentication, as
                               ///< encoded, whether we take them or not
};

/// `set`: the SET OF SecurityInfo. Unknown protocols are passed over.
/// Throws CardAnswerMalformed; a key or hash list of a known protocol must be whole.
SecurityInfos parseSecurityInfos(ByteView set);

/// Every element of `inner` that a read relies on stands in `outer`, byte for byte: no downgrade by
/// a forged EF.CardAccess (TR-03110-3 A.1.2). Others may differ: genuine cards show
/// PrivilegedTerminalInfo in EF.CardAccess alone.
bool contains(const SecurityInfos& outer, const SecurityInfos& inner);

} // namespace amt::eid
