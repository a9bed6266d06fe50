// SPDX-License-Identifier: EUPL-1.2
//
// The chip's arithmetic, written apart from the terminal's so that one judges the other.
#include "tests/sim/card/chip.h"

#include "appliance/core/error.h"
#include "drivers/eid/tlv.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <string>

namespace amt::sim {
namespace {

const char* nameOf(int parameterId)
{
    switch (parameterId) {
    case 8:
        return "prime192v1";
    case 9:
        return "brainpoolP192r1";
    case 10:
        return "secp224r1";
    case 11:
        return "brainpoolP224r1";
    case 12:
        return "prime256v1";
    case 13:
        return "brainpoolP256r1";
    case 14:
        return "brainpoolP320r1";
    case 15:
        return "secp384r1";
    case 16:
        return "brainpoolP384r1";
    case 17:
        return "brainpoolP512r1";
    case 18:
        return "secp521r1";
    default:
        throw Error(ErrorCode::InputMalformed, "curve of the simulated card");
    }
}

void must(bool succeeded)
{
    if (!succeeded) {
        ERR_clear_error();
        throw Error(ErrorCode::SystemFailed, "OpenSSL in the simulated card");
    }
}

std::string cipherName(std::size_t keyBytes)
{
    return "AES-" + std::to_string(keyBytes * 8);
}

Bytes cbc(bool encrypting, const Bytes& key, const Bytes& iv, const Bytes& input)
{
    const Own<EVP_CIPHER_CTX> work(EVP_CIPHER_CTX_new());
    const auto* cipher = EVP_get_cipherbyname((cipherName(key.size()) + "-CBC").c_str());
    must(EVP_CipherInit_ex(work.get(), cipher, nullptr, key.data(), iv.data(),
                           encrypting ? 1 : 0) == 1);
    EVP_CIPHER_CTX_set_padding(work.get(), 0);
    Bytes output(input.size() + 16);
    int first = 0;
    int second = 0;
    must(EVP_CipherUpdate(work.get(), output.data(), &first, input.data(),
                          static_cast<int>(input.size())) == 1);
    must(EVP_CipherFinal_ex(work.get(), output.data() + first, &second) == 1);
    output.resize(static_cast<std::size_t>(first + second));
    return output;
}

const EVP_MD* hashOf(const SignatureKind& kind)
{
    return kind.hashSuffix == 3 ? EVP_sha256() : kind.hashSuffix == 4 ? EVP_sha384() : EVP_sha512();
}

} // namespace

void Free::operator()(ECDSA_SIG* p) const
{
    ECDSA_SIG_free(p);
}

ChipCurve::ChipCurve(int parameterId)
    : _name(nameOf(parameterId)), _group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(_name))),
      _size((static_cast<std::size_t>(EC_GROUP_get_degree(_group.get())) + 7) / 8)
{}

int ChipCurve::withParameters(ByteView objects)
{
    for (int id = 8; id <= 18; ++id) {
        const Bytes own = ChipCurve(id).parametersAround({});
        const std::size_t head =
            own.size() - 5; // up to the point (86 00) and the cofactor (87 01 01)
        if (objects.size() >= head &&
            std::equal(own.begin(), own.begin() + static_cast<int>(head), objects.begin()))
            return id;
    }
    return 0;
}

Bytes ChipCurve::parametersAround(const Bytes& point) const
{
    const Own<BIGNUM> p(BN_new());
    const Own<BIGNUM> a(BN_new());
    const Own<BIGNUM> b(BN_new());
    must(EC_GROUP_get_curve(_group.get(), p.get(), a.get(), b.get(), nullptr) == 1);
    const auto number = [&](const BIGNUM* value) {
        Bytes bytes(_size);
        BN_bn2binpad(value, bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    };
    return eid::Tlv()
        .add(0x81, number(p.get()))
        .add(0x82, number(a.get()))
        .add(0x83, number(b.get()))
        .add(0x84, generator())
        .add(0x85, number(EC_GROUP_get0_order(_group.get())))
        .add(0x86, point)
        .add(0x87, Bytes{1})
        .bytes();
}

Bytes ChipCurve::newSecret(RandomSource& random) const
{
    // 64 bits more than the order has, then reduced: no retries, no bias to speak of.
    const Bytes bytes = randomBytes(random, _size + 8);
    const Own<BIGNUM> wide(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    const Own<BIGNUM> limit(BN_dup(EC_GROUP_get0_order(_group.get())));
    const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> work(BN_CTX_new(), &BN_CTX_free);
    BN_sub_word(limit.get(), 1);
    must(BN_nnmod(wide.get(), wide.get(), limit.get(), work.get()) == 1);
    BN_add_word(wide.get(), 1);
    Bytes secret(static_cast<std::size_t>(BN_num_bytes(EC_GROUP_get0_order(_group.get()))));
    must(BN_bn2binpad(wide.get(), secret.data(), static_cast<int>(secret.size())) > 0);
    return secret;
}

Own<EC_POINT> ChipCurve::read(const Bytes& point) const
{
    Own<EC_POINT> read(EC_POINT_new(_group.get()));
    if (point.size() != 2 * _size + 1 || point[0] != 4 ||
        EC_POINT_oct2point(_group.get(), read.get(), point.data(), point.size(), nullptr) != 1) {
        ERR_clear_error();
        return nullptr;
    }
    return read;
}

Bytes ChipCurve::write(const EC_POINT* point) const
{
    Bytes bytes(2 * _size + 1);
    if (EC_POINT_point2oct(_group.get(), point, POINT_CONVERSION_UNCOMPRESSED, bytes.data(),
                           bytes.size(), nullptr) != bytes.size())
        return {};
    return bytes;
}

Bytes ChipCurve::generator() const
{
    return write(EC_GROUP_get0_generator(_group.get()));
}

Bytes ChipCurve::times(const Bytes& point, const Bytes& scalar) const
{
    const auto factor = read(point);
    if (!factor)
        return {};
    const Own<BIGNUM> number(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr));
    const Own<EC_POINT> product(EC_POINT_new(_group.get()));
    must(EC_POINT_mul(_group.get(), product.get(), nullptr, factor.get(), number.get(), nullptr) ==
         1);
    return write(product.get());
}

Bytes ChipCurve::plus(const Bytes& left, const Bytes& right) const
{
    const auto a = read(left);
    const auto b = read(right);
    if (!a || !b)
        return {};
    const Own<EC_POINT> sum(EC_POINT_new(_group.get()));
    must(EC_POINT_add(_group.get(), sum.get(), a.get(), b.get(), nullptr) == 1);
    return write(sum.get());
}

Bytes ChipCurve::x(const Bytes& point) const
{
    if (point.size() != 2 * _size + 1)
        return {};
    return Bytes(point.begin() + 1, point.begin() + 1 + static_cast<std::ptrdiff_t>(_size));
}

Bytes counterBlock(std::uint64_t counter)
{
    Bytes block(16);
    for (std::size_t i = 0; i < 8; ++i)
        block[15 - i] = static_cast<std::uint8_t>(counter >> 8 * i);
    return block;
}

Bytes pad(Bytes data)
{
    data.push_back(0x80);
    while (data.size() % 16 != 0)
        data.push_back(0);
    return data;
}

Bytes hash(const char* name, const Bytes& data)
{
    Bytes value(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    must(EVP_Digest(data.data(), data.size(), value.data(), &size, EVP_get_digestbyname(name),
                    nullptr) == 1);
    value.resize(size);
    return value;
}

Bytes kdf(int keyBytes, const Bytes& secret, const Bytes& nonce, std::uint8_t counter)
{
    const Bytes tail{0, 0, 0, counter};
    Bytes key = hash(keyBytes == 16 ? "SHA1" : "SHA256", concat(secret, nonce, tail));
    key.resize(static_cast<std::size_t>(keyBytes));
    return key;
}

Bytes encryptNonce(const Bytes& key, const Bytes& nonce)
{
    return cbc(true, key, Bytes(16), nonce);
}

ChipCipher::ChipCipher(Bytes encryptionKey, Bytes macKey)
    : _encryptionKey(std::move(encryptionKey)), _macKey(std::move(macKey))
{}

ChipCipher ChipCipher::agree(int keyBytes, const Bytes& shared, const Bytes& nonce)
{
    return {kdf(keyBytes, shared, nonce, 1), kdf(keyBytes, shared, nonce, 2)};
}

Bytes ChipCipher::iv(std::uint64_t counter) const
{
    return cbc(true, _encryptionKey, Bytes(16), counterBlock(counter));
}

Bytes ChipCipher::encrypt(std::uint64_t counter, const Bytes& plain) const
{
    return cbc(true, _encryptionKey, iv(counter), plain);
}

Bytes ChipCipher::decrypt(std::uint64_t counter, const Bytes& cipherText) const
{
    return cbc(false, _encryptionKey, iv(counter), cipherText);
}

Bytes ChipCipher::mac(const Bytes& data) const
{
    const Own<EVP_MAC> algorithm(EVP_MAC_fetch(nullptr, "CMAC", nullptr));
    const Own<EVP_MAC_CTX> work(EVP_MAC_CTX_new(algorithm.get()));
    std::string cipher = cipherName(_macKey.size()) + "-CBC";
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher.data(), 0),
        OSSL_PARAM_construct_end()};
    must(EVP_MAC_init(work.get(), _macKey.data(), _macKey.size(), parameters.data()) == 1);
    must(EVP_MAC_update(work.get(), data.data(), data.size()) == 1);
    Bytes value(16);
    std::size_t size = 0;
    must(EVP_MAC_final(work.get(), value.data(), &size, value.size()) == 1);
    value.resize(8);
    return value;
}

Own<EVP_PKEY> toKey(const ChipCurve& curve, const Bytes& secret, const Bytes& point,
                    Parameters parameters)
{
    const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(
        OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
    const Own<BIGNUM> number(BN_bin2bn(secret.data(), static_cast<int>(secret.size()), nullptr));
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.name(), 0);
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_EC_ENCODING,
                                    parameters == Parameters::Explicit ? "explicit" : "named_curve",
                                    0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
    if (!secret.empty())
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get());
    const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> built(
        OSSL_PARAM_BLD_to_param(builder.get()), &OSSL_PARAM_free);
    const Own<EVP_PKEY_CTX> work(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* key = nullptr;
    must(EVP_PKEY_fromdata_init(work.get()) == 1);
    must(EVP_PKEY_fromdata(work.get(), &key,
                           secret.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR,
                           built.get()) == 1);
    return Own<EVP_PKEY>(key);
}

Own<EVP_PKEY> keyOverGenerator(const ChipCurve& curve, const Bytes& generator, const Bytes& secret)
{
    const Bytes parameters = curve.parametersAround({});
    const auto numberOf = [&](eid::Tag tag) {
        const auto value = eid::find(eid::parseTlv(parameters), tag)->value;
        return Own<BIGNUM>(BN_bin2bn(value.data(), static_cast<int>(value.size()), nullptr));
    };
    const auto p = numberOf(0x81);
    const auto a = numberOf(0x82);
    const auto b = numberOf(0x83);
    const auto order = numberOf(0x85);
    const auto cofactor = numberOf(0x87);
    const Own<BIGNUM> number(BN_bin2bn(secret.data(), static_cast<int>(secret.size()), nullptr));
    const Bytes point = curve.times(generator, secret);
    const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(
        OSSL_PARAM_BLD_new(), &OSSL_PARAM_BLD_free);
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_EC_FIELD_TYPE, "prime-field", 0);
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_EC_ENCODING, "explicit", 0);
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_EC_P, p.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_EC_A, a.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_EC_B, b.get());
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_EC_GENERATOR, generator.data(),
                                     generator.size());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_EC_ORDER, order.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_EC_COFACTOR, cofactor.get());
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get());
    const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> built(
        OSSL_PARAM_BLD_to_param(builder.get()), &OSSL_PARAM_free);
    const Own<EVP_PKEY_CTX> work(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* key = nullptr;
    must(EVP_PKEY_fromdata_init(work.get()) == 1);
    must(EVP_PKEY_fromdata(work.get(), &key, EVP_PKEY_KEYPAIR, built.get()) == 1);
    return Own<EVP_PKEY>(key);
}

bool verifies(const SignatureKind& kind, const Bytes& publicPoint, const Bytes& signature,
              const Bytes& data)
{
    const auto half = static_cast<int>(signature.size() / 2);
    if (signature.size() != 2 * (publicPoint.size() / 2))
        return false;
    const Own<EVP_PKEY> key =
        toKey(ChipCurve(kind.parameterId), {}, publicPoint, Parameters::Named);
    const Own<ECDSA_SIG> numbers(ECDSA_SIG_new());
    ECDSA_SIG_set0(numbers.get(), BN_bin2bn(signature.data(), half, nullptr),
                   BN_bin2bn(signature.data() + half, half, nullptr));
    std::uint8_t* encoded = nullptr;
    const int size = i2d_ECDSA_SIG(numbers.get(), &encoded);
    const Own<EVP_MD_CTX> work(EVP_MD_CTX_new());
    const bool good =
        EVP_DigestVerifyInit(work.get(), nullptr, hashOf(kind), nullptr, key.get()) == 1 &&
        EVP_DigestVerify(work.get(), encoded, static_cast<std::size_t>(size), data.data(),
                         data.size()) == 1;
    OPENSSL_free(encoded);
    ERR_clear_error();
    return good;
}

Bytes signPlain(const SignatureKind& kind, EVP_PKEY* key, const Bytes& data)
{
    const int half = (EVP_PKEY_get_bits(key) + 7) / 8;
    const Own<EVP_MD_CTX> work(EVP_MD_CTX_new());
    must(EVP_DigestSignInit(work.get(), nullptr, hashOf(kind), nullptr, key) == 1);
    std::size_t size = 0;
    must(EVP_DigestSign(work.get(), nullptr, &size, data.data(), data.size()) == 1);
    Bytes encoded(size);
    must(EVP_DigestSign(work.get(), encoded.data(), &size, data.data(), data.size()) == 1);
    const std::uint8_t* at = encoded.data();
    const Own<ECDSA_SIG> numbers(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
    must(numbers != nullptr);
    Bytes plain(2 * static_cast<std::size_t>(half));
    BN_bn2binpad(ECDSA_SIG_get0_r(numbers.get()), plain.data(), half);
    BN_bn2binpad(ECDSA_SIG_get0_s(numbers.get()), plain.data() + half, half);
    return plain;
}

} // namespace amt::sim
