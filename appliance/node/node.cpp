// SPDX-License-Identifier: EUPL-1.2
//
// The node: a house behind a gate.
#include "appliance/node/node.h"

#include "appliance/node/gate.h"
#include "appliance/node/house.h"

namespace amt::node {

class Node::Impl {
public:
    Impl(NodeSettings settings, NodeDoors doors) : house(std::move(settings), doors)
    {
        house.takeUp();
    }

    House house;
};

Node::Node(NodeSettings settings, NodeDoors doors)
    : _impl(std::make_unique<Impl>(std::move(settings), doors))
{}

Node::~Node() = default;

void Node::handle(Surface surface, const HttpRequest& request, Respond respond)
{
    passGate(_impl->house, surface, request, std::move(respond));
}

} // namespace amt::node
