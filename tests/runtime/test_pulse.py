"""A pulse: what a process without a port writes, and when whoever probes it says no."""

from pathlib import Path

import pytest

from tallystick.runtime.probing import why_not
from tallystick.runtime.pulse import GOOD_MAX_NS, TURN_MAX_NS, Pulse, failing

START = 1_000 * TURN_MAX_NS


class Clock:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pulse"


def test_a_process_that_has_not_begun_has_no_pulse_and_that_of_its_predecessor_does_not_count(
    path: Path, clock: Clock
) -> None:
    Pulse(path, now=clock).beat(True)
    assert not failing(path, is_good_asked=True, now=clock())
    Pulse(path, now=clock)
    assert "no turn was taken yet" in failing(path, is_good_asked=False, now=clock())


def test_whose_turns_fail_lives_and_does_not_work(path: Path, clock: Clock) -> None:
    pulse = Pulse(path, now=clock)
    pulse.beat(False)
    assert failing(path, is_good_asked=True, now=clock()) == "no turn was good yet"
    pulse.beat(True)
    clock.at += GOOD_MAX_NS
    pulse.beat(False)
    assert not failing(path, is_good_asked=True, now=clock())
    clock.at += 1
    pulse.beat(False)
    assert "good turn is older than 10 seconds" in failing(path, is_good_asked=True, now=clock())
    assert not failing(path, is_good_asked=False, now=clock())


def test_who_hangs_does_not_live(path: Path, clock: Clock) -> None:
    Pulse(path, now=clock).beat(True)
    clock.at += TURN_MAX_NS
    assert not failing(path, is_good_asked=False, now=clock())
    clock.at += 1
    assert "turn is older than 60 seconds" in failing(path, is_good_asked=False, now=clock())


@pytest.mark.parametrize("text", ["", "1", "1 2 3", "soon later", "9" * 200])
def test_what_is_no_pulse_says_no(path: Path, clock: Clock, text: str) -> None:
    path.write_text(text)
    assert "has no pulse" in failing(path, is_good_asked=False, now=clock())


def test_a_pulse_from_before_the_machine_started_says_no(path: Path, clock: Clock) -> None:
    Pulse(path, now=clock).beat(True)
    assert "older than 60" in failing(path, is_good_asked=False, now=START - 1)


def test_a_pulse_that_cannot_be_written_ends_nothing(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    pulse = Pulse(folder / "pulse", now=clock)
    folder.rmdir()
    pulse.beat(True)
    assert "has no pulse" in failing(folder / "pulse", is_good_asked=False, now=clock())


def test_the_probe_needs_to_know_where_it_is(path: Path) -> None:
    assert "TALLYSTICK_RECORD_PULSE is not set" in why_not("turns", given={})
    Pulse(path).beat(False)
    given = {"TALLYSTICK_RECORD_PULSE": str(path)}
    assert (why_not("turns", given=given), why_not("record", given=given)) == (
        "",
        "no turn was good yet",
    )
