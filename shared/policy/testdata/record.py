#!/usr/bin/env python3
"""Record what oslo.policy answers, for the Go evaluator to be held against.

    python3 -m venv venv && venv/bin/pip install oslo.policy==6.0.1
    venv/bin/python record.py > oslo_policy_cases.json

Made with Python 3.11; other versions print and parse some literals differently.
The random cases have a fixed seed, so the same versions give the same file.
"""

import copy
import importlib.metadata
import json
import logging
import platform
import random
import sys
import warnings

from oslo_config import cfg
from oslo_policy import policy

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

CREDS = {
    "user_id": "u1",
    "project_id": "p1",
    "domain_id": None,
    "system_scope": None,
    "roles": ["Member", "reader"],
    "service_roles": [],
    "is_admin_project": True,
    "level": 5,
    "ratio": 0.5,
    "token": {
        "user": {"id": "u1", "groups": [{"name": "g1"}, {"name": "g2"}]},
        "project": None,
        "flags": [True, None, 1, [2]],
        "roles": [{"name": "a"}, "text", {"name": "b"}],
        "late": [{"name": "a"}, "text"],
    },
    "nothing": [],
    "a.b": "flat",
}
TARGET = {
    "project_id": "p1",
    "user_id": "u2",
    "visibility": "public",
    "null": None,
    "yes": True,
    "no": False,
    "five": 5,
    "five_float": 5.0,
    "half": 0.5,
    "big": 1e16,
    "small": 1e-05,
    "negative": -7,
    "list": ["x", "y"],
    "quoted": ["it's", 'say "x"', "tab\t", "é", "\x01"],
    "mixed": [1, None, True, 2.0, ["z"]],
    "mapping": {"k": 1},
    "role": "MEMBER",
    "percent": "%(user_id)s",
    "none_text": "None",
    "dotted.key": "d",
    "a(b)": "inner",
    "letter": "x",
    "empty": "",
}

cases = []


def answer(rules, rule, creds, target, scopes):
    try:
        parsed = policy.Rules.from_dict(rules, "default")
        conf = cfg.ConfigOpts()
        conf([], project="record", default_config_files=[])
        enforcer = policy.Enforcer(conf, rules=parsed, default_rule="default", use_conf=False)
        for name, types in scopes.items():
            enforcer.registered_rules[name] = policy.RuleDefault(name, "", scope_types=types)
        return bool(enforcer.enforce(rule, copy.deepcopy(target), copy.deepcopy(creds)))
    except Exception:  # whatever it raises, the service answers 500
        return "error"


def case(name, rules, rule="r", creds=CREDS, target=TARGET, scopes=None):
    if not isinstance(rules, dict) or rule not in rules and rule == "r":
        rules = {"r": rules}
    entry = {"name": name, "rules": rules, "rule": rule, "creds": creds, "target": target}
    if scopes:
        entry["scopes"] = scopes
    entry["expect"] = answer(rules, rule, creds, target, scopes or {})
    cases.append(entry)


def values():
    for value in ["", " ", "\t\n", [], None, False, 0, 0.0, {}, True, 5, 1.5, {"@": 1}, {"!": 1}, {"role:member": 0}]:
        case(f"value {value!r}", value)


def tokens():
    spaces = [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x200A,
              0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0x200B, 0xFEFF, 0x180E]
    for c in spaces:
        case(f"white space U+{c:04X}", f"@{chr(c)}and{chr(c)}@")
    for text in [
        "@", "!", "(@)", "((@))", "(@", "@)", "()", "(", ")", "( @ )", "( ( @ ) )", "(@)and(@)", "not(@)", "(@) and (@)",
        "not (@)", "not (!)", "@ AND @", "@ And !", "! OR @", "NOT !", "nOt @", "'a':'a'", '"a":"a"', "('a':'a')", "('a':a)",
        "'a'", '"', "'", "''", "('a')", "'a':%(letter)s", "@ or 'a'", "@ or ('a')", "a:f(x)y", "'f(x)y':f(x)y", "'f(x)':f(x)",
        "@ && @", "@ || @", "@, @", "@admin", "!x", "@ @", "@ !", "and", "or", "not", "and @", "@ and", "@ or", "or @", "not not @",
        "not not not @", "not and", "@ not @", "@ and not !", "@ and not @", "not @ or @", "not ! and !", "not (! and !)",
        "! and @ or @", "@ or @ and !", "(@ or @) and !", "! or ! or @", "@ and @ and !", "@ or ! and !", "! and ! or @ and @",
        "foobar", "not foobar", "foobar or @", "foobar and @", "role:cloud admin", "(((@) and (@)) or !)", "not @ and broken(",
        "not (", "@ and (! or @", "'a':'a' or @", "not 'a':'a'", "role:member)", "(role:member", "\"role:member\"",
        "'role:member", "role:member'", "@:@", "!:!", ":", "a:", ":a", "@ or level.x:1", "! and level.x:1", "level.x:1 or @",
    ]:
        case(f"tokens {text!r}", text)


def lefts():
    for left, right in [
        ("'public'", "%(visibility)s"), ('"public"', "%(visibility)s"), ("public", "%(visibility)s"), ("'a:b'", "a:b"),
        ("'a''b'", "ab"), ("'a'\"b\"", "ab"), ("'\\x41'", "A"), ("'\\u00e9'", "é"), ("'\\101'", "A"), ("'\\q'", "\\q"), ("'\\n'", "\\n"),
        ("r'\\n'", "\\n"), ("u'x'", "x"), ("b'x'", "b'x'"), ("b'\\xff'", "b'\\xff'"), ("b'é'", "x"), ("'a'b'b'", "ab"), ("''", ""), ("''''''", ""),
        ("'''x'''", "x"), ("'x", "x"), ("x'", "x"), ("'x\\'", "x"), ("'\\xg'", "x"), ("'\\u12'", "x"), ("True", "True"), ("True", "%(yes)s"),
        ("False", "%(no)s"), ("None", "%(null)s"), ("true", "True"), ("20", "20"), ("-1", "-1"), ("+1", "1"), ("--1", "1"), ("-True", "-1"),
        ("0x10", "16"), ("0o17", "15"), ("0b11", "3"), ("1_000", "1000"), ("1__0", "10"), ("1.50", "1.5"), ("1.", "1.0"), (".5", "0.5"),
        ("1e16", "1e+16"), ("1e15", "1000000000000000.0"), ("1e-5", "1e-05"), ("0.0001", "0.0001"), ("1e999", "inf"), ("-1e999", "-inf"), ("-0.0", "-0.0"),
        ("-0", "0"), ("020", "20"), ("00", "0"), ("0_0", "0"), ("012.5", "12.5"), ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1j", "1j"), ("1+1", "2"), ("[1,2]", "[1, 2]"), ("[]", "[]"), ("[1,]", "[1]"), ("['a',None]", "['a', None]"), ("[a]", "x"), ("{}", "{}"), ("{1}", "{1}"),
        ("{[]}", "{[]}"), ("set()", "set()"), ("1,2", "(1, 2)"), ("1,", "(1,)"), ("[()]", "[()]"), ("[(1,)]", "[(1,)]"), ("...", "Ellipsis"),
        ("user_id", "u1"), ("user_id", "u2"), ("user_id", '"u1"'), ("user-id", "u1"), ("a/b", "x"), ("用户", "x"), ("ntt_3251", "x"), ("user_id", "%(user_id)s"),
        ("project_id", "%(project_id)s"), ("is_admin", "True"), ("is_admin_project", "True"), ("is_admin_project", "true"), ("Role", "member"), ("Rule", "r"),
        ("HTTP", "x"), ("ROLE", "x"), ("level", "5"), ("ratio", "0.5"), ("domain_id", "None"), ("domain_id", "%(null)s"), ("domain_id", "%(none_text)s"),
        ("", "x"), ("a..b", "x"), (".a", "x"), ("a.", "x"), ("a.1", "x"), ("1a", "x"), ("a=b", "x"), ("$x", "x"), ("!role", "x"), ("%(k)s", "x"), ("@x", "x"),
        ("class", "x"), ("is", "x"), ("and", "x"), ("lambda", "x"), ("a.class", "x"), ("a?b", "x"), ("a;b", "x"), ("a#b", "x"), ("#a", "x"), ("a`b", "x"),
        ("f(x)y", "x"), ("f(x).y", "x"), ("f()[0]", "x"), ("f[]", "x"), ("a[1]", "x"), ("a,b", "x"), ("a<b", "x"), ("a<>b", "x"), ("~a", "x"), ("**a", "x"), ("a**b", "x"), ("*a", "x"),
        ("[*a]", "x"), ("{**a}", "x"), ("f(*a,**b)", "x"), ("f(**a,*b)", "x"), ("f(k=1)", "x"), ("f(k=1,2)", "x"), ("1if", "x"), ("1or", "x"), ("0or[]", "x"), ("1and[]", "x"),
        ("token.user.id", "u1"), ("token.user.id", "u2"), ("token.user", "{'id': 'u1', 'groups': [{'name': 'g1'}, {'name': 'g2'}]}"), ("token.absent.id", "x"), ("token.project", "None"),
        ("token.project.id", "x"), ("token.user.id.x", "x"), ("level.x", "5"), ("is_admin_project.x", "x"), ("token.user.groups.name", "g2"), ("token.user.groups.name", "g3"),
        ("token.user.groups", "{'name': 'g2'}"), ("token.user.groups.absent", "x"), ("token.flags", "True"), ("token.flags", "None"), ("token.flags", "1"), ("token.flags", "[2]"),
        ("token.flags.x", "1"), ("token.roles.name", "a"), ("token.roles.name", "b"), ("token.late.name", "a"), ("token.late.name", "z"), ("nothing", "x"), ("nothing.x", "x"), ("roles", "Member"), ("roles", "member"),
        ("roles.x", "x"), ("a.b", "flat"), ("service_roles", "x"), ("system", "None"),
    ]:
        case(f"check {left}:{right}", f"{left}:{right}")
        case(f"not check {left}:{right}", f"not {left}:{right}")


def templates():
    for left, right in [
        ("'p1'", "%(project_id)s"), ("'x'", "%(absent)s"), ("'p1-u2'", "%(project_id)s-%(user_id)s"), ("'100%'", "100%%"), ("'%'", "%%"), ("'x'", "x%"), ("'x'", "%(absent)s%"), ("'x'", "%"),
        ("'x'", "%(project_id"), ("'x'", "%(absent"), ("'x'", "%(project_id)"), ("'p1'", "(%(project_id)s"), ("'x'", "%(project_id)y"), ("'x'", "%(absent)y"), ("'x'", "%(project_id)d"), ("'5'", "%(five)d"),
        ("'00005'", "%(five)05d"), ("'5'", "%(five_float)d"), ("'5.0'", "%(five_float)s"), ("'+5'", "%(five)+d"), ("'5'", "%(five)i"), ("'5'", "%(five)u"), ("'1'", "%(yes)d"), ("'-7'", "%(negative)d"), ("'-0007'", "%(negative)05d"),
        ("'True'", "%(yes)s"), ("'False'", "%(no)s"), ("'None'", "%(null)s"), ("'0.5'", "%(half)s"), ("'1e+16'", "%(big)s"), ("'1e-05'", "%(small)s"), ("\"['x','y']\"", "%(list)s"), ("'d'", "%(dotted.key)s"), ("'inner'", "%(a(b))s"),
        ("\"'x'\"", "%(letter)r"), ("'x'", "%(letter)c"), ("'0x5'", "%(five)#x"), ("'5'", "%(five)o"), ("'0.500000'", "%(half)f"), ("'0.5'", "%(half).1f"), ("'0.5'", "%(half)g"), ("'5E-01'", "%(half).0E"), ("'pu'", "%(visibility).2s"), ("'public'", "%(visibility)5s"),
        ("'p1'", "%(project_id)hs"), ("'p1'", "%(project_id)-2s"), ("'x'", "%(five)*d"), ("'x'", "%d"), ("'x'", "%(letter)s%s"), ("'x'", "%(letter)5%"), ("''", "%(empty)s"), ("''", ""), ("'x'", "%(empty)s"), ("'x'", ""), ("'%(user_id)s'", "%(percent)s"), ("'u2'", "%(percent)s"),
        ("user_id", "%(absent)s"), ("a..b", "%(absent)s"), ("a..b", "%(project_id)s"), ("'None'", "%(none_text)s"), ("None", "%(none_text)s"), ("5", "%(five)s"), ("5", "%(five_float)s"), ("5.0", "%(five_float)s"), ("True", "%(yes)r"),
        ("'x'", "%(list)d"), ("'x'", "%(null)d"), ("'x'", "%(letter)x"), ("'x'", "%(half)x"), ("'x'", "%s"), ("'x'", "%(five)c"), ("'x'", "%(list)c"), ("'x'", "%(project_id)s%(absent)d%"), ("'x'", "%(project_id)d%(absent)s"), ("'x'", "%(target.user.id)s"),
        ("'x'", "%()s"), ("'x'", "%(five)ls"), ("level", "%(five)s"), ("[1,None]", "%(mixed)s"),
    ]:
        case(f"template {left}:{right}", f"{left}:{right}")
    for key in TARGET:
        for conversion in "sra":
            # The list form keeps blanks, so that any text can stand on the left.
            text = ("%(" + key + ")" + conversion) % TARGET
            case(f"text of {key} as {conversion}", [f"{text!a}:%({key}){conversion}"] if ":" not in text else [f"'':%({key}){conversion}"])


def roles():
    for text in ["role:member", "role:Member", "role:MEMBER", "role:%(role)s", "role:%(absent)s", "role:%(null)s", "role:admin", "role:", "role:reader:x", "role:%", "role:%(role)d", "role:mem%%ber", "not role:admin", "not role:%(absent)s"]:
        case(f"role {text!r}", text)
    for name, roles_ in [
        ("none", []), ("null", None), ("a number", 5), ("a text", "member"), ("one letter", "m"), ("a mapping", {"member": 1}), ("holds null", ["member", None]), ("holds a number", [1, "member"]), ("sharp s", ["STRASSE", "straße"]),
        ("dotted capital I", ["İ"]), ("sigma", ["ΟΔΟΣ"]), ("kelvin", ["\u212a"]), ("nested", [["member"]]), ("true", True), ("blank", [" member"]),
    ]:
        creds = dict(CREDS, roles=roles_)
        for text in ["role:member", "role:m", "role:SS", "role:ß", "role:i\u0307", "role:οδος", "role:οδοσ", "role:k", "not role:admin", "role:straße"]:
            case(f"roles {name}, {text!r}", text, creds=creds)
    case("no roles at all", "role:member", creds={})
    case("not, no roles at all", "not role:member", creds={})


def lists():
    for value in [
        ["@"], ["!"], [[]], [[], []], [[], ["@"]], [[], ["!"]], [""], [["@", ""]], [["@", "@"]], [["@", "!"]], [["@"], ["!"]], ["!", "@"], [["!", "level.x:1"]], [["level.x:1", "!"]],
        ["@", "level.x:1"], ["level.x:1", "@"], ["not role:a"], ["not role:member"], ["role:member and role:x"], ["(@)"], ["@ or @"], ["'public':%(visibility)s"], ["role:member", "role:admin"],
        [["role:member", "role:reader"]], [["role:member", "role:admin"], ["user_id:u1"]], ["foobar"], [["foobar", "@"]], [None], [None, "@"], [0, "@"], [5], [[5]], [[None]], [[None, "@"]], [["@", ["@"]]], [{"@": 1}], [{}], [True],
        ["role:cloud admin"], [" role:member"], ["role:member "], [" user_id:u1"], ["user_id :u1"], ["\tuser_id:u1"], ["a b:x"], ["'a b':a b"], ["[1, 2]:[1, 2]"], ["(1, 2):(1, 2)"], ["(1):1"], ["rule:other"], ["a if b else c:x"], ["a not in b:x"], ["not a:x"],
        ["a\nb:x"], ["f'x':x"], ["[x for x in y]:x"], ["yield:x"], ["(yield):x"], ["await x:x"], ["lambda:x"], ["'\\N{BULLET}':•"], ["'\\ud800':x"], ["{1,2}:{1, 2}"], ["{'a'}:{'a'}"], ["1+2j:(1+2j)"], ["user_id#x:u1"],
    ]:
        case(f"list {value!r}", value)


def references():
    base = {"default": "!", "yes": "@", "no": "!", "broken": "@ or", "a:b": "@", "error": "level.x:1", "Yes": "!"}
    for text in ["rule:yes", "rule:no", "not rule:no", "rule:Yes", "rule:YES", "rule:unknown", "not rule:unknown", "rule:broken", "not rule:broken", "rule:a:b", "rule:%(letter)s", "rule:", "rule:error", "not rule:error", "rule:yes or rule:error", "rule:error or rule:yes",
                 "rule:r", "@ or rule:r", "! and rule:r", "! or rule:r", "not rule:r", "rule:yes and rule:yes and rule:yes"]:
        for default in ["!", "@", None, "rule:unknown", "rule:default"]:
            rules = dict(base, r=text, default=default)
            if default is None:
                del rules["default"]
            case(f"default {default}, {text!r}", rules)
    case("unknown name, no default", {"x": "@"}, "absent")
    case("unknown name, default allows", {"x": "!", "default": "@"}, "absent")
    case("unknown name, default denies", {"x": "@", "default": "!"}, "absent")
    case("unknown name, default errs", {"x": "@", "default": "level.x:1"}, "absent")
    case("no rules at all", {}, "absent")
    case("circle of two", {"r": "rule:b", "b": "rule:r"})
    case("circle of three", {"r": "rule:b", "b": "rule:c", "c": "rule:r"})
    case("circle not reached", {"r": "@ or rule:b", "b": "rule:r"})
    case("circle under not", {"r": "not rule:b", "b": "rule:r"})
    case("circle beside the way", {"r": "rule:b", "b": "@ or rule:c", "c": "rule:c"})
    case("the same rule twice on the way", {"r": "rule:a and rule:b", "a": "rule:c", "b": "rule:c", "c": "@"})


def scopes():
    tokens_ = {"project": {"project_id": "p1"}, "domain": {"domain_id": "d1"}, "system": {"system_scope": "all"}, "unscoped": {}, "system given as system": {"system": "all"},
               "system and domain": {"system_scope": "all", "domain_id": "d1"}, "nulls": {"system_scope": None, "domain_id": None}, "empty texts": {"system_scope": "", "domain_id": ""}}
    for token, creds in tokens_.items():
        for types in [["project"], ["domain"], ["system"], ["project", "system"], []]:
            case(f"scope {token} for {types}", "@", creds=creds, scopes={"r": types})
        case(f"scope {token} copied", "system:all", creds=creds)
    case("scope of a referred rule does not count", {"r": "rule:s", "s": "@"}, creds=tokens_["project"], scopes={"s": ["system"]})
    case("scope denied before an error", {"r": "level.x:1"}, scopes={"r": ["system"]})


def random_cases():
    rng = random.Random(20260922)
    checks = ["@", "!", "word", "role:member", "role:admin", "user_id:u1", "user_id:%(user_id)s", "'public':%(visibility)s", "project_id:%(project_id)s", "x:%(absent)s", "level.x:1", "rule:yes", "rule:no", "rule:unknown", "rule:loop", "'a':'a'", "a..b:x", "token.project.id:x"]
    tokens_ = ["and", "or", "not", "(", ")", "AND", "Or"]
    rules = {"yes": "@", "no": "!", "loop": "rule:loop"}

    def tree(depth):
        pick = rng.randrange(6) if depth else 0
        if pick < 2:
            return rng.choice(checks)
        if pick == 2:
            return "not " + tree(depth - 1)
        if pick == 3:
            return "(" + tree(depth - 1) + ")"
        return tree(depth - 1) + rng.choice([" and ", " or ", " AND ", "  or "]) + tree(depth - 1)

    for i in range(250):
        case(f"random tree {i}", dict(rules, r=tree(4)))
    for i in range(150):
        text = " ".join(rng.choice(checks if rng.random() < 0.5 else tokens_) for _ in range(rng.randrange(1, 8)))
        case(f"random tokens {i}", dict(rules, r=text))
    for i in range(60):
        value = [[rng.choice(checks) for _ in range(rng.randrange(3))] if rng.random() < 0.7 else rng.choice(checks) for _ in range(rng.randrange(1, 4))]
        case(f"random list {i}", dict(rules, r=value))
    pieces = ["a", "user_id", "1", "0", "'x'", "\"y\"", ".", "-", "+", "[", "]", "{", "}", ",", "_", "x", "#", "=", "*", "/", "0x1", "1e5", "None", "is", "é", "\\", "!", "b'"]
    for i in range(150):
        left = "".join(rng.choice(pieces) for _ in range(rng.randrange(1, 5)))
        case(f"random left {i}", f"not {left}:x")
    parts = ["%(letter)", "%(five)", "%(half)", "%(absent)", "%", "%%", "s", "d", "r", "5", "-", "0", ".", "x", "f", "%(list)s", "%(five)03d"]
    for i in range(120):
        right = "".join(rng.choice(parts) for _ in range(rng.randrange(1, 5)))
        case(f"random template {i}", f"'x':{right}")


for section in [values, tokens, lefts, templates, roles, lists, references, scopes, random_cases]:
    section()

names = [c["name"] for c in cases]
duplicates = {n for n in names if names.count(n) > 1}
if duplicates:
    sys.exit(f"two cases of one name: {sorted(duplicates)}")

# Most cases share caller and target; those are written once.
print("{")
print(' "made_by": ' + json.dumps(f"oslo.policy {importlib.metadata.version('oslo.policy')}, Python {platform.python_version()}") + ",")
print(' "creds": ' + json.dumps(CREDS) + ",")
print(' "target": ' + json.dumps(TARGET) + ",")
print(' "cases": [')
for i, c in enumerate(cases):
    c = {k: v for k, v in c.items() if not (k == "creds" and v is CREDS) and not (k == "target" and v is TARGET)}
    print("  " + json.dumps(c, ensure_ascii=True) + ("," if i < len(cases) - 1 else ""))
print(" ]")
print("}")
