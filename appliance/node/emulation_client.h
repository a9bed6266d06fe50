// SPDX-License-Identifier: EUPL-1.2
//
// The node's side of the emulated devices' control line (tests/sim/devices/README.md); only where
// ./amt run says so.
#pragma once

#include "appliance/node/node.h"

#include <string>

namespace amt::node {

class EmulationClient : public Emulation {
public:
    explicit EmulationClient(std::string controlSocket) : _controlSocket(std::move(controlSocket))
    {}

    /// Empty when the emulation does not answer within half a second.
    std::vector<Device> devices() override;
    /// Throws NotFound for what the emulation does not know, BrokerGone when it does not answer.
    void act(const std::string& kind, const std::string& act) override;

private:
    std::string ask(const std::string& line) const;

    std::string _controlSocket;
};

} // namespace amt::node
