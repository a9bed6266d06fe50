// SPDX-License-Identifier: EUPL-1.2
//
// Certificates from files, the hash in the terminal's, and plain signatures.
#include "appliance/node/terminal_certificates.h"

#include "appliance/core/error.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

namespace fs = std::filesystem;

namespace amt::node {
namespace {

[[noreturn]] void unusable(const std::string& why)
{
    throw Error(ErrorCode::CertificateUnusable, why);
}

Bytes fileBytes(const std::string& path, const std::string& what)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        unusable(what + " missing");
    return {std::istreambuf_iterator<char>(file), {}};
}

/// By name, so that their order is the folder's.
std::vector<Bytes> filesLike(const std::string& folder, const std::string& beginning,
                             const std::string& ending)
{
    std::vector<std::string> paths;
    std::error_code none; // a folder that is not there has no files
    for (const auto& entry : fs::directory_iterator(folder, none)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with(beginning) && name.ends_with(ending))
            paths.push_back(entry.path().string());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Bytes> contents;
    for (const auto& path : paths)
        contents.push_back(fileBytes(path, "certificate"));
    return contents;
}

} // namespace

TerminalCertificates terminalCertificatesIn(const std::string& folder)
{
    TerminalCertificates certificates;
    certificates.chain = filesLike(folder, "link", ".cvcert");
    for (const char* name : {"dv.cvcert", "terminal.cvcert"})
        certificates.chain.push_back(fileBytes(folder + "/" + name, name));
    certificates.countrySigners = filesLike(folder, "csca", ".der");
    if (certificates.countrySigners.empty())
        unusable("no country signer's certificate");
    if (const std::string description = folder + "/description.der"; fs::exists(description))
        certificates.description = fileBytes(description, "description");
    return certificates;
}

ByteView certificateField(ByteView certificate, std::initializer_list<FieldTag> path)
{
    ByteView rest = certificate;
    for (const auto& wanted : path) {
        for (bool found = false; !found;) {
            const unsigned char* at = rest.data();
            long size = 0;
            int number = 0, tagClass = 0;
            constexpr int failed = 0x80, indefinite = 0x01;
            if (rest.empty() ||
                (::ASN1_get_object(&at, &size, &number, &tagClass, static_cast<long>(rest.size())) &
                 (failed | indefinite)) != 0) {
                ::ERR_clear_error();
                unusable("certificate is not a CV certificate");
            }
            const auto begin = static_cast<std::size_t>(at - rest.data());
            found = tagClass == wanted.tagClass && number == wanted.number;
            rest = found ? rest.subspan(begin, static_cast<std::size_t>(size))
                         : rest.subspan(begin + static_cast<std::size_t>(size));
        }
    }
    return rest;
}

ByteView terminalPoint(const TerminalCertificates& certificates)
{
    if (certificates.chain.empty())
        unusable("no terminal certificate");
    return certificateField(certificates.chain.back(), {{V_ASN1_APPLICATION, 0x21},
                                                        {V_ASN1_APPLICATION, 0x4E},
                                                        {V_ASN1_APPLICATION, 0x49},
                                                        {V_ASN1_CONTEXT_SPECIFIC, 6}});
}

Bytes secretFile(const std::string& path, const std::string& what)
{
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        unusable(what + " missing");
    if ((status.st_mode & 077) != 0)
        unusable("others may read the " + what);
    return fileBytes(path, what);
}

const EVP_MD* terminalHash(const TerminalCertificates& certificates)
{
    if (certificates.chain.empty())
        unusable("no terminal certificate");
    // id-TA-ECDSA-SHA-*, 0.4.0.127.0.7.2.2.2.2.n, in the certificate's public key
    const Bytes& certificate = certificates.chain.back();
    const Bytes prefix = {0x06, 0x0a, 0x04, 0x00, 0x7f, 0x00, 0x07, 0x02, 0x02, 0x02, 0x02};
    const auto found =
        std::search(certificate.begin(), certificate.end(), prefix.begin(), prefix.end());
    if (static_cast<std::size_t>(certificate.end() - found) <= prefix.size())
        unusable("no terminal authentication key in the certificate");
    switch (*(found + static_cast<std::ptrdiff_t>(prefix.size()))) {
    case 3:
        return ::EVP_sha256();
    case 4:
        return ::EVP_sha384();
    case 5:
        return ::EVP_sha512();
    default:
        unusable("hash of the certificate is not allowed");
    }
}

Bytes plainSignature(ByteView der, const EVP_PKEY* key)
{
    const unsigned char* at = der.data();
    const std::unique_ptr<ECDSA_SIG, decltype(&::ECDSA_SIG_free)> signature(
        ::d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &::ECDSA_SIG_free);
    const int width = (::EVP_PKEY_get_bits(key) + 7) / 8;
    Bytes plain(static_cast<std::size_t>(2 * width));
    if (!signature ||
        ::BN_bn2binpad(::ECDSA_SIG_get0_r(signature.get()), plain.data(), width) != width ||
        ::BN_bn2binpad(::ECDSA_SIG_get0_s(signature.get()), plain.data() + width, width) != width)
        unusable("signing failed");
    return plain;
}

} // namespace amt::node
