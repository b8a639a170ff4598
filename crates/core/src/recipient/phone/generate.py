"""Writes table.rs, the numbering plans that phone.rs reads, to standard output.

Run through `cargo xtask phone-table`, which gives it an interpreter with the version of the PyPI package
`phonenumbers` that requirements.txt beside it pins: that package carries libphonenumber's metadata. Equal metadata, equal bytes.

What a country could assign is a finite set of digit strings. Here the regular expressions that
describe the sets become one minimal automaton for the whole world, in which equal remainders (such as "any five
digits") stand once. Following a number through it takes one step for each digit.
"""

import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path

import phonenumbers
from phonenumbers import SUPPORTED_REGIONS
from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE as REGIONS_OF_CODE
from phonenumbers.phonemetadata import PhoneMetadata

METADATA_VERSION = Path(__file__).with_name("requirements.txt").read_text().strip().split("==")[1]
LONGEST_NATIONAL_NUMBER = 17
NOT_GEOGRAPHIC = "001"
TYPES = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost",
    "voip", "personal_number", "pager", "uan", "voicemail",
)
# As libphonenumber decides: a number of several types has the first of them. Later types don't matter here.
TYPES_IN_ORDER = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number")
TYPES_KEPT = ("personal_number", "premium_rate", "shared_cost")
LINE_WIDTH = 320
NAMED_SETS = 128
MAX_GROUPS = 2

# --- Regular expressions, as trees -------------------------------------------------------------------
# A tree is ("none",) | ("empty",) | ("digit", frozenset) | ("then", a, b) | ("either", frozenset of trees).

NONE, EMPTY = ("none",), ("empty",)
ANY = ("digit", frozenset(range(10)))


def then(first, second):
    if NONE in (first, second):
        return NONE
    if first == EMPTY:
        return second
    if second == EMPTY:
        return first
    if first[0] == "then":
        return ("then", first[1], then(first[2], second))
    return ("then", first, second)


def either(trees):
    flat = set()
    for tree in trees:
        if tree[0] == "either":
            flat |= tree[1]
        elif tree != NONE:
            flat.add(tree)
    if len(flat) < 2:
        return next(iter(flat), NONE)
    return ("either", frozenset(flat))


def repeated(tree, low, high):
    result = EMPTY
    for _ in range(high - low):
        result = either([EMPTY, then(tree, result)])
    for _ in range(low):
        result = then(tree, result)
    return result


class Pattern:
    """Reads the part of the regular expressions' language that the metadata uses, and no more."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def tree(self):
        tree = self.alternatives()
        if self.at != len(self.text):
            raise ValueError(f"can't read {self.text!r} from {self.at}")
        return tree

    def peek(self):
        return self.text[self.at : self.at + 1]

    def take(self, expected):
        if not self.text.startswith(expected, self.at):
            return False
        self.at += len(expected)
        return True

    def until(self, end):
        stop = self.text.index(end, self.at)
        part, self.at = self.text[self.at : stop], stop + len(end)
        return part

    def alternatives(self):
        branches = [self.sequence()]
        while self.take("|"):
            branches.append(self.sequence())
        return either(branches)

    def sequence(self):
        result = EMPTY
        while self.peek() not in ("", "|", ")"):
            atom = self.atom()
            if self.take("?"):
                atom = repeated(atom, 0, 1)
            elif self.take("{"):
                low, _, high = self.until("}").partition(",")
                atom = repeated(atom, int(low), int(high or low))
            result = then(result, atom)
        return result

    def atom(self):
        if self.take("(?:") or self.take("("):
            inner = self.alternatives()
            if not self.take(")"):
                raise ValueError(f"open group in {self.text!r}")
            return inner
        if self.take("\\d"):
            return ANY
        if self.take("["):
            return ("digit", digits_of_class(self.until("]")))
        digit = self.peek()
        self.at += 1
        return ("digit", frozenset([int(digit)]))


class Program(Pattern):
    """Reads the same language, with `$` and groups that capture, into the bytes that prefix.rs runs."""

    def bytes(self):
        body = self.alternatives()
        if self.at != len(self.text):
            raise ValueError(f"can't read {self.text!r} from {self.at}")
        return body

    def alternatives(self):
        branches = [self.sequence()]
        while self.take("|"):
            branches.append(self.sequence())
        return b"".join(len(branch).to_bytes(2, "little") + branch for branch in branches)

    def sequence(self):
        items = b""
        while self.peek() not in ("", "|", ")"):
            item, low, high = self.atom(), 1, 1
            if self.take("?"):
                low = 0
            elif self.take("{"):
                low, _, high = self.until("}").partition(",")
                low, high = int(low), int(high or low)
            if high > 15:
                raise ValueError(f"too many repetitions in {self.text!r}")
            items += bytes([low << 4 | high]) + item
        return items

    def atom(self):
        if self.take("$"):
            return bytes([0x40, 0])
        if self.text.startswith("(", self.at):
            capture = 0 if self.text.startswith("(?:", self.at) else self.text[: self.at + 1].replace("(?:", "").count("(")
            if not self.take("(?:"):
                self.take("(")
            body = self.alternatives()
            if not self.take(")") or capture > MAX_GROUPS:
                raise ValueError(f"can't read a group of {self.text!r}")
            return bytes([0x80, capture]) + len(body).to_bytes(2, "little") + body
        _, digits = super().atom()
        return sum(1 << digit for digit in digits).to_bytes(2, "big")


def digits_of_class(text):
    digits, at = set(), 0
    text = text.replace("\\d", "0-9")
    while at < len(text):
        if text[at + 1 : at + 2] == "-":
            digits |= set(range(int(text[at]), int(text[at + 2]) + 1))
            at += 3
        else:
            digits.add(int(text[at]))
            at += 1
    return frozenset(digits)


@lru_cache(None)
def accepts_nothing_more(tree):
    if tree[0] == "then":
        return accepts_nothing_more(tree[1]) and accepts_nothing_more(tree[2])
    if tree[0] == "either":
        return any(map(accepts_nothing_more, tree[1]))
    return tree == EMPTY


@lru_cache(None)
def after(tree, digit):
    """What may follow once `digit` was read (Brzozowski's derivative)."""
    if tree[0] == "digit":
        return EMPTY if digit in tree[1] else NONE
    if tree[0] == "either":
        return either([after(branch, digit) for branch in tree[1]])
    if tree[0] == "then":
        rest = then(after(tree[1], digit), tree[2])
        return either([rest, after(tree[2], digit)]) if accepts_nothing_more(tree[1]) else rest
    return NONE


# --- The automaton ---------------------------------------------------------------------------------
# A state is a number; 0 accepts nothing. STATES[n] is (whether the number may end here, next state by digit).

STATES = [(False, (0,) * 10)]
KNOWN = {STATES[0]: 0}


def state(final, following):
    key = (final, following)
    if key not in KNOWN:
        KNOWN[key] = len(STATES)
        STATES.append(key)
    return KNOWN[key]


@lru_cache(None)
def automaton(tree):
    if tree == NONE:
        return 0
    return state(accepts_nothing_more(tree), tuple(automaton(after(tree, digit)) for digit in range(10)))


@lru_cache(None)
def union(a, b):
    return combined(union, lambda x, y: x or y, a, b)


@lru_cache(None)
def intersection(a, b):
    return combined(intersection, lambda x, y: x and y, a, b)


@lru_cache(None)
def difference(a, b):
    return combined(difference, lambda x, y: x and not y, a, b)


def combined(operation, logic, a, b):
    if a == b == 0:
        return 0
    (final_a, next_a), (final_b, next_b) = STATES[a], STATES[b]
    return state(logic(final_a, final_b), tuple(map(operation, next_a, next_b)))


def of_pattern(text):
    return automaton(Pattern(text).tree())


def of_lengths(lengths):
    return automaton(either([repeated(ANY, n, n) for n in lengths if n > 0]))


# --- The numbering plans -----------------------------------------------------------------------------


def of_description(description):
    if description is None or not description.national_number_pattern:
        return 0
    numbers = of_pattern(description.national_number_pattern)
    if description.possible_length:
        numbers = intersection(numbers, of_lengths(description.possible_length))
    return numbers


def assignable_in(plan):
    numbers = 0
    for name in TYPES:
        numbers = union(numbers, of_description(getattr(plan, name)))
    return intersection(numbers, of_description(plan.general_desc))


def plan_of(region, code):
    if region == NOT_GEOGRAPHIC:
        return PhoneMetadata.metadata_for_nongeo_region(code, None)
    return PhoneMetadata.metadata_for_region(region, None)


def owned_under(code, regions):
    """Each region and the numbers it owns. As is_valid_number decides: the first region that claims a number decides
    alone whether it is one."""
    if len(regions) == 1:
        return [(regions[0], assignable_in(plan_of(regions[0], code)))]
    owned, unclaimed = [], automaton(repeated(ANY, 0, LONGEST_NATIONAL_NUMBER))
    rest_of_any_length = repeated(ANY, 0, LONGEST_NATIONAL_NUMBER)
    for region in regions:
        plan = plan_of(region, code)
        valid = claimed = assignable_in(plan)
        if plan.leading_digits:
            claimed = automaton(then(Pattern(plan.leading_digits).tree(), rest_of_any_length))
        owned.append((region, intersection(unclaimed, intersection(claimed, valid))))
        unclaimed = difference(unclaimed, claimed)
    return owned


def all_of(sets):
    numbers = 0
    for more in sets:
        numbers = union(numbers, more)
    return numbers


def of_type(code, owned, wanted):
    """The numbers under a code that are of this type."""
    numbers = 0
    for region, own in owned:
        plan, earlier = plan_of(region, code), 0
        for name in TYPES_IN_ORDER[: TYPES_IN_ORDER.index(wanted)]:
            earlier = union(earlier, of_description(getattr(plan, name)))
        wanted_here = difference(of_description(getattr(plan, wanted)), earlier)
        numbers = union(numbers, intersection(own, wanted_here))
    return numbers


# --- Writing -----------------------------------------------------------------------------------------


def layout(roots):
    """The order in which the states are written: each one before one of its successors where that is free."""
    order, seen, waiting = [], {0}, list(reversed(roots))
    while waiting:
        at = waiting.pop()
        while at not in seen:
            seen.add(at)
            order.append(at)
            successors = [n for n in dict.fromkeys(STATES[at][1]) if n not in seen]
            if not successors:
                break
            waiting += successors[:0:-1]
            at = successors[0]
    return order


def edges_of(at):
    """The digits that lead to each successor, as bits."""
    masks = {}
    for digit, successor in enumerate(STATES[at][1]):
        if successor:
            masks[successor] = masks.get(successor, 0) | 1 << digit
    return masks


def encode(roots):
    """The states as bytes (plan.rs says how), where each begins, and the sets of digits that have a name."""
    order = layout(roots)
    uses = Counter(mask for at in order for mask in edges_of(at).values())
    named = sorted(sorted(uses, key=lambda mask: (-uses[mask], mask))[:NAMED_SETS])
    pieces, start, at_byte = [], {0: 0}, 1
    for at, neighbour in zip(order, order[1:] + [0]):
        edges = edges_of(at)
        falls_through = neighbour in edges
        if falls_through:
            edges[neighbour] = edges.pop(neighbour)
        pieces.append((at, falls_through, edges))
        start[at] = at_byte
        at_byte += 1 + sum(3 if mask in named else 4 for mask in edges.values()) - 2 * falls_through
    if at_byte > 0x10000:
        raise ValueError("the automaton has outgrown its encoding")
    out = bytearray([0])
    for at, falls_through, edges in pieces:
        out.append(len(edges) | STATES[at][0] << 4 | falls_through << 5)
        for left, (successor, mask) in zip(reversed(range(len(edges))), edges.items()):
            out += bytes([named.index(mask)]) if mask in named else (0x8000 | mask).to_bytes(2, "big")
            if left or not falls_through:
                out += start[successor].to_bytes(2, "little")
    return bytes(out), start, named


def wrapped(items, separator):
    lines, line = [], ""
    for item in items:
        if len(line) + len(item) + len(separator) > LINE_WIDTH:
            lines.append(line)
            line = ""
        line += item + separator
    return "\n".join(line.rstrip() for line in lines + [line])


def bits(lengths):
    return sum(1 << n for n in lengths if n > 0)


def rule_of(plan):
    """A transform rule, `9\\1`, as the digits to write and the group that follows them."""
    rule = plan.national_prefix_transform_rule
    if not rule:
        return "None"
    digits, group = rule.split("\\")
    if int(group) != plan.national_prefix_for_parsing.replace("(?:", "").count("("):
        raise ValueError(f"{plan.id}: the rule leaves the last group out, which decides whether it applies")
    return f'Some(&Transform {{ digits: "{digits}", group: {int(group)} }})'


def prefix_patterns(plans):
    """All patterns of prefixes; the first stands for none and never matches."""
    patterns = {plan.international_prefix for plan in plans} | {plan.national_prefix_for_parsing for plan in plans}
    return [""] + sorted(patterns - {None, ""})


def main():
    if phonenumbers.__version__ != METADATA_VERSION:
        sys.exit(f"generate.py: needs phonenumbers=={METADATA_VERSION}, found {phonenumbers.__version__}")
    codes = sorted(REGIONS_OF_CODE.items(), key=lambda item: str(item[0]))
    regions = {region: plan_of(region, None) for region in SUPPORTED_REGIONS}
    plans = [plan for _, plan in sorted(regions.items())]
    plans += [plan_of(NOT_GEOGRAPHIC, code) for code, names in codes if names[0] == NOT_GEOGRAPHIC]
    owned = {code: owned_under(code, names) for code, names in codes}
    assignable = {code: all_of(own for _, own in owned[code]) for code, _ in codes}
    types = {code: [of_type(code, owned[code], name) for name in TYPES_KEPT] for code, _ in codes}
    shared = [(code, region, own) for code, _ in codes for region, own in owned[code][1:] if own]
    general = [of_pattern(plan.general_desc.national_number_pattern) for plan in plans]
    roots = list(assignable.values()) + general + [numbers for three in types.values() for numbers in three]
    encoded, start, named = encode(roots + [own for _, _, own in shared])
    place = {(plan.country_code, plan.id): index for index, plan in enumerate(plans)}
    patterns = prefix_patterns(plans)
    code_place = {code: index for index, (code, _) in enumerate(codes)}

    print("//! The numbering plans of the world. @generated by `cargo xtask phone-table`; do not edit.")
    print(f"//! libphonenumber metadata {METADATA_VERSION} (Apache-2.0), through PyPI `phonenumbers=={METADATA_VERSION}`.")
    print("\nuse super::metadata::{CallingCode, Plan, Transform};")
    print("\n/// The metadata's version.\n"
          f'pub(crate) const METADATA_VERSION: &str = "{METADATA_VERSION}";')
    print("\n/// Region and its plan, by name.\n"
          f"pub(super) static REGIONS: [(&str, &Plan); {len(regions)}] = [")
    print(wrapped([f'("{name}", &PLANS[{index}])' for index, name in enumerate(sorted(regions))], ", ") + "\n];")
    print("\n/// Every country calling code, in the order of their digits.\n"
          f"pub(super) static CALLING_CODES: [CallingCode; {len(codes)}] = [")
    for code, names in codes:
        plan = place[code, names[0]]
        region = "" if names[0] == NOT_GEOGRAPHIC else names[0]
        print(f'CallingCode {{ digits: "{code}", main_region: "{region}", main_plan: &PLANS[{plan}], '
              f"assignable: {start[assignable[code]]}, types: {[start[numbers] for numbers in types[code]]} }},")
    print(f"];\n\n/// Calling code, region, and where its numbers begin: every region that shares another's code.\n"
          f"pub(super) static SHARED_CODES: [(&str, &str, u16); {len(shared)}] = [")
    print(wrapped([f'("{code}", "{region}", {start[own]})' for code, region, own in shared], ", "))
    print(f"];\n\n/// One plan for each region, then one for each calling code without a region.\n"
          f"pub(super) static PLANS: [Plan; {len(plans)}] = [")
    for plan, numbers in zip(plans, general):
        print(f"Plan {{ calling_code: &CALLING_CODES[{code_place[plan.country_code]}], "
              f"international_prefix: {patterns.index(plan.international_prefix or '')}, "
              f"national_prefix: {patterns.index(plan.national_prefix_for_parsing or '')}, transform: {rule_of(plan)}, "
              f"general: {start[numbers]}, lengths: {bits(plan.general_desc.possible_length):#x}, "
              f"local_lengths: {bits(plan.general_desc.possible_length_local_only):#x} }},")
    print(f"];\n\n/// The patterns of prefixes, as programs for `prefix.rs`.\npub(super) static PREFIXES: [&[u8]; {len(patterns)}] = [")
    for pattern in patterns:
        print(f"// {pattern}" if pattern else "// None: never matches.")
        program = Program(pattern).bytes() if pattern else b""
        print(f"&[{','.join(map(str, program))}],")
    print(f"];\n\n/// The sets of digits used most: bit n is the digit n.\npub(super) static DIGIT_SETS: [u16; {len(named)}] = [")
    print(wrapped([f"{mask:#x}" for mask in named], ", ") + "\n];")
    print(f"\n/// The automaton's states; `plan.rs` says how they are written.\n"
          f"pub(super) static STATES: [u8; {len(encoded)}] = [")
    print(wrapped([str(byte) for byte in encoded], ",") + "\n];")


if __name__ == "__main__":
    main()
