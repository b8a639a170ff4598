"""Prints spellings of phone numbers and what libphonenumber makes of them, as lines of JSON.

    {"text": "0812-345-678", "region": "ID", "expected": "+62812345678", "of": "ID", "type": null}

`of` is the region that libphonenumber finds for the number, and `type` its type, where it is one of those at COSTLY. `expected` is null where the text has to be refused: where libphonenumber finds no valid number, and in the cases
named at SEPARATOR below. The spellings are derived from the example numbers of
every region and every type of number, and are the same in every run.
"""

import itertools
import json
import os
import random
import re
import sys
import unicodedata

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, SUPPORTED_REGIONS
from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE as REGIONS_OF_CODE
from phonenumbers.phonemetadata import PhoneMetadata
from phonenumbers.re_util import enable_pattern_cache

TYPES = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost",
    "voip", "personal_number", "pager", "uan", "voicemail",
)
SEPARATORS = "-./()[] \u00a0\u00ad\u200b\u2010\u2011\u2012\u2013\u2014\u2015\u2060\u2212\u3000\u30fc\uff08\uff09\uff0d\uff0e\uff0f\uff3b\uff3d"
TILDES = "~\u2053\u223c"
# Whatever shows nothing: White_Space, Cf, and the variation selectors.
BLANKS = "".join(
    sign
    for sign in map(chr, range(0x110000))
    if unicodedata.category(sign) in ("Cf", "Zs", "Zl", "Zp") or sign in "\t\n\v\f\r\x85" or "\ufe00" <= sign <= "\ufe0f"
)
BREAKS = "\t\n\v\f\r\x85\u2028\u2029"
FULL_WIDTH = str.maketrans("+0123456789-()", "\uff0b\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff0d\uff08\uff09")
ASCII = str.maketrans("".join(map(chr, range(0xFF01, 0xFF5F))), "".join(map(chr, range(0x21, 0x7F))))
ARABIC = str.maketrans("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")
BENGALI = str.maketrans("0123456789", "\u09e6\u09e7\u09e8\u09e9\u09ea\u09eb\u09ec\u09ed\u09ee\u09ef")
# Beyond the basic plane, from several scripts.
DISTANT = str.maketrans("0123456789", "\U0001d7ce\U0001d7d9\U0001d7e4\U0001e953\U0001fbf4\U0001113b\U00010d36\U000104a7\U000110f8\U000111d9")
SOME_REGIONS = ("US", "GB", "ID", "AR", "BR", "IT", "MX", "JP", "AU", "RU", "SM", "CI", "HU", "BY")

COSTLY = {
    PhoneNumberType.PERSONAL_NUMBER: "Personal",
    PhoneNumberType.PREMIUM_RATE: "PremiumRate",
    PhoneNumberType.SHARED_COST: "SharedCost",
}

choose = random.Random(20_000)

# What countersign refuses although libphonenumber takes it: extensions, letters, other signs, parameters, a number and
# something else (`has_doubtful_end`), and (in `expected`) a number whose E.164 form libphonenumber doesn't read as that
# number. What it takes although libphonenumber refuses it: any blank but a break as a separator, and an apostrophe in front.
BLANK = re.compile("[" + re.escape("".join(set(BLANKS) - set(BREAKS))) + "]")
SEPARATOR = "[" + re.escape(SEPARATORS + TILDES) + "]"
SPELLING = re.compile(rf"{SEPARATOR}*[+\uff0b]*(?:{SEPARATOR}*\d)+{SEPARATOR}*")
CONTEXT = re.compile(r"([^;]*);phone-context=(\+[-.()\d]*\d[-.()\d]*)")


def expected(text, region):
    if len(text.encode()) > 254:
        return None
    text = BLANK.sub(" ", text.strip(BLANKS)).translate(ASCII)
    text = text[1:] if text[:1] == "'" else text
    bare = text[4:] if text[:4].lower() == "tel:" else text
    context = CONTEXT.fullmatch(bare)
    local, parameters = (context[1], bare[len(context[1]) :]) if context else (bare, "")
    if has_doubtful_end(local) or is_two_numbers(local, parameters, region):
        return None
    spelled = context[2] + context[1] if context else bare
    if not SPELLING.fullmatch(spelled):
        return None
    try:
        number = phonenumbers.parse("tel:" + bare if bare != text else text, region)
    except phonenumbers.NumberParseException:
        return None
    assert number.extension is None, text
    if not phonenumbers.is_valid_number(number):
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    again = phonenumbers.parse(e164, None)
    stable = phonenumbers.is_valid_number(again) and phonenumbers.format_number(again, PhoneNumberFormat.E164) == e164
    return e164 if stable else None


def with_digits(parts):
    return [part for part in parts if re.search(r"\d", part)]


def digits(text):
    return "".join(str(unicodedata.digit(sign)) for sign in re.findall(r"\d", text))


def has_doubtful_end(text):
    """Whether one or two digits stand behind the only slash or full stop, or in brackets at the end; or zeros behind the
    only full stop of a number without other separators; or up to nine digits behind a tilde."""
    slash, stop, tilde = (with_digits(text.split(sign)) for sign in "/.~")
    brackets = re.fullmatch(r"(.*\d.*)[(\[]([^(\[]*\d)(?=\D*[)\]])\D*", text)
    ends = [parts[1] for parts in (slash, stop) if len(parts) == 2] + ([brackets[2]] if brackets else [])
    return (
        any(len(digits(end)) in (1, 2) for end in ends)
        or len(stop) == 2 and re.fullmatch(r"\D*\d+\D*", stop[0]) and re.fullmatch("0+", digits(stop[1]))
        or len(tilde) > 1 and len(digits(tilde[-1])) <= 9
    )


def is_two_numbers(text, parameters, region):
    """Whether numbers stand on both sides of the only slash, or one before what may stand in place of its end, or before
    the decimals of a spreadsheet."""

    def is_number(part):
        return expected(part + parameters, region) is not None

    parts = with_digits(text.split("/"))
    if len(parts) == 2 and all(map(is_number, parts)):
        return True
    for slash in re.finditer("/", text):
        before = text[: slash.start()]
        behind, parts = digits(text[slash.end() :].split("/")[0]), with_digits(before.split("/"))
        if not behind or not parts:
            continue
        end = re.search(rf"(\d\D*){{{len(behind)}}}$", before)
        begins = end and not re.search(r"\d$", before[: end.start()])
        alternative = len(behind) >= 5 and end and (begins or digits(end[0])[:-2] == behind[:-2])
        if (len(behind) <= 2 and len(behind) < len(digits(parts[-1])) or alternative) and is_number(before):
            return True
    thousands = re.fullmatch(r"(\D*[^\D0]\d{0,2}(?:[^\d.]*\.\D*\d{3})+\D*)\.\D*(\d{1,2})\D*", text)
    return bool(thousands and not digits(thousands[2]).strip("0") and is_number(thousands[1]))


def examples():
    """(plan, its region or None, national number) of every example in the metadata."""
    for region in sorted(SUPPORTED_REGIONS):
        yield from examples_of(PhoneMetadata.metadata_for_region(region, None), region)
    for code, regions in sorted(REGIONS_OF_CODE.items()):
        if regions[0] == "001":
            yield from examples_of(PhoneMetadata.metadata_for_nongeo_region(code, None), None)


def examples_of(plan, region):
    for name in TYPES:
        description = getattr(plan, name)
        if description is not None and description.example_number:
            yield plan, region, description.example_number


def international_prefixes():
    """Up to twelve of the prefixes that each region dials before numbers abroad."""
    found = {}
    for region in sorted(SUPPORTED_REGIONS):
        pattern = PhoneMetadata.metadata_for_region(region, None).international_prefix
        if pattern and pattern not in found:
            matches = [
                digits
                for length in range(1, 6)
                for digits in map("".join, itertools.product("0123456789", repeat=length))
                if digits[0] in "0189" and re.fullmatch(pattern, digits)
            ]
            found[pattern] = choose.sample(matches, min(12, len(matches)))
        yield region, found.get(pattern, [])


def decorated(digits):
    """The digits with separators between some of them."""

    def gap():
        return choose.choice(SEPARATORS) * choose.choice((1, 1, 1, 2)) if choose.random() < 0.4 else ""

    return "".join(digit + gap() for digit in digits)


def mutated(national):
    """Other numbers that begin, or end, like this one."""
    for _ in range(6):
        at = choose.randrange(len(national))
        yield national[:at] + "".join(choose.choice("0123456789") for _ in national[at:])
    at = choose.randrange(len(national))
    yield national[:at] + choose.choice("0123456789") + national[at + 1 :]
    yield national[: choose.randrange(1, len(national))]
    yield national + choose.choice("0123456789")
    yield national + "".join(choose.choice("0123456789") for _ in range(choose.randrange(2, 9)))


def official(plan, national):
    number = phonenumbers.parse(f"+{plan.country_code}{national}", None)
    for form in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL,
                 PhoneNumberFormat.NATIONAL, PhoneNumberFormat.RFC3966):
        yield phonenumbers.format_number(number, form)
    for region in SOME_REGIONS[:4]:
        yield phonenumbers.format_out_of_country_calling_number(number, region)


def with_prefixes(plan, national, prefixes):
    code = str(plan.country_code)
    for prefix in sorted({plan.national_prefix or "0", "0", "1", "8", "06", "00", "000"}):
        yield prefix + national
    yield code + national
    yield "0" + code + national
    yield f"+{code}0{national}"
    yield f"+{code} (0) {national}"
    yield f"+{code}{plan.national_prefix or '0'}{national}"
    yield f"+0{national}"
    yield f"++{code}{national}"
    for prefix in prefixes:
        yield f"{prefix}{code}{national}"
        yield f"{prefix} {code} 0{national}"
        yield f"{prefix[:1]}~{prefix[1:]} {code} {national}"
    yield f"+00{code}{national}"
    yield f"+ 00 {code} {national}"
    yield f"00{code}{code}{national}"
    for length in range(1, 5):
        yield national[length:]
    for at in (2, 3, 4):
        yield f"0{national[:at]}15{national[at:]}"
        yield f"0{national[1:at + 1]}15{national[at + 1:]}"
    yield f"0{choose.choice(('15', '31', '41', '21', '99'))}{national}"
    yield f"+{code}1{national}"
    yield f"+{code}9{national}"


def in_disguise(plan, national):
    whole = f"+{plan.country_code} {national}"
    yield decorated(national)
    yield decorated("0" + national)
    yield decorated(whole)
    yield f"(+{plan.country_code}) {decorated(national)}"
    yield f"({national[:3]}) {national[3:]}"
    yield whole.translate(FULL_WIDTH)
    yield national.translate(FULL_WIDTH)
    yield whole.translate(ARABIC)
    yield ("0" + national).translate(BENGALI)
    yield whole.translate(DISTANT)
    yield ("0" + national).translate(DISTANT)
    yield f"~{national[:3]}\u2053{national[3:]}\u223c"
    yield f"\u202a{whole}\u202c"
    yield "".join(sign + choose.choice(("", "", choose.choice(BLANKS))) for sign in whole)
    yield choose.choice(BLANKS) + whole + choose.choice(BLANKS)
    yield f"'{national}"
    yield f"{national}.0"
    yield f"{whole}.{choose.choice(('00', '000', '5', '123'))}"
    yield f"{national}/{choose.randrange(1, 999)}"
    yield f"{national[:4]}/{national[4:]}/{choose.randrange(1, 999)}"
    yield f"{whole}//{choose.randrange(1, 999)}/"
    yield f"{national[:-5]} {national[-5:]}/{choose.randrange(10_000, 100_000)}"
    yield f"{national}/{national[-6:-1]}{choose.randrange(10)}"
    yield f"{int(national):,}.{choose.choice(('0', '00', '5', '123'))}".replace(",", ".")
    yield f"{national} ({choose.randrange(1, 999)})"
    yield f"{national[:4]}/{national[4:]}"
    yield f"{national[:4]}.{national[4:]}"
    yield f"{national}/0{national}"
    yield f" {national}\n"
    yield f"TEL:{whole}"
    yield f"tel:{national}"
    yield f"tel:{national};phone-context=+{plan.country_code}"
    yield f"{national[1:]};phone-context=+{plan.country_code}{national[0]}"
    yield f"tel:{national};phone-context=example.com"
    yield f"tel:{whole};isub=12"
    yield f"{whole}{choose.choice((' ext. 12', ';ext=12', ' x12', ',,12', '#12', ' - 12#', '~12', ' доб. 5'))}"
    yield f"{national[:-3]}{choose.choice(('ABC', 'xyz', 'o'))}{choose.choice(('', '1'))}"
    yield f"{choose.choice(('*', '#', 'n', ':', '$'))}{whole}"
    yield f"{national}{choose.choice(('+', '*', '#', 'x', '?'))}"
    yield f"+{national[:2]}+{national[2:]}"
    yield "1" * choose.randrange(1, 30)


def main():
    enable_pattern_cache()
    version = sys.argv[1]
    if phonenumbers.__version__ != version:
        sys.exit(f"needs phonenumbers=={version}, found {phonenumbers.__version__}")
    # Otherwise one spelling in four: other ones of each number.
    whole = os.environ.get("COUNTERSIGN_TEST_EXPLORE") == "whole"
    spelling = itertools.count()
    prefixes = dict(international_prefixes())
    everywhere = sorted(SUPPORTED_REGIONS)
    for plan, own, national in examples():
        chosen = choose.sample(prefixes.get(own, []), min(4, len(prefixes.get(own, []))))
        texts = [national, *official(plan, national), *in_disguise(plan, national)]
        texts += with_prefixes(plan, national, chosen)
        for other in mutated(national):
            texts += [other, "0" + other, f"+{plan.country_code}{other}"]
        for text in dict.fromkeys(texts):
            regions = {own, None, choose.choice(everywhere), choose.choice(SOME_REGIONS)}
            if next(spelling) % 4 and text != national and not whole:
                continue
            for region in sorted(regions, key=str):
                e164 = expected(text, region)
                number = e164 and phonenumbers.parse(e164, None)
                of = number and phonenumbers.region_code_for_number(number)
                line = {"text": text, "region": region, "expected": e164}
                line["of"] = of if of != "001" else None
                line["type"] = number and COSTLY.get(phonenumbers.number_type(number))
                print(json.dumps(line))


if __name__ == "__main__":
    main()
