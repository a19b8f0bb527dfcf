"""Regular expressions, and the names in which Python finds them."""

import random
import re
import warnings

NAMES = [
    "", "a", "b", "ab", "aab", "aaab", "abab", "a-b", "a_b", "a b", "a.b", "a]b", "a[b", "a{b", "a}b", "a{,2}", "a^b", "a$b",
    "a|b", "a:b", "A", "AB", "x_billing_code_ntt", "my_x_billing_code", "os_distro", "1", "12", "a1", "é", "aé", "éa",
    "٣", "a٣", "²", "漢字", "a\tb", "a\x1cb", "a\x85b", "a\u00a0b", "a\u3000b", "K", "k", "i", "I", "ı", "İ", "s", "ſ",
    "\\", "a\\b", "&", "a&&b", "a--b", "\U0001f600", "a\U0001f600b", "z",
]  # fmt: skip

HAND = [
    "^x_billing_code_.*", "x_billing", ".*", "", "^$", "^a$", "a$", "^a", "b$|^a", "(a|b)$", "^(?:a|b)+$", r"\Aa\Z", r"\Aa\z",
    "a.b", r"a\.b", r"a\_b", "a{2}", "a{2,}", "^a{,2}b", "^a{,}b", "a{0}", "a{", "a{x", "a{}", "a{ 1}", "a{,2", "{2}", "a}b",
    "^a*$", "a*?", "a+?b", "a??", "a**", "a*+", "a++", "a?+", "a{2}+", "a{2}{3}", "(a{2}){3}", "*a", "^*a", "$*", "(*a)", "(|*)",
    "a{1001}", "a{2,1}", "()", "()*", "(^)*a", "(?:)", "a|", "|", "(", ")", "a)", "(a", "[", "[a", "[]", "[]a]", "[^]a]", "[^]",
    "a]b", r"a\]b", "[a-b]", "[b-a]", "[a-]", "[-a]", "[a-b-z]", "[a--]", "[--a]", "[]-a]", "[[:alpha:]]", "[:a]", "[a[:b]",
    "[[a]", r"[\]]", r"[\w]", r"[^\w]", r"[\W]", r"[\d\s]", r"[\D]", r"[\S]", r"[\w-]", r"[-\w]", r"[\w-z]", r"[A-\w]", r"[a-\d]",
    r"[\b]", r"[\B]", r"[\A]", r"[\x61-\x62]", r"[\n]", "[a&&b]", "[a||b]", "[a~~b]", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S",
    r"^\w+$", r"^\d+$", r"^\W+$", r"a\sb", r"\bb", r"b\B", r"\x61", r"\x6", r"\x{61}", r"\u0061", r"\u00e9", r"\u61", r"\U0001f600",
    r"\U00110000", r"\0", r"\07", r"\1", r"(a)\1", r"\123", r"\8", r"\n", r"\t", r"\e", r"\Q.\E", r"\C", r"\pL", r"\p{L}", r"\N{BULLET}",
    r"\N", r"\é", r"\&", r"\-", r"\ ", "\\", "a\\", "(?i)k", "(?i)i", "(?i)s", "(?s)a.b", "(?m)^a$", "(?x) a", "(?a)\\w", "(?L)a", "(?u)a",
    "(?i:a)", "(?-i:a)", "a(?i)b", "(?U)a", "(?P<n>a)", "(?P<n>a)(?P=n)", "(?P<1>a)", "(?P<n>a)(?P<n>b)", "(?<n>a)", "(?P>n)",
    "(?#note)a", "a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b", "(?>a)b", "(a)?(?(1)b|c)", "(?'n'a)", "(?", "(?:", "(?P", "(?P<n",
    "^x_(?!billing)", "^(?!x_).*", "é", "[é]", "[à-ü]", "漢", "^.$", "^..$", "^[^a]$", "[^a]", "a b", " ", "&", "a-b", "[a-z]_",
]  # fmt: skip

ATOMS = [
    "a",
    "b",
    "_",
    "-",
    ".",
    "é",
    "1",
    r"\.",
    r"\w",
    r"\d",
    r"\W",
    r"\s",
    "[ab]",
    "[^a]",
    r"[\w-]",
    "[a-z]",
    r"[^\d_]",
    "[]a]",
    r"\x61",
    "^",
    "$",
]
MARKS = ["", "", "", "", "*", "+", "?", "{2}", "{,2}", "{1,}", "*?", "+?"]


def made(chance, depth):
    """An expression of what Go can do as Python does it."""
    pieces = []
    for _ in range(chance.randint(1, 4)):
        nested = depth > 0 and chance.random() < 0.25
        atom = chance.choice(["(", "(?:"]) + made(chance, depth - 1) + ")" if nested else chance.choice(ATOMS)
        # Repetitions of repetitions take Python for ever.
        marks = ["", "", "?", "{,2}"] if nested else MARKS
        pieces.append(atom + ("" if atom in "^$" else chance.choice(marks)))
    return "".join(pieces) + ("|" + made(chance, depth - 1) if depth > 0 and chance.random() < 0.2 else "")


def recorded():
    """The names, then every expression with the places of those it is found in."""
    warnings.simplefilter("ignore")
    yield {"names": NAMES}
    chance = random.Random(1)
    for expression in HAND:
        yield {"expression": expression, "found": found(expression)}
    for _ in range(400):
        expression = made(chance, 2)
        yield {"expression": expression, "found": found(expression), "plain": True}


def found(expression):
    """Places of the names in which the expression is found; None where it is none."""
    try:
        compiled = re.compile(expression)
    except (re.error, OverflowError):
        return None
    return [i for i, name in enumerate(NAMES) if compiled.search(name)]
