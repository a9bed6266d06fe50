// SPDX-License-Identifier: EUPL-1.2
//
// The certificates of a simulated card: CVCA, DV and terminal on one side, CSCA and document signer
// on the other.
#include "tests/sim/card/pki.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "drivers/eid/tlv.h"
#include "tests/sim/card/chip.h"

#include <openssl/x509v3.h>

#include <fstream>
#include <iterator>

namespace amt::sim {
namespace {

using eid::Tlv;

constexpr int curveId = 13; // brainpoolP256r1
constexpr const char* cvcaReference = "DECVCAAMTSS00001";

void must(bool succeeded)
{
    if (!succeeded)
        throw Error(ErrorCode::SystemFailed, "OpenSSL while making the simulated card's keys");
}

struct Pair {
    Bytes secret, point;
};

Pair newPair(const ChipCurve& curve, RandomSource& random)
{
    Bytes secret = curve.newSecret(random);
    Bytes point = curve.times(curve.generator(), secret);
    return {std::move(secret), std::move(point)};
}

Bytes pkcs8(EVP_PKEY* key)
{
    const Own<PKCS8_PRIV_KEY_INFO> info(EVP_PKEY2PKCS8(key));
    must(info != nullptr);
    std::uint8_t* encoded = nullptr;
    const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &encoded);
    must(size > 0);
    Bytes bytes(encoded, encoded + size);
    OPENSSL_clear_free(encoded, static_cast<std::size_t>(size));
    return bytes;
}

Own<EVP_PKEY> fromPkcs8(ByteView encoded)
{
    const std::uint8_t* at = encoded.data();
    Own<EVP_PKEY> key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(encoded.size())));
    must(key != nullptr);
    return key;
}

Bytes digits(LocalDate day)
{
    const int year = static_cast<int>(day.year()) % 100;
    const auto month = static_cast<int>(static_cast<unsigned>(day.month()));
    const auto date = static_cast<int>(static_cast<unsigned>(day.day()));
    Bytes bytes;
    for (const int two : {year, month, date}) {
        bytes.push_back(static_cast<std::uint8_t>(two / 10));
        bytes.push_back(static_cast<std::uint8_t>(two % 10));
    }
    return bytes;
}

/// Read all groups; age and place, restricted identification, CAN allowed, PIN management. Role in
/// the two bits above.
constexpr std::uint64_t roleCvca = 3, roleDv = 2, roleTerminal = 0;
Bytes authorisation(std::uint64_t role, std::uint64_t rights = ~std::uint64_t{0})
{
    std::uint64_t bits = 0x37;
    for (int group = 1; group <= 22; ++group)
        bits |= std::uint64_t{1} << (7 + group);
    bits = (bits & rights) | role << 38;
    Bytes bytes;
    for (int shift = 32; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
    return bytes;
}

struct Validity {
    LocalDate from, until;
};

/// An authority or a holder of certificates.
struct Party {
    std::string reference;
    SignatureKind kind;
    Pair pair;
};

Party newParty(const std::string& reference, const SignatureKind& kind, RandomSource& random)
{
    return {reference, kind, newPair(ChipCurve(kind.parameterId), random)};
}

Own<EVP_PKEY> keyOf(const Party& party)
{
    return toKey(ChipCurve(party.kind.parameterId), party.pair.secret, party.pair.point,
                 Parameters::Named);
}

Bytes cvCertificate(const Party& authority, const Party& holder, std::uint64_t role,
                    const Validity& valid, const PkiShape& shape = {})
{
    Tlv key;
    key.add(0x06, concat(fromHex("04007f000702020202"), Bytes{holder.kind.hashSuffix}));
    if (role == roleCvca) // alone in a chain it names the curve
        key.append(ChipCurve(holder.kind.parameterId).parametersAround(holder.pair.point));
    else
        key.add(0x86, holder.pair.point);
    Tlv body;
    body.add(0x5F29, Bytes{0})
        .add(0x42, view(authority.reference))
        .add(0x7F49, key)
        .add(0x5F20, view(holder.reference))
        .add(0x7F4C, Tlv()
                         .add(0x06, fromHex("04007f000703010202"))
                         .add(0x53, authorisation(role, shape.rights)))
        .add(0x5F25, digits(valid.from))
        .add(0x5F24, digits(valid.until));
    if (!shape.description.empty()) {
        const char* name = holder.kind.hashSuffix == 3   ? "SHA256"
                           : holder.kind.hashSuffix == 4 ? "SHA384"
                                                         : "SHA512";
        body.add(0x65, Tlv().add(0x73, Tlv()
                                           .add(0x06, fromHex("04007f000703010301"))
                                           .add(0x80, hash(name, shape.description))));
    }
    const Bytes whole = Tlv().add(0x7F4E, body).bytes();
    const auto signer = keyOf(authority);
    return Tlv()
        .add(0x7F21,
             Tlv().append(whole).add(0x5F37, signPlain(authority.kind, signer.get(), whole)))
        .bytes();
}

void addExtension(X509* certificate, X509* issuer, int nid, const char* value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Own<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    must(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

X509_NAME* setName(X509_NAME* name, const char* commonName)
{
    const auto add = [&](const char* field, const char* value) {
        must(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                        reinterpret_cast<const unsigned char*>(value), -1, -1,
                                        0) == 1);
    };
    add("C", "DE");
    add("O", "Musterbund");
    add("CN", commonName);
    return name;
}

enum class Authority { Country, Signer, ListSigner };

Own<X509> x509(EVP_PKEY* key, const char* name, Authority kind, X509* issuer, EVP_PKEY* issuerKey,
               UtcTime now)
{
    constexpr long daysBack = 400, daysOn = 3650, day = 86400;
    Own<X509> certificate(X509_new());
    X509* raw = certificate.get();
    const auto at = static_cast<std::time_t>(toMilliseconds(now) / 1000);
    must(X509_set_version(raw, 2) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(raw), kind == Authority::Country ? 1 : 4711);
    ASN1_TIME_set(X509_getm_notBefore(raw), at - daysBack * day);
    ASN1_TIME_set(X509_getm_notAfter(raw), at + daysOn * day);
    setName(X509_get_subject_name(raw), name);
    must(X509_set_issuer_name(raw, X509_get_subject_name(issuer != nullptr ? issuer : raw)) == 1);
    must(X509_set_pubkey(raw, key) == 1);
    if (kind == Authority::Country) {
        addExtension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
        addExtension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign");
        addExtension(raw, raw, NID_subject_key_identifier, "hash");
    } else {
        addExtension(raw, issuer, NID_key_usage, "critical,digitalSignature");
        addExtension(raw, issuer, NID_authority_key_identifier, "keyid");
        if (kind == Authority::ListSigner)
            addExtension(raw, issuer, NID_ext_key_usage, "critical,2.23.136.1.1.3");
    }
    must(X509_sign(raw, issuerKey, EVP_sha256()) > 0);
    return certificate;
}

Bytes der(X509* certificate)
{
    std::uint8_t* encoded = nullptr;
    const int size = i2d_X509(certificate, &encoded);
    must(size > 0);
    Bytes bytes(encoded, encoded + size);
    OPENSSL_free(encoded);
    return bytes;
}

struct Country {
    Bytes authority;    ///< DER
    Bytes authorityKey; ///< PKCS#8
    Bytes signer;       ///< DER
    Bytes signerKey;    ///< PKCS#8
};

/// CSCA and document signer with explicit curve parameters, as the German ones have them.
Country makeCountry(RandomSource& random, UtcTime now, const char* name,
                    Authority below = Authority::Signer)
{
    const ChipCurve curve(curveId);
    const Pair top = newPair(curve, random);
    const Pair low = newPair(curve, random);
    const auto topKey = toKey(curve, top.secret, top.point, Parameters::Explicit);
    const auto lowKey = toKey(curve, low.secret, low.point, Parameters::Explicit);
    const auto authority = x509(topKey.get(), name, Authority::Country, nullptr, topKey.get(), now);
    const auto signer =
        x509(lowKey.get(), "Ausweissigner", below, authority.get(), topKey.get(), now);
    return {der(authority.get()), pkcs8(topKey.get()), der(signer.get()), pkcs8(lowKey.get())};
}

void writeFile(const std::filesystem::path& path, ByteView bytes)
{
    const auto fresh = path.string() + ".new";
    {
        std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
        std::filesystem::permissions(fresh, std::filesystem::perms::owner_read |
                                                std::filesystem::perms::owner_write);
        file.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        if (!file.flush())
            throw Error(ErrorCode::SystemFailed, "cannot write the simulated card's keys");
    }
    std::filesystem::rename(fresh, path);
}

Bytes readFile(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw Error(ErrorCode::SystemFailed, "cannot read the simulated card's keys");
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

} // namespace

CardPki makeCardPki(RandomSource& random, UtcTime now, const PkiShape& shape)
{
    const LocalDate today = localDate(now);
    const SignatureKind kind{shape.parameterId, shape.hashSuffix};
    CardPki pki;
    Party authority = newParty(cvcaReference, shape.links == 0 ? kind : SignatureKind{}, random);
    pki.cvcaReference = authority.reference;
    pki.cvcaPoint = authority.pair.point;
    pki.cvcaParameterId = authority.kind.parameterId;
    pki.cvcaHashSuffix = authority.kind.hashSuffix;
    for (int generation = 1; generation <= shape.links; ++generation) {
        Party next = newParty("DECVCAAMTSS0000" + std::to_string(generation + 1), kind, random);
        pki.terminalChain.push_back(cvCertificate(
            authority, next, roleCvca, {plusDays(today, -300 + generation), plusDays(today, 700)}));
        authority = std::move(next);
    }
    const Party dv = newParty("DEDVAMTSS00001", kind, random);
    const Party terminal = newParty("DEATAMTSS00001", kind, random);
    Country country = makeCountry(random, now, "CSCA Musterbund");

    pki.validUntil = plusDays(today, 90);
    pki.terminalChain.push_back(
        cvCertificate(authority, dv, roleDv, {plusDays(today, -300), plusDays(today, 300)}));
    pki.terminalChain.push_back(
        cvCertificate(dv, terminal, roleTerminal, {plusDays(today, -1), pki.validUntil}, shape));
    pki.description = shape.description;
    pki.terminalKey = Secret(pkcs8(keyOf(terminal).get()));
    pki.terminalParameterId = kind.parameterId;
    pki.terminalHashSuffix = kind.hashSuffix;
    pki.countrySigner = std::move(country.authority);
    pki.countryKey = Secret(std::move(country.authorityKey));
    pki.chipSecret = Secret(ChipCurve(curveId).newSecret(random));
    pki.signer = std::move(country.signer);
    pki.signerKey = Secret(std::move(country.signerKey));
    return pki;
}

Bytes townDescription()
{
    const auto utf8 = [](std::string_view text) { return Tlv().add(0x0C, view(text)); };
    const auto printable = [](std::string_view text) { return Tlv().add(0x13, view(text)); };
    constexpr std::string_view terms =
        "Name, Anschrift und E-Mail-Adresse des Diensteanbieters:\r\n"
        "Stadt Musterstadt, Markt 1, 48143 Musterstadt, buergerbuero@musterstadt.example\r\n"
        "Zweck des Auslesens der Daten:\r\n"
        "Anträge an die Stadt, die Sie am Terminal im Rathaus stellen\r\n"
        "Zuständige Datenschutzaufsicht:\r\n"
        "Landesbeauftragte für Datenschutz und Informationsfreiheit, Postfach 1, 40102 "
        "Musterhausen, poststelle@aufsicht.example\r\n";
    return Tlv()
        .add(0x30, Tlv()
                       .add(0x06, fromHex("04007f00070301030101"))
                       .add(0xA1, utf8("Musterbund-Berechtigungen"))
                       .add(0xA2, printable("https://berechtigungen.example"))
                       .add(0xA3, utf8("Stadt Musterstadt"))
                       .add(0xA4, printable("https://musterstadt.example"))
                       .add(0xA5, utf8(terms)))
        .bytes();
}

CardPki cardPkiIn(const std::filesystem::path& folder, RandomSource& random, UtcTime now)
{
    const auto cardFile = folder / "card.json";
    if (std::filesystem::exists(cardFile)) {
        const auto kept = json::parseObject(toText(readFile(cardFile)));
        CardPki pki;
        pki.validUntil = localDateFromIso(json::text(*kept, "validUntil"));
        if (plusDays(localDate(now), 7) <= pki.validUntil &&
            std::filesystem::exists(folder / "description.der")) {
            pki.terminalChain = {readFile(folder / "dv.cvcert"),
                                 readFile(folder / "terminal.cvcert")};
            pki.terminalKey = Secret(readFile(folder / "terminal.pkcs8"));
            pki.countrySigner = readFile(folder / "csca.der");
            pki.description = readFile(folder / "description.der");
            pki.cvcaReference = json::text(*kept, "cvcaReference");
            pki.cvcaPoint = json::bytes(*kept, "cvcaPoint");
            pki.chipSecret = Secret(json::bytes(*kept, "chipSecret"));
            pki.signer = json::bytes(*kept, "signer");
            pki.signerKey = Secret(json::bytes(*kept, "signerKey"));
            return pki;
        }
    }

    CardPki pki = makeCardPki(random, now, {.description = townDescription()});
    std::filesystem::create_directories(folder);
    writeFile(folder / "dv.cvcert", pki.terminalChain.front());
    writeFile(folder / "terminal.cvcert", pki.terminalChain.back());
    writeFile(folder / "terminal.pkcs8", pki.terminalKey.reveal());
    writeFile(folder / "csca.der", pki.countrySigner);
    writeFile(folder / "description.der", pki.description);
    auto kept = json::makeObject();
    kept->set("validUntil", toIso(pki.validUntil));
    kept->set("cvcaReference", pki.cvcaReference);
    kept->set("cvcaPoint", toBase64Url(pki.cvcaPoint));
    kept->set("chipSecret", toBase64Url(pki.chipSecret.reveal()));
    kept->set("signer", toBase64Url(pki.signer));
    kept->set("signerKey", toBase64Url(pki.signerKey.reveal()));
    writeFile(cardFile, toBytes(json::write(*kept))); // last: with it the folder is whole
    return pki;
}

Bytes signAsTerminal(const CardPki& pki, ByteView toBeSigned)
{
    const auto key = fromPkcs8(pki.terminalKey.reveal());
    return signPlain({pki.terminalParameterId, pki.terminalHashSuffix}, key.get(),
                     Bytes(toBeSigned.begin(), toBeSigned.end()));
}

namespace {

Bytes signMessage(const Bytes& signerCertificate, ByteView signerKey, const char* contentType,
                  const Bytes& signedContent)
{
    const auto key = fromPkcs8(signerKey);
    const std::uint8_t* at = signerCertificate.data();
    const Own<X509> signer(d2i_X509(nullptr, &at, static_cast<long>(signerCertificate.size())));
    must(signer != nullptr);
    const Own<BIO> content(
        BIO_new_mem_buf(signedContent.data(), static_cast<int>(signedContent.size())));
    const Own<CMS_ContentInfo> cms(
        CMS_sign(nullptr, nullptr, nullptr, nullptr, CMS_BINARY | CMS_PARTIAL));
    const Own<ASN1_OBJECT> type(OBJ_txt2obj(contentType, 1));
    must(cms != nullptr && CMS_set1_eContentType(cms.get(), type.get()) == 1);
    must(CMS_add1_signer(cms.get(), signer.get(), key.get(), EVP_sha256(),
                         CMS_BINARY | CMS_NOSMIMECAP) != nullptr);
    must(CMS_final(cms.get(), content.get(), nullptr, CMS_BINARY) == 1);
    std::uint8_t* encoded = nullptr;
    const int size = i2d_CMS_ContentInfo(cms.get(), &encoded);
    must(size > 0);
    Bytes bytes(encoded, encoded + size);
    OPENSSL_free(encoded);
    return bytes;
}

} // namespace

Bytes signSecurityInfos(const CardPki& pki, const Bytes& infos)
{
    return signMessage(pki.signer, pki.signerKey.reveal(), "0.4.0.127.0.7.3.2.1", infos);
}

MasterList makeMasterList(RandomSource& random, UtcTime now, const std::vector<Bytes>& signers,
                          ListSigner signer)
{
    const Country country =
        makeCountry(random, now, "CSCA Musterbund",
                    signer == ListSigner::Proper ? Authority::ListSigner : Authority::Signer);
    Tlv certificates;
    for (const auto& certificate : signers)
        certificates.append(certificate);
    const Bytes content =
        Tlv().add(0x30, Tlv().add(0x02, Bytes{0}).add(0x31, certificates)).bytes();
    return {signMessage(country.signer, country.signerKey, "2.23.136.1.1.2", content),
            country.authority};
}

CardPki withForeignSigner(CardPki pki, RandomSource& random, UtcTime now)
{
    Country foreign = makeCountry(random, now, "CSCA Nirgendwo");
    pki.signer = std::move(foreign.signer);
    pki.signerKey = Secret(std::move(foreign.signerKey));
    return pki;
}

CardPki withOddCurve(CardPki pki, RandomSource& random, UtcTime now)
{
    const ChipCurve curve(curveId);
    const Bytes doubled = curve.plus(curve.generator(), curve.generator());
    const auto key = keyOverGenerator(curve, doubled, curve.newSecret(random));
    const auto countryKey = fromPkcs8(pki.countryKey.reveal());
    const std::uint8_t* at = pki.countrySigner.data();
    const Own<X509> country(d2i_X509(nullptr, &at, static_cast<long>(pki.countrySigner.size())));
    must(country != nullptr);
    pki.signer = der(
        x509(key.get(), "Ausweissigner", Authority::Signer, country.get(), countryKey.get(), now)
            .get());
    pki.signerKey = Secret(pkcs8(key.get()));
    return pki;
}

} // namespace amt::sim
