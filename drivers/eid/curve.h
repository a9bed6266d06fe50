// SPDX-License-Identifier: EUPL-1.2
//
// Elliptic curves by their standardised domain parameters (TR-03110-3 A.2.1.1). Points travel as 04
// || x || y.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"

#include <memory>

namespace amt::eid {

/// One of the standardised domain parameters 8 to 18 that OpenSSL offers. Immutable.
class Curve {
public:
    static bool isKnown(int parameterId);
    /// Throws CardRefused for parameters that we do not take.
    explicit Curve(int parameterId);
    ~Curve();
    Curve(Curve&&) noexcept;
    Curve& operator=(Curve&&) noexcept;

    int parameterId() const { return _parameterId; }
    int bits() const;
    std::size_t fieldBytes() const;

    /// A private key: uniform in [1, order).
    Secret randomScalar(RandomSource& random) const;
    /// Throws CardAnswerMalformed unless `point` is on the curve and not infinity.
    void check(ByteView point) const;
    Bytes generator() const;
    /// scalar · point. Throws CardAnswerMalformed for a bad point or when the product is infinity.
    Bytes multiply(ByteView point, const Secret& scalar) const;
    /// Sum of two points; throws as multiply.
    Bytes add(ByteView left, ByteView right) const;
    /// x of a point, in as many bytes as the field has: Comp() of TR-03110-3 A.2.2.3, and the
    /// shared secret.
    Bytes compressed(ByteView point) const;

private:
    struct Impl;
    int _parameterId;
    std::unique_ptr<Impl> _impl;
};

} // namespace amt::eid
