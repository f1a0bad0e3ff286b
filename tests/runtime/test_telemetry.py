"""What is logged stays one line of JSON each, in UTC, whatever anybody sent."""

import json
from datetime import UTC, datetime

import pytest
import structlog

from tallystick.runtime.telemetry import configure_logging

FORGED = 'x"}\n{"level": "info", "event": "job_done"}\r\x1b[2J\u2028\x00'


def test_a_line_stays_one_line_whatever_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    structlog.get_logger("test").warning("seen", said=FORGED, **{FORGED: 1})
    shown, written = capsys.readouterr()
    assert shown == ""
    assert written.isascii()
    (line,) = written.splitlines()
    read = json.loads(line)
    assert (read["event"], read["said"], read[FORGED]) == ("seen", FORGED, 1)


def test_a_line_tells_its_time_in_utc_and_how_grave_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("info")
    structlog.get_logger("test").error("seen")
    read = json.loads(capsys.readouterr().err)
    assert read["level"] == "error"
    assert read["timestamp"].endswith("Z")
    at = datetime.fromisoformat(read["timestamp"])
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60
