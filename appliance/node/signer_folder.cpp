// SPDX-License-Identifier: EUPL-1.2
//
// The signer made anew when a file of its folder has changed.
#include "appliance/node/signer_folder.h"

#include "appliance/core/log.h"
#include "appliance/node/key_file_signer.h"
#include "appliance/node/pkcs11_signer.h"
#include "appliance/node/terminal_certificates.h"

#include <filesystem>
#include <map>

namespace fs = std::filesystem;

namespace amt::node {
namespace {

class FolderSigner : public TerminalSigner {
public:
    explicit FolderSigner(std::string folder) : _folder(std::move(folder)) { look(); }

    Bytes sign(ByteView toBeSigned) override { return current().sign(toBeSigned); }

    TerminalCertificates certificates() const override
    {
        look();
        return current().certificates();
    }

    bool isUsable() const override
    {
        look();
        return _signer != nullptr;
    }

    std::optional<ShownCertificate> shown() const override
    {
        look();
        return _shown;
    }

private:
    struct Stamp {
        fs::file_time_type written;
        std::uintmax_t bytes;
        bool operator==(const Stamp&) const = default;
    };
    using Stamps = std::map<std::string, Stamp>;

    Stamps stamps() const
    {
        Stamps found;
        std::error_code gone; // between two calls: seen at the next look
        for (const auto& entry : fs::directory_iterator(_folder, gone))
            found[entry.path().filename().string()] = {entry.last_write_time(gone),
                                                       entry.file_size(gone)};
        return found;
    }

    std::unique_ptr<TerminalSigner> made() const
    {
        if (auto token = pkcs11SignerIn(_folder))
            return token;
        return makeKeyFileSigner({_folder + "/terminal.pkcs8", terminalCertificatesIn(_folder)});
    }

    void look() const
    {
        Stamps now = stamps();
        if (_seen == now)
            return;
        const bool first = !_seen;
        _seen = std::move(now);
        try { // like a loop task's door: a read goes on with what there was
            auto signer = made();
            _shown = shownCertificate(signer->certificates());
            _signer = std::move(signer);
            log::info(first ? "eid.certificate" : "eid.certificate-renewed");
        } catch (const Error& failure) {
            log::error("eid.certificate-unusable", {{"code", failure.name()},
                                                    {"detail", failure.message()},
                                                    {"goes-on", _signer ? "yes" : "no"}});
        }
    }

    TerminalSigner& current() const
    {
        if (!_signer)
            throw Error(ErrorCode::CertificateUnusable, "no terminal certificate in its folder");
        return *_signer;
    }

    std::string _folder;
    mutable std::optional<Stamps> _seen; ///< what the signer was made of, or could not be
    mutable std::unique_ptr<TerminalSigner> _signer;
    mutable std::optional<ShownCertificate> _shown;
};

} // namespace

std::unique_ptr<TerminalSigner> makeFolderSigner(std::string folder)
{
    return std::make_unique<FolderSigner>(std::move(folder));
}

} // namespace amt::node
