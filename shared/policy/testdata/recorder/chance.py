"""Cases at random, of a fixed seed, so that the same versions give the same file."""

import random

from recorder.cases import case


def random_cases():
    rng = random.Random(20260922)
    checks = [
        "@",
        "!",
        "word",
        "role:member",
        "role:admin",
        "user_id:u1",
        "user_id:%(user_id)s",
        "'public':%(visibility)s",
        "project_id:%(project_id)s",
        "x:%(absent)s",
        "level.x:1",
        "rule:yes",
        "rule:no",
        "rule:unknown",
        "rule:loop",
        "'a':'a'",
        "a..b:x",
        "token.project.id:x",
    ]
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
        value = [
            [rng.choice(checks) for _ in range(rng.randrange(3))] if rng.random() < 0.7 else rng.choice(checks)
            for _ in range(rng.randrange(1, 4))
        ]
        case(f"random list {i}", dict(rules, r=value))
    pieces = [
        "a",
        "user_id",
        "1",
        "0",
        "'x'",
        '"y"',
        ".",
        "-",
        "+",
        "[",
        "]",
        "{",
        "}",
        ",",
        "_",
        "x",
        "#",
        "=",
        "*",
        "/",
        "0x1",
        "1e5",
        "None",
        "is",
        "é",
        "\\",
        "!",
        "b'",
    ]
    for i in range(150):
        left = "".join(rng.choice(pieces) for _ in range(rng.randrange(1, 5)))
        case(f"random left {i}", f"not {left}:x")
    parts = [
        "%(letter)",
        "%(five)",
        "%(half)",
        "%(absent)",
        "%",
        "%%",
        "s",
        "d",
        "r",
        "5",
        "-",
        "0",
        ".",
        "x",
        "f",
        "%(list)s",
        "%(five)03d",
    ]
    for i in range(120):
        right = "".join(rng.choice(parts) for _ in range(rng.randrange(1, 5)))
        case(f"random template {i}", f"'x':{right}")
