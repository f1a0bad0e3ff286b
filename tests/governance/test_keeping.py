"""A state in a folder and its keeper: of one estate, for us alone, and nothing read from whoever has no password."""

import http.client
import json
import stat
from base64 import b64encode
from contextlib import closing
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest

from tallystick.governance.adapters.provider.local import LocalStore
from tallystick.governance.adapters.provider.naming import Namer
from tallystick.governance.adapters.terraform import commits
from tallystick.governance.adapters.terraform.files import FileStates
from tallystick.governance.adapters.terraform.refusing import RunRefused
from tallystick.governance.adapters.terraform.statekeeper import (
    BIGGEST,
    Keeper,
    StateLocked,
    StateRefused,
    keeping,
)
from tallystick.governance.api import STATE_BYTES_MAX


def state(*, estate: str | None, serial: int = 1) -> bytes:
    """Give a state that is whole, and says whose it is if it does."""
    outputs = {"estate": {"value": estate, "type": "string"}} if estate else {}
    whole = {"version": 4, "serial": serial, "lineage": "a", "outputs": outputs, "resources": []}
    return json.dumps(whole).encode()


def test_the_state_of_another_estate_is_neither_read_nor_written(tmp_path: Path) -> None:
    mine = FileStates(tmp_path, estate="development-aws")
    mine.lock({"ID": "one"})

    with pytest.raises(StateRefused, match=r"production-aws.*another estate.*--local"):
        mine.write(state(estate="production-aws"), lock="one")
    assert mine.read() is None
    mine.write(state(estate="development-aws"), lock="one")
    with pytest.raises(StateRefused, match=r"another estate"):
        FileStates(tmp_path, estate="production-aws").read()
    assert mine.read() == state(estate="development-aws")


def test_a_state_that_does_not_say_whose_it_is_belongs_to_who_wrote_first(tmp_path: Path) -> None:
    mine = FileStates(tmp_path, estate="development-aws")
    mine.lock({"ID": "one"})
    mine.write(state(estate=None), lock="one")

    with pytest.raises(StateRefused, match=r"keeps the state of development-aws"):
        FileStates(tmp_path, estate="staging-aws").read()


@pytest.mark.parametrize("cut", [b"", b'{"ID": "on', b"[]"])
def test_a_lock_that_is_damaged_is_freed_by_that_word(cut: bytes, tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_bytes(cut)
    states = FileStates(tmp_path)

    with pytest.raises(StateLocked, match="--free-lock damaged"):
        states.lock({"ID": "one"})
    states.free(lock="damaged")
    states.lock({"ID": "one"})
    with pytest.raises(StateRefused, match="No lock damaged"):
        states.free(lock="damaged")


def test_what_has_secrets_in_it_is_for_us_alone(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    states = FileStates(folder, estate="development-aws")
    states.lock({"ID": "one"})
    states.write(state(estate=None), lock="one")
    store = LocalStore(path=str(folder / "store.json"), namer=cast("Namer", None))
    store.update("aws_vpc", {"id": "vpc-1"}, {"cidr_block": "10.0.0.0/16"})

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {
        each.name: stat.S_IMODE(each.stat().st_mode)
        for each in folder.iterdir()
        if each.suffix == ".json"
    }
    assert modes == {"state.json": 0o600, "lock.json": 0o600, "store.json": 0o600}


def _asked(keeper: Keeper, *, length: str, password: str) -> int:
    place = urlsplit(keeper.environ["TF_HTTP_ADDRESS"])
    shown = b64encode(f"tallystick:{password}".encode()).decode()
    line = http.client.HTTPConnection(str(place.hostname), place.port, timeout=10)
    with closing(line):
        line.putrequest("POST", place.path)
        line.putheader("Content-Length", length)
        line.putheader("Authorization", f"Basic {shown}")
        line.endheaders()  # and no body: who waits for one does not answer
        with line.getresponse() as answer:
            return answer.status


def test_the_keeper_answers_before_it_reads_what_it_will_not_take(tmp_path: Path) -> None:
    assert BIGGEST == STATE_BYTES_MAX
    with keeping(FileStates(tmp_path)) as keeper:
        known = keeper.password

        assert _asked(keeper, length=str(BIGGEST), password="guessed") == 401
        assert _asked(keeper, length="-1", password=known) == 400
        assert _asked(keeper, length="many", password=known) == 400
        assert _asked(keeper, length=str(BIGGEST + 1), password=known) == 413
        assert "split the estate" in keeper.refusals[-1]


def test_a_git_that_fails_is_not_taken_for_clean(tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match="git status does not go"):
        commits.uncommitted(tmp_path)
