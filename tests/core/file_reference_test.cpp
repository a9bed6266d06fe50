// SPDX-License-Identifier: EUPL-1.2
//
// File references survive the telephone: a misread or swapped character is found.
#include "appliance/core/file_reference.h"
#include "tests/support/seeded_random.h"

#include <boost/test/unit_test.hpp>

using namespace amt;

BOOST_AUTO_TEST_SUITE(core_file_reference)

BOOST_AUTO_TEST_CASE(a_reference_is_read_as_it_is_written_or_said)
{
    test::SameRandom random;
    const std::string reference = makeFileReference("BP", localDateFromIso("2026-11-21"), random);
    BOOST_TEST(reference.size() == 15u);
    BOOST_TEST(reference.substr(0, 8) == "BP-2026-");
    std::string typed;
    for (const char c : reference) {
        if (c != '-')
            typed.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
        typed += typed.size() == 4 ? " " : "";
    }
    BOOST_TEST(readFileReference(typed) == reference);
    for (const char* wrong :
         {"", "BP-2026", "BP-2026-0000-00", "BP-20X6-7K3M-4Q", "BP-2026-7K3M-4QQ"})
        BOOST_TEST(readFileReference(wrong) == "");
}

BOOST_AUTO_TEST_CASE(every_misread_character_and_every_swap_is_found)
{
    const std::string letters = "23456789ACDEFGHJKMNPQRSTVWXYZ";
    test::SameRandom random;
    for (int i = 0; i < 50; ++i) {
        const std::string good = makeFileReference("BP", localDateFromIso("2026-11-21"), random);
        BOOST_TEST(readFileReference(good) == good);
        for (const std::size_t at : {8u, 9u, 10u, 11u, 13u, 14u}) {
            for (const char letter : letters) {
                std::string bad = good;
                bad[at] = letter;
                BOOST_TEST((readFileReference(bad).empty() || bad == good));
            }
        }
        for (const std::size_t at : {8u, 9u, 10u}) {
            std::string bad = good;
            std::swap(bad[at], bad[at + 1]);
            BOOST_TEST((readFileReference(bad).empty() || bad == good));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_question_code_has_forty_bits_and_is_read_as_it_is_said)
{
    test::SameRandom random;
    const std::string code = makeQuestionCode(random);
    BOOST_TEST(code.size() == 11u); // 29^9 > 2^43
    BOOST_TEST(readQuestionCode(code) == code);
    std::string typed = " ";
    for (const char c : code) {
        if (c != '-')
            typed.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
    BOOST_TEST(readQuestionCode(typed) == code);
    for (const std::string& none :
         {std::string(), code.substr(1), code + "2", "0" + code.substr(1), std::string(5000, '2')})
        BOOST_TEST(readQuestionCode(none).empty());
    BOOST_TEST(makeQuestionCode(random) != code);
}

BOOST_AUTO_TEST_SUITE_END()
