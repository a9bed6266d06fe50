// SPDX-License-Identifier: EUPL-1.2
//
// Attachments at the desk: a scan comes in pieces, is sealed as it comes, and belongs to the case
// with its last one.
#pragma once

#include "appliance/node/exchange.h"
#include "appliance/office/case/case_book.h"
#include "sync/outbox/attachments.h"
#include "sync/portal/metadata.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace amt::node {

class House;

/// For one case (facts/portal.md 1.11).
constexpr std::int64_t attachmentBytesMax = 60'000'000;
constexpr std::size_t attachmentsMax = 20;

/// What the desk key opens of an attachment. Personal: never logged.
struct DescribedAttachment {
    outbox::AttachmentRecord record;
    std::string name, mimeType, sha512;
    std::int64_t size = 0; ///< plain
};

/// Kind of file by its first bytes; empty: none that is taken. `begin`: eight bytes, or all.
std::string mimeTypeOf(std::string_view begin);

class AttachmentDesk {
public:
    explicit AttachmentDesk(House& house);
    ~AttachmentDesk();
    AttachmentDesk(const AttachmentDesk&) = delete;
    AttachmentDesk& operator=(const AttachmentDesk&) = delete;

    /// What broke off in the run before goes.
    void takeUp();
    /// Each hour: the same, without those that come just now.
    void tidy();

    /// The file in the body of this request, for this case; answers later. The next of a session
    /// ends the one before. Throws Overloaded, KeyUnusable.
    void take(const Exchange& exchange, const office::CaseRecord& opened,
              const std::vector<DescribedAttachment>& known);

    outbox::Attachments& records() { return _attachments; }

private:
    struct Upload;
    void askForMore(const std::shared_ptr<Upload>& upload);
    void takePiece(const std::shared_ptr<Upload>& upload, std::string_view piece);
    void takeFile(Upload& upload, ByteView bytes);
    void begin(Upload& upload);
    void keep(Upload& upload);
    void fail(const std::shared_ptr<Upload>& upload, ErrorCode code, const std::string& detail);
    void refuse(const std::shared_ptr<Upload>& upload, const std::string& why);
    void end(const std::shared_ptr<Upload>& upload);

    House& _house;
    outbox::Attachments _attachments;
    std::map<std::string, std::shared_ptr<Upload>> _coming; ///< by session; shared with the tasks
                                                            ///< that wait for their next piece
    std::shared_ptr<int> _life =
        std::make_shared<int>(0); // shared with tasks on the loop: gone means do nothing
};

/// Opened with the desk key, in the order in which they came.
std::vector<DescribedAttachment> attachmentsOf(House& house, const std::string& envelopeId,
                                               const outbox::RsaKey& deskKey);
/// As the metadata of the envelope name them.
std::vector<portal::AttachmentDescription>
describedForDestination(const std::vector<DescribedAttachment>& attachments);

} // namespace amt::node
