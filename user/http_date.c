// SPDX-License-Identifier: MIT
//
// HTTP: dates (RFC 9110, 5.6.7). See http.h.
//
//   Sun, 06 Nov 1994 08:49:37 GMT      what is written
//   Sunday, 06-Nov-94 08:49:37 GMT     what is understood as well
//   Sun Nov  6 08:49:37 1994
//
// All three are the same words in two orders, with some signs between them: so a date is cut
// into words, and those tell which it is.
// Chapter 25.
#include "http.h"

enum { WORDS = 9, MONTHS = 12 };

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekdays[] = "SunMonTueWedThuFriSat";

char *http_date_print(uint64_t unix_seconds, char text[HTTP_DATE])
{
    struct os_date date;
    os_date(unix_seconds, &date);
    snprintf(text, HTTP_DATE, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
             weekdays + 3 * date.weekday, date.day, months + 3 * (date.month - 1), date.year,
             date.hour, date.minute, date.second);
    return text;
}

struct word {
    const char *text;
    size_t length;
};

static bool is_letter(char byte)
{
    return (byte | 32) >= 'a' && (byte | 32) <= 'z';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

// Each word is of letters or of digits. How many, up to one more than a date has.
static unsigned cut(const char *text, size_t length, struct word words[WORDS])
{
    unsigned count = 0;
    size_t at = 0;
    while (at < length && count < WORDS) {
        bool (*is_same)(char) = is_digit(text[at]) ? is_digit : is_letter;
        size_t start = at;
        while (at < length && is_same(text[at]))
            at++;
        if (at > start)
            words[count++] = (struct word){text + start, at - start};
        else
            at++;
    }
    return count;
}

// -1: it is no number of so few digits.
static int number(struct word word, size_t digits_max)
{
    int value = 0;
    if (word.length > digits_max)
        return -1;
    for (size_t i = 0; i < word.length; i++) {
        if (!is_digit(word.text[i]))
            return -1;
        value = value * 10 + (word.text[i] - '0');
    }
    return value;
}

// 1 to 12; 0: it is none.
static int month_of(struct word word)
{
    for (int i = 0; i < MONTHS; i++) {
        if (word.length == 3 && memcmp(word.text, months + 3 * i, 3) == 0)
            return i + 1;
    }
    return 0;
}

// A year of two digits that seems to be more than half a century ahead is past; nobody here
// knows what year it is, so 1970 is where the centuries meet.
static int full_year(struct word word)
{
    int year = number(word, 4);
    if (word.length != 2)
        return year;
    return year < 70 ? year + 2000 : year + 1900;
}

bool http_date_parse(const char *text, size_t length, uint64_t *unix_seconds)
{
    struct word words[WORDS];
    unsigned count = cut(text, length, words);
    // weekday day month year h m s GMT, or weekday month day h m s year
    bool is_old = count == 7 && month_of(words[1]) > 0;
    if (!is_old && (count != 8 || words[7].length != 3 || memcmp(words[7].text, "GMT", 3) != 0))
        return false;
    const struct word *time = words + (is_old ? 3 : 4);
    const struct os_date date = {
        .year = full_year(words[is_old ? 6 : 3]),
        .month = month_of(words[is_old ? 1 : 2]),
        .day = number(words[is_old ? 2 : 1], 2),
        .hour = number(time[0], 2),
        .minute = number(time[1], 2),
        .second = number(time[2], 2),
    };
    return os_date_to_seconds(&date, unix_seconds);
}
