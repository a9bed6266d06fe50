// SPDX-License-Identifier: EUPL-1.2
//
// The terminal's key in a file and on a token (SoftHSM), on the curves of terminal certificates.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/node/key_file_signer.h"
#include "appliance/node/pkcs11_signer.h"
#include "appliance/node/signer_folder.h"
#include "appliance/node/terminal_certificates.h"
#include "tests/drivers/eid/reading.h"
#include "tests/sim/card/card.h"
#include "tests/support/skip.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace data = boost::unit_test::data;
using namespace amt;

namespace {

const UtcTime now = fromIso("2026-11-21T10:00:00Z");
constexpr const char* softHsm = "/usr/lib/softhsm/libsofthsm2.so";

struct Unusable {
    bool operator()(const Error& error) const
    {
        return error.errorCode() == ErrorCode::CertificateUnusable;
    }
};

void write(const std::filesystem::path& path, ByteView bytes)
{
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
    std::filesystem::permissions(path, std::filesystem::perms::owner_read |
                                           std::filesystem::perms::owner_write);
}

bool run(const std::string& command)
{
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

/// A token with one terminal's key, in a folder that goes with it.
class Token {
public:
    explicit Token(const sim::CardPki& pki)
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "amt-p11-XXXXXX").string();
        _folder = ::mkdtemp(pattern.data());
        std::filesystem::create_directory(_folder / "tokens");
        write(_folder / "softhsm2.conf",
              toBytes("directories.tokendir = " + (_folder / "tokens").string() +
                      "\nobjectstore.backend = file\nlog.level = ERROR\n"));
        ::setenv("SOFTHSM2_CONF", (_folder / "softhsm2.conf").c_str(), 1);
        write(_folder / "key.der", pki.terminalKey.reveal());
        write(_folder / "pin", toBytes("4711\n"));
        const std::string folder = _folder.string();
        isReady = run("openssl pkcs8 -topk8 -nocrypt -inform DER -in " + folder + "/key.der -out " +
                      folder + "/key.pem") &&
                  run("softhsm2-util --init-token --free --label terminal --so-pin 0815 --pin "
                      "4711") &&
                  run("softhsm2-util --import " + folder +
                      "/key.pem --token terminal --label "
                      "terminal-key --id 01 --pin 4711");
        write(_folder / "terminal.pkcs11",
              toBytes(std::string("# SoftHSM\nmodule=") + softHsm +
                      "\ntoken=terminal\nkey=terminal-key\npin=" + folder + "/pin\n"));
        write(_folder / "dv.cvcert", pki.terminalChain.front());
        write(_folder / "terminal.cvcert", pki.terminalChain.back());
        write(_folder / "csca.der", pki.countrySigner);
        settings = {softHsm, "terminal", "terminal-key", folder + "/pin", pki.certificates()};
    }
    ~Token() { std::filesystem::remove_all(_folder); }

    std::string folder() const { return _folder.string(); }
    bool isReady = false;
    node::Pkcs11Settings settings;

private:
    std::filesystem::path _folder;
};

bool missing()
{
    return test::skipUnless(std::filesystem::exists(softHsm) &&
                                std::filesystem::exists("/usr/bin/softhsm2-util"),
                            "no SoftHSM");
}

/// The outcome of a read whose terminal signs with `signer`.
std::string readWith(node::TerminalSigner& signer, const sim::CardPki& pki)
{
    SystemRandom random;
    sim::SimulatedCard card(random, pki, sim::cardProfile("erika"), localDate(now));
    sim::SimulatedCardChannel channel(card);
    IdentityRequest request;
    request.pin = Secret(std::string_view("123456"));
    request.groups = test::twelveGroups();
    request.certificates = signer.certificates();
    request.now = now;
    auto begun = eid::beginRead(channel, random, request, {});
    BOOST_REQUIRE(std::holds_alternative<eid::SignatureNeeded>(begun));
    auto& needed = std::get<eid::SignatureNeeded>(begun);
    return test::nameOf(needed.session.finish(signer.sign(needed.toBeSigned)));
}

/// Key and certificates as files, in a folder that goes with it.
class Files {
public:
    explicit Files(const sim::CardPki& pki)
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "amt-key-XXXXXX").string();
        _folder = ::mkdtemp(pattern.data());
        put("terminal.pkcs8", pki.terminalKey.reveal());
        put("dv.cvcert", pki.terminalChain.front());
        put("terminal.cvcert", pki.terminalChain.back());
        put("csca.der", pki.countrySigner);
    }
    ~Files() { std::filesystem::remove_all(_folder); }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;

    std::string operator/(const std::string& name) const { return (_folder / name).string(); }
    std::string folder() const { return _folder.string(); }
    void put(const std::string& name, ByteView bytes) const { write(_folder / name, bytes); }
    std::unique_ptr<node::TerminalSigner> signer() const
    {
        return node::makeKeyFileSigner(
            {*this / "terminal.pkcs8", node::terminalCertificatesIn(folder())});
    }

private:
    std::filesystem::path _folder;
};

struct Kind {
    int parameterId;
    std::uint8_t hashSuffix;
};
std::ostream& operator<<(std::ostream& out, const Kind& row)
{
    return out << "curve " << row.parameterId;
}
const std::vector<Kind> kinds{{12, 3}, {13, 3}, {15, 4}, {16, 4}, {17, 5}, {18, 5}};

} // namespace

BOOST_AUTO_TEST_SUITE(node_signers)

BOOST_DATA_TEST_CASE(a_card_is_read_with_a_key_in_a_file, data::make(kinds), row)
{
    SystemRandom random;
    const auto pki = sim::makeCardPki(
        random, now, {.parameterId = row.parameterId, .hashSuffix = row.hashSuffix});
    const Files files(pki);
    const auto signer = files.signer();
    BOOST_TEST((signer->certificates().chain == pki.terminalChain));
    BOOST_TEST(readWith(*signer, pki) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(links_come_first_and_every_country_signer_is_taken)
{
    SystemRandom random;
    const auto pki = sim::makeCardPki(random, now);
    const Files files(pki);
    files.put("link2.cvcert", Bytes{2});
    files.put("link1.cvcert", Bytes{1});
    files.put("csca-2024.der", Bytes{3});
    files.put("notes.txt", Bytes{4});
    const auto certificates = node::terminalCertificatesIn(files.folder());
    BOOST_TEST((certificates.chain ==
                std::vector<Bytes>{{1}, {2}, pki.terminalChain.front(), pki.terminalChain.back()}));
    BOOST_TEST((certificates.countrySigners == std::vector<Bytes>{{3}, pki.countrySigner}));
}

BOOST_AUTO_TEST_CASE(a_key_file_that_is_not_as_it_should_be_is_refused)
{
    SystemRandom random;
    const auto pki = sim::makeCardPki(random, now);
    const auto refused = [&](const auto& spoil) {
        const Files files(pki);
        BOOST_CHECK_NO_THROW(files.signer());
        spoil(files);
        BOOST_CHECK_EXCEPTION(files.signer(), Error, Unusable());
    };
    for (const char* name : {"terminal.pkcs8", "dv.cvcert", "terminal.cvcert", "csca.der"})
        refused([&](const Files& files) { std::filesystem::remove(files / name); });
    refused([](const Files& files) { ::chmod((files / "terminal.pkcs8").c_str(), 0640); });
    refused([](const Files& files) { files.put("terminal.pkcs8", Bytes{0x30, 0x00}); });
    refused([](const Files& files) { files.put("terminal.cvcert", Bytes{0x7F, 0x21, 0x00}); });
}

BOOST_AUTO_TEST_CASE(the_citizen_is_shown_whose_certificate_it_is)
{
    SystemRandom random;
    const auto pki = sim::makeCardPki(random, now, {.description = sim::townDescription()});
    const auto shown = node::shownCertificate(pki.certificates());
    BOOST_TEST(shown.subject == "Stadt Musterstadt");
    BOOST_TEST(shown.subjectUrl == "https://musterstadt.example");
    BOOST_TEST(shown.issuer == "Musterbund-Berechtigungen");
    BOOST_TEST(shown.issuerUrl == "https://berechtigungen.example");
    BOOST_TEST(shown.terms.find("Landesbeauftragte für Datenschutz") != std::string::npos);
    BOOST_TEST((shown.validUntil == pki.validUntil));
}

struct Described {
    const char* name;
    const char* hex; ///< empty: unusable
};
std::ostream& operator<<(std::ostream& out, const Described& row)
{
    return out << row.name;
}
// SEQUENCE { type, [1] "A", [3] "B", [5] terms }
const std::vector<Described> brokenDescriptions{
    {"not a sequence", "0400"},
    {"nobody", "3018060a04007f00070301030101a1030c0141a5050c03783d31"},
    {"cut", "301d060a04007f00070301030101a1030c0141a3030c0142a5050c0378"},
    {"something behind it", "301d060a04007f00070301030101a1030c0141a3030c0142a5050c03783d310000"},
    {"plain text that is none", "301d060a04007f00070301030101a1030c0141a3030c0142a5050403783d31"},
};

BOOST_DATA_TEST_CASE(a_broken_description_is_refused_whole, data::make(brokenDescriptions), row)
{
    SystemRandom random;
    auto certificates = sim::makeCardPki(random, now).certificates();
    certificates.description = fromHex(row.hex);
    BOOST_CHECK_EXCEPTION(node::shownCertificate(certificates), Error, Unusable());
}

BOOST_AUTO_TEST_CASE(terms_in_html_or_pdf_are_not_shown_here)
{
    SystemRandom random;
    auto certificates = sim::makeCardPki(random, now).certificates();
    certificates.description =
        fromHex("301d060a04007f00070301030102a1030c0141a3030c0142a5051603783d31");
    const auto shown = node::shownCertificate(certificates);
    BOOST_TEST(shown.subject == "B");
    BOOST_TEST(shown.terms.empty());
}

BOOST_AUTO_TEST_CASE(a_certificate_of_another_key_is_refused)
{
    SystemRandom random;
    const Files files(sim::makeCardPki(random, now));
    files.put("terminal.pkcs8", sim::makeCardPki(random, now).terminalKey.reveal());
    BOOST_CHECK_EXCEPTION(files.signer(), Error, Unusable());
}

BOOST_AUTO_TEST_CASE(a_renewed_certificate_is_taken_when_it_is_whole)
{
    log::setEnabled(false);
    SystemRandom random;
    const auto first = sim::makeCardPki(random, now);
    const Files files(first);
    const auto signer = node::makeFolderSigner(files.folder());
    BOOST_TEST((signer->certificates().chain == first.terminalChain));
    BOOST_TEST(signer->shown()->subject.empty());

    // What fetches certificates puts one file after the other.
    const auto second = sim::makeCardPki(random, now, {.description = sim::townDescription()});
    files.put("terminal.cvcert", Bytes(second.terminalChain.back()));
    BOOST_TEST((signer->certificates().chain == first.terminalChain)); // not of this key yet
    BOOST_TEST(signer->isUsable());
    files.put("dv.cvcert", second.terminalChain.front());
    files.put("csca.der", second.countrySigner);
    files.put("description.der", second.description);
    files.put("terminal.pkcs8", second.terminalKey.reveal());
    BOOST_TEST((signer->certificates().chain == second.terminalChain));
    BOOST_TEST(signer->shown()->subject == "Stadt Musterstadt");
    BOOST_TEST(readWith(*signer, second) == "IdentityRead");
    log::setEnabled(true);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_filled_later_is_used_then)
{
    log::setEnabled(false);
    SystemRandom random;
    const auto pki = sim::makeCardPki(random, now);
    const Files files(pki);
    std::filesystem::rename(files / "terminal.pkcs8", files / "away");
    const auto signer = node::makeFolderSigner(files.folder());
    BOOST_TEST(!signer->isUsable());
    BOOST_TEST(!signer->shown().has_value());
    BOOST_CHECK_EXCEPTION(signer->certificates(), Error, Unusable());
    std::filesystem::rename(files / "away", files / "terminal.pkcs8");
    BOOST_TEST(signer->isUsable());
    BOOST_TEST(readWith(*signer, pki) == "IdentityRead");
    log::setEnabled(true);
}

BOOST_DATA_TEST_CASE(a_card_is_read_with_a_key_on_a_token, data::make(kinds), row)
{
    if (missing())
        return;
    SystemRandom random;
    const auto pki = sim::makeCardPki(
        random, now, {.parameterId = row.parameterId, .hashSuffix = row.hashSuffix});
    const Token token(pki);
    BOOST_REQUIRE(token.isReady);
    const auto signer = node::makePkcs11Signer(token.settings);
    BOOST_TEST((signer->certificates().chain == pki.terminalChain));

    for (int i = 0; i < 3; ++i) // and again
        BOOST_TEST(readWith(*signer, pki) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_folder_names_its_token)
{
    if (missing())
        return;
    SystemRandom random;
    const auto pki = sim::makeCardPki(random, now);
    const Token token(pki);
    BOOST_REQUIRE(token.isReady);
    const auto signer = node::pkcs11SignerIn(token.folder());
    BOOST_REQUIRE(signer != nullptr);
    BOOST_TEST((signer->certificates().chain == pki.terminalChain));
    BOOST_TEST(signer->sign(Bytes{1, 2, 3}).size() == 64U);
    write(token.folder() + "/terminal.pkcs11", toBytes("modul=x\n"));
    BOOST_CHECK_EXCEPTION(node::pkcs11SignerIn(token.folder()), Error, Unusable());
    std::filesystem::remove(token.folder() + "/terminal.pkcs11");
    BOOST_TEST(node::pkcs11SignerIn(token.folder()) == nullptr);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_refused_at_the_start)
{
    if (missing())
        return;
    SystemRandom random;
    const auto pki = sim::makeCardPki(random, now);
    const Token token(pki);
    BOOST_REQUIRE(token.isReady);
    const auto refused = [&](auto change) {
        auto settings = token.settings;
        change(settings);
        BOOST_CHECK_EXCEPTION(node::makePkcs11Signer(settings), Error, Unusable());
    };
    using Settings = node::Pkcs11Settings;
    refused([](Settings& settings) { settings.module = "/nonexistent.so"; });
    refused([](Settings& settings) { settings.token = "another"; });
    refused([](Settings& settings) { settings.key = "another"; });
    refused([](Settings& settings) { settings.pinFile += ".none"; });
    refused([](Settings& settings) { settings.certificates.chain.clear(); });
    refused([](Settings& settings) { settings.certificates.chain.back() = {0x7F, 0x21, 0x00}; });
    write(token.settings.pinFile, toBytes("4712"));
    refused([](Settings&) {}); // wrong PIN
    write(token.settings.pinFile, toBytes("4711"));
    ::chmod(token.settings.pinFile.c_str(), 0644);
    refused([](Settings&) {}); // others may read it
}

BOOST_AUTO_TEST_SUITE_END()
