// SPDX-License-Identifier: EUPL-1.2
//
// Event devices through libevdev.
#include "drivers/scanner/evdev_source.h"

#include "appliance/core/log.h"

#include <Poco/DirectoryIterator.h>
#include <Poco/File.h>
#include <fcntl.h>
#include <libevdev/libevdev.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <string>

namespace amt::scanner {
namespace {

const std::string folder = "/dev/input";

struct DeviceEnd {
    void operator()(libevdev* device) const
    {
        const int file = libevdev_get_fd(device);
        libevdev_free(device);
        if (file >= 0)
            ::close(file); // ends the grab as well
    }
};
using Device = std::unique_ptr<libevdev, DeviceEnd>;

/// Null for what cannot be opened, is no event device, or has gone meanwhile.
Device deviceAt(const std::string& path)
{
    const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return nullptr;
    libevdev* made = nullptr;
    if (libevdev_new_from_fd(file, &made) != 0) {
        ::close(file);
        return nullptr;
    }
    return Device(made);
}

std::set<std::string> eventDevices()
{
    std::set<std::string> paths;
    if (!Poco::File(folder).exists())
        return paths;
    for (Poco::DirectoryIterator entry(folder), end; entry != end; ++entry) {
        if (entry.name().starts_with("event"))
            paths.insert(entry.path().toString());
    }
    return paths;
}

class EvdevSource final : public KeySource {
public:
    EvdevSource(std::uint16_t vendor, std::uint16_t product) : _vendor(vendor), _product(product) {}

    bool open() override
    {
        close();
        for (const auto& path : eventDevices()) {
            auto device = deviceAt(path);
            if (!device || !isOurs(*device))
                continue;
            if (libevdev_grab(device.get(), LIBEVDEV_GRAB) != 0) {
                log::warning("scanner.not-grabbed", {{"device", path}});
                continue;
            }
            _device = std::move(device);
            return true;
        }
        return false;
    }

    void close() override { _device.reset(); }

    int handle() const override { return libevdev_get_fd(_device.get()); }

    std::optional<std::vector<KeyEvent>> take() override
    {
        std::vector<KeyEvent> events;
        unsigned flag = LIBEVDEV_READ_FLAG_NORMAL;
        for (;;) {
            input_event event{};
            const int status = libevdev_next_event(_device.get(), flag, &event);
            if (status == -EAGAIN && flag == LIBEVDEV_READ_FLAG_NORMAL)
                return events;
            if (status == -EAGAIN) { // in step again after dropped events
                flag = LIBEVDEV_READ_FLAG_NORMAL;
                continue;
            }
            if (status < 0)
                return std::nullopt;
            events.push_back({event.type, event.code, event.value});
            if (status == LIBEVDEV_READ_STATUS_SYNC)
                flag = LIBEVDEV_READ_FLAG_SYNC;
        }
    }

private:
    bool isOurs(const libevdev& device) const
    {
        return libevdev_get_id_vendor(&device) == _vendor &&
               libevdev_get_id_product(&device) == _product &&
               libevdev_has_event_code(&device, EV_KEY, KEY_A) == 1 &&
               libevdev_has_event_code(&device, EV_KEY, KEY_ENTER) == 1;
    }

    int _vendor, _product;
    Device _device;
};

} // namespace

std::unique_ptr<KeySource> makeEvdevSource(std::uint16_t vendor, std::uint16_t product)
{
    return std::make_unique<EvdevSource>(vendor, product);
}

} // namespace amt::scanner
