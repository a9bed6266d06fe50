// SPDX-License-Identifier: EUPL-1.2
//
// Sealing for the desk: JWE as for a destination, padded, so that its length tells nothing about a
// choice.
#include "sync/outbox/sealing.h"

namespace amt::outbox {

std::string sealForDesk(const std::string& json, const DeskSeal& desk, RandomSource& random)
{
    std::string plain = envelope::padded(json);
    std::string compact =
        envelope::seal(view(plain), desk.key, desk.kid, "application/json", random).compact;
    wipe(plain);
    return compact;
}

std::string openForDesk(const std::string& compact, const RsaKey& deskKey, const std::string& kid)
{
    envelope::Opened opened = envelope::open(compact, deskKey, kid);
    std::string plain = toText(opened.plain);
    wipe(opened.plain);
    return plain;
}

} // namespace amt::outbox
