// SPDX-License-Identifier: EUPL-1.2
//
// The certificate holder authorisation template of authentication terminals: five bytes of rights
// (TR-03110-4 2.2.3.2).
#pragma once

#include "drivers/port/identity.h"

#include <set>

namespace amt::eid {

/// Rights beside those to read and write groups. The number is the bit.
enum class SpecialRight : int {
    AgeVerification = 0,
    PlaceVerification = 1,
    RestrictedIdentification = 2,
    CanAllowed = 4,
    PinManagement = 5,
};

/// What a terminal may do. Writing is never asked for here.
class Rights {
public:
    Rights() = default;
    explicit Rights(std::uint64_t bits) : _bits(bits) {}
    static Rights toRead(const std::set<DataGroup>& groups);
    /// The five bytes of DO 53; the two role bits are not rights. Throws CertificateUnusable.
    static Rights fromBytes(ByteView bytes);

    Rights with(SpecialRight right) const;
    bool mayRead(DataGroup group) const;
    bool may(SpecialRight right) const;
    Rights operator&(Rights other) const { return Rights(_bits & other._bits); }
    bool operator==(const Rights&) const = default;
    bool none() const { return _bits == 0; }
    /// DO 7F4C with the role of a terminal, as MSE:Set AT wants it.
    Bytes encode() const;

private:
    std::uint64_t _bits = 0;
};

/// id-AT, the role of authentication terminals: 0.4.0.127.0.7.3.1.2.2.
ByteView authenticationTerminalOid();

} // namespace amt::eid
