"""Roles, the list form, references between rules, and scopes of tokens."""

from recorder.cases import CREDS, case


def roles():
    for text in [
        "role:member",
        "role:Member",
        "role:MEMBER",
        "role:%(role)s",
        "role:%(absent)s",
        "role:%(null)s",
        "role:admin",
        "role:",
        "role:reader:x",
        "role:%",
        "role:%(role)d",
        "role:mem%%ber",
        "not role:admin",
        "not role:%(absent)s",
    ]:
        case(f"role {text!r}", text)
    for name, roles_ in [
        ("none", []),
        ("null", None),
        ("a number", 5),
        ("a text", "member"),
        ("one letter", "m"),
        ("a mapping", {"member": 1}),
        ("holds null", ["member", None]),
        ("holds a number", [1, "member"]),
        ("sharp s", ["STRASSE", "straße"]),
        ("dotted capital I", ["İ"]),
        ("sigma", ["ΟΔΟΣ"]),
        ("kelvin", ["\u212a"]),
        ("nested", [["member"]]),
        ("true", True),
        ("blank", [" member"]),
    ]:
        creds = dict(CREDS, roles=roles_)
        for text in [
            "role:member",
            "role:m",
            "role:SS",
            "role:ß",
            "role:i\u0307",
            "role:οδος",
            "role:οδοσ",
            "role:k",
            "not role:admin",
            "role:straße",
        ]:
            case(f"roles {name}, {text!r}", text, creds=creds)
    case("no roles at all", "role:member", creds={})
    case("not, no roles at all", "not role:member", creds={})


def lists():
    for value in [
        ["@"],
        ["!"],
        [[]],
        [[], []],
        [[], ["@"]],
        [[], ["!"]],
        [""],
        [["@", ""]],
        [["@", "@"]],
        [["@", "!"]],
        [["@"], ["!"]],
        ["!", "@"],
        [["!", "level.x:1"]],
        [["level.x:1", "!"]],
        ["@", "level.x:1"],
        ["level.x:1", "@"],
        ["not role:a"],
        ["not role:member"],
        ["role:member and role:x"],
        ["(@)"],
        ["@ or @"],
        ["'public':%(visibility)s"],
        ["role:member", "role:admin"],
        [["role:member", "role:reader"]],
        [["role:member", "role:admin"], ["user_id:u1"]],
        ["foobar"],
        [["foobar", "@"]],
        [None],
        [None, "@"],
        [0, "@"],
        [5],
        [[5]],
        [[None]],
        [[None, "@"]],
        [["@", ["@"]]],
        [{"@": 1}],
        [{}],
        [True],
        ["role:cloud admin"],
        [" role:member"],
        ["role:member "],
        [" user_id:u1"],
        ["user_id :u1"],
        ["\tuser_id:u1"],
        ["a b:x"],
        ["'a b':a b"],
        ["[1, 2]:[1, 2]"],
        ["(1, 2):(1, 2)"],
        ["(1):1"],
        ["rule:other"],
        ["a if b else c:x"],
        ["a not in b:x"],
        ["not a:x"],
        ["a\nb:x"],
        ["f'x':x"],
        ["[x for x in y]:x"],
        ["yield:x"],
        ["(yield):x"],
        ["await x:x"],
        ["lambda:x"],
        ["'\\N{BULLET}':•"],
        ["'\\ud800':x"],
        ["{1,2}:{1, 2}"],
        ["{'a'}:{'a'}"],
        ["1+2j:(1+2j)"],
        ["user_id#x:u1"],
    ]:
        case(f"list {value!r}", value)


def references():
    base = {"default": "!", "yes": "@", "no": "!", "broken": "@ or", "a:b": "@", "error": "level.x:1", "Yes": "!"}
    for text in [
        "rule:yes",
        "rule:no",
        "not rule:no",
        "rule:Yes",
        "rule:YES",
        "rule:unknown",
        "not rule:unknown",
        "rule:broken",
        "not rule:broken",
        "rule:a:b",
        "rule:%(letter)s",
        "rule:",
        "rule:error",
        "not rule:error",
        "rule:yes or rule:error",
        "rule:error or rule:yes",
        "rule:r",
        "@ or rule:r",
        "! and rule:r",
        "! or rule:r",
        "not rule:r",
        "rule:yes and rule:yes and rule:yes",
    ]:
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
    tokens_ = {
        "project": {"project_id": "p1"},
        "domain": {"domain_id": "d1"},
        "system": {"system_scope": "all"},
        "unscoped": {},
        "system given as system": {"system": "all"},
        "system and domain": {"system_scope": "all", "domain_id": "d1"},
        "nulls": {"system_scope": None, "domain_id": None},
        "empty texts": {"system_scope": "", "domain_id": ""},
    }
    for token, creds in tokens_.items():
        for types in [["project"], ["domain"], ["system"], ["project", "system"], []]:
            case(f"scope {token} for {types}", "@", creds=creds, scopes={"r": types})
        case(f"scope {token} copied", "system:all", creds=creds)
    case(
        "scope of a referred rule does not count",
        {"r": "rule:s", "s": "@"},
        creds=tokens_["project"],
        scopes={"s": ["system"]},
    )
    case("scope denied before an error", {"r": "level.x:1"}, scopes={"r": ["system"]})
