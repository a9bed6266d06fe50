// SPDX-License-Identifier: EUPL-1.2
//
// One visitor of a variant, made of a lambda for each alternative.
#pragma once

namespace amt {

template <typename... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

} // namespace amt
