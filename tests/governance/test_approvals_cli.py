"""What people type about the clouds: pages are followed, and evidence is found in a package without a platform."""

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tallystick.apps.cli import cloud_approvals
from tallystick.audit.model import tiles
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed, write
from tallystick.kernel.tags import Tag

DONE = [
    {
        "number": number, "at": f"2026-12-01T10:00:0{number}.000000Z", "by": "per_anna", "outcome": "done",
        "tag": "governance.plan.approve", "on": f"governance:plan:pln_{number}", "estate": "staging-aws", "content": {},
    }
    for number in range(3)
]  # fmt: skip
AT = 1_796_119_200_000_000


class Answer:
    """What a platform answered."""

    def __init__(self, said: Any) -> None:
        self._said = said

    def json(self) -> Any:
        return self._said


@pytest.fixture
def asked(monkeypatch):
    """A platform that answers two to a page, and what it was asked."""
    heard: list[tuple[str, str, Any]] = []

    def ask(method: str, path: str, *, query: Any = None, body: bytes = b"") -> Answer:
        heard.append((method, path, query or (json.loads(body) if body else None)))
        if path.endswith("evidence"):
            start = int((query or {}).get("after", 0))
            more = {"after": str(start + 2)} if start + 2 < len(DONE) else {}
            return Answer({"items": DONE[start : start + 2]} | more)
        if path.endswith("break-glasses"):
            glass = {
                "break_glass": "brk_1",
                "estate": "staging-aws",
                "by": "per_b",
                "reason": "down",
            }
            return Answer({"items": [glass | {"review_by": "tomorrow"}]})
        if path.endswith("obligations"):
            item = {
                "status": "overdue",
                "due_at": "2026-12-01T10:00:00Z",
                "control": "c",
                "subject": "s",
            }
            return Answer({"items": [item]})
        return Answer({"items": []})

    monkeypatch.setattr(cloud_approvals, "ask", ask)
    return heard


def run(*words: str) -> Any:
    return CliRunner().invoke(cloud_approvals.app, words)


def package(folder, count: int) -> None:
    """A package with entries of this many acts."""
    deeds = [
        Deed(
            tag=Tag.GOVERNANCE_PLAN_APPROVE, caller=Caller(tenant_id=1, actor="per_anna"),
            on=f"governance:plan:pln_{number}", at=AT + number * 1_000_000,
        )
        for number in range(count)
    ]  # fmt: skip
    entries = [write(deed, salt=b"0" * 16) for deed in deeds]
    tile = folder / "tile" / "entries" / "000.p"
    tile.mkdir(parents=True)
    (tile / str(count)).write_bytes(tiles.pack(entries))


def test_evidence_is_every_page_a_line_each(asked, tmp_path):
    out = tmp_path / "evidence.jsonl"
    assert run("evidence", "--estate", "staging-aws", "--out", str(out)).exit_code == 0
    assert [json.loads(line)["number"] for line in out.read_bytes().splitlines()] == [0, 1, 2]
    assert [query["estate"] for _, _, query in asked] == ["staging-aws"] * 2


def test_evidence_is_found_in_a_package(asked, tmp_path):
    package(tmp_path, 3)
    said = run("evidence", "--record", str(tmp_path))
    assert (said.exit_code, said.output.splitlines()[-1][:6]) == (0, "3 of 3")


def test_evidence_that_a_package_has_not_is_named(asked, tmp_path):
    package(tmp_path, 2)
    said = run("evidence", "--record", str(tmp_path))
    assert said.exit_code == 1
    assert "NOT IN THE PACKAGE: 2026-12-01T10:00:02.000000Z" in said.output


@pytest.mark.parametrize(
    "other", [{"by": "per_eve"}, {"outcome": "failed"}, {"content": {"hash": "0"}}], ids=["actor", "outcome", "content"]
)  # fmt: skip
def test_evidence_that_says_otherwise_than_the_package_is_named(asked, tmp_path, other):
    package(tmp_path, 3)
    saved = tmp_path / "evidence.jsonl"
    saved.write_text("".join(json.dumps(one) + "\n" for one in (DONE[0] | other, *DONE[1:])))
    said = run("evidence", "--from", str(saved), "--record", str(tmp_path))
    assert (said.exit_code, said.output.splitlines()[-1][:6]) == (1, "2 of 3")
    assert asked == []


def test_what_is_told_twice_is_in_the_package_twice(asked, tmp_path):
    package(tmp_path, 3)
    saved = tmp_path / "evidence.jsonl"
    saved.write_text("".join(json.dumps(one) + "\n" for one in (*DONE, DONE[0])))
    said = run("evidence", "--from", str(saved), "--record", str(tmp_path))
    assert (said.exit_code, said.output.splitlines()[-1][:6]) == (1, "3 of 4")


def test_a_saved_file_is_checked_without_a_platform(asked, tmp_path):
    package(tmp_path, 3)
    saved = tmp_path / "evidence.jsonl"
    run("evidence", "--out", str(saved))
    asked.clear()
    said = run("evidence", "--from", str(saved), "--record", str(tmp_path))
    assert (said.exit_code, asked) == (0, [])
    saved.write_text("{}\n")
    bad = run("evidence", "--from", str(saved), "--record", str(tmp_path))
    assert bad.exit_code
    assert "say less than evidence does" in bad.output + bad.stderr
    assert "entries of" not in bad.output


def test_a_folder_without_a_record_is_refused(asked, tmp_path):
    assert run("evidence", "--record", str(tmp_path)).exit_code not in (0, None)


def test_a_broken_glass_rings_above_every_list_of_plans(asked):
    said = run("plans")
    assert said.output.startswith("BROKEN GLASS brk_1 of staging-aws")


def test_what_is_overdue_ends_the_command_with_one(asked):
    assert run("obligations").exit_code == 1


def test_every_command_is_one_of_the_group():
    names = set(typer.main.get_command(cloud_approvals.app).commands)  # type: ignore[attr-defined]
    assert names == {
        "plans", "approve", "withdraw", "break-glass", "review", "waive", "unlock", "restore", "hand-in",
        "obligations", "evidence",
    }  # fmt: skip
