"""Frames of HTML pages: one file each, readable offline, by day and by night.

Everything that was not written here is escaped. A page fetches nothing and runs no script: its
own content security policy forbids it, whatever a text may contain.
"""

import html
import re

# What HTML does not allow as a character, and lone surrogates, which no file can hold.
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --paper: #fcfcfd; --quiet: #60646c;
  --line: #d9dce1; --soft: #f1f3f5 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #15171a; --quiet: #a0a6ad;
  --line: #363b42; --soft: #1f2327 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 80rem; padding: 1.5rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.6 system-ui, sans-serif }
h1 { font-size: 1.4rem; margin: 0 0 1rem }
a { color: inherit }
"""


def escape(text: str) -> str:
    """Text as HTML, for content and for quoted attributes; each character stays one character.

    Characters that HTML does not know become U+FFFD.
    """
    return html.escape(_IMPOSSIBLE.sub("\ufffd", text))


def page(title: str, body: str, *, style: str = "") -> str:
    """A whole page. title: plain text. body: HTML. style: CSS, after the frame's own."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )
