// SPDX-License-Identifier: EUPL-1.2
//
// libevdev on event devices that umockdev plays: found by their numbers, grabbed, read, dropped
// events, unplugged.
#include "drivers/scanner/evdev_source.h"
#include "tests/support/skip.h"

#include <boost/test/unit_test.hpp>

#ifdef AMT_UMOCKDEV

#include "appliance/core/log.h"
#include "tests/sim/scanner/sim_scanner.h"

#include <linux/input.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <umockdev.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

using namespace amt;
using namespace amt::scanner;

namespace {

/// One event device as far as libevdev asks. Its ioctl handler runs on umockdev's thread.
class MockedDevice {
public:
    MockedDevice(UMockdevTestbed* bed, int number, std::uint16_t vendor, std::uint16_t product,
                 bool hasLetters = true)
        : _bed(bed), _name("event" + std::to_string(number)), _vendor(vendor), _product(product),
          _hasLetters(hasLetters)
    {
        GError* failure = nullptr;
        const std::string device = "P: " + path() + "\nN: input/" + _name +
                                   "\nE: DEVNAME=/dev/input/" + _name + "\nE: SUBSYSTEM=input\n\n";
        BOOST_REQUIRE(umockdev_testbed_add_from_string(_bed, device.c_str(), &failure));
        _base = umockdev_ioctl_base_new();
        g_signal_connect(_base, "handle-ioctl", G_CALLBACK(&MockedDevice::handle), this);
        g_signal_connect(_base, "handle-read", G_CALLBACK(&MockedDevice::read), this);
        BOOST_REQUIRE(umockdev_testbed_attach_ioctl(_bed, file().c_str(), _base, &failure));
        _line = umockdev_testbed_get_dev_fd(_bed, file().c_str());
        BOOST_REQUIRE(_line >= 0);
    }
    ~MockedDevice()
    {
        unplug();
        GError* failure = nullptr;
        umockdev_testbed_detach_ioctl(_bed, file().c_str(), &failure);
        g_object_unref(_base);
    }
    MockedDevice(const MockedDevice&) = delete;
    MockedDevice& operator=(const MockedDevice&) = delete;

    void unplug()
    {
        if (_isGone.exchange(true))
            return;
        umockdev_testbed_remove_device(_bed, ("/sys" + path()).c_str());
        ::close(_line);
    }

    void type(const std::vector<sim::TypedEvent>& keys) const
    {
        for (const auto& key : keys) {
            input_event event{};
            event.type = key.type;
            event.code = key.code;
            event.value = key.value;
            BOOST_REQUIRE(::write(_line, &event, sizeof event) == sizeof event);
        }
    }

    std::atomic<int> grabs{0}, asked{0};
    std::atomic<bool> isTaken{false}; ///< by somebody else

private:
    std::string path() const { return "/devices/pci0000:00/usb1/1-1/input/" + _name; }
    std::string file() const { return "/dev/input/" + _name; }

    static gboolean handle(UMockdevIoctlBase*, UMockdevIoctlClient* client, gpointer self)
    {
        return static_cast<MockedDevice*>(self)->answer(client);
    }

    /// What is typed comes by the line itself; a device that has gone says so.
    static gboolean read(UMockdevIoctlBase*, UMockdevIoctlClient* client, gpointer self)
    {
        if (!static_cast<MockedDevice*>(self)->_isGone)
            return FALSE;
        umockdev_ioctl_client_complete(client, -1, ENODEV);
        return TRUE;
    }

    gboolean answer(UMockdevIoctlClient* client)
    {
        ++asked;
        const auto request = umockdev_ioctl_client_get_request(client);
        UMockdevIoctlData* const argument = umockdev_ioctl_client_get_arg(client);
        if (request == EVIOCGRAB) {
            if (isTaken)
                umockdev_ioctl_client_complete(client, -1, EBUSY);
            else
                umockdev_ioctl_client_complete(client, 0, 0);
            grabs += isTaken ? 0 : 1;
            return TRUE;
        }
        const std::size_t size = _IOC_SIZE(request);
        Bytes said(size, 0);
        const auto set = [&said](unsigned bit) {
            if (bit / 8 < said.size())
                said[bit / 8] |= static_cast<std::uint8_t>(1U << bit % 8);
        };
        switch (_IOC_NR(request)) {
        case _IOC_NR(EVIOCGVERSION): {
            const int version = 0x010001;
            std::memcpy(said.data(), &version, sizeof version);
            break;
        }
        case _IOC_NR(EVIOCGID): {
            const input_id id{
                .bustype = BUS_USB, .vendor = _vendor, .product = _product, .version = 1};
            std::memcpy(said.data(), &id, sizeof id);
            break;
        }
        case _IOC_NR(EVIOCGBIT(0, 0)):
            set(EV_SYN);
            set(EV_KEY);
            break;
        case _IOC_NR(EVIOCGBIT(EV_KEY, 0)):
            if (_hasLetters) {
                for (unsigned key = KEY_ESC; key <= KEY_SPACE; ++key)
                    set(key);
            } else {
                set(KEY_VOLUMEUP);
            }
            break;
        default: // no name, no lights, nothing held down
            break;
        }
        if (size > 0) {
            UMockdevIoctlData* const data = umockdev_ioctl_data_resolve(argument, 0, size, nullptr);
            umockdev_ioctl_data_update(data, 0, said.data(), static_cast<gint>(size));
            umockdev_ioctl_data_unref(data);
        }
        umockdev_ioctl_client_complete(client, static_cast<long>(size), 0);
        return TRUE;
    }

    UMockdevTestbed* _bed;
    std::string _name;
    std::uint16_t _vendor, _product;
    bool _hasLetters;
    UMockdevIoctlBase* _base = nullptr;
    int _line = -1;
    std::atomic<bool> _isGone{false};
};

struct House {
    House() { log::setEnabled(false); }
    ~House()
    {
        log::setEnabled(true);
        if (bed)
            g_object_unref(bed);
    }

    /// Whether umockdev is not here; else its bed is made.
    bool without()
    {
        const char* const preloaded = std::getenv("LD_PRELOAD");
        if (test::skipUnless(preloaded &&
                                 std::string(preloaded).find("umockdev") != std::string::npos,
                             "umockdev is not preloaded (run it through ctest)"))
            return true;
        bed = umockdev_testbed_new();
        return false;
    }

    /// The codes that come until so many have ended, "?" for an unreadable one, "gone" for a
    /// scanner that went.
    static std::string codes(KeySource& source, int count)
    {
        KeyDecoder decoder(KeyLayout::Us);
        std::string story;
        while (count > 0) {
            pollfd waiting{source.handle(), POLLIN, 0};
            constexpr int patience = 10000;
            if (::poll(&waiting, 1, patience) <= 0)
                return story + "nothing comes";
            const auto events = source.take();
            if (!events)
                return story + "gone";
            for (const auto& event : *events) {
                if (const auto line = decoder.take(event)) {
                    const auto* const scanned = std::get_if<CodeScanned>(&*line);
                    story += (scanned ? scanned->code.reveal() : "?") + ";";
                    --count;
                }
            }
        }
        return story;
    }

    UMockdevTestbed* bed = nullptr;
};

constexpr std::uint16_t vendor = 0x0c2e;
constexpr std::uint16_t product = 0x0200;

} // namespace

BOOST_FIXTURE_TEST_SUITE(scanner_evdev_source, House)

BOOST_AUTO_TEST_CASE(a_scanner_is_found_by_its_numbers_and_grabbed_and_no_keyboard_is)
{
    if (without())
        return;
    const MockedDevice keyboard(bed, 0, 0x046d, 0xc31c);
    const MockedDevice buttons(bed, 1, vendor, product, false);
    const MockedDevice scanner(bed, 2, vendor, product);
    const auto source = makeEvdevSource(vendor, product);
    BOOST_REQUIRE(source->open());
    BOOST_TEST(scanner.grabs == 1);
    BOOST_TEST(keyboard.grabs == 0);
    BOOST_TEST(buttons.grabs == 0);
    scanner.type(sim::typed("ABCD-EFGH-2"));
    BOOST_TEST(codes(*source, 1) == "ABCD-EFGH-2;");
}

BOOST_AUTO_TEST_CASE(a_scanner_that_somebody_else_has_grabbed_is_not_ours)
{
    if (without())
        return;
    MockedDevice scanner(bed, 0, vendor, product);
    scanner.isTaken = true;
    const auto source = makeEvdevSource(vendor, product);
    BOOST_TEST(!source->open());
    scanner.isTaken = false;
    BOOST_TEST(source->open());
}

BOOST_AUTO_TEST_CASE(without_a_scanner_there_is_nothing_to_open)
{
    if (without())
        return;
    BOOST_TEST(!makeEvdevSource(vendor, product)->open());
    const MockedDevice keyboard(bed, 0, 0x046d, 0xc31c);
    BOOST_TEST(!makeEvdevSource(vendor, product)->open());
    BOOST_TEST(keyboard.asked > 0);
}

BOOST_AUTO_TEST_CASE(dropped_events_spoil_one_code_only)
{
    if (without())
        return;
    const MockedDevice scanner(bed, 0, vendor, product);
    const auto source = makeEvdevSource(vendor, product);
    BOOST_REQUIRE(source->open());
    scanner.type({{EV_KEY, KEY_A, 1},
                  {EV_SYN, SYN_REPORT, 0},
                  {EV_KEY, KEY_A, 0},
                  {EV_SYN, SYN_REPORT, 0},
                  {EV_SYN, SYN_DROPPED, 0},
                  {EV_SYN, SYN_REPORT, 0}});
    pollfd waiting{source->handle(), POLLIN, 0};
    BOOST_REQUIRE(::poll(&waiting, 1, 10000) == 1);
    KeyDecoder decoder(KeyLayout::Us);
    const auto events = source->take();
    BOOST_REQUIRE(events.has_value());
    for (const auto& event : *events)
        BOOST_TEST(!decoder.take(event).has_value());
    BOOST_REQUIRE(decoder.isAmidst());
    BOOST_TEST(std::holds_alternative<CodeUnreadable>(*decoder.pause()));
    scanner.type(sim::typed("NEXT"));
    BOOST_TEST(codes(*source, 1) == "NEXT;");
}

BOOST_AUTO_TEST_CASE(an_unplugged_scanner_is_gone_and_found_again)
{
    if (without())
        return;
    auto scanner = std::make_unique<MockedDevice>(bed, 0, vendor, product);
    const auto source = makeEvdevSource(vendor, product);
    BOOST_REQUIRE(source->open());
    scanner->unplug();
    BOOST_TEST(codes(*source, 1) == "gone");
    BOOST_TEST(!source->open());
    scanner = std::make_unique<MockedDevice>(bed, 3, vendor, product);
    BOOST_REQUIRE(source->open());
    scanner->type(sim::typed("AGAIN"));
    BOOST_TEST(codes(*source, 1) == "AGAIN;");
}

BOOST_AUTO_TEST_SUITE_END()

#else

BOOST_AUTO_TEST_CASE(scanner_evdev_source)
{
    amt::test::skipUnless(false, "built without umockdev");
}

#endif
