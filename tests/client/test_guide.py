"""The examples of the guide run, in their order, against a real platform."""

import re

import pytest

from tests.apps.platform import ROOT, Running

GUIDE = ROOT / "docs" / "guides" / "client.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_guide_do_what_they_say(
    running: Running,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (key,) = re.findall(r"tally_\w+", running.command("tenant", "create", "readers").out)
    monkeypatch.setenv("TALLYSTICK_URL", running.url)
    monkeypatch.setenv("TALLYSTICK_API_KEY", key)
    blocks = BLOCK.findall(GUIDE.read_text("utf-8"))
    assert len(blocks) == 7
    names: dict[str, object] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{GUIDE.name}, example {number + 1}", "exec"), names)
    tenant, posted, entry, refusal, actor, total = capsys.readouterr().out.splitlines()
    assert tenant.startswith("tnt_")
    assert posted == "1250"
    assert entry.endswith(" 1250 1250")
    assert refusal == "account_not_found never"
    assert actor.startswith("key_")
    assert total == "1255"
