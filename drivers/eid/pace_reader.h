// SPDX-License-Identifier: EUPL-1.2
//
// Readers that open PACE themselves: what they are told and what they say (PC/SC part 10, amendment
// 1, FEATURE_EXECUTE_PACE; result codes TR-03119 D.1.2). Numbers are lowest byte first.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/secret.h"

#include <cstdint>
#include <variant>
#include <vector>

namespace amt::eid {

enum class PacePassword : std::uint8_t { Can = 2, Pin = 3, Puk = 4 }; // TR-03110-3 B.11.1

/// GetReadersPACECapabilities: asks what the reader can do.
Bytes askPaceCapabilities();
/// Whether it opens PACE, and for German identity cards. An answer that is not whole says no.
bool runsPaceForIdentityCards(ByteView answer);

/// EstablishPACEChannel. `password`: empty where somebody types it at the reader. `chat`: DO 7F4C,
/// or nothing. `description`: the certificate's, which the reader may show; may be empty.
Bytes establishPace(PacePassword password, ByteView chat, const Secret& given,
                    ByteView description);

/// The card refused one of the reader's commands.
struct ReaderPaceRefused {
    enum class Step { CardAccess, Choose, Authenticate };
    Step step = Step::Authenticate;
    std::uint16_t status = 0;
};
/// Cancelled at the keypad, or nothing typed in time.
struct ReaderPaceCancelled {};
/// The channel is open, and the reader protects what is sent in plain from now on.
struct ReaderPaceOpened {
    std::uint16_t chosen = 0;      ///< the card's status to MSE:Set AT
    Bytes cardAccess;              ///< as the reader read it; may be empty
    std::vector<Bytes> references; ///< of authorities: the current one, and the one before
    Bytes cardId;                  ///< ID_PICC: x of the chip's ephemeral key
};
using ReaderPace = std::variant<ReaderPaceOpened, ReaderPaceRefused, ReaderPaceCancelled>;

/// The answer to EstablishPACEChannel, to its last byte. Throws CardGone where the card left,
/// CardAnswerMalformed for a card or an answer that cannot be, ReaderFailed for everything else.
ReaderPace parseEstablishedPace(ByteView answer);

} // namespace amt::eid
