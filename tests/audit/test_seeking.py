"""What somebody looks for among entries, and what of it is refused."""

from typing import Any

import pytest

from tallystick.audit.api import ListEntries
from tallystick.audit.model.seeking import MENTIONS_MAX, sought
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed, write
from tallystick.kernel.instants import parse
from tallystick.kernel.problems import Malformed
from tallystick.kernel.tags import Tag

CALLER = Caller(tenant_id=1, actor="per_olga", request="req_7")
GIVING = write(
    Deed(
        tag=Tag.IDENTITY_ROLE_GIVE, caller=CALLER, on="mem_1", at=parse("2026-11-27T10:30:00Z"),
        content={"holder": "per_carl", "role": "clerk"},
    ),
    salt=bytes(16),
)  # fmt: skip


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"tag": "identity."},
        {"tag": "identity.role.give"},
        {"on": "mem_1"},
        {"by": "per_olga"},
        {"mentions": "per_carl"},
        {"mentions": "mem_1"},
        {"mentions": "req_7"},
        {"mentions": "per_none per_olga"},
        {"since": "2026-11-27T10:30:00Z"},
        {"since": "2026-11-27T11:30:00+01:00"},
        {"until": "2026-11-27T10:30:00.000001Z"},
    ],
)
def test_an_entry_that_is_looked_for(asked: dict[str, Any]) -> None:
    assert sought(ListEntries(**asked))(GIVING)


@pytest.mark.parametrize(
    "asked",
    [
        {"tag": "identity.role"},
        {"tag": "ledger."},
        {"on": "mem_"},
        {"by": "per_carl"},
        # The beginning of an id is not that id, and a word of a field is none either.
        {"mentions": "per_"},
        {"mentions": "per_carl1"},
        {"mentions": 'per_carl","role'},
        {"since": "2026-11-27T10:30:00.000001Z"},
        {"until": "2026-11-27T10:30:00Z"},
        {"mentions": "per_carl", "on": "mem_2"},
    ],
)
def test_an_entry_that_is_not_looked_for(asked: dict[str, Any]) -> None:
    assert not sought(ListEntries(**asked))(GIVING)


def test_what_is_no_entry_fits_only_who_asks_for_nothing() -> None:
    assert sought(ListEntries())(b"no entry")
    assert not sought(ListEntries(mentions="no"))(b'"no" entry')
    assert not sought(ListEntries(tag="identity."))(b"no entry")


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "yesterday"},
        {"until": "2026-13-01T00:00:00Z"},
        {"mentions": "x " * (MENTIONS_MAX + 1)},
    ],
)
def test_what_nobody_can_look_for(asked: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as refused:
        sought(ListEntries(**asked))
    assert set(refused.value.fields) == set(asked)
