// SPDX-License-Identifier: EUPL-1.2
//
// Layouts of the commands, and records, status texts and receipt lines taken from them.
#include "drivers/zvt/messages.h"

#include "appliance/core/error.h"

#include <algorithm>
#include <cctype>
#include <limits>

namespace amt::zvt {

namespace {

[[noreturn]] void malformed(const char* what)
{
    throw Error(ErrorCode::TerminalFrameMalformed, what);
}

/// Commands of the till that begin with the password (facts 1.4).
bool beginsWithPassword(std::uint16_t control)
{
    switch (control) {
    case 0x0600:
    case 0x0610:
    case 0x0612:
    case 0x0620:
    case 0x0630:
    case 0x0631:
    case 0x0650:
    case 0x0691:
    case 0x0693:
    case 0x0814:
        return true;
    default:
        return false;
    }
}

std::string takePassword(ByteView& data)
{
    if (data.size() < 3)
        malformed("command without password");
    std::string password = bcdText(data.first(3));
    data = data.subspan(3);
    return password;
}

std::uint8_t takeByte(ByteView& data, const char* missing)
{
    if (data.empty())
        malformed(missing);
    const std::uint8_t byte = data[0];
    data = data.subspan(1);
    return byte;
}

void readRegistration(ByteView data, Message& message)
{
    message.password = takePassword(data);
    message.config = takeByte(data, "registration without config byte");
    if (data.size() >= 2 && data[0] != bmp::ServiceByte && data[0] != bmp::Tlv) {
        const auto currency = bcd(data.first(2));
        if (!currency)
            malformed("currency is no number");
        message.currency = static_cast<int>(*currency);
        data = data.subspan(2);
    }
    message.fields = decodeParameters(data);
}

/// A report is kept as far as it can be read.
void readReport(ByteView data, Message& message)
{
    Parameters parameters = readParameters(data);
    message.fields = std::move(parameters.fields);
    message.opaque = std::move(parameters.unread);
}

/// Vendors send other things than parameters here: then the whole data is opaque, never half of it.
void readWholeOrOpaque(ByteView data, Message& message)
{
    try {
        message.fields = decodeParameters(data);
    } catch (const Error&) {
        message.opaque.assign(data.begin(), data.end());
    }
}

void readIntermediateStatus(ByteView data, Message& message)
{
    message.status = takeByte(data, "intermediate status without status");
    if (data.empty())
        return;
    try {
        message.fields = decodeParameters(data.subspan(1));
        message.timeout = data[0];
    } catch (const Error&) { // an example in the specification leaves the timeout out
        readWholeOrOpaque(data, message);
    }
}

/// [LLL software version] status [06 TLV]
void readStatusAnswer(ByteView data, Message& message)
{
    if (data.size() >= 4 && data[0] >= 0xF0 && data[0] <= 0xF9) {
        std::size_t length = 0;
        for (const std::uint8_t digit : data.first(3)) {
            if (digit < 0xF0 || digit > 0xF9)
                malformed("length of the software version");
            length = length * 10 + (digit & 0x0FU);
        }
        data = data.subspan(3);
        if (data.size() < length)
            malformed("software version is cut off");
        message.softwareVersion.assign(data.begin(),
                                       data.begin() + static_cast<std::ptrdiff_t>(length));
        data = data.subspan(length);
    }
    message.status = takeByte(data, "status answer without status");
    readWholeOrOpaque(data, message);
}

/// An acquirer hangs a TLV container (06 04 1F07 01 nn) on the text (facts 1.4).
void readPrintLine(ByteView data, Message& message)
{
    message.attribute = takeByte(data, "print line without attribute");
    constexpr std::uint8_t container[] = {0x06, 0x04, 0x1F, 0x07, 0x01};
    constexpr std::size_t containerSize = sizeof container + 1;
    if (data.size() >= containerSize) {
        const ByteView tail = data.last(containerSize);
        if (std::equal(std::begin(container), std::end(container), tail.begin())) {
            message.fields = decodeParameters(tail);
            data = data.first(data.size() - containerSize);
        }
    }
    message.text.assign(data.begin(), data.end());
}

int number(const std::vector<Field>& fields, std::uint8_t bmp)
{
    const Field* field = find(fields, bmp);
    const auto value = field == nullptr ? std::nullopt : bcd(field->value);
    return value ? static_cast<int>(*value) : 0;
}

std::string digits(const std::vector<Field>& fields, std::uint8_t bmp)
{
    const Field* field = find(fields, bmp);
    return field != nullptr && bcd(field->value) ? bcdText(field->value) : std::string();
}

/// BMP 0B, or tag 1F2B where it has more than six digits.
int traceOf(const std::vector<Field>& fields)
{
    const int trace = number(fields, bmp::Trace);
    if (const TlvItem* item = findTag(fields, 0x1F2B); trace == 0 && item != nullptr) {
        const auto longTrace = bcd(item->value);
        if (longTrace && *longTrace <= std::numeric_limits<int>::max())
            return static_cast<int>(*longTrace);
    }
    return trace;
}

/// BMP 8A, or tag 41 where 8A is FF.
int cardTypeOf(const std::vector<Field>& fields)
{
    const Field* field = find(fields, bmp::CardType);
    const int cardType = field == nullptr ? 0 : field->value[0];
    if (const TlvItem* item = findTag(fields, 0x41);
        item != nullptr && (cardType == 0 || cardType == 0xFF)) {
        if (item->value.size() == 2)
            return item->value[0] << 8 | item->value[1];
    }
    return cardType;
}

/// The parser left the last four digits at most; all four must be digits.
std::string cardDigitsOf(const std::vector<Field>& fields)
{
    const Field* field = find(fields, bmp::Pan);
    if (field == nullptr)
        return {};
    std::string pan = bcdText(field->value);
    pan.erase(std::find_if(pan.begin(), pan.end(), [](char c) { return c == 'D' || c == 'F'; }),
              pan.end());
    if (pan.size() < 4)
        return {};
    const std::string last = pan.substr(pan.size() - 4);
    const bool whole =
        std::all_of(last.begin(), last.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    return whole ? last : std::string();
}

std::string textOf(const std::vector<Field>& fields, std::uint8_t bmp, Charset charset)
{
    const Field* field = find(fields, bmp);
    return field == nullptr ? std::string() : toLine(field->value, charset);
}

void applyAttribute(ReceiptLine& line, std::uint8_t attribute)
{
    if ((attribute & 0x80) != 0)
        return; // end of the receipt, or line feeds
    line.centred = (attribute & 0x40) != 0;
    line.wide = (attribute & 0x20) != 0;
    line.high = (attribute & 0x10) != 0;
    line.text.insert(0, attribute & 0x0F, ' ');
}

/// 1xxxxxxx, but not 80 alone, ends a receipt; FF means line feeds and is sent as an end, too.
bool endsReceipt(std::uint8_t attribute)
{
    return (attribute & 0x80) != 0 && attribute != 0x80;
}

Charset charsetOf(const std::vector<Field>& fields, Charset agreed)
{
    const TlvItem* item = findTag(fields, 0x14);
    return item != nullptr && item->value.size() == 1 ? static_cast<Charset>(item->value[0])
                                                      : agreed;
}

bool isMerchantReceipt(const std::vector<Field>& fields)
{
    const TlvItem* item = findTag(fields, 0x1F07);
    return item != nullptr && item->value == Bytes{0x01};
}

} // namespace

Message decodeMessage(const Frame& frame, std::uint16_t answered)
{
    Message message;
    message.control = frame.control;
    ByteView data = frame.data;
    if ((frame.control >> 8) == 0x84) {
        message.result = static_cast<std::uint8_t>(frame.control & 0xFF);
        readWholeOrOpaque(data, message);
        return message;
    }
    switch (frame.control) {
    case control::Registration:
        readRegistration(data, message);
        break;
    case control::StatusEnquiry:
        if (!data.empty())
            message.password = takePassword(data);
        message.fields = decodeParameters(data);
        break;
    case control::StatusInformation:
        readReport(data, message);
        break;
    case control::IntermediateStatus:
        readIntermediateStatus(data, message);
        break;
    case control::Completion:
        if (answered == control::StatusEnquiry)
            readStatusAnswer(data, message);
        else
            readWholeOrOpaque(data, message);
        break;
    case control::AbortByTerminal:
        message.result = takeByte(data, "abort without result code");
        readWholeOrOpaque(data, message);
        break;
    case control::PrintLine:
        readPrintLine(data, message);
        break;
    case control::PrintBlock:
    case control::PositiveAck:
        readWholeOrOpaque(data, message);
        break;
    case 0x06C0:
        message.timeout = takeByte(data, "read card without timeout");
        message.fields = decodeParameters(data);
        break;
    default:
        if ((frame.control >> 8) == 0x0F) { // vendors' own commands
            message.opaque.assign(data.begin(), data.end());
            break;
        }
        if (beginsWithPassword(frame.control))
            message.password = takePassword(data);
        message.fields = decodeParameters(data);
        break;
    }
    return message;
}

TerminalRecord recordOf(const Message& statusInformation, Charset charset)
{
    const std::vector<Field>& fields = statusInformation.fields;
    const Field* result = find(fields, bmp::ResultCode);
    if (result == nullptr)
        malformed("status information without result code");
    TerminalRecord record;
    record.result = result->value[0];
    if (const Field* amount = find(fields, bmp::Amount)) {
        const auto cents = bcd(amount->value);
        if (!cents)
            malformed("amount is no number");
        record.amount = Money::cents(*cents);
    }
    record.currency = number(fields, bmp::Currency);
    record.trace = traceOf(fields);
    record.receipt = number(fields, bmp::Receipt);
    record.originalTrace = number(fields, bmp::OriginalTrace);
    record.terminalId = digits(fields, bmp::TerminalId);
    record.date = digits(fields, bmp::Date);
    record.time = digits(fields, bmp::Time);
    record.cardName = textOf(fields, bmp::CardName, charset);
    record.cardType = cardTypeOf(fields);
    record.cardDigits = cardDigitsOf(fields);
    record.additionalText = textOf(fields, bmp::AdditionalText, charset);
    return record;
}

TerminalStatus statusOf(const Message& intermediateStatus, Charset charset)
{
    TerminalStatus status{intermediateStatus.status.value_or(0), {}};
    if (const TlvItem* texts = findTag(intermediateStatus.fields, 0x24)) {
        for (const TlvItem& item : texts->children) {
            if (item.tag != 0x07)
                continue;
            const std::string line = toLine(item.value, charset);
            if (!line.empty())
                status.text += (status.text.empty() ? "" : " ") + line;
        }
    }
    return status;
}

PrintedLines linesOf(const Message& print, Charset charset)
{
    PrintedLines printed;
    const bool merchant = isMerchantReceipt(print.fields);
    if (print.control == control::PrintLine) {
        const std::uint8_t attribute = print.attribute.value_or(0);
        printed.lastOfReceipt = endsReceipt(attribute);
        if (attribute == 0xFF) { // a count of line feeds follows, no text
            return printed;
        }
        ReceiptLine line;
        line.text = toLine(print.text, charset);
        line.merchant = merchant;
        applyAttribute(line, attribute);
        printed.lines.push_back(std::move(line));
        return printed;
    }
    const TlvItem* texts = findTag(print.fields, 0x25);
    if (texts == nullptr)
        return printed;
    const Charset blockCharset = charsetOf(print.fields, charset);
    std::uint8_t attribute = 0;
    for (const TlvItem& item : texts->children) {
        if (item.tag == 0x09 && item.value.size() == 1) {
            attribute = item.value[0];
            printed.lastOfReceipt = printed.lastOfReceipt || endsReceipt(attribute);
        } else if (item.tag == 0x07) {
            ReceiptLine line;
            line.text = toLine(item.value, blockCharset);
            line.merchant = merchant;
            applyAttribute(line, attribute);
            printed.lines.push_back(std::move(line));
        }
    }
    return printed;
}

Charset agreedCharset(const Message& completion)
{
    const TlvItem* sets = findTag(completion.fields, 0x27);
    const TlvItem* set = sets == nullptr ? nullptr : findTag(sets->children, 0x14);
    return set != nullptr && set->value.size() == 1 ? static_cast<Charset>(set->value[0])
                                                    : Charset::Unspoken;
}

} // namespace amt::zvt
