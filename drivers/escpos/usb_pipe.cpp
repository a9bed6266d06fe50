// SPDX-License-Identifier: EUPL-1.2
//
// Finding, claiming, bulk transfers and class requests (USB printer class 1.1).
#include "drivers/escpos/usb_pipe.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"

#include <libusb.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace amt::escpos {
namespace {

constexpr std::uint8_t printerClass = LIBUSB_CLASS_PRINTER;
constexpr std::uint8_t unidirectional = 1; ///< bInterfaceProtocol
constexpr std::uint8_t bidirectional = 2;
constexpr std::size_t transferBytesMax = 16 * 1024;

struct Place {
    std::uint8_t interface = 0;
    std::uint8_t out = 0;
    std::uint8_t in = 0; ///< 0: the printer does not answer
};

unsigned milliseconds(Milliseconds timeout)
{
    // To libusb, 0 would be for ever.
    return static_cast<unsigned>(
        std::clamp<Milliseconds::rep>(timeout.count(), 1, std::numeric_limits<int>::max()));
}

class LibusbPipe final : public UsbPipe {
public:
    explicit LibusbPipe(const UsbSettings& settings) : _settings(settings) {}
    ~LibusbPipe() override { close(); }

    bool open() override
    {
        close();
        // A new context each time: it looks at the bus anew, also where no udev tells of plugs.
        if (::libusb_init(&_context) != 0)
            throw Error(ErrorCode::SystemFailed, "libusb_init");
        libusb_device** devices = nullptr;
        const auto count = ::libusb_get_device_list(_context, &devices);
        for (ssize_t i = 0; i < count && !_device; ++i) {
            if (const auto place = placeOf(devices[i]))
                claim(devices[i], *place);
        }
        if (devices)
            ::libusb_free_device_list(devices, 1);
        if (!_device)
            close();
        return _device != nullptr;
    }

    void close() override
    {
        if (_device) {
            ::libusb_release_interface(_device, _place.interface);
            ::libusb_close(std::exchange(_device, nullptr));
        }
        if (_context)
            ::libusb_exit(std::exchange(_context, nullptr));
    }

    Written write(ByteView bytes, Milliseconds timeout) override
    {
        Written written;
        while (written.count < bytes.size()) {
            const auto chunk = bytes.subspan(
                written.count, std::min(transferBytesMax, bytes.size() - written.count));
            int taken = 0;
            // libusb does not write to what it sends.
            const int result = ::libusb_bulk_transfer(
                device(), _place.out, const_cast<unsigned char*>(chunk.data()),
                static_cast<int>(chunk.size()), &taken, milliseconds(timeout));
            written.count += static_cast<std::size_t>(std::max(taken, 0));
            if (result == LIBUSB_ERROR_TIMEOUT) {
                written.timedOut = true;
                break;
            }
            if (result == LIBUSB_ERROR_PIPE && !std::exchange(_stalled, true)) {
                ::libusb_clear_halt(device(), _place.out);
                continue;
            }
            if (result != 0)
                fail("write", result);
            _stalled = false;
        }
        return written;
    }

    Bytes read(std::size_t bytesMax, Milliseconds timeout) override
    {
        if (_place.in == 0)
            return {};
        // Whole packets, else a printer that sends more than we wanted is an overflow; what is over
        // waits for the next call.
        if (_received.empty()) {
            Bytes buffer(_packetBytes);
            int count = 0;
            const int result = ::libusb_bulk_transfer(device(), _place.in, buffer.data(),
                                                      static_cast<int>(buffer.size()), &count,
                                                      milliseconds(timeout));
            if (result == LIBUSB_ERROR_PIPE)
                ::libusb_clear_halt(device(), _place.in);
            else if (result != 0 && result != LIBUSB_ERROR_TIMEOUT)
                fail("read", result);
            buffer.resize(static_cast<std::size_t>(std::max(count, 0)));
            _received = std::move(buffer);
        }
        const auto size = std::min(bytesMax, _received.size());
        const auto end = _received.begin() + static_cast<std::ptrdiff_t>(size);
        Bytes bytes(_received.begin(), end);
        _received.erase(_received.begin(), end);
        return bytes;
    }

    std::optional<std::uint8_t> portStatus() override
    {
        constexpr std::uint8_t fromClassInterface = 0xA1; // bmRequestType: in, class, interface
        constexpr std::uint8_t getPortStatus = 1;
        std::uint8_t status = 0;
        const int count = ::libusb_control_transfer(device(), fromClassInterface, getPortStatus, 0,
                                                    _place.interface, &status, 1,
                                                    milliseconds(_settings.controlTimeout));
        if (count == LIBUSB_ERROR_NO_DEVICE)
            fail("port status", count);
        if (count != 1)
            return std::nullopt;
        return status;
    }

private:
    libusb_device_handle* device() const
    {
        if (!_device)
            throw Error(ErrorCode::PrinterFailed, "no printer is open");
        return _device;
    }

    [[noreturn]] void fail(const char* what, int result)
    {
        throw Error(ErrorCode::PrinterFailed,
                    std::string(what) + ": " + ::libusb_error_name(result));
    }

    std::optional<Place> placeOf(libusb_device* candidate) const
    {
        libusb_device_descriptor device{};
        if (::libusb_get_device_descriptor(candidate, &device) != 0)
            return std::nullopt;
        const bool named = _settings.vendor && _settings.product;
        if (named &&
            (device.idVendor != *_settings.vendor || device.idProduct != *_settings.product))
            return std::nullopt;
        libusb_config_descriptor* configuration = nullptr;
        if (::libusb_get_active_config_descriptor(candidate, &configuration) != 0)
            return std::nullopt;
        std::optional<Place> found;
        for (std::uint8_t i = 0; i < configuration->bNumInterfaces; ++i) {
            const auto& interface = configuration->interface[i];
            if (interface.num_altsetting < 1)
                continue;
            // The first setting is the active one; another one would need SET_INTERFACE.
            const auto& setting = interface.altsetting[0];
            const bool speaksOurs = setting.bInterfaceClass == printerClass &&
                                    (setting.bInterfaceProtocol == unidirectional ||
                                     setting.bInterfaceProtocol == bidirectional);
            if (!speaksOurs && !(named && setting.bInterfaceClass == LIBUSB_CLASS_VENDOR_SPEC))
                continue;
            Place place{.interface = setting.bInterfaceNumber};
            for (std::uint8_t j = 0; j < setting.bNumEndpoints; ++j) {
                const auto& endpoint = setting.endpoint[j];
                if ((endpoint.bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) !=
                    LIBUSB_TRANSFER_TYPE_BULK)
                    continue;
                auto& address =
                    (endpoint.bEndpointAddress & LIBUSB_ENDPOINT_IN) != 0 ? place.in : place.out;
                if (address == 0)
                    address = endpoint.bEndpointAddress;
            }
            if (place.out != 0) {
                found = place;
                break;
            }
        }
        ::libusb_free_config_descriptor(configuration);
        return found;
    }

    void claim(libusb_device* candidate, const Place& place)
    {
        libusb_device_handle* handle = nullptr;
        int result = ::libusb_open(candidate, &handle);
        if (result == 0) {
            ::libusb_set_auto_detach_kernel_driver(handle, 1);
            result = ::libusb_claim_interface(handle, place.interface);
        }
        if (result != 0) {
            // LIBUSB_ERROR_ACCESS: udev rule; LIBUSB_ERROR_BUSY: another process has it
            if (result != _reported)
                log::warning("printer.unusable", {{"reason", ::libusb_error_name(result)}});
            _reported = result;
            if (handle)
                ::libusb_close(handle);
            return;
        }
        _reported = 0;
        _device = handle;
        _place = place;
        _received.clear();
        _stalled = false;
        const int packet = place.in != 0 ? ::libusb_get_max_packet_size(candidate, place.in) : 0;
        _packetBytes = packet > 0 ? static_cast<std::size_t>(packet) : 64;
    }

    UsbSettings _settings;
    libusb_context* _context = nullptr;
    libusb_device_handle* _device = nullptr;
    Place _place;
    std::size_t _packetBytes = 64;
    Bytes _received;       ///< of the last packet, not yet asked for
    bool _stalled = false; ///< cleared once since the last good transfer
    int _reported = 0;     ///< the failure that is in the log already
};

} // namespace

std::unique_ptr<UsbPipe> makeUsbPipe(const UsbSettings& settings)
{
    return std::make_unique<LibusbPipe>(settings);
}

} // namespace amt::escpos
