"""The page of the development issuer: who is it, by password and code, or on its word."""

import html
from collections.abc import Mapping, Sequence
from typing import Final

from tallystick.console.statics import Statics
from tallystick.runtime.routes import Reply

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HINT: Final = (
    "Passwords and the secrets of codes are made once, and printed by <code>tallystick up</code>."
)
_TEXT: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Who are you?</title>
<link rel="icon" href="{icon}" type="image/svg+xml"><link rel="stylesheet" href="{style}"></head>
<body><main class="narrow"><h1>Who are you?</h1><p class="soft">This is the issuer of a development machine.</p>
{wrong}<form method="post" action="{action}">{kept}
<div class="field"><label for="person">Person</label><input id="person" name="person" value="{person}" list="people"
 autocomplete="username" required><datalist id="people">{people}</datalist></div>
<div class="field"><label for="password">Password</label><input id="password" name="password" type="password"
 autocomplete="current-password" aria-describedby="hint" required></div>
<div class="field"><label for="code">Code</label><input id="code" name="code" inputmode="numeric"
 autocomplete="one-time-code" pattern="[0-9]{{6}}" maxlength="6" aria-describedby="hint" required></div>
<p class="note" id="hint">{hint}</p><div class="buttons"><button class="main">Sign in</button></div></form>
<h2>Or without them</h2><p class="note">Anybody at this machine is believed.</p>
<div class="buttons">{links}</div></main></body></html>
"""


def page(
    *,
    action: str,
    question: Mapping[str, str],
    people: Sequence[str],
    links: Mapping[str, str],
    person: str = "",
    wrong: str = "",
) -> Reply:
    """The page that asks; ``links`` lead on without a password, by the person's name."""
    statics = Statics()
    text = _TEXT.format(
        icon=statics.path("mark.svg"),
        style=statics.path("console.css"),
        action=html.escape(action),
        hint=_HINT,
        wrong=f'<div class="says bad" role="alert"><p>{html.escape(wrong)}</p></div>'
        if wrong
        else "",
        kept="".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(text)}">'
            for name, text in question.items()
        ),
        person=html.escape(person),
        people="".join(f'<option value="{name}"></option>' for name in people),
        links="".join(
            f'<a class="button" href="{html.escape(url)}">{name}</a>' for name, url in links.items()
        ),
    )
    return Reply(
        value=text.encode(),
        status=422 if wrong else 200,
        media="text/html; charset=utf-8",
        headers={"content-security-policy": POLICY},
    )
