// SPDX-License-Identifier: EUPL-1.2
//
// Texts: complete in every language, without markup, with the plural forms that each language
// needs.
#include "appliance/core/error.h"
#include "kiosk/page/templates.h"
#include "kiosk/page/texts.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <map>

namespace {

using namespace amt;
using namespace amt::page;
namespace data = boost::unit_test::data;

const std::string errorsFile = AMT_SOURCE_DIR "/config/errors.tsv";

Texts ours()
{
    return Texts(AMT_SOURCE_DIR "/kiosk/text", errorsFile);
}

using Files = std::map<std::string, std::string>; ///< name to content

/// A folder with message files of its own, gone at the end.
class Folder {
public:
    explicit Folder(const Files& files)
        : _path(std::filesystem::path(AMT_BINARY_DIR) / "texts_test")
    {
        std::filesystem::remove_all(_path);
        std::filesystem::create_directories(_path);
        for (const auto& [name, content] : files)
            std::ofstream(_path / name, std::ios::binary) << content;
    }
    ~Folder() { std::filesystem::remove_all(_path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string path() const { return _path.string(); }

private:
    std::filesystem::path _path;
};

bool isInvalid(const Error& error)
{
    return error.errorCode() == ErrorCode::ConfigurationInvalid;
}

void refused(const Files& files)
{
    const Folder folder(files);
    BOOST_CHECK_EXCEPTION(Texts(folder.path(), errorsFile), Error, isInvalid);
}

} // namespace

BOOST_AUTO_TEST_SUITE(page_texts)

BOOST_AUTO_TEST_CASE(every_error_has_its_sentence_in_every_language)
{
    const auto texts = ours();
    for (const auto code : allErrorCodes())
        for (const auto& language : texts.languages())
            BOOST_TEST(texts.has(language, "error." + std::string(name(code))),
                       language << " has no sentence for " << name(code));
}

BOOST_AUTO_TEST_CASE(a_key_that_one_language_lacks_is_refused)
{
    refused({{"de.json", R"({"a": "eins", "b": "zwei"})"}, {"en.json", R"({"a": "one"})"}});
    refused({{"de.json", R"({"a": "eins"})"}, {"en.json", R"({"a": "one", "b": "two"})"}});
}

BOOST_AUTO_TEST_CASE(the_desk_speaks_german_only)
{
    const Folder folder(
        Files{{"de.json", R"({"a": "eins", "desk.b": "zwei"})"}, {"en.json", R"({"a": "one"})"}});
    BOOST_TEST(Texts(folder.path(), errorsFile).get("en", "desk.b") == "zwei");
}

BOOST_AUTO_TEST_CASE(markup_and_empty_texts_are_refused)
{
    refused({{"de.json", R"({"a": "<b>eins</b>"})"}});
    refused({{"de.json", R"({"a": "[[b]]"})"}});
    refused({{"de.json", R"({"a": ""})"}});
}

BOOST_AUTO_TEST_CASE(a_missing_plural_form_is_refused)
{
    refused({{"de.json", R"({"a": {"one": "eins"}})"}});
    refused({{"de.json", R"({"a": {"one": "eins", "other": "viele"}})"},
             {"ar.json", R"({"a": {"one": "1", "other": "2"}})"}});
}

BOOST_AUTO_TEST_CASE(a_folder_without_german_is_refused)
{
    refused({{"en.json", R"({"a": "one"})"}});
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_refused)
{
    BOOST_CHECK_EXCEPTION(ours().get("de", "no.such.key"), Error, isInvalid);
}

BOOST_AUTO_TEST_CASE(parameters_fill_their_places)
{
    BOOST_TEST(ours().get("de", "form.step", {{"step", "2"}, {"steps", "5"}}) == "Schritt 2 von 5");
    BOOST_TEST(ours().get("en", "form.step", {{"step", "{steps}"}, {"steps", "5"}}) ==
               "Step {steps} of 5");
}

struct Count {
    std::string language;
    int count;
    std::string text;
};
std::ostream& operator<<(std::ostream& out, const Count& count)
{
    return out << count.language << count.count;
}
const Count counts[] = {
    {"de", 1, "Diese Seite schließt sich in 1 Sekunde."},
    {"de", 0, "Diese Seite schließt sich in 0 Sekunden."},
    {"de", 30, "Diese Seite schließt sich in 30 Sekunden."},
    {"en", 1, "This page closes in 1 second."},
    {"en", 2, "This page closes in 2 seconds."},
    {"ar", 0, "تُغلق هذه الصفحة الآن."},
    {"ar", 1, "تُغلق هذه الصفحة بعد ثانية."},
    {"ar", 2, "تُغلق هذه الصفحة بعد ثانيتين."},
    {"ar", 5, "تُغلق هذه الصفحة بعد 5 ثوانٍ."},
    {"ar", 30, "تُغلق هذه الصفحة بعد 30 ثانية."},
    {"ar", 103, "تُغلق هذه الصفحة بعد 103 ثوانٍ."},
    {"ar", 100, "تُغلق هذه الصفحة بعد 100 ثانية."},
};

BOOST_DATA_TEST_CASE(a_number_takes_the_form_of_its_language, data::make(counts), sample)
{
    BOOST_TEST(ours().plural(sample.language, "done.untilEnd", sample.count) == sample.text);
}

BOOST_AUTO_TEST_CASE(money_and_time_are_written_as_the_language_does)
{
    const auto texts = ours();
    BOOST_TEST(texts.money("de", Money::cents(3070)) == "30,70\u00A0€");
    BOOST_TEST(texts.money("en", Money::cents(3070)) == "€30.70");
    const auto time = fromIso("2026-11-21T08:41:00Z");
    BOOST_TEST(texts.clock("de", time) == "Sa, 21.11.2026 · 09:41 Uhr");
    BOOST_TEST(texts.clock("en", time) == "Sat, 21.11.2026 · 09:41");
}

BOOST_AUTO_TEST_CASE(a_template_that_names_an_unknown_text_is_refused)
{
    const Folder folder(Files{{"x.mustache", "<p>[[no.such.key]]</p>"}});
    const auto parent = std::filesystem::path(folder.path());
    BOOST_CHECK_EXCEPTION(Templates(parent.parent_path(), parent.filename(), "de", ours()), Error,
                          isInvalid);
}

BOOST_AUTO_TEST_CASE(a_template_that_inserts_unescaped_is_refused)
{
    for (const std::string content :
         {"<p>{{{name}}}</p>", "<p>{{& name}}</p>", "<p>{{&name}}</p>", "<p>{{> missing}}</p>"}) {
        const Folder folder(Files{{"x.mustache", content}});
        const auto parent = std::filesystem::path(folder.path());
        BOOST_CHECK_EXCEPTION(Templates(parent.parent_path(), parent.filename(), "de", ours()),
                              Error, isInvalid);
    }
}

BOOST_AUTO_TEST_SUITE_END()
