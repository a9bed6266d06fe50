// SPDX-License-Identifier: EUPL-1.2
//
// Elliptic curves by their standardised domain parameters. Points travel as 04 || x || y.
#include "drivers/eid/curve.h"

#include "drivers/eid/openssl.h"

#include <openssl/obj_mac.h>

#include <array>

namespace amt::eid {
namespace {

struct NamedCurve {
    int parameterId;
    int nid;
};

// TR-03110-3 table 4. 8 to 11 (192 and 224 bits) are taken from a card that has nothing better.
constexpr std::array<NamedCurve, 11> curves{{
    {8, NID_X9_62_prime192v1},
    {9, NID_brainpoolP192r1},
    {10, NID_secp224r1},
    {11, NID_brainpoolP224r1},
    {12, NID_X9_62_prime256v1},
    {13, NID_brainpoolP256r1},
    {14, NID_brainpoolP320r1},
    {15, NID_secp384r1},
    {16, NID_brainpoolP384r1},
    {17, NID_brainpoolP512r1},
    {18, NID_secp521r1},
}};

int nidOf(int parameterId)
{
    for (const auto& curve : curves) {
        if (curve.parameterId == parameterId)
            return curve.nid;
    }
    return NID_undef;
}

BigNumber toBigNumber(const Secret& scalar)
{
    BigNumber number(BN_secure_new());
    demand(number != nullptr, "number");
    BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    demand(BN_bin2bn(scalar.reveal().data(), static_cast<int>(scalar.size()), number.get()) !=
               nullptr,
           "number");
    return number;
}

} // namespace

struct Curve::Impl {
    Group group;
    BigNumberWork work;
    std::size_t fieldBytes = 0;

    GroupPoint newPoint() const
    {
        GroupPoint point(EC_POINT_new(group.get()));
        demand(point != nullptr, "point");
        return point;
    }

    /// EC_POINT_oct2point also checks that the point is on the curve.
    GroupPoint decode(ByteView encoded) const
    {
        GroupPoint point = newPoint();
        if (encoded.size() != 1 + 2 * fieldBytes || encoded[0] != 0x04 ||
            EC_POINT_oct2point(group.get(), point.get(), encoded.data(), encoded.size(),
                               work.get()) != 1) {
            ERR_clear_error();
            throw Error(ErrorCode::CardAnswerMalformed, "point not on the curve");
        }
        return point;
    }

    Bytes encode(const GroupPoint& point) const
    {
        if (EC_POINT_is_at_infinity(group.get(), point.get()) != 0)
            throw Error(ErrorCode::CardAnswerMalformed, "point at infinity");
        Bytes bytes(1 + 2 * fieldBytes);
        demand(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                                  bytes.data(), bytes.size(), work.get()) == bytes.size(),
               "point");
        return bytes;
    }
};

bool Curve::isKnown(int parameterId)
{
    return nidOf(parameterId) != NID_undef;
}

Curve::Curve(int parameterId) : _parameterId(parameterId), _impl(std::make_unique<Impl>())
{
    if (!isKnown(parameterId))
        throw Error(ErrorCode::CardRefused, "domain parameters that we do not take");
    _impl->group.reset(EC_GROUP_new_by_curve_name(nidOf(parameterId)));
    _impl->work.reset(BN_CTX_secure_new());
    demand(_impl->group != nullptr && _impl->work != nullptr, "curve");
    _impl->fieldBytes = (static_cast<std::size_t>(EC_GROUP_get_degree(_impl->group.get())) + 7) / 8;
}

Curve::~Curve() = default;
Curve::Curve(Curve&&) noexcept = default;
Curve& Curve::operator=(Curve&&) noexcept = default;

int Curve::bits() const
{
    return EC_GROUP_get_degree(_impl->group.get());
}

std::size_t Curve::fieldBytes() const
{
    return _impl->fieldBytes;
}

Secret Curve::randomScalar(RandomSource& random) const
{
    const BIGNUM* order = EC_GROUP_get0_order(_impl->group.get());
    const int bits = BN_num_bits(order);
    for (;;) {
        Bytes bytes = randomBytes(random, static_cast<std::size_t>(bits + 7) / 8);
        if (bits % 8 != 0)
            bytes[0] = static_cast<std::uint8_t>(bytes[0] & ((1 << bits % 8) - 1));
        Secret scalar(std::move(bytes));
        const BigNumber number = toBigNumber(scalar);
        if (!BN_is_zero(number.get()) && BN_cmp(number.get(), order) < 0)
            return scalar;
    }
}

void Curve::check(ByteView point) const
{
    _impl->decode(point);
}

Bytes Curve::generator() const
{
    GroupPoint point = _impl->newPoint();
    demand(EC_POINT_copy(point.get(), EC_GROUP_get0_generator(_impl->group.get())) == 1, "point");
    return _impl->encode(point);
}

Bytes Curve::multiply(ByteView point, const Secret& scalar) const
{
    const GroupPoint factor = _impl->decode(point);
    const BigNumber number = toBigNumber(scalar);
    const GroupPoint product = _impl->newPoint();
    // One point, one scalar: OpenSSL takes its constant-time ladder.
    demand(EC_POINT_mul(_impl->group.get(), product.get(), nullptr, factor.get(), number.get(),
                        _impl->work.get()) == 1,
           "product");
    return _impl->encode(product);
}

Bytes Curve::add(ByteView left, ByteView right) const
{
    const GroupPoint sum = _impl->newPoint();
    demand(EC_POINT_add(_impl->group.get(), sum.get(), _impl->decode(left).get(),
                        _impl->decode(right).get(), _impl->work.get()) == 1,
           "sum");
    return _impl->encode(sum);
}

Bytes Curve::compressed(ByteView point) const
{
    _impl->decode(point);
    const ByteView x = point.subspan(1, _impl->fieldBytes);
    return Bytes(x.begin(), x.end());
}

} // namespace amt::eid
