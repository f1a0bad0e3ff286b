"""Every form of a page says for whom it was made, and is not sent as somebody else's."""

import re
from importlib.resources import files

import pytest
from jinja2 import Environment, PackageLoader

from tallystick.console.forms import Form
from tallystick.console.marking import MARK, Marks, demand_own_form
from tallystick.console.problems import SomebodyElseSignedIn
from tallystick.kernel.callers import Caller
from tallystick.runtime.routes import NOBODY

CLERK = Caller(tenant_id=7, actor="per_clerk")
TEMPLATES = sorted(
    file.name
    for file in files("tallystick.console").joinpath("templates").iterdir()
    if file.name.endswith(".html")
)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_form_that_posts_has_the_mark(name: str) -> None:
    environment = Environment(
        loader=PackageLoader("tallystick.console"), autoescape=True, extensions=[Marks]
    )
    source = (files("tallystick.console") / "templates" / name).read_text("utf-8")
    marked = Marks(environment).preprocess(source, name)
    posts = re.findall(r"method=[\"']?post", source, re.IGNORECASE)
    assert marked.count(MARK) == len(posts)
    # The mark stands behind the tag, and the template is still one.
    assert marked.replace(MARK, "") == source
    assert environment.get_template(name)


@pytest.mark.parametrize(
    ("tag", "is_marked"),
    [
        ('<form method="post" class="{{ "a" if 1 > 0 else "b" }}">', True),
        ("<FORM action='/x'\n METHOD=post>", True),
        ('<form method="get">', False),
        ("<form>", False),
        ("<formula method=post>", False),
    ],
)
def test_a_form_is_known_however_it_is_written(tag: str, is_marked: bool) -> None:
    marked = Marks(Environment(autoescape=True)).preprocess(f"{tag}</form>", None)
    assert marked == (f"{tag}{MARK}</form>" if is_marked else f"{tag}</form>")


def test_a_form_of_somebody_else_is_refused() -> None:
    with pytest.raises(SomebodyElseSignedIn):
        demand_own_form(Form({"_for": ("per_owner",)}), CLERK)
    demand_own_form(Form({"_for": ("per_clerk",)}), CLERK)
    demand_own_form(Form({"_for": ("per_owner",)}), NOBODY)


def test_a_mark_names_who_is_signed_in_and_is_escaped() -> None:
    environment = Environment(autoescape=True, extensions=[Marks])
    form = environment.from_string('<form method="post"></form>')
    shown = form.render(asker='"><script>')
    assert 'name="_for" value="&#34;&gt;&lt;script&gt;"' in shown
    assert form.render(asker="") == '<form method="post"></form>'
