"""Text that breaks programs which trust it."""

from __future__ import annotations

from hypothesis import strategies as st

LONG_LINE = "word " * 9_000
"""Near the most that an answer may hold, in one line."""

HOSTILE: dict[str, str] = {
    "lone surrogates": "half \ud83d a face \ude00, reversed \udc00\ud800",
    "right to left": "\u202eright to left\u202c \u05d0\u05d1\u05d2 \u0627\u0644 \u2067isolate",
    "combining marks": "z" + "\u0301\u0489" * 500,
    "terminal escapes": "\x1b[2J\x1b]0;title\x07\x9b31m red \x08\x08\x7f",
    "line ends": "one\r\ntwo\rthree\u2028four\u2029five\x0bsix\x0cseven\x85eight",
    "one long line": LONG_LINE,
    "markup": "<script>alert(1)</script> <img src=x onerror=alert(1)> ![](http://192.0.2.1/x)",
    "database words": "'; DROP TABLE events; -- %s %(x)s :name {0} $1 \\ \\x00 \\ud800",
    "templates": "$rubric ${rubric} {{ rubric }} {rubric} %(rubric)s",
    "log lines": "done\n2026-03-01 12:00:00 ERROR admin signed in\r\nSet-Cookie: a=b",
    "separators": "---\n```\n# heading\n> quote\n| a | b |\n",
    "beyond the planes": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0010ffff \ufffe \ufeff",
    "looks like a path": "../../../../etc/passwd\\..\\..\\windows",
    "looks like a command": "/undo /end /skip",
    "numbers": "NaN Infinity -0 1e999 ٣٤٥ ²",
}

texts = st.one_of(
    st.sampled_from(sorted(HOSTILE.values())),
    # Any code point, surrogates included; NUL is refused by the engine and tested by itself.
    st.text(
        st.characters(exclude_characters="\0", categories=None), min_size=1, max_size=40
    ).filter(str.strip),
    st.text("abc .?", min_size=1, max_size=40).filter(str.strip),
)
