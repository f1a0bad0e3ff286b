"""What is checked in of the client is what the routes give, in both faces alike."""

import inspect
import typing

from tallystick.client.generated.async_groups import AsyncGroups
from tallystick.client.generated.groups import Groups
from tests.client.generate import FOLDER, PACKAGE, generated
from tests.client.names import GROUPS


def test_generating_again_gives_the_same_text() -> None:
    texts = generated()
    written = {name: (PACKAGE / name).read_text("utf-8") for name in texts}
    assert written == texts, "the routes have changed: make client"
    assert {f"generated/{path.name}" for path in FOLDER.glob("*.py")} == set(texts) - {
        "problems.py"
    }


def test_both_faces_have_the_same_methods() -> None:
    one, other = Groups(*[None] * 3), AsyncGroups(*[None] * 3)  # type: ignore[arg-type]
    count = 0
    for group in GROUPS:
        methods, waited = (_methods(getattr(face, group)) for face in (one, other))
        assert list(methods) == list(waited)
        count += len(methods)
        for name, method in methods.items():
            parameters = inspect.signature(method).parameters
            assert parameters == inspect.signature(waited[name]).parameters, name
            of = typing.get_type_hints(method)["return"]
            waited_of = typing.get_type_hints(waited[name])["return"]
            assert of == waited_of or name.startswith("each_"), name
            assert inspect.iscoroutinefunction(waited[name]) != name.startswith("each_"), name
    assert count > 100


def _methods(group: object) -> dict[str, typing.Any]:
    return {
        name: method
        for name, method in inspect.getmembers(type(group), inspect.isfunction)
        if not name.startswith("_")
    }
