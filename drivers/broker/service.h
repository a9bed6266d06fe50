// SPDX-License-Identifier: EUPL-1.2
//
// What the broker does with a node's requests: one service for each port, made anew for each
// connection.
#pragma once

#include "appliance/core/event_loop.h"
#include "drivers/broker/messages.h"
#include "drivers/port/identity.h"
#include "drivers/port/payment.h"
#include "drivers/port/printing.h"
#include "drivers/port/scanning.h"
#include "drivers/port/speech.h"

#include <functional>
#include <memory>

namespace amt::broker {

/// Sends to the node. Throws nothing: when it cannot, nodeGone follows.
using Say = std::function<void(MessageType, std::int64_t id, const json::ObjectPtr& body)>;

class Service {
public:
    virtual ~Service() = default;
    /// A message that the table allows. Throws JsonMalformed for what is in it; then the connection
    /// ends.
    virtual void hear(const Message& message) = 0;
    /// The node is gone; nothing is said any more. `ended` once, perhaps at once, when the device
    /// may be left.
    virtual void nodeGone(Task ended) = 0;
};

std::unique_ptr<Service> makeIdentityService(std::unique_ptr<IdentityReader> reader, Say say);
/// When the node goes, a running payment is taken to its end as far as the node's commits reach:
/// the terminal is asked to abort, and a result (04 0F) is never acknowledged any more, so that the
/// terminal acts as for a lost line and the node finds out later.
std::unique_ptr<Service> makePaymentService(std::unique_ptr<PaymentTerminal> terminal, Say say);
/// When the node goes, a running job is still printed.
std::unique_ptr<Service> makePrinterService(std::unique_ptr<ReceiptPrinter> printer, Say say);
/// `scanner` outlives its nodes: it is held while none is there, too. When the node goes, the
/// running scan is cancelled.
std::unique_ptr<Service> makeScannerService(CodeScanner& scanner, Say say);
/// `speaker` outlives its nodes.
std::unique_ptr<Service> makeSpeechService(Speaker& speaker, Say say);

} // namespace amt::broker
