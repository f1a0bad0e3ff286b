"""The mark of forms: every form of a page says for whom it was made, so that it is not sent as somebody else's."""

import re
from typing import Final

from jinja2.ext import Extension

from tallystick.console.forms import Form
from tallystick.console.problems import SomebodyElseSignedIn
from tallystick.kernel.callers import Caller

FIELD: Final = "_for"
MARK: Final = '{% if asker %}<input type="hidden" name="_for" value="{{ asker }}">{% endif %}'
"""The mark as templates have it, empty where nobody is signed in; whoever writes a template writes nothing.

Not by the name ``caller``, which means something else within a macro.
"""
_FORM = re.compile(r"<form\b(?:\{\{.*?\}\}|\{%.*?%\}|[^>])*?>", re.DOTALL | re.IGNORECASE)
_POSTS = re.compile(r"\bmethod\s*=\s*[\"']?post\b", re.IGNORECASE)


class Marks(Extension):
    """Puts the mark into every form of a template that posts, as it is read."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template with its marks."""
        return _FORM.sub(lambda form: form[0] + MARK if _POSTS.search(form[0]) else form[0], source)


def demand_own_form(form: Form, caller: Caller) -> None:
    """Raise SomebodyElseSignedIn when a form was made for somebody else. One of a public page was made for nobody."""
    made_for = form.text(FIELD)
    if caller.tenant_id and made_for and made_for != caller.actor:
        raise SomebodyElseSignedIn(
            "This form was made for somebody else, who was signed in here before. Nothing of it was done: sign in as "
            "them, or begin anew."
        )
