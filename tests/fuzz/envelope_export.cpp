// SPDX-License-Identifier: EUPL-1.2
//
// Export files from a data carrier: as they come, and with the end that their lines would have.
#include "appliance/core/error.h"
#include "sync/envelope/export_file.h"

#include <cstdint>
#include <sstream>

using namespace amt;
using namespace amt::envelope;

namespace {

void readWhole(const std::string& text)
{
    try {
        std::istringstream file(text);
        ExportReader reader(file);
        ExportWriter again(reader.node(), reader.writtenAt());
        ExportedEnvelope one;
        while (reader.next(one))
            again.add(one);
        AMT_ASSERT(again.count() == reader.count());
        std::istringstream rewritten(again.finish());
        AMT_ASSERT(ExportReader(rewritten).count() == reader.count());
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::EnvelopeMalformed);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string text(data, data + size);
    readWhole(text);
    int envelopes = 0;
    for (auto at = text.find("{\"envelope\""); at != std::string::npos;
         at = text.find("{\"envelope\"", at + 1))
        ++envelopes;
    const std::string hash = toHex(sha256(view(text)));
    readWhole(text + "{\"end\":" + std::to_string(envelopes) + ",\"sha256\":\"" + hash + "\"}\n");
    return 0;
}
