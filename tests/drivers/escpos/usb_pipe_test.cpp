// SPDX-License-Identifier: EUPL-1.2
//
// libusb on a printer that umockdev plays: claimed by its class, partial writes kept, unplugged and
// found again.
#include "drivers/escpos/escpos.h"
#include "drivers/escpos/usb_pipe.h"
#include "tests/support/skip.h"

#include <boost/test/unit_test.hpp>

#ifdef AMT_UMOCKDEV

#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "tests/sim/printer/sim_printer.h"

#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>
#include <umockdev.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>

using namespace amt;
using namespace amt::escpos;

namespace {

/// A printer behind the kernel's USB file, as far as libusb asks. Handles come on umockdev's
/// thread.
class MockedPrinter {
public:
    static constexpr const char* file = "/dev/bus/usb/001/002";
    static constexpr const char* path = "/sys/devices/pci0000:00/usb1/1-1";

    explicit MockedPrinter(const std::string& descriptors) : _descriptors(descriptors) { plug(); }
    ~MockedPrinter()
    {
        if (_plugged)
            unplug();
        g_object_unref(_bed);
    }
    MockedPrinter(const MockedPrinter&) = delete;
    MockedPrinter& operator=(const MockedPrinter&) = delete;

    void plug()
    {
        GError* failure = nullptr;
        const std::string device =
            "P: /devices/pci0000:00/usb1/1-1\nN: bus/usb/001/002=" + _descriptors +
            "\nE: DEVNAME=/dev/bus/usb/001/002\nE: DEVTYPE=usb_device\nE: BUSNUM=001\n"
            "E: DEVNUM=002\nE: SUBSYSTEM=usb\nA: bConfigurationValue=1\\n\nA: busnum=1\\n\n"
            "A: devnum=2\\n\nA: speed=12\\n\nA: idVendor=04b8\\n\nA: idProduct=0202\\n\n"
            "A: bDeviceClass=00\\n\nA: bNumConfigurations=1\\n\nH: descriptors=" +
            _descriptors + "\n\n";
        BOOST_REQUIRE(umockdev_testbed_add_from_string(_bed, device.c_str(), &failure));
        _base = umockdev_ioctl_base_new();
        g_signal_connect(_base, "handle-ioctl", G_CALLBACK(&MockedPrinter::handle), this);
        BOOST_REQUIRE(umockdev_testbed_attach_ioctl(_bed, file, _base, &failure));
        const std::lock_guard lock(_mutex);
        _plugged = true;
        _kernelDriver = true;
    }

    void unplug()
    {
        {
            const std::lock_guard lock(_mutex);
            _plugged = false;
            for (auto& waiting : _waiting)
                finish(waiting.data, -ENODEV, 0);
            _waiting.clear();
        }
        GError* failure = nullptr;
        umockdev_testbed_detach_ioctl(_bed, file, &failure);
        umockdev_testbed_uevent(_bed, path, "remove");
        umockdev_testbed_remove_device(_bed, path);
        g_object_unref(_base);
    }

    template <typename Act>
    auto with(const Act& act)
    {
        const std::lock_guard lock(_mutex);
        return act(*this);
    }

    sim::SimPrinter printer;
    bool claimed = false;
    int stalls = 0; ///< so many bulk writes are answered with a stall
    int haltsCleared = 0;
    int foreignRequests = 0; ///< reset, set configuration: nobody should

    bool kernelDriver() const { return _kernelDriver; }

private:
    struct Waiting {
        UMockdevIoctlData* data;
        int taken; ///< of a write that the printer does not take whole
        bool in;
    };

    static Bytes bytesOf(UMockdevIoctlData* data)
    {
        guint8* bytes = nullptr;
        gint size = 0;
        umockdev_ioctl_data_retrieve(data, &bytes, &size);
        Bytes copy(bytes, bytes + size);
        g_free(bytes);
        return copy;
    }
    template <typename Value>
    static void set(UMockdevIoctlData* data, std::size_t offset, const Value& value)
    {
        umockdev_ioctl_data_update(
            data, offset, reinterpret_cast<guint8*>(const_cast<Value*>(&value)), sizeof value);
    }

    void finish(UMockdevIoctlData* urb, int status, int length)
    {
        set(urb, offsetof(usbdevfs_urb, status), status);
        set(urb, offsetof(usbdevfs_urb, actual_length), length);
        _done.push_back(urb);
    }

    static gboolean handle(UMockdevIoctlBase*, UMockdevIoctlClient* client, gpointer self)
    {
        return static_cast<MockedPrinter*>(self)->answer(client);
    }

    gboolean answer(UMockdevIoctlClient* client)
    {
        const std::lock_guard lock(_mutex);
        const auto request = umockdev_ioctl_client_get_request(client);
        UMockdevIoctlData* const argument = umockdev_ioctl_client_get_arg(client);
        const auto complete = [&](long result, int error) {
            umockdev_ioctl_client_complete(client, result, error);
            return TRUE;
        };
        const auto resolve = [&](std::size_t size) {
            return umockdev_ioctl_data_resolve(argument, 0, size, nullptr);
        };
        if (!_plugged && request != USBDEVFS_REAPURB && request != USBDEVFS_REAPURBNDELAY)
            return complete(-1, ENODEV);
        switch (request) {
        case USBDEVFS_GET_CAPABILITIES: {
            UMockdevIoctlData* const data = resolve(sizeof(std::uint32_t));
            set(data, 0,
                std::uint32_t{USBDEVFS_CAP_BULK_CONTINUATION | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
                              USBDEVFS_CAP_REAP_AFTER_DISCONNECT | USBDEVFS_CAP_ZERO_PACKET});
            umockdev_ioctl_data_unref(data);
            return complete(0, 0);
        }
        case USBDEVFS_GETDRIVER: {
            if (!_kernelDriver)
                return complete(-1, ENODATA);
            UMockdevIoctlData* const data = resolve(sizeof(usbdevfs_getdriver));
            constexpr char driver[] = "usblp";
            set(data, offsetof(usbdevfs_getdriver, driver), driver);
            umockdev_ioctl_data_unref(data);
            return complete(0, 0);
        }
        case USBDEVFS_IOCTL: {
            UMockdevIoctlData* const data = resolve(sizeof(usbdevfs_ioctl));
            usbdevfs_ioctl order{};
            const auto bytes = bytesOf(data);
            std::copy_n(bytes.begin(), sizeof order, reinterpret_cast<std::uint8_t*>(&order));
            umockdev_ioctl_data_unref(data);
            const bool before = _kernelDriver;
            _kernelDriver = static_cast<unsigned>(order.ioctl_code) == USBDEVFS_CONNECT;
            return !before && !_kernelDriver ? complete(-1, ENODATA) : complete(0, 0);
        }
        case USBDEVFS_DISCONNECT_CLAIM:
            _kernelDriver = false;
            claimed = true;
            return complete(0, 0);
        case USBDEVFS_CLAIMINTERFACE:
            claimed = true;
            return complete(_kernelDriver ? -1 : 0, _kernelDriver ? EBUSY : 0);
        case USBDEVFS_RELEASEINTERFACE:
            claimed = false;
            return complete(0, 0);
        case USBDEVFS_CLEAR_HALT:
            ++haltsCleared;
            return complete(0, 0);
        case USBDEVFS_RESET:
        case USBDEVFS_SETCONFIGURATION:
        case USBDEVFS_SETINTERFACE:
            ++foreignRequests;
            return complete(0, 0);
        case USBDEVFS_SUBMITURB:
            submit(argument);
            return complete(0, 0);
        case USBDEVFS_DISCARDURB: {
            if (_waiting.empty())
                return complete(-1, EINVAL);
            const auto waiting = _waiting.front();
            _waiting.pop_front();
            finish(waiting.data, -ENOENT, waiting.taken);
            return complete(0, 0);
        }
        case USBDEVFS_REAPURB:
        case USBDEVFS_REAPURBNDELAY: {
            if (_done.empty())
                return complete(-1, _plugged ? EAGAIN : ENODEV);
            UMockdevIoctlData* const urb = _done.front();
            _done.pop_front();
            UMockdevIoctlData* const where = resolve(sizeof(void*));
            umockdev_ioctl_data_set_ptr(where, 0, urb);
            umockdev_ioctl_data_unref(where);
            umockdev_ioctl_data_unref(urb);
            return complete(0, 0);
        }
        }
        return complete(-1, ENOTTY);
    }

    void submit(UMockdevIoctlData* argument)
    {
        UMockdevIoctlData* const data =
            umockdev_ioctl_data_resolve(argument, 0, sizeof(usbdevfs_urb), nullptr);
        usbdevfs_urb urb{};
        const auto bytes = bytesOf(data);
        std::copy_n(bytes.begin(), sizeof urb, reinterpret_cast<std::uint8_t*>(&urb));
        UMockdevIoctlData* buffer = nullptr;
        if (urb.buffer_length > 0)
            buffer = umockdev_ioctl_data_resolve(data, offsetof(usbdevfs_urb, buffer),
                                                 static_cast<gsize>(urb.buffer_length), nullptr);
        if (urb.type == USBDEVFS_URB_TYPE_CONTROL) {
            constexpr std::size_t setupBytes = 8;
            const auto setup = bytesOf(buffer);
            if (setup[0] == 0xA1 && setup[1] == 1) {
                set(buffer, setupBytes, printer.portStatus());
                finish(data, 0, 1);
            } else {
                finish(data, -EPIPE, 0);
            }
        } else if ((urb.endpoint & 0x80) != 0) {
            auto said = printer.answers();
            if (urb.endpoint != 0x85 || said.empty()) {
                _waiting.push_back({data, 0, true});
            } else {
                said.resize(std::min(said.size(), static_cast<std::size_t>(urb.buffer_length)));
                umockdev_ioctl_data_update(buffer, 0, said.data(), static_cast<gint>(said.size()));
                finish(data, 0, static_cast<int>(said.size()));
            }
        } else if (urb.endpoint != 0x02 || stalls > 0) {
            --stalls;
            finish(data, -EPIPE, 0);
        } else {
            const auto offered = buffer ? bytesOf(buffer) : Bytes();
            const auto taken = printer.take(offered);
            if (taken == offered.size())
                finish(data, 0, static_cast<int>(taken));
            else
                _waiting.push_back(
                    {data, static_cast<int>(taken), false}); // NAK, until libusb gives up
        }
        if (buffer)
            umockdev_ioctl_data_unref(buffer);
    }

    std::string _descriptors;
    UMockdevTestbed* _bed = umockdev_testbed_new();
    UMockdevIoctlBase* _base = nullptr;
    std::mutex _mutex;
    bool _plugged = false;
    bool _kernelDriver = true;
    std::deque<UMockdevIoctlData*> _done;
    std::deque<Waiting> _waiting;
};

// Device 04b8:0202 with one interface: bulk OUT 02 and bulk IN 85, not the usual 01 and 82; class
// 07, protocol 02.
const std::string printerDescriptors = "1201000200000040B804020200010102030109022000010100C00009040"
                                       "00002070102000705020240000007058502400000";
// Protocol 01, no bulk IN.
const std::string oneWayDescriptors =
    "1201000200000040B804020200010102030109021900010100C00009040000010701010007050202400000";
// Class 08.
const std::string storageDescriptors = "1201000200000040B804020200010102030109022000010100C00009040"
                                       "00002080650000705020240000007058502400000";

struct Quiet {
    Quiet() { log::setEnabled(false); }
    ~Quiet() { log::setEnabled(true); }
};

bool without()
{
    const char* const preloaded = std::getenv("LD_PRELOAD");
    return test::skipUnless(preloaded &&
                                std::string(preloaded).find("umockdev") != std::string::npos,
                            "umockdev is not preloaded (run it through ctest)");
}

constexpr Milliseconds shortly{60};

} // namespace

BOOST_FIXTURE_TEST_SUITE(escpos_usb_pipe, Quiet)

BOOST_AUTO_TEST_CASE(a_printer_is_claimed_by_its_class_and_left_to_the_kernel_again)
{
    if (without())
        return;
    MockedPrinter mocked(printerDescriptors);
    const auto pipe = makeUsbPipe();
    BOOST_REQUIRE(pipe->open());
    BOOST_TEST(mocked.with([](MockedPrinter& at) { return at.claimed && !at.kernelDriver(); }));
    BOOST_TEST(pipe->portStatus().value() == 0x18);
    const Bytes question = {0x10, 0x04, 0x01};
    BOOST_TEST(pipe->write(question, shortly).count == 3u);
    BOOST_TEST(toHex(pipe->read(1, shortly)) == "12");
    pipe->close();
    BOOST_TEST(mocked.with([](MockedPrinter& at) { return !at.claimed && at.kernelDriver(); }));
    BOOST_TEST(mocked.foreignRequests == 0);
}

BOOST_AUTO_TEST_CASE(answers_of_one_packet_are_read_one_by_one)
{
    if (without())
        return;
    MockedPrinter mocked(printerDescriptors);
    const auto pipe = makeUsbPipe();
    BOOST_REQUIRE(pipe->open());
    const Bytes questions = {0x10, 0x04, 0x01, 0x10, 0x04, 0x02};
    pipe->write(questions, shortly);
    BOOST_TEST(pipe->read(1, shortly).size() == 1u);
    BOOST_TEST(pipe->read(1, shortly).size() == 1u);
    BOOST_TEST(pipe->read(1, shortly).empty());
}

BOOST_AUTO_TEST_CASE(a_receipt_goes_over_usb)
{
    if (without())
        return;
    MockedPrinter mocked(printerDescriptors);
    const auto pipe = makeUsbPipe();
    RealEventLoop loop;
    const auto printer = makeEscposPrinter({}, *pipe, loop);
    PrintOutcome result = NoPrinter{};
    printer->print({.id = "1",
                    .elements = {PrintText{.text = "Żaneta"},
                                 PrintPair{.left = "Gebühr", .right = "30,70 €"}}},
                   [&](PrintOutcome outcome) {
                       result = outcome;
                       loop.stop();
                   });
    loop.run();
    BOOST_TEST(std::holds_alternative<Printed>(result));
    BOOST_TEST(mocked.printer.papers().size() == 1u);
    BOOST_TEST(mocked.printer.misunderstood() == 0);
}

BOOST_AUTO_TEST_CASE(what_a_full_printer_took_before_the_time_out_is_counted)
{
    if (without())
        return;
    MockedPrinter mocked(printerDescriptors);
    mocked.with([](MockedPrinter& at) { at.printer.setPaper(false); });
    const auto pipe = makeUsbPipe();
    BOOST_REQUIRE(pipe->open());
    const auto written = pipe->write(Bytes(6000, 'x'), shortly);
    BOOST_TEST(written.timedOut);
    BOOST_TEST(written.count == 4096u);
    BOOST_TEST(pipe->portStatus().value() == 0x38); // the control endpoint still answers
    BOOST_TEST(pipe->write(Bytes(1, 'x'), shortly).count == 0u);
}

BOOST_AUTO_TEST_CASE(a_stall_is_cleared_once)
{
    if (without())
        return;
    MockedPrinter mocked(printerDescriptors);
    const auto pipe = makeUsbPipe();
    BOOST_REQUIRE(pipe->open());
    mocked.with([](MockedPrinter& at) { at.stalls = 1; });
    BOOST_TEST(pipe->write(Bytes{'x'}, shortly).count == 1u);
    BOOST_TEST(mocked.haltsCleared == 1);
    mocked.with([](MockedPrinter& at) { at.stalls = 2; });
    BOOST_CHECK_EXCEPTION(pipe->write(Bytes{'x'}, shortly), Error,
                          [](const Error& e) { return e.errorCode() == ErrorCode::PrinterFailed; });
}

BOOST_AUTO_TEST_CASE(an_unplugged_printer_is_gone_and_found_again)
{
    if (without())
        return;
    MockedPrinter mocked(printerDescriptors);
    const auto pipe = makeUsbPipe();
    BOOST_REQUIRE(pipe->open());
    mocked.unplug();
    BOOST_CHECK_EXCEPTION(pipe->write(Bytes{'x'}, shortly), Error,
                          [](const Error& e) { return e.errorCode() == ErrorCode::PrinterFailed; });
    BOOST_TEST(!pipe->open());
    BOOST_CHECK_THROW(pipe->read(1, shortly), Error);
    mocked.plug();
    BOOST_TEST(pipe->open());
    BOOST_TEST(pipe->write(Bytes{'x'}, shortly).count == 1u);
}

BOOST_AUTO_TEST_CASE(a_printer_without_an_answering_endpoint_says_nothing)
{
    if (without())
        return;
    MockedPrinter mocked(oneWayDescriptors);
    const auto pipe = makeUsbPipe();
    BOOST_REQUIRE(pipe->open());
    BOOST_TEST(pipe->read(1, shortly).empty());
    BOOST_TEST(pipe->portStatus().value() == 0x18);
}

BOOST_AUTO_TEST_CASE(a_memory_stick_is_no_printer)
{
    if (without())
        return;
    MockedPrinter mocked(storageDescriptors);
    BOOST_TEST(!makeUsbPipe()->open());
    BOOST_TEST(!mocked.claimed);
}

BOOST_AUTO_TEST_SUITE_END()

#else

BOOST_AUTO_TEST_SUITE(escpos_usb_pipe)

BOOST_AUTO_TEST_CASE(a_printer_on_usb)
{
    amt::test::skipUnless(false, "libumockdev-dev was not there when this was built");
}

BOOST_AUTO_TEST_SUITE_END()

#endif
