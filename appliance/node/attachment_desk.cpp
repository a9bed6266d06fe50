// SPDX-License-Identifier: EUPL-1.2
//
// One upload is one object from its head to its answer; whatever ends it early leaves nothing.
#include "appliance/node/attachment_desk.h"

#include "appliance/core/log.h"
#include "appliance/core/multipart.h"
#include "appliance/node/desk_cases.h"
#include "appliance/node/file_names.h"
#include "appliance/node/house.h"

#include <algorithm>
#include <array>

namespace amt::node {
namespace {

constexpr std::size_t uploadsMax = 4;
constexpr std::int64_t formAround = 16 * 1024; ///< boundaries, headers and the key
constexpr std::size_t beginBytes = 8;

std::string addressOf(const office::CaseRecord& opened)
{
    return "/desk/cases/" + opened.id + "/attachments";
}

} // namespace

std::string mimeTypeOf(std::string_view begin)
{
    using namespace std::string_view_literals;
    constexpr std::array<std::pair<std::string_view, const char*>, 3> kinds = {{
        {"%PDF-"sv, "application/pdf"},
        {"\xFF\xD8\xFF"sv, "image/jpeg"},
        {"\x89PNG\r\n\x1A\n"sv, "image/png"},
    }};
    for (const auto& [mark, type] : kinds) {
        if (begin.starts_with(mark))
            return type;
    }
    return {};
}

struct AttachmentDesk::Upload {
    Upload(const Exchange& asked, office::CaseRecord record)
        : exchange(asked), opened(std::move(record))
    {}

    Exchange exchange;
    office::CaseRecord opened;
    outbox::SealingKey key;
    std::string session; ///< idHash
    std::string clerk;
    std::int64_t left = 0; ///< plain bytes that the case may still take

    std::unique_ptr<FormReader> form;
    std::string press; ///< key of the page
    bool pressedBefore = false;
    bool hasFile = false;
    std::string filename, mimeType;
    std::string start; ///< first bytes of the file, until its kind is known
    std::string id;    ///< once there is room for it
    std::unique_ptr<outbox::PartWriter> writer;
    envelope::Sha512 hash;
    std::int64_t size = 0;
    std::optional<std::string> refusal; ///< words in kiosk/text: attachment.refused.WORD
    bool isOver = false;

    ~Upload() { wipe(start); }
};

AttachmentDesk::AttachmentDesk(House& house)
    : _house(house), _attachments(house.doors.database, house.journal)
{}

AttachmentDesk::~AttachmentDesk() = default;

void AttachmentDesk::takeUp()
{
    _attachments.dropRests({});
}

void AttachmentDesk::tidy()
{
    std::set<std::string> coming;
    for (const auto& [session, upload] : _coming)
        coming.insert(upload->id);
    _attachments.dropRests(coming);
}

void AttachmentDesk::take(const Exchange& exchange, const office::CaseRecord& opened,
                          const std::vector<DescribedAttachment>& known)
{
    AMT_ASSERT(exchange.clerk != nullptr);
    if (!exchange.request.pieces)
        throw Error(ErrorCode::RequestMalformed, "no body to ask for");
    const auto upload = std::make_shared<Upload>(exchange, opened); // shared as _coming says
    upload->session = exchange.clerk->idHash;
    upload->clerk = exchange.clerk->clerk.name;
    if (const auto before = _coming.find(upload->session); before != _coming.end()) {
        const auto old = before->second; // its browser has pressed again, or gone
        fail(old, ErrorCode::StepOutOfOrder, "another upload has begun");
    }
    if (_coming.size() >= uploadsMax)
        throw Error(ErrorCode::Overloaded, "too many uploads at a time");
    upload->key = _house.destinations.sealingKey(
        _house.destinations.destinationFor(opened.serviceKey), _house.now());
    upload->left = attachmentBytesMax;
    for (const auto& each : known)
        upload->left -= each.size;
    const auto header = exchange.request.headers.find("content-length");
    const std::string length = header == exchange.request.headers.end() ? "" : header->second;
    if (length.empty() || length.size() > 12 ||
        length.find_first_not_of("0123456789") != std::string::npos)
        throw Error(ErrorCode::RequestMalformed, "content length");
    const std::int64_t announced = std::stoll(length);
    const auto type = exchange.request.headers.find("content-type");
    upload->form = std::make_unique<FormReader>(
        type->second,
        FormListener{.field =
                         [this, it = upload.get()](const auto& name, const auto& value) {
                             if (name != "key" || !it->press.empty() || value.size() < 16 ||
                                 value.size() > 64)
                                 throw Error(ErrorCode::FormFieldUnexpected, "field of an upload");
                             it->press = value;
                             const auto* session = _house.sessions.byHash(it->session);
                             it->pressedBefore = session && session->presses.answer(value);
                         },
                     .fileBegins =
                         [it = upload.get()](const auto& name, const auto& filename) {
                             if (name != "file" || it->hasFile || it->press.empty())
                                 throw Error(ErrorCode::FormFieldUnexpected, "file of an upload");
                             it->hasFile = true;
                             it->filename = filename;
                         },
                     .fileBytes =
                         [this, it = upload.get()](ByteView bytes) {
                             if (!it->refusal && !it->pressedBefore)
                                 takeFile(*it, bytes);
                         }});
    _coming[upload->session] = upload;
    if (known.size() >= attachmentsMax)
        return refuse(upload, "tooMany");
    if (announced > upload->left + formAround)
        return refuse(upload, "tooLarge");
    if (!_house.takesAttachment(announced))
        return refuse(upload, "storeFull");
    askForMore(upload);
}

void AttachmentDesk::askForMore(const std::shared_ptr<Upload>& upload)
{
    upload->exchange.request.pieces->next(
        [this, life = std::weak_ptr<int>(_life), upload](std::optional<std::string_view> piece) {
            if (life.expired() || upload->isOver)
                return;
            if (!piece) {
                log::info("attachment.broken-off", {{"case", upload->opened.id}});
                return end(upload);
            }
            try {
                takePiece(upload, *piece);
            } catch (const Error& failure) { // the loop task's door
                if (failure.errorCode() == ErrorCode::StoreFull)
                    return refuse(upload, "storeFull");
                fail(upload, failure.errorCode(), failure.message());
            }
        });
}

void AttachmentDesk::takePiece(const std::shared_ptr<Upload>& upload, std::string_view piece)
{
    upload->form->add(piece);
    if (upload->pressedBefore) {
        end(upload);
        return upload->exchange.respond(redirect(addressOf(upload->opened)));
    }
    if (upload->refusal)
        return refuse(upload, *upload->refusal);
    if (!piece.empty())
        return askForMore(upload);
    upload->form->finish();
    if (!upload->hasFile)
        throw Error(ErrorCode::RequestMalformed, "no file in the form");
    if (upload->size == 0)
        return refuse(upload, "empty");
    if (!upload->writer)
        begin(*upload);
    if (!upload->refusal)
        keep(*upload);
    if (upload->refusal)
        return refuse(upload, *upload->refusal);
    upload->id.clear(); // it is the case's now
    end(upload);
    upload->exchange.respond(redirect(addressOf(upload->opened)));
}

void AttachmentDesk::takeFile(Upload& upload, ByteView bytes)
{
    upload.size += static_cast<std::int64_t>(bytes.size());
    if (upload.size > upload.left) {
        upload.refusal = "tooLarge";
        return;
    }
    upload.hash.add(bytes);
    if (!upload.writer) {
        const auto wanted = std::min(bytes.size(), beginBytes - upload.start.size());
        upload.start.append(reinterpret_cast<const char*>(bytes.data()), wanted);
        bytes = bytes.subspan(wanted);
        if (upload.start.size() < beginBytes)
            return;
        begin(upload);
        if (upload.refusal)
            return;
    }
    if (!_house.takesAttachment(0)) {
        upload.refusal = "storeFull";
        return;
    }
    upload.writer->add(bytes);
}

/// The kind is known: room in the store, and what stands in memory of it.
void AttachmentDesk::begin(Upload& upload)
{
    upload.mimeType = mimeTypeOf(upload.start);
    if (upload.mimeType.empty()) {
        upload.refusal = "kind";
        return;
    }
    upload.id = randomUuid(_house.doors.random);
    _attachments.begin(upload.id, upload.opened.envelopeId, upload.key, _house.now());
    upload.writer = std::make_unique<outbox::PartWriter>(
        _house.doors.database, upload.id, upload.key, upload.mimeType, _house.doors.random);
    upload.writer->add(view(upload.start));
    wipe(upload.start);
}

/// One commit: the end of what is sealed, its description, and in the journal who added it.
void AttachmentDesk::keep(Upload& upload)
{
    auto* session = _house.sessions.byHash(upload.session);
    if (!session || !_house.people.session(session->token, _house.now(), office::AskedBy::Page))
        throw Error(ErrorCode::NotSignedIn, "signed out meanwhile");
    const auto deskKey = _house.people.openDeskKey(session->token, _house.now());
    if (!deskKey)
        throw Error(ErrorCode::NotAllowed, "desk key is not open any more");
    const auto opened = _house.cases.find(upload.opened.id);
    if (!opened || !actsOn(*opened).sealsAnew)
        throw Error(ErrorCode::StepOutOfOrder, "a colleague has sent the case meanwhile");
    // Another clerk may have added some meanwhile.
    std::int64_t sum = upload.size;
    const auto known = attachmentsOf(_house, opened->envelopeId, *deskKey);
    const std::string sha512 = toHex(upload.hash.finish());
    for (const auto& each : known) {
        sum += each.size;
        if (each.sha512 == sha512)
            upload.refusal = "same";
    }
    if (known.size() >= attachmentsMax)
        upload.refusal = "tooMany";
    if (sum > attachmentBytesMax)
        upload.refusal = "tooLarge";
    if (upload.refusal)
        return;
    auto description = json::makeObject();
    description->set("format", 1);
    description->set("name", plainFileName(upload.filename, upload.mimeType));
    description->set("mimeType", upload.mimeType);
    description->set("size", upload.size);
    description->set("sha512", sha512);
    const auto desk = _house.people.deskSeal();
    std::string plain = json::write(*description);
    const std::string sealed = outbox::sealForDesk(plain, desk, _house.doors.random);
    wipe(plain);
    _house.doors.database.transact([&] {
        _attachments.keep(upload.id, upload.writer->finish(), sealed, desk.kid,
                          {upload.opened.id, upload.clerk}, _house.now());
    });
    session->presses.note(upload.press, addressOf(upload.opened));
    log::info("attachment.added", {{"case", upload.opened.id}, {"attachment", upload.id}});
}

void AttachmentDesk::fail(const std::shared_ptr<Upload>& upload, ErrorCode code,
                          const std::string& detail)
{
    if (code != ErrorCode::StoreFailed) // then nothing is written any more
        end(upload);
    upload->exchange.clerk = _house.sessions.byHash(upload->session);
    _house.answerLater(upload->exchange, [&]() -> HttpResponse { throw Error(code, detail); });
}

void AttachmentDesk::refuse(const std::shared_ptr<Upload>& upload, const std::string& why)
{
    end(upload);
    log::info("attachment.refused", {{"case", upload->opened.id}, {"why", why}});
    _house.answerLater(upload->exchange, [&] {
        upload->exchange.clerk = _house.sessions.byHash(upload->session);
        if (!upload->exchange.clerk)
            throw Error(ErrorCode::NotSignedIn, "signed out meanwhile");
        return attachmentsAnswer(_house, upload->exchange, why);
    });
}

void AttachmentDesk::end(const std::shared_ptr<Upload>& upload)
{
    upload->isOver = true;
    std::erase_if(_coming, [&](const auto& each) { return each.second == upload; });
    upload->writer.reset();
    if (upload->id.empty())
        return;
    const std::string id = std::exchange(upload->id, {});
    _house.keepTrying([this, id] { _attachments.drop(id); });
}

// --- what is known of them

std::vector<DescribedAttachment> attachmentsOf(House& house, const std::string& envelopeId,
                                               const outbox::RsaKey& deskKey)
{
    std::vector<DescribedAttachment> found;
    for (auto& record : house.attachments.records().of(envelopeId)) {
        std::string plain = outbox::openForDesk(record.description, deskKey, record.deskKid);
        const auto object = json::parseObject(plain);
        wipe(plain);
        DescribedAttachment described;
        described.name = json::text(*object, "name");
        described.mimeType = json::text(*object, "mimeType");
        described.sha512 = json::text(*object, "sha512");
        described.size = json::integer(*object, "size");
        described.record = std::move(record);
        found.push_back(std::move(described));
    }
    return found;
}

std::vector<portal::AttachmentDescription>
describedForDestination(const std::vector<DescribedAttachment>& attachments)
{
    std::vector<portal::AttachmentDescription> described;
    for (const auto& each : attachments)
        described.push_back({.id = each.record.id,
                             .hash = each.sha512,
                             .purpose = portal::Purpose::Attachment,
                             .mimeType = each.mimeType,
                             .filename = each.name,
                             .description = {}});
    return described;
}

} // namespace amt::node
