// SPDX-License-Identifier: EUPL-1.2
//
// amtctl: asks the running node over its admin socket, and takes in or gives out what a town has as
// files. Ends with 0 only if what was asked for is done.
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/ctl/admin_socket.h"
#include "appliance/ctl/appointment_files.h"
#include "appliance/ctl/plan_files.h"

#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Util/Application.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/OptionSet.h>

#include <charconv>
#include <chrono>
#include <functional>
#include <iostream>
#include <thread>

namespace {

using namespace amt;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;

class CtlProgram : public Poco::Util::Application {
public:
    CtlProgram() { setUnixOptions(true); }

protected:
    void defineOptions(Poco::Util::OptionSet& options) override
    {
        Application::defineOptions(options);
        const auto add = [&](const char* name, const char* what, const char* argument) {
            Poco::Util::Option option(name, "", what);
            option.required(false).repeatable(false).binding(std::string("amt.") + name);
            if (*argument)
                option.argument(argument);
            options.addOption(option);
        };
        add("socket", "admin socket of amt-node (default /run/amt/admin.sock)", "PATH");
        add("municipality", "plan-import: folder of calendar.json and queue.json", "DIR");
        add("services", "plan-import: services (CSV)", "FILE");
        add("hours", "plan-import: opening hours (JSON)", "FILE");
        add("pattern", "plan-import: which of them", "ID");
        add("from", "plan-import: first day of hours that name none; appointments-export", "DATE");
        add("holidays", "plan-import: holidays (CSV)", "FILE");
        add("group", "plan-import: of queue.json, for services that no group serves", "KEY");
        add("scope", "plan-import: where there is no calendar.json yet", "WORD");
        add("place", "plan-import: likewise, where citizens come to", "TEXT");
        add("file", "appointments-import, -export: .csv or .ics", "FILE");
        add("service", "appointments-import: of events (.ics) that name none", "KEY");
        add("take-rest", "appointments-import: what fits, where something does not", "");
        add("until", "appointments-export: last day; --from is the first", "DATE");
        add("dry-run", "say what would change, and write nothing", "");
        add("to", "plan-export: an empty folder", "DIR");
        add("years", "plan-export: of the holidays", "FIRST-LAST");
    }

    int main(const ArgVec& arguments) override
    {
        try {
            if (arguments.size() == 1) {
                for (const auto& question : questions) {
                    if (arguments[0] == question.name)
                        return askNode(question);
                }
                if (arguments[0] == "plan-import")
                    return importPlan();
                if (arguments[0] == "plan-export")
                    return exportPlan();
                if (arguments[0] == "appointments-import")
                    return importAppointments();
                if (arguments[0] == "appointments-export")
                    return exportAppointments();
            }
        } catch (const Error& failure) { // the door of main
            std::cerr << "amtctl: " << failure.message() << '\n';
            return failure.errorCode() == ErrorCode::SystemFailed ? EXIT_IOERR : EXIT_DATAERR;
        } catch (const Poco::Exception& failure) {
            std::cerr << "amtctl: " << failure.displayText() << '\n';
            return EXIT_UNAVAILABLE;
        } catch (const std::exception& failure) { // of the file system
            std::cerr << "amtctl: " << failure.what() << '\n';
            return EXIT_IOERR;
        }
        Poco::Util::HelpFormatter help(options());
        help.setCommand("amtctl");
        help.setUsage(
            "health|status|backup|plan-import|plan-export|appointments-import|appointments-export"
            " [options]");
        help.format(std::cerr);
        return EXIT_USAGE;
    }

private:
    struct Question {
        const char *name, *method, *path;
    };
    static constexpr Question questions[] = {
        {"health", "GET", "/admin/health"},
        {"status", "GET", "/admin/status"},
        {"backup", "POST", "/admin/backup"},
    };

    static constexpr std::size_t answerBytesMax = 16 * 1024 * 1024;

    std::string setting(const std::string& name) const
    {
        return config().getString("amt." + name, "");
    }
    std::string needed(const std::string& name) const
    {
        const std::string value = setting(name);
        if (value.empty())
            throw Error(ErrorCode::InputMalformed, "--" + name + " is missing");
        return value;
    }
    bool isDryRun() const { return config().has("amt.dry-run"); }
    ctl::Answer ask(const std::string& method, const std::string& path,
                    const std::string& body = "{}") const
    {
        return ctl::ask(config().getString("amt.socket", "/run/amt/admin.sock"), method, path,
                        body);
    }

    int askNode(const Question& question)
    {
        ctl::Answer answer = ask(question.method, question.path);
        while (answer.status == HTTPResponse::HTTP_ACCEPTED) // still at work
            answer = ask(HTTPRequest::HTTP_GET, question.path);
        std::cout << answer.body << '\n';
        return answer.status == HTTPResponse::HTTP_OK ? EXIT_OK : EXIT_UNAVAILABLE;
    }

    int importPlan()
    {
        ctl::PlanFiles files;
        files.municipality = needed("municipality");
        if (!setting("services").empty())
            files.services = setting("services");
        if (!setting("holidays").empty())
            files.holidays = setting("holidays");
        if (!setting("hours").empty()) {
            files.hours = setting("hours");
            files.pattern = needed("pattern");
            files.from = localDateFromIso(needed("from"));
        }
        files.group = setting("group");
        files.scope = setting("scope");
        files.place = setting("place");
        const auto change = ctl::planChange(files);
        auto said = ctl::describe(change);
        const bool writes = json::boolean(*said, "changes") && !isDryRun();
        if (writes)
            ctl::write(change, files.municipality);
        said->set("written", writes);
        std::cout << ctl::forPeople(*said);
        return EXIT_OK;
    }

    /// What the node answered. Throws Poco::RuntimeException where it refused.
    json::ObjectPtr answered(const std::string& method, const std::string& path,
                             const std::string& body = "{}") const
    {
        const auto answer = ask(method, path, body);
        if (answer.status != HTTPResponse::HTTP_OK)
            throw Poco::RuntimeException(answer.body);
        return json::parseObject(answer.body, answerBytesMax);
    }
    office::BookingPlan plan() const
    {
        return office::bookingPlanFromJson(*answered(HTTPRequest::HTTP_GET, "/admin/plan"));
    }

    int exportPlan()
    {
        const auto [first, last] = years(needed("years"));
        ctl::exportPlan(plan(), needed("to"), first, last);
        return EXIT_OK;
    }

    int importAppointments()
    {
        const auto brought = ctl::readAppointments(needed("file"), plan(), setting("service"));
        const auto bring = [&](bool isDryRun) {
            return answered(HTTPRequest::HTTP_POST, "/admin/appointments",
                            ctl::request(brought, isDryRun, config().has("amt.take-rest")));
        };
        auto answer = bring(isDryRun());
        const bool kept = json::boolean(*answer, "kept");
        if (kept)
            answer = waitForPortal(answer, [&] { return bring(true); });
        answer->set("kept", kept);
        std::cout << ctl::forPeople(*ctl::describe(*answer, brought));
        if (kept && json::integer(*answer, "asked") > 0)
            std::cerr << "amtctl: the portal does not answer now and is asked on;"
                         " the same command says later what became of it\n";
        return kept || isDryRun() ? EXIT_OK : EXIT_DATAERR;
    }

    /// Where a portal owns the calendar it decides on each: until it has, or says nothing new.
    static json::ObjectPtr waitForPortal(json::ObjectPtr answer,
                                         const std::function<json::ObjectPtr()>& ask)
    {
        constexpr auto lookEvery = std::chrono::seconds(2);
        constexpr int looksMax = 30; // without news
        std::int64_t open = json::integer(*answer, "asked");
        for (int looks = 0; open > 0 && looks < looksMax; ++looks) {
            std::cerr << "amtctl: the portal is asked, " << open << " to go\n";
            std::this_thread::sleep_for(lookEvery);
            answer = ask();
            const auto now = json::integer(*answer, "asked");
            if (now < open)
                looks = 0;
            open = now;
        }
        return answer;
    }

    int exportAppointments()
    {
        const std::string from = toIso(localDateFromIso(needed("from")));
        const std::string until = toIso(localDateFromIso(needed("until")));
        const auto answer =
            answered(HTTPRequest::HTTP_GET, "/admin/appointments?from=" + from + "&until=" + until);
        ctl::writeAppointments(*answer, plan(), needed("file"));
        return EXIT_OK;
    }

    /// "2026-2028"
    static std::pair<std::chrono::year, std::chrono::year> years(const std::string& text)
    {
        int first = 0;
        int last = 0;
        const char* end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, first);
        if (read.ec != std::errc() || read.ptr == end || *read.ptr != '-' ||
            std::from_chars(read.ptr + 1, end, last).ptr != end || first < 1990 || last < first ||
            last > 2100)
            throw Error(ErrorCode::InputMalformed, "--years: 1990-2100 at most");
        return {std::chrono::year(first), std::chrono::year(last)};
    }
};

} // namespace

int main(int argc, char** argv)
{
    try {
        CtlProgram program;
        program.init(argc, argv);
        return program.run();
    } catch (const Poco::Exception& failure) {
        std::cerr << "amtctl: " << failure.displayText() << '\n';
        return 64;
    }
}
