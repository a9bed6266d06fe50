// SPDX-License-Identifier: EUPL-1.2
//
// A hostile broker, or node: bytes to frames, to messages, through the table, to the objects of the
// ports. The other end answers in turn, so that all states are reached.
#include "appliance/core/error.h"
#include "drivers/broker/framing.h"
#include "drivers/broker/messages.h"
#include "drivers/port/identity.h"
#include "drivers/port/payment.h"
#include "drivers/port/printing.h"
#include "drivers/port/scanning.h"
#include "drivers/port/speech.h"

using namespace amt;
using namespace amt::broker;

namespace {

void readObjects(const Message& message)
{
    const auto& body = *message.body;
    switch (message.type) {
    case MessageType::Read:
        (void)toJson(identityRequestFromJson(*json::object(body, "request")));
        break;
    case MessageType::Step:
        (void)identityStepFromName(json::text(body, "step"));
        break;
    case MessageType::Sign:
        (void)json::bytes(body, "toBeSigned");
        break;
    case MessageType::Identity:
        (void)toJson(identityOutcomeFromJson(*json::object(body, "outcome")));
        break;
    case MessageType::Authorise:
    case MessageType::Resolve:
        (void)toJson(paymentOrderFromJson(*json::object(body, "order")));
        break;
    case MessageType::Evidence:
        (void)paymentEvidenceFromName(json::text(body, "evidence"));
        if (body.has("record"))
            (void)toJson(terminalRecordFromJson(*json::object(body, "record")));
        break;
    case MessageType::Receipt:
        for (const auto& line : *json::array(body, "lines")) {
            if (line.type() == typeid(json::ObjectPtr))
                (void)toJson(receiptLineFromJson(*line.extract<json::ObjectPtr>()));
        }
        break;
    case MessageType::Payment:
        (void)toJson(paymentOutcomeFromJson(*json::object(body, "outcome")));
        break;
    case MessageType::Print:
        (void)toJson(printJobFromJson(*json::object(body, "job")));
        break;
    case MessageType::Printed:
        (void)toJson(printOutcomeFromJson(*json::object(body, "outcome")));
        break;
    case MessageType::State:
        if (body.has("state"))
            (void)toJson(printerStateFromJson(*json::object(body, "state")));
        break;
    case MessageType::Scanned:
        (void)toJson(scanOutcomeFromJson(*json::object(body, "outcome")));
        break;
    case MessageType::Speak:
        (void)toJson(utteranceFromJson(*json::object(body, "utterance")));
        break;
    case MessageType::Spoken:
        (void)toJson(speechOutcomeFromJson(*json::object(body, "outcome")));
        break;
    case MessageType::Scan:
    case MessageType::Listening:
    case MessageType::Hello:
    case MessageType::Signature:
    case MessageType::Cancel:
    case MessageType::Committed:
    case MessageType::Abort:
    case MessageType::Status:
        break;
    }
}

MessageType firstRequest(Driver driver)
{
    return driver == Driver::Eid       ? MessageType::Read
           : driver == Driver::Payment ? MessageType::Authorise
           : driver == Driver::Scanner ? MessageType::Scan
           : driver == Driver::Speech  ? MessageType::Speak
                                       : MessageType::Print;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    const auto driver = static_cast<Driver>(data[0] % 5);
    const auto hostile = data[0] / 5 % 2 == 0 ? Sender::Broker : Sender::Node;
    const std::size_t piece = 1 + data[1];
    auto rest = ByteView(data, size).subspan(2);
    Conversation conversation(driver);
    std::int64_t id = 0;
    try {
        conversation.said(Sender::Node, MessageType::Hello, 0);
        conversation.said(Sender::Broker, MessageType::Hello, 0);
        if (hostile == Sender::Broker)
            conversation.said(Sender::Node, firstRequest(driver), ++id);
        FrameReader reader;
        int signatures = 0;
        while (!rest.empty()) {
            const auto taken = std::min(piece, rest.size());
            reader.feed(rest.first(taken));
            rest = rest.subspan(taken);
            while (const auto text = reader.next()) {
                const auto message = readMessage(hostile, *text);
                conversation.said(hostile, message.type, message.id);
                readObjects(message);
                if (hostile == Sender::Node)
                    continue;
                if (message.type == MessageType::Sign) {
                    AMT_ASSERT(++signatures == 1); // the one thing that a hostile broker is after
                    conversation.said(Sender::Node, MessageType::Signature, id);
                } else if (message.type == MessageType::Evidence) {
                    conversation.said(Sender::Node, MessageType::Committed, id);
                } else if (conversation.talk() == Talk::Idle) {
                    signatures = 0;
                    conversation.said(Sender::Node, firstRequest(driver), ++id);
                }
            }
        }
    } catch (const Error&) {
        // refused whole
    }
    return 0;
}
