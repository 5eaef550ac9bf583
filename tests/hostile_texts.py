"""What a target or a stranger's file might say to steer whoever reads it, and what no door may let out."""

from __future__ import annotations

import unicodedata

DIRTY = {
    "colour": "\x1b[31mred\x1b[0m",
    "clears the screen": "\x1b[2J\x1b[Hnothing",
    "title of the window": "\x1b]0;owned\x07named",
    "title, ended in another way": "\x1b]2;owned\x1b\\named",
    "link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07copied",
    "device control": "\x1bP$q\x1b\\asked",
    "program command": "\x1b_Gf=24;AAAA\x1b\\drawn",
    "privacy message": "\x1b^hidden\x1b\\shown",
    "escape without an end": "\x1b]0;never ended",
    "half an escape": "text\x1b[",
    "other characters": "\x1b(0lqk\x1b(B",
    "reset": "\x1bcgone",
    "eight bits": "\x9b31mred\x9b0m",
    "eight bits, title": "\x9d0;owned\x9cnamed",
    "eight bits, device": "\x90q\x9casked",
    "carriage return": "failed\rpassed",
    "backspaces": "failed\x08\x08\x08\x08\x08\x08passed",
    "form feed": "one\x0ctwo\x0bthree",
    "bell": "\x07\x07",
    "nul": "a\x00b",
    "delete": "a\x7fb",
    "next line": "one\x85two",
    "line separator": "one\u2028two\u2029three",
    "right to left": "user\u202egpj.exe",
    "isolates": "\u2066\u2067\u2068a\u2069",
    "marks of direction": "a\u200e\u200f\u061cb",
    "zero width": "pass\u200bword\u2060\ufeff",
    "soft hyphen": "pass\u00adword",
    "tags": "text" + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore"),
    "variation selectors": "a" + "\U000e0100\U000e0101\U000e0102\U000e0103",
    "fillers": "a\u3164\uffa0\u115fb",
    "stacked marks": "Z" + "\u0300\u0488" * 500,
    "lone surrogate": "a\ud800b\udfff",
    "bytes that were none": "a\udcff\udc80b",
    "no character": "a\ufffe\uffff\ufdd0\U0010ffffb",
    "newline": "fine\nREADY: a line of its own",
    "command of GitHub": "fine\n::error file=x::owned",
    "command of GitHub, indented": "fine\n  ::add-mask::owned",
    "older command of GitHub": "fine ##[error]owned",
    "command of Azure": "fine ##vso[task.setvariable variable=x]owned",
    "command of TeamCity": "fine\n##teamcity[testFailed name='x']",
    "script": "<script>alert(1)</script>",
    "end of a script": '</script></style></title><img src=x onerror="alert(1)">',
    "out of an attribute": '" onmouseover="alert(1)" x=\'',
    "address of a script": "javascript:alert(1)",
    "drawing": '<svg onload="alert(1)"><a xlink:href="javascript:alert(1)">',
    "comment": "<!-- --><!--",
    "entities": "&lt;script&gt; &#60;b&#62; &amp",
    "end of data": "]]><evil/><![CDATA[",
    "template": "{{ 7 * 7 }}{% raw %}{# #}",
    "format": "%s %n {0} {host.access}",
    "Markdown": "# h\n- [x] `incident.act.fix` done\n- Closed: 2026-11-26 03:00 UTC",
    "field of a record": "Closed: 2026-11-26 03:00 UTC",
    "link of Markdown": "[click](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example>",
    "backticks": "``` ` `` <b>x</b>",
    "table": "a | b\n--- | ---\n|x|y|",
    "calendar": "x\r\nEND:VEVENT\r\nBEGIN:VALARM\r\nATTACH:x;y,z\\",
    "deep JSON": '{"a": ' * 200,
    "ten megabytes": "x" * 10_000_000,
    "ten megabytes of escapes": "\x1b[" * 5_000_000,
    "ten megabytes of openings": "\x90" * 10_000_000,
    "ten megabytes of lines": "\n" * 10_000_000,
    "ten megabytes of marks": "\u0300" * 10_000_000,
}
VISIBLE = frozenset(
    map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)))
)
"""What Unicode counts among the marks of format, and is seen."""


def forbidden(text: str, allowed: str = "\n") -> set[str]:
    """The characters of a text that no door may let out."""
    return {
        character
        for character in set(text) - set(allowed) - VISIBLE
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        or ord(character) & 0xFFFE == 0xFFFE
        or "\ufdd0" <= character <= "\ufdef"
        or 0xE0000 <= ord(character) <= 0xE0FFF
    }
