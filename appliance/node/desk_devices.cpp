// SPDX-License-Identifier: EUPL-1.2
//
// Devices at a glance; emulated ones can be acted on.
#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/house.h"
#include "appliance/node/routes.h"

#include <algorithm>

namespace amt::node {
namespace {

std::string printerDetail(const PrinterState& state)
{
    if (!state.present)
        return "devices.missing";
    if (state.coverOpen)
        return "devices.coverOpen";
    if (state.paperOut)
        return "devices.paperOut";
    return state.paperNearEnd ? "devices.paperLow" : "devices.ready";
}

} // namespace

Reply showDevices(House& house, Exchange& exchange)
{
    house.askPrinter();
    page::DevicesPage view;
    const bool mayAct = mayUse(exchange.clerk->roles, Method::Post, "/desk/devices");
    const auto emulated =
        house.doors.emulation ? house.doors.emulation->devices() : std::vector<Emulation::Device>();
    for (const std::string kind : {"card", "desk-card", "terminal", "printer", "scanner"}) {
        if (kind == "scanner" && !house.doors.scanner)
            continue; // most towns have none
        page::DevicesPage::Device device;
        device.kind = kind;
        if (kind == "card") {
            device.present = !house.cardReading.impossible();
            device.detail = device.present ? "devices.ready" : "devices.noCertificate";
        } else if (kind == "desk-card") {
            device.present = house.deskIdentity.hasReader();
            device.detail = !device.present                       ? "devices.notSetUp"
                            : house.deskIdentity.hasCertificate() ? "devices.ready"
                                                                  : "devices.noDeskCertificate";
        } else if (kind == "terminal") {
            device.present = true;
            device.detail = house.cashier.ready() ? "devices.ready" : "devices.busy";
        } else if (kind == "scanner") {
            device.present = house.checkIn.hasScanner();
            device.detail = device.present ? "devices.ready" : "devices.missing";
        } else {
            device.present = house.printerState().present;
            device.detail = printerDetail(house.printerState());
        }
        const auto found =
            std::find_if(emulated.begin(), emulated.end(),
                         [&](const Emulation::Device& one) { return one.kind == kind; });
        if (found != emulated.end()) {
            device.present = true;
            device.emulated = true;
            if (!found->detail.empty())
                device.detail = found->detail;
            for (const auto& act : mayAct ? found->acts : std::vector<std::string>())
                device.acts.push_back({act, "desk.act." + act});
        }
        view.devices.push_back(std::move(device));
    }
    view.portalDetail =
        house.portalReachable() ? "devices.portalReachable" : "devices.portalUnreachable";
    return house.deskPage(exchange, view);
}

Reply actOnDevice(House& house, Exchange& exchange)
{
    const std::string& kind = exchange.field("device");
    const std::string& act = exchange.field("act");
    if (!house.doors.emulation)
        throw Error(ErrorCode::NotFound, "no emulated devices");
    const auto devices = house.doors.emulation->devices();
    const bool known =
        std::any_of(devices.begin(), devices.end(), [&](const Emulation::Device& device) {
            return device.kind == kind &&
                   std::find(device.acts.begin(), device.acts.end(), act) != device.acts.end();
        });
    if (!known)
        throw Error(ErrorCode::NotFound, "no such act");
    log::info("emulation.act",
              {{"device", kind}, {"act", act}, {"clerk", exchange.clerk->clerk.id}});
    house.doors.emulation->act(kind, act);
    return redirect("/desk/devices");
}

} // namespace amt::node
