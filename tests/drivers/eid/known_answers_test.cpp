// SPDX-License-Identifier: EUPL-1.2
//
// Published worked examples (ICAO 9303-11 G.1, BSI EAC 2, AusweisApp's secure messaging, a genuine
// card of 2010), byte for byte.
#include "appliance/core/json.h"
#include "drivers/eid/authentication.h"
#include "drivers/eid/cv_certificate.h"
#include "drivers/eid/eid.h"
#include "drivers/eid/passive_authentication.h"
#include "drivers/eid/secure_messaging.h"
#include "drivers/eid/tlv.h"
#include "tests/drivers/eid/reading.h"
#include "tests/support/skip.h"

#include <Poco/TemporaryFile.h>
#include <boost/test/data/test_case.hpp>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::eid;

namespace {

/// Null, and the case noted as skipped, without the shared folder.
json::ObjectPtr vectors(const std::string& file)
{
    const auto path = test::shared() / "rigs" / "eid-card" / "vectors" / file;
    if (test::skipWithout(path, "worked examples are not beside the project"))
        return {};
    return json::parseObject(toText(test::readFile(path)));
}

Bytes hex(const json::Object& object, const std::string& key)
{
    return fromHex(json::text(object, key));
}

Secret secretHex(const json::Object& object, const std::string& key)
{
    return Secret(hex(object, key));
}

std::string toHex(const Secret& secret)
{
    return amt::toHex(secret.reveal());
}
using amt::toHex;

struct Refused {
    ErrorCode code;
    bool operator()(const Error& error) const { return error.errorCode() == code; }
};

/// PACE from the terminal's side with the example's numbers.
void checkPace(const json::Object& example, const Secret& password)
{
    const PaceInfo info{hex(example, "oid"), cipherSuite(2),
                        static_cast<int>(json::integer(example, "parameter_id"))};
    Pace pace(info, password);
    pace.takeNonce(hex(example, "encrypted_nonce"));
    BOOST_TEST(toHex(pace.mappingKey(secretHex(example, "mapping_private_terminal"))) ==
               json::text(example, "mapping_public_terminal"));
    pace.takeMappingKey(hex(example, "mapping_public_chip"));
    BOOST_TEST(toHex(pace.mappedGenerator()) == json::text(example, "mapped_generator"));
    BOOST_TEST(toHex(pace.ephemeralKey(secretHex(example, "ephemeral_private_terminal"))) ==
               json::text(example, "ephemeral_public_terminal"));
    pace.takeEphemeralKey(hex(example, "ephemeral_public_chip"));
    BOOST_TEST(toHex(pace.encryptionKey()) == json::text(example, "k_enc"));
    BOOST_TEST(toHex(pace.macKey()) == json::text(example, "k_mac"));
    BOOST_TEST(toHex(pace.token()) == json::text(example, "token_terminal"));
    Bytes token = hex(example, "token_chip");
    BOOST_TEST(pace.isTokenOfCard(token));
    token.front() ^= 0x80;
    BOOST_TEST(!pace.isTokenOfCard(token));
    token.pop_back();
    BOOST_TEST(!pace.isTokenOfCard(token));
}

CommandApdu decodeCommand(ByteView bytes)
{
    CommandApdu command{bytes[0], static_cast<Instruction>(bytes[1]), bytes[2], bytes[3], {}, {}};
    ByteView rest = bytes.subspan(4);
    if (rest.empty())
        return command;
    const bool extended = rest[0] == 0 && rest.size() > 1;
    if (extended)
        rest = rest.subspan(1);
    const std::size_t field = extended ? 2 : 1;
    const auto number = [&] {
        const std::size_t value =
            extended ? static_cast<std::size_t>(rest[0] << 8 | rest[1]) : rest[0];
        rest = rest.subspan(field);
        return value;
    };
    if (rest.size() > field) {
        const std::size_t size = number();
        command.data.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
        rest = rest.subspan(size);
    }
    if (!rest.empty()) {
        const std::size_t expected = number();
        command.expected = expected != 0 ? expected : extended ? 65536 : 256;
    }
    return command;
}

bool verifies(ByteView pkcs8, const char* hash, ByteView plain, ByteView proof)
{
    const std::uint8_t* at = pkcs8.data();
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())), &EVP_PKEY_free);
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> numbers(ECDSA_SIG_new(),
                                                                        &ECDSA_SIG_free);
    const auto half = static_cast<int>(plain.size() / 2);
    ECDSA_SIG_set0(numbers.get(), BN_bin2bn(plain.data(), half, nullptr),
                   BN_bin2bn(plain.data() + half, half, nullptr));
    std::uint8_t* encoded = nullptr;
    const int size = i2d_ECDSA_SIG(numbers.get(), &encoded);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> work(EVP_MD_CTX_new(),
                                                                       &EVP_MD_CTX_free);
    const bool good = EVP_DigestVerifyInit_ex(work.get(), nullptr, hash, nullptr, nullptr,
                                              key.get(), nullptr) == 1 &&
                      EVP_DigestVerify(work.get(), encoded, static_cast<std::size_t>(size),
                                       proof.data(), proof.size()) == 1;
    OPENSSL_free(encoded);
    return good;
}

} // namespace

BOOST_AUTO_TEST_SUITE(eid_known_answers)

struct Answer {
    const char* source;
    std::string_view password;
    const char* key;
};
std::ostream& operator<<(std::ostream& out, const Answer& answer)
{
    return out << answer.source;
}
const std::vector<Answer> answers{
    {"TR-03110-3 A.2.3, PIN", "123456", "591468cda83d65219cccb8560233600f"},
    {"SHA-1 by openssl(1), CAN", "500540", "2a3315e9f17f6f671833f5f3e8082c4d"},
};

BOOST_DATA_TEST_CASE(a_password_gives_the_known_key, data::make(answers), answer)
{
    BOOST_TEST(toHex(passwordKey(*cipherSuite(2), Secret(answer.password))) == answer.key);
}

BOOST_AUTO_TEST_CASE(pace_of_icao_9303_11_g1)
{
    const auto example = vectors("icao-9303-11-g1.json");
    if (!example)
        return;
    const Secret password = secretHex(*example, "k"); // SHA-1 of the MRZ information
    BOOST_TEST(toHex(passwordKey(*cipherSuite(2), password)) == json::text(*example, "k_pi"));
    checkPace(*example, password);
}

BOOST_AUTO_TEST_CASE(pace_of_the_bsi_example)
{
    const auto example = vectors("bsi-eac2-ecdh.json");
    if (!example)
        return;
    checkPace(*example, Secret(json::text(*example, "password")));
}

BOOST_AUTO_TEST_CASE(secure_messaging_of_the_bsi_example)
{
    const auto example = vectors("bsi-eac2-ecdh.json");
    if (!example)
        return;
    SecureMessaging channel(*cipherSuite(2), secretHex(*example, "k_enc"),
                            secretHex(*example, "k_mac"));
    const auto rows = json::array(*example, "secure_messaging");
    const auto first = rows->getObject(0);
    const auto second = rows->getObject(1);
    const auto plain = hex(*first, "plain");
    CommandApdu command = selectVerificationKey({});
    command.data = plain;
    const Bytes objects = channel.protect(command).data;
    const auto cryptogram = only(parseTlv(objects), 0x87).value;
    BOOST_TEST(toHex(cryptogram) == "01" + json::text(*first, "cryptogram"));
    const Bytes answer =
        Tlv().append(hex(*second, "data_objects")).add(0x8E, hex(*second, "mac")).bytes();
    BOOST_TEST(channel.unprotect({answer, statusOk}).data.empty());
}

BOOST_AUTO_TEST_CASE(secure_messaging_of_all_kinds_of_commands)
{
    const auto examples = vectors("aes-secure-messaging.json");
    if (!examples)
        return;
    const auto rows = json::array(*examples, "commands");
    BOOST_TEST(rows->size() == 9U);
    for (unsigned i = 0; i < rows->size(); ++i) {
        const auto row = rows->getObject(i);
        BOOST_TEST_CONTEXT(json::text(*row, "note"))
        {
            SecureMessaging channel(*cipherSuite(2), secretHex(*examples, "k_enc"),
                                    secretHex(*examples, "k_mac"),
                                    static_cast<std::uint64_t>(json::integer(*row, "ssc") - 1));
            const CommandApdu command = decodeCommand(hex(*row, "plain"));
            BOOST_TEST(toHex(encode(command)) == json::text(*row, "plain"));
            BOOST_TEST(toHex(encode(channel.protect(command))) == json::text(*row, "protected"));
        }
    }
}

BOOST_AUTO_TEST_CASE(terminal_authentication_of_the_bsi_example)
{
    const auto example = vectors("bsi-eac2-ecdh.json");
    if (!example)
        return;
    const auto terminal = json::object(*example, "terminal_authentication");
    const auto chip = json::object(*example, "chip_authentication");
    std::vector<CvCertificate> chain;
    for (const auto* name : {"dv", "terminal"})
        chain.push_back(parseCvCertificate(hex(*terminal, name)));
    BOOST_TEST((chain[0].role == CertificateRole::DvOfficial));
    BOOST_TEST((chain[1].role == CertificateRole::Terminal));
    BOOST_TEST(!chain[1].rights.mayRead(DataGroup::FamilyNames));
    BOOST_TEST(chain[1].rights.mayRead(DataGroup::DocumentType));

    const std::vector<Bytes> references{toBytes("DECVCAAT00001")};
    BOOST_TEST(chainFor(chain, references).size() == 2U);
    BOOST_CHECK_NO_THROW(checkChain(chain, localDateFromIso("2010-10-15")));
    BOOST_CHECK_EXCEPTION(checkChain(chain, localDateFromIso("2010-10-31")), Error,
                          Refused{ErrorCode::CertificateUnusable});

    const Curve curve(13);
    const Bytes proof =
        terminalProof(curve.compressed(hex(*example, "ephemeral_public_chip")),
                      hex(*terminal, "nonce"), curve.compressed(hex(*chip, "public_terminal")), {});
    const char* hash = signatureHash(hex(*terminal, "terminal"));
    BOOST_TEST(hash == std::string("SHA2-512"));
    BOOST_TEST(
        verifies(hex(*terminal, "private_key_pkcs8"), hash, hex(*terminal, "signature"), proof));
}

BOOST_AUTO_TEST_CASE(chip_authentication_of_the_bsi_example)
{
    const auto whole = vectors("bsi-eac2-ecdh.json");
    if (!whole)
        return;
    const auto example = json::object(*whole, "chip_authentication");
    const Curve curve(13);
    const KeyPair own = keyPair(curve, curve.generator(), secretHex(*example, "private_terminal"));
    BOOST_TEST(toHex(own.point) == json::text(*example, "public_terminal"));
    Bytes token = hex(*example, "token_chip");
    const auto keys = agreeWithChip(*cipherSuite(2), curve, hex(*example, "oid"), own,
                                    hex(*example, "public_chip"), hex(*example, "nonce"), token);
    BOOST_TEST(toHex(keys.encryption) == json::text(*example, "k_enc"));
    BOOST_TEST(toHex(keys.mac) == json::text(*example, "k_mac"));
    token.back() ^= 1;
    BOOST_CHECK_EXCEPTION(agreeWithChip(*cipherSuite(2), curve, hex(*example, "oid"), own,
                                        hex(*example, "public_chip"), hex(*example, "nonce"),
                                        token),
                          Error, Refused{ErrorCode::CardForged});
}

BOOST_AUTO_TEST_CASE(card_access_of_the_bsi_example)
{
    const auto example = vectors("bsi-eac2-ecdh.json");
    if (!example)
        return;
    const auto infos = parseSecurityInfos(hex(*example, "ef_card_access"));
    BOOST_REQUIRE(infos.pace.size() == 1U);
    BOOST_TEST(infos.pace.front().parameterId == 13);
    BOOST_TEST(toHex(infos.pace.front().oid) == json::text(*example, "oid"));
    BOOST_REQUIRE(infos.chipAuthentication.size() == 1U);
    BOOST_REQUIRE(infos.chipDomains.size() == 1U);
    BOOST_TEST((infos.chipDomains.front().keyId == infos.chipAuthentication.front().keyId));
    BOOST_TEST(infos.terminalAuthentication2);

    // The signed set of the same card: has the chip's key, and lacks the privileged terminal's
    // information.
    const Bytes security = hex(*example, "ef_card_security");
    const Bytes begin = fromHex("31820137");
    const auto at = std::search(security.begin(), security.end(), begin.begin(), begin.end());
    BOOST_REQUIRE((at != security.end()));
    const auto content = parseSecurityInfos(Bytes(at, at + 0x13B));
    BOOST_TEST(contains(content, infos));
    BOOST_REQUIRE(content.chipKeys.size() == 1U);
    const auto chip = json::object(*example, "chip_authentication");
    BOOST_TEST(toHex(content.chipKeys.front().point) == json::text(*chip, "public_chip"));
}

BOOST_AUTO_TEST_CASE(a_genuine_card_of_2010_is_genuine_in_its_time)
{
    const auto example = vectors("passive-authentication-2010.json");
    if (!example)
        return;
    const Bytes security = hex(*example, "ef_card_security");
    const std::vector<Bytes> signers{hex(*example, "csca_013")};
    const UtcTime then = fromMilliseconds(json::integer(*example, "verify_at_unix") * 1000);
    const auto infos = parseSecurityInfos(verifiedSecurityInfos(security, signers, then));
    BOOST_TEST(infos.terminalAuthentication2);
    BOOST_REQUIRE(infos.pace.size() == 1U);
    BOOST_REQUIRE(infos.chipAuthentication.size() == 1U);
    BOOST_REQUIRE(!infos.chipKeys.empty());
    BOOST_TEST((infos.chipKeys.front().keyId == infos.chipAuthentication.front().keyId));
    BOOST_CHECK_NO_THROW(
        Curve(infos.chipKeys.front().parameterId).check(infos.chipKeys.front().point));

    const auto refused = [&](const Bytes& file, const std::vector<Bytes>& by, UtcTime at) {
        BOOST_CHECK_EXCEPTION(verifiedSecurityInfos(file, by, at), Error,
                              Refused{ErrorCode::CardForged});
    };
    refused(security, signers, fromIso("2026-11-21T10:00:00Z")); // expired today
    refused(security, signers, fromIso("2009-01-01T10:00:00Z")); // not yet valid
    refused(security, {}, then);
    Bytes longer = security;
    longer.push_back(0);
    refused(longer, signers, then);
    refused(Bytes(security.begin(), security.end() - 1), signers, then);
    refused({}, signers, then);
    BOOST_CHECK_EXCEPTION(verifiedSecurityInfos(security, {{0x30, 0x00}}, then), Error,
                          Refused{ErrorCode::CertificateUnusable});
}

BOOST_AUTO_TEST_CASE(one_wrong_bit_in_what_is_signed_is_forged)
{
    const auto example = vectors("passive-authentication-2010.json");
    if (!example)
        return;
    const Bytes security = hex(*example, "ef_card_security");
    const std::vector<Bytes> signers{hex(*example, "csca_013")};
    const UtcTime then = fromMilliseconds(json::integer(*example, "verify_at_unix") * 1000);
    const Bytes content = verifiedSecurityInfos(security, signers, then);
    const auto at = std::search(security.begin(), security.end(), content.begin(), content.end());
    BOOST_REQUIRE((at != security.end()));
    const auto first = static_cast<std::size_t>(at - security.begin());
    for (std::size_t i = 0; i < content.size(); i += 11) {
        Bytes wrong = security;
        wrong[first + i] ^= static_cast<std::uint8_t>(1U << i % 8);
        BOOST_CHECK_EXCEPTION(verifiedSecurityInfos(wrong, signers, then), Error,
                              Refused{ErrorCode::CardForged});
    }
    Bytes wrong = security; // the signature itself
    wrong.back() ^= 1;
    BOOST_CHECK_EXCEPTION(verifiedSecurityInfos(wrong, signers, then), Error,
                          Refused{ErrorCode::CardForged});
}

// An independent judge of the signature. The chain it cannot judge: openssl refuses every key with
// explicit parameters, which German country signers have (facts/eid.md 6).
BOOST_AUTO_TEST_CASE(openssl_cms_judges_the_signature_alike)
{
    const auto example = vectors("passive-authentication-2010.json");
    if (!example || test::skipUnless(std::filesystem::exists("/usr/bin/openssl"), "no openssl"))
        return;
    const Bytes security = hex(*example, "ef_card_security");
    const std::vector<Bytes> signers{hex(*example, "csca_013")};
    const UtcTime then = fromMilliseconds(json::integer(*example, "verify_at_unix") * 1000);
    Poco::TemporaryFile folder;
    folder.createDirectories();
    const auto file = std::filesystem::path(folder.path()) / "message.der";
    const auto content = std::filesystem::path(folder.path()) / "content.der";
    const std::string command = "/usr/bin/openssl cms -verify -noverify -inform DER -in '" +
                                file.string() + "' -out '" + content.string() + "' 2>/dev/null";
    const auto opensslAccepts = [&](const Bytes& message) {
        std::ofstream(file, std::ios::binary)
            .write(reinterpret_cast<const char*>(message.data()),
                   static_cast<std::streamsize>(message.size()));
        return std::system(command.c_str()) == 0;
    };
    BOOST_REQUIRE(opensslAccepts(security));
    BOOST_TEST((test::readFile(content) == verifiedSecurityInfos(security, signers, then)));
    int refusedByBoth = 0;
    for (std::size_t at = 0; at < security.size(); at += 23) {
        Bytes wrong = security;
        wrong[at] ^= static_cast<std::uint8_t>(1U << at % 8);
        if (opensslAccepts(wrong))
            continue; // the certificate's own signature, which is not its business here
        ++refusedByBoth;
        BOOST_CHECK_EXCEPTION(verifiedSecurityInfos(wrong, signers, then), Error,
                              Refused{ErrorCode::CardForged});
    }
    BOOST_TEST(refusedByBoth > 20);
}

BOOST_AUTO_TEST_SUITE_END()
