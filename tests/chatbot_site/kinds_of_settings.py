"""For each kind of setting: texts with the value that they mean, and texts that mean nothing.

What bounds and choices add is worked out from the setting itself; see `tables`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from chatbot_site.environment import Setting

Taken = list[tuple[str, Any]]
MARK = "hunter2"  # in what is refused: no sentence may repeat it
FERNET = [Fernet.generate_key().decode() for _ in range(2)]
KINDS: dict[str, tuple[Taken, list[str]]] = {}

KINDS["boolean"] = (
    [(text, True) for text in ("true", "On", " YES ", "1", "y", "t", '"true"')]
    + [(text, False) for text in ("false", "OFF", "no", "0", "N", "F")],
    ["yess", "enabled", "2", "-1", "truefalse", "true,false", "ja", "켜기", "null", "None", "#true", "true#", "$ON"],
)
KINDS["whole number"] = (
    [],
    ["1,000", "1.5", "1e3", "NaN", "inf", "0x10", "١٢", "12 000", "20MB", "--1", "+-1", "1_", "1" * 5000, "$N"],
)
KINDS["number"] = (
    [],
    ["0,7", "1,000.5", "nan", "Infinity", "-inf", "1e3", "½", "1" * 400, "5s", "1.2.3", ".", "-", "1.", "$N"],
)
KINDS["choice"] = ([], ["of", "wrong", "web,worker", "$WORD", "채팅"])
KINDS["text"] = (
    [("one\n# two\n#", "one\n# two\n#"), ("a#b", "a#b"), ("#1", "#1"), ("$HOME", "$HOME"), ("채팅", "채팅")],
    ["a # b", "# b", "nul\x00", "'quoted'"],
)
KINDS["line"] = (
    [("채팅", "채팅"), ("C#", "C#"), ("$x", "$x"), ("Bob's", "Bob's")],
    ["a # b", "one\ntwo", "\x1b[31mred", '"quoted"'],
)
KINDS["secret"] = (
    [
        (text, text)
        for text in (
            "#begins-with-one-of-them",
            "$dollar$in$front$of$it",
            "four words of a passphrase",
            "a=b,c;d:e/f#g%41&h+i j\\n",
        )
    ],
    ["a-secret-with # a comment", "two\nlines-of-a-secret", "'in-quotation-marks'", "\udce9-no-utf-8-of-any-kind"],
)
KINDS["key"] = (
    [("sk-abc#def", "sk-abc#def"), ("$key", "$key"), ("sk-abc # work", "sk-abc"), ("'sk-abc'", "sk-abc")],
    ["Bearer sk-abc", "sk-abc\nsk-def", "sk-äbc", "sk\u200babc", "sk\tabc", 'sk"abc'],
)
KINDS["word"] = (
    [("openai/gpt-4o", "openai/gpt-4o"), ("vllm/qwen:7b # small\n# and good", "vllm/qwen:7b")],
    ["two words", 'a"b', "#x", "a\nb", "a # b\nc"],
)
KINDS["dotted path"] = (
    [("storages.backends.s3.S3Storage", "storages.backends.s3.S3Storage")],
    ["S3Storage", "storages backends", "a..b", "1.2", "a/b", "$A.b"],
)
KINDS["list"] = (
    [("one, two words ,,three", ["one", "two words", "three"]), (",", []), ("one\n#2\n# why", ["one", "#2"])],
    ["one # 2", "# 1", "a,#"],
)
KINDS["path"] = (
    [("/srv/a b", Path("/srv/a b")), ("/srv/a#b", Path("/srv/a#b")), ("~/a", Path.home() / "a")],
    ["$HOME/x", "${HOME}", "file:///x", "/x # y", "~nobody-of-that-name/x", "/x\ny", "'/x'"],
)
KINDS["JSON object"] = (
    [
        ('{"a": "b #c"}', {"a": "b #c"}),
        ('{"a": 1, # c\n"b": 2} # c', {"a": 1, "b": 2}),
        ("{}", {}),
        ('{\n"a": "$b"}', {"a": "$b"}),
    ],
    ["{", "[1]", '"text"', "1", "null", "NaN", '{"a": NaN}', '{"a": 1, "a": 2}', "{'a': 1}", "[" * 99_999, "{}{}"],
)
KINDS["time zone"] = (
    [("Europe/Berlin", "Europe/Berlin"), ("asia/seoul", "Asia/Seoul"), ("UTC # summer", "UTC")],
    ["Asia/Seul", "Asia", "KST9", "+09:00", "GMT+9", "UTC-3:30", "../../etc/passwd", "/etc/passwd", "x" * 5000, "$TZ"],
)
KINDS["e-mail address"] = (
    [
        ("chat@example.org", "chat@example.org"),
        ("채팅 #1 <chat@example.org>", "채팅 #1 <chat@example.org>"),
        ("Chat, Team <a@b.org>", '"Chat, Team" <a@b.org>'),
        ("채팅 [팀] @ 집 <a@b.org>", '"채팅 [팀] @ 집" <a@b.org>'),
    ],
    [
        "Bob <a@b.org>, Eve <c@d.org>",
        "a@b.org, Eve <c@d.org>",
        '"Chat <a@b.org>',
        "chat",
        "chat@",
        "@example.org",
        "a b@example.org",
        "a@b.org, c@d.org",
        "x\nBcc: b@example.org",
        "<a@b.org",
    ],
)
KINDS["address to listen on"] = (
    [("0.0.0.0", "0.0.0.0"), ("::", "::"), ("[::1]", "::1"), ("localhost", "localhost")],
    ["http://0.0.0.0", "0.0.0.0:8000", "0.0.0.0 8000", "a/b", "*", "a,b"],
)
KINDS["hosts"] = (
    [
        ("a.example.org, B.example.org ,,", ["a.example.org", "b.example.org"]),
        (".example.org", [".example.org"]),
        ("::1,[::1],10.0.0.1", ["[::1]", "[::1]", "10.0.0.1"]),
        ("bücher.example.org", ["xn--bcher-kva.example.org"]),
        ("chat.example.org.", ["chat.example.org"]),
        ("a.org\nb_c.org", ["a.org", "b_c.org"]),
        ("a.org # ours", ["a.org"]),
        ("a.org # main\nb.org # second\n#\n# d.org\nc.org", ["a.org", "b.org", "c.org"]),
        ("*", ["*"]),
    ],
    ["https://a.org", "a.org:8443", "[::1]:80", "a.org b.org", "*.a.org", "a.org/", "ä..org", "me@a.org", "-", "a;b"],
)
KINDS["origin"] = (
    [
        ("https://a.org", "https://a.org"),
        ("https://A.org:443/", "https://a.org"),
        ("http://10.0.0.5:8000", "http://10.0.0.5:8000"),
    ],
    [
        "a.org",
        "https://*.a.org",
        "https://a.org/x",
        "ftp://a.org",
        "https://",
        "https://a.org,https://b.org",
        f"https://user:{MARK}@a.org",
    ],
)
KINDS["origins"] = (
    [
        ("https://a.org, http://b.org:8080,", ["https://a.org", "http://b.org:8080"]),
        ("https://A.org:443/", ["https://a.org"]),
        ("https://*.a.org", ["https://*.a.org"]),
        ("http://[::1]:8000", ["http://[::1]:8000"]),
        ("https://a.org, # old\n\nhttps://b.org", ["https://a.org", "https://b.org"]),
    ],
    [
        "a.org",
        "//a.org",
        "https://",
        "https://a.org/x",
        f"https://user:{MARK}@a.org",
        "https://a.org:x",
        "ftp://a.org",
        "https://a https://b",
        "*",
    ],
)
KINDS["http address"] = (
    [(text, text) for text in ("https://a.org/v1?api-version=1", "http://[::1]:8000", "http://gpu-box:8000/v1")],
    [
        "a.org",
        "a.org:8000/v1",
        "http://",
        "http:///v1",
        "ftp://a",
        "http://a:x",
        "http://a b",
        "http://[::1",
        "http:/a",
    ],
)
KINDS["servers"] = (
    [
        (" a = http://a/v1 ,, b=http://b ", {"a": "http://a/v1", "b": "http://b"}),
        ("a=http://a # ours", {"a": "http://a"}),
        ("a=http://a # one\n# c=http://c\nb=http://b", {"a": "http://a", "b": "http://b"}),
    ],
    ["a", "a=", "=http://a", "a=b", "a=http://", "a=http://a,a=http://b", "a b=http://a", "openai=http://a"]
    + [f"{name}=http://a" for name in ("gpu-box=http://a,gpu_box", "local", "http://a", "", "a/b")],
)
KINDS["database"] = (
    [],
    ["chat", "localhost/chat", "mysql://u:p@h/d", "postgres://h", "postgres://u:p@h:x/d", "postgres://h:99999/d"]
    + [f"postgres://u:{MARK}{sign}x@h:5432/d" for sign in ("#", "/", "?", "[", "]", " ", "\u2100", "%FF", "\\", "\n")]
    + ["sqlite://", "sqlite:///", "sqlite://db.sqlite3", "postgres:/h/d", "postgres://h/d?conn_health_checks=perhaps"]
    + ["postgres://h/d?sslmode", "postgres://h/d?conn_max_age=long", "postgres://h:/d", "$DATABASE"]
    + [
        f"postgres://u:{MARK}@h/d?{option}"
        for option in (
            "conn_max_age=60",
            "pool=true",
            "isolation_level=2",
            "pgbouncer=true",
            "connect_timeout=abc",
            "sslmode=nonsense",
            "target_session_attrs=any-of-them",
            "schema=a",
            "keepalives=-1",
        )
    ]
    + ["sqlite:///db.sqlite3?timeout=5", "sqlite:///my db"],
)
KINDS["redis"] = (
    [
        (text, text)
        for text in (
            "redis://localhost:6379/0",
            "rediss://:p%40ss@h",
            "unix:///run/redis.sock?db=1",
            "redis://h?socket_timeout=5&protocol=3",
            "rediss://h/0?ssl_cert_reqs=none",
        )
    ]
    + [("redis://h # cache", "redis://h")],
    ["localhost:6379", "http://h", "redis://", "redis://h:x", "redis://h/abc", "redis://h?db=x", "unix://", "$REDIS"]
    + [f"redis://:{MARK}{sign}x@h/0" for sign in ("#", "/", "?", "[", " ")]
    + [
        f"redis://:{MARK}@h/0?{option}"
        for option in ("ssl_cert_reqs=none", "foo=bar", "socket_timeout=abc", "decode_responses=true")
    ]
    + ["rediss://h?ssl_cert_reqs=foo", "unix://run/redis.sock"],
)
KINDS["mail server"] = (
    [],
    ["mail.example.org", "smtp://", "smtps+x://h", "smtp+tls://h:465", "smtp://h:x", "smtp://user@h", "smtp://h/x"]
    + [f"smtp+tls://u:{MARK}{sign}x@h:587" for sign in ("#", "/", "?", "[", " ")]
    + ["smtp://h?timeout=5", "filemail://", "filemail://a/b", "consolemail://h", "http://h", "$MAIL"],
)
KINDS["Fernet keys"] = (
    [(FERNET[0], FERNET[0]), (" , ".join(FERNET), ",".join(FERNET)), (" # new\n".join(FERNET), ",".join(FERNET))],
    [
        ",",
        " ,\n, ",
        "short",
        FERNET[0][:-4],
        f"{FERNET[0]},second",
        "한국어",
        FERNET[0].replace("=", " ="),
        f"${FERNET[0]}",
    ],
)
KINDS["sign-up"] = (
    [
        ("open", "open"),
        ("CLOSED", "closed"),
        (" @Example.org, example.com ", "example.org,example.com"),
        ("a.org # us\nb.org # them", "a.org,b.org"),
    ],
    [",", "close", "false", "open,example.org", "https://example.org", "me@example.org", "example", "$OPEN"],
)
KINDS["days by group"] = (
    [
        (" Members = 365 , Interns=30,A=b=keep,", {"Members": 365, "Interns": 30, "A=b": None}),
        ("Team #1=3", {"Team #1": 3}),
        ("Members=365 # a year", {"Members": 365}),
        ("Members=365 # a year\n# Guests=1\nInterns=30", {"Members": 365, "Interns": 30}),
    ],
    ["Members", "Members=", "=3", "Members=0", "Members=-1", "A=1,A=2", "Members=1.5", "Members:30", "A=100000"],
)


def tables(setting: Setting[Any]) -> tuple[Taken, list[str]]:
    """What the kind's row says, and what the bounds and choices of this very setting do."""
    kind = setting.kind
    taken, refused = KINDS[kind.name]
    if kind.choices:
        taken = [*taken, *((word.swapcase(), word) for word in kind.choices)]
    if kind.least is not None and kind.most is not None:
        taken = [(f"{bound:.15g}", bound) for bound in (kind.least, kind.most)]
        refused = [*refused, f"{kind.least - 1:.15g}", f"{kind.most + 1:.15g}"]
    elif kind.least is not None and kind.least > 1:
        refused = [*refused, "x" * int(kind.least - 1)]
    return taken, refused
