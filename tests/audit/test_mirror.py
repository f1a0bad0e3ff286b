"""A folder shows a log tile by tile: nothing in it changes, and its checkpoint never goes back."""

import fcntl
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tallystick.audit.adapters.mirror import Mirror, MirrorRefuses
from tallystick.audit.adapters.sources import Folder
from tallystick.audit.model.notes import parse_note
from tallystick.audit.model.policy import satisfied_by
from tallystick.audit.model.tiles import Tile
from tallystick.audit.service.mirroring import Mirroring
from tallystick.audit.service.verifying import verify
from tests.audit.sequencing import ORIGIN, House, cosigned_by_all, deed, housed, signers

TREE = "tnt_0000000000001"


@pytest.fixture
async def house(make_database: Callable[[], str]) -> AsyncIterator[House]:
    async with housed(make_database) as made:
        yield made


async def mirrored(house: House, folder: Path, *, has_lease: bool = True) -> Mirroring:
    """What copies the trees of a house into a folder."""
    return Mirroring(
        database=await house.database("sequencer"),
        mirror_of=lambda name: Mirror(folder.joinpath(name)),
        has_lease=lambda: has_lease,
    )


async def test_a_folder_follows_a_log_and_is_verified_alone(house: House, tmp_path: Path) -> None:
    mirroring = await mirrored(house, tmp_path)
    trusted = [signer.key for signer in signers(f"{ORIGIN}/{TREE}")]
    kept: bytes | None = None
    done = 0
    for count in (1, 1, 253, 1, 1, 300):
        await house.write(*[deed(number) for number in range(done, done + count)])
        done += count
        await house.sequenced()
        await mirroring.catch_up()
        verdict = verify(Folder(tmp_path / TREE), trusted=trusted, last_checkpoint=kept)
        assert verdict.holds, verdict.failures
        assert verdict.size == done
        kept = (tmp_path / TREE / "checkpoint").read_bytes()
    # What a full tile replaces is gone, and what is there may not be written to.
    assert not (tmp_path / TREE / "tile" / "0" / "000.p").exists()
    assert (tmp_path / TREE / "tile" / "0" / "000").stat().st_mode & 0o222 == 0
    assert await mirroring.catch_up() == 0


async def test_what_rests_is_shown_to_witnesses_once_they_are_asked_for(
    house: House, tmp_path: Path
) -> None:
    for tenant_id in (1, 2):
        await house.write(deed(1, tenant_id=tenant_id))
    await house.sequenced()
    asked = cosigned_by_all("w1", "w2")
    first = await house.sequencer(unrenewed_s=0, **asked)
    mirroring = Mirroring(
        database=await house.database("sequencer"),
        mirror_of=lambda name: Mirror(tmp_path.joinpath(name)),
        has_lease=lambda: True,
        cosigned_again=first._publisher.take_cosigned_again,
    )
    await mirroring.catch_up()
    shown = tmp_path / TREE / "checkpoint"
    assert not satisfied_by(asked["policy"], parse_note(shown.read_bytes()))
    assert await first.try_lease()
    await first.turn()
    await first.turn()
    await mirroring.catch_up()
    (row,) = await house.rows("SELECT note, published_at FROM audit.checkpoint WHERE tenant_id = 1")
    assert row["published_at"] is not None
    assert shown.read_bytes() == row["note"]
    assert satisfied_by(asked["policy"], parse_note(row["note"]))
    assert [one.asked.count(1) for one in asked["witnesses"].values()] == [2, 2]
    assert await mirroring.catch_up() == 0


async def test_without_the_lease_nothing_is_shown(house: House, tmp_path: Path) -> None:
    await house.write(deed(1))
    await house.sequenced()
    assert await (await mirrored(house, tmp_path, has_lease=False)).catch_up() == 0
    assert not (tmp_path / TREE / "checkpoint").exists()


async def test_whoever_woke_late_does_not_show_an_older_checkpoint(
    house: House, tmp_path: Path
) -> None:
    await house.write(deed(1))
    await house.sequenced()
    await (await mirrored(house, tmp_path)).catch_up()
    older = (tmp_path / TREE / "checkpoint").read_bytes()
    await house.write(deed(2))
    await house.sequenced()
    await (await mirrored(house, tmp_path)).catch_up()
    newer = (tmp_path / TREE / "checkpoint").read_bytes()
    assert older != newer
    assert Mirror(tmp_path / TREE).show(older) is False
    assert (tmp_path / TREE / "checkpoint").read_bytes() == newer


async def test_a_database_that_was_rolled_back_is_called_out(house: House, tmp_path: Path) -> None:
    await house.write(deed(1), deed(2))
    await house.sequenced()
    await (await mirrored(house, tmp_path)).catch_up()
    shown = (tmp_path / TREE / "checkpoint").read_bytes()
    await house.change(
        "UPDATE audit.tree SET size = 1, signed_size = 1, published_size = 1 WHERE tenant_id = 1"
    )
    with capture_logs() as logs:
        await (await mirrored(house, tmp_path)).catch_up()
    (told,) = [line for line in logs if line["event"] == "record_was_rolled_back"]
    assert (told["tree"], told["size"], told["published"]) == (TREE, 1, 2)
    assert (tmp_path / TREE / "checkpoint").read_bytes() == shown


async def test_a_folder_that_refuses_holds_up_no_other(house: House, tmp_path: Path) -> None:
    await house.write(deed(1))
    await house.write(deed(2, tenant_id=2))
    await house.sequenced()
    wrong = tmp_path / TREE / "tile" / "entries" / "000.p"
    wrong.mkdir(parents=True)
    (wrong / "1").write_bytes(b"something else")
    with capture_logs() as logs:
        await (await mirrored(house, tmp_path)).catch_up()
    (told,) = [line for line in logs if line["event"] == "mirroring_failed"]
    assert "another content" in told["error"]
    assert not (tmp_path / TREE / "checkpoint").exists()
    assert (tmp_path / "tnt_0000000000002" / "checkpoint").exists()


@pytest.mark.parametrize("more", [1, 300])
async def test_a_fork_that_is_shown_is_not_replaced_when_the_log_grows(
    house: House, tmp_path: Path, more: int
) -> None:
    await house.write(deed(1))
    await house.sequenced()
    await (await mirrored(house, tmp_path)).catch_up()
    shown = tmp_path / TREE / "checkpoint"
    note = shown.read_bytes()
    fork = note.replace(note.splitlines()[2], b"A" * 43 + b"=")
    shown.unlink()
    shown.write_bytes(fork)
    await house.write(*[deed(number) for number in range(2, 2 + more)])
    await house.sequenced()
    before = sorted(tmp_path.joinpath(TREE).rglob("*"))
    with capture_logs() as logs:
        await (await mirrored(house, tmp_path)).catch_up()
    (told,) = [line for line in logs if line["event"] == "mirroring_failed"]
    assert "fork of size 1" in told["error"]
    assert shown.read_bytes() == fork
    assert sorted(tmp_path.joinpath(TREE).rglob("*")) == before


async def test_a_folder_shows_no_checkpoint_that_its_tiles_do_not_lead_to(
    house: House, tmp_path: Path
) -> None:
    await house.write(deed(1))
    await house.sequenced()
    await (await mirrored(house, tmp_path)).catch_up()
    first = (tmp_path / TREE / "checkpoint").read_bytes()
    await house.write(deed(2))
    await house.sequenced()
    other = tmp_path / "other"
    await (await mirrored(house, other)).catch_up()
    second = (other / TREE / "checkpoint").read_bytes()
    mirror = Mirror(tmp_path / TREE)
    with pytest.raises(MirrorRefuses, match="does not fit"):
        mirror.show(second)
    hashes = (other / TREE / "tile" / "0" / "000.p" / "2").read_bytes()
    mirror.write_tile(Tile(0, 0), width=2, content=hashes[:32] + bytes(32))
    with pytest.raises(MirrorRefuses, match="not those of 2"):
        mirror.show(second)
    assert (tmp_path / TREE / "checkpoint").read_bytes() == first


async def test_a_fork_another_log_and_a_held_folder_are_refused(
    house: House, tmp_path: Path
) -> None:
    await house.write(deed(1))
    await house.write(deed(2, tenant_id=2))
    await house.sequenced()
    await (await mirrored(house, tmp_path)).catch_up()
    mirror, note = Mirror(tmp_path / TREE), (tmp_path / TREE / "checkpoint").read_bytes()
    root = note.splitlines()[2]
    with pytest.raises(MirrorRefuses, match="fork"):
        mirror.show(note.replace(root, b"A" * 43 + b"="))
    with pytest.raises(MirrorRefuses, match="is the folder of"):
        mirror.show((tmp_path / "tnt_0000000000002" / "checkpoint").read_bytes())
    descriptor = os.open(tmp_path / TREE, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(MirrorRefuses, match="another process holds"):
        mirror.show(note)
    os.close(descriptor)
    assert mirror.show(note)


def test_a_tile_is_written_once_and_twice_only_the_same(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path)
    mirror.write_tile(Tile(0, 0), width=1, content=b"h" * 32)
    mirror.write_tile(Tile(0, 0), width=1, content=b"h" * 32)
    with pytest.raises(MirrorRefuses, match="another content"):
        mirror.write_tile(Tile(0, 0), width=1, content=b"i" * 32)
    assert list(tmp_path.rglob(".*")) == []


def test_what_is_no_checkpoint_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(b"nonsense\n")
    with pytest.raises(MirrorRefuses, match="is none"):
        Mirror(tmp_path).checkpoint()
