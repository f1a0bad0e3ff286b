"""An auditor's verification: the untouched log passes, and every forgery is caught by its name and its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tallystick.audit.adapters.sources import Folder
from tallystick.audit.model.tiles import ENTRIES, Tile
from tallystick.audit.model.verifying import FAILURES_MAX, FailureCode, Verdict
from tallystick.audit.service.verifying import KEPT, verify
from tests.audit import forgeries
from tests.audit.forgeries import Log, checkpoint_of, entry, policy, put, write_log, write_tiles

SIZE = 1_500


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return write_log(tmp_path, [entry(number) for number in range(SIZE)])


def verdict_on(log: Log, *, kept: bytes | None = None) -> Verdict:
    return verify(Folder(log.folder), trusted=[log.key], policy=policy(), last_checkpoint=kept)


def told(verdict: Verdict) -> list[tuple[FailureCode, str]]:
    return [(failure.code, failure.place) for failure in verdict.failures]


def failures_of(log: Log, *, kept: bytes | None = None) -> list[tuple[str, str]]:
    return [(str(code), place) for code, place in told(verdict_on(log, kept=kept))]


def test_an_untouched_log_holds(log: Log) -> None:
    heard: list[tuple[int, int]] = []
    verdict = verify(
        Folder(log.folder),
        trusted=[log.key],
        policy=policy(),
        last_checkpoint=checkpoint_of(log.root(700), size=700),
        progress=lambda done, total: heard.append((done, total)),
    )
    assert verdict.failures == ()
    assert verdict.holds
    assert (verdict.origin, verdict.size, verdict.first) == (forgeries.ORIGIN, SIZE, 0)
    assert verdict.checkpoints == len(forgeries.OLDER_SIZES) + 1
    assert heard[0] == (256, SIZE)
    assert heard[-1] == (SIZE, SIZE)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 700])
def test_a_log_of_any_size_holds(tmp_path: Path, size: int) -> None:
    log = write_log(tmp_path, [entry(number) for number in range(size)])
    assert failures_of(log) == []


def test_many_forgeries_in_a_log_of_three_levels_are_each_named(tmp_path: Path) -> None:
    log = write_log(tmp_path, [entry(number) for number in range(70_000)], older=[65_536, 69_000])
    assert failures_of(log) == []
    forgeries.flip_a_byte(log, 700)
    forgeries.damage_a_tile(log, Tile(0, 9), 3)
    forgeries.damage_a_tile(log, Tile(1, 0), 200)
    forgeries.damage_a_tile(log, Tile(2, 0), 0)
    forgeries.damage_a_tile(log, Tile(1, 1), 2)
    assert failures_of(log) == [
        ("tile_does_not_fit", "tile/2/000.p/1"),
        ("entry_does_not_fit", "entry 700"),
        ("tile_does_not_fit", "tile/0/009"),
        # Both tiles above it were damaged, so nothing says that this one was not.
        ("tile_does_not_fit", "tile/0/200"),
        ("tile_does_not_fit", "tile/1/001.p/17"),
    ]
    write_tiles(log.folder, log.entries)
    forgeries.damage_a_tile(log, Tile(1, 0), 200)
    assert failures_of(log) == [("tile_does_not_fit", "tile/1/000")]
    write_tiles(log.folder, log.entries)
    forgeries.forge_with_the_leaf_tile(log, 700)
    assert failures_of(log) == [("tile_does_not_fit", "tile/0/002")]


FORGERIES: list[tuple[str, Callable[[Log], None], list[tuple[str, str]]]] = [
    (
        "a flipped byte",
        lambda log: forgeries.flip_a_byte(log, 700),
        [("entry_does_not_fit", "entry 700")],
    ),
    (
        "a flipped byte in the last bundle",
        lambda log: forgeries.flip_a_byte(log, 1_499),
        [("entry_does_not_fit", "entry 1499")],
    ),
    (
        "another entry",
        lambda log: forgeries.replace_an_entry(log, 0),
        [("entry_does_not_fit", "entry 0")],
    ),
    (
        "two entries swapped",
        lambda log: forgeries.swap_two_entries(log, 3, 1_300),
        [("entry_does_not_fit", "entry 3"), ("entry_does_not_fit", "entry 1300")],
    ),
    (
        "an entry with its leaf tile",
        lambda log: forgeries.forge_with_the_leaf_tile(log, 700),
        [("tile_does_not_fit", "tile/0/002")],
    ),
    (
        "an entry with its leaf tile at the edge",
        lambda log: forgeries.forge_with_the_leaf_tile(log, 1_400),
        [("root_does_not_match", "entries 1024 to 1499")],
    ),
    (
        "an entry with all its tiles",
        lambda log: forgeries.forge_with_every_tile(log, 700),
        [("root_does_not_match", "entries 300 to 1023")],
    ),
    (
        "the first entry with all its tiles",
        lambda log: forgeries.forge_with_every_tile(log, 0),
        [("root_does_not_match", "entry 0")],
    ),
    (
        "a hash of a leaf tile",
        lambda log: forgeries.damage_a_tile(log, Tile(0, 2), 5),
        [("tile_does_not_fit", "tile/0/002")],
    ),
    (
        "a hash of the last leaf tile",
        lambda log: forgeries.damage_a_tile(log, Tile(0, 5), 5),
        [("tile_does_not_fit", "tile/0/005.p/220")],
    ),
    (
        "a hash of an upper tile",
        lambda log: forgeries.damage_a_tile(log, Tile(1, 0), 1),
        [("tile_does_not_fit", "tile/1/000.p/5")],
    ),
    (
        "a narrow tile",
        lambda log: forgeries.narrow_a_tile(log, Tile(0, 5)),
        [("tile_malformed", "tile/0/005.p/220")],
    ),
    (
        "a missing tile",
        lambda log: forgeries.remove(log, Tile(1, 0)),
        [("tile_missing", "tile/1/000.p/5")],
    ),
    (
        "a missing bundle",
        lambda log: forgeries.remove(log, Tile(ENTRIES, 1)),
        [("bundle_missing", "tile/entries/001")],
    ),
    (
        "a broken length",
        lambda log: forgeries.break_a_length(log, 1),
        [("bundle_malformed", "tile/entries/001")],
    ),
    (
        "another key",
        forgeries.sign_with_another_key,
        [("signature_missing", "checkpoint")],
    ),
    (
        "another key under the id of ours",
        forgeries.claim_the_key,
        [("signature_wrong", "checkpoint")],
    ),
    (
        "everything made anew with another key",
        forgeries.rebuild_with_another_key,
        [("signature_missing", "checkpoint")],
    ),
    (
        "another origin",
        forgeries.claim_another_origin,
        [("wrong_origin", "checkpoint")],
    ),
    (
        "an older checkpoint altered",
        lambda log: forgeries.alter_an_older_checkpoint(log, 300),
        [("signature_wrong", "checkpoints/300")],
    ),
    (
        "an older checkpoint of another history",
        lambda log: forgeries.sign_another_history(log, 300),
        [("fork", "checkpoints/300")],
    ),
    (
        "an older checkpoint under another name",
        lambda log: forgeries.rename_an_older_checkpoint(log, 300, 301),
        [("checkpoint_malformed", "checkpoints/301")],
    ),
    (
        "a cosignature dropped",
        forgeries.drop_a_cosignature,
        [("not_published", "checkpoint")],
    ),
    (
        "a cosignature twice",
        forgeries.repeat_a_cosignature,
        [("not_published", "checkpoint")],
    ),
    (
        "a witness nobody knows",
        forgeries.invent_a_witness,
        [("not_published", "checkpoint")],
    ),
]


@pytest.mark.parametrize(
    ("forge", "expected"), [row[1:] for row in FORGERIES], ids=[row[0] for row in FORGERIES]
)
def test_a_forgery_is_caught_by_its_name_and_place(
    log: Log, forge: Callable[[Log], None], expected: list[tuple[str, str]]
) -> None:
    forge(log)
    assert failures_of(log) == expected


def test_no_byte_of_a_record_can_be_changed_unseen(tmp_path: Path) -> None:
    log = write_log(tmp_path, [entry(number) for number in range(3)], older=[])
    files = [tmp_path / "checkpoint", *(tmp_path / "tile").rglob("*.p/3")]
    assert len(files) == 3
    for file in files:
        content = file.read_bytes()
        for at in range(len(content)):
            file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            assert not verdict_on(log).holds, f"{file} at {at}"
        file.write_bytes(content)
    assert verdict_on(log).holds


def test_an_inserted_entry_is_the_first_that_does_not_fit(log: Log) -> None:
    forgeries.insert_an_entry(log, 700)
    verdict = verdict_on(log)
    assert told(verdict)[0] == (FailureCode.ENTRY_DOES_NOT_FIT, "entry 700")
    assert ("bundle_malformed", "tile/entries/005.p/220") in told(verdict)
    assert len(verdict.failures) + verdict.unlisted == 801
    assert len(verdict.failures) == FAILURES_MAX + 1


def test_a_removed_entry_is_the_first_that_does_not_fit(log: Log) -> None:
    forgeries.remove_an_entry(log, 1_400)
    verdict = verdict_on(log)
    assert told(verdict)[:2] == [
        (FailureCode.BUNDLE_MALFORMED, "tile/entries/005.p/220"),
        (FailureCode.ENTRY_DOES_NOT_FIT, "entry 1400"),
    ]


def test_a_tail_cut_off_is_seen_by_who_kept_a_checkpoint(log: Log) -> None:
    kept = (log.folder / "checkpoint").read_bytes()
    forgeries.cut_the_tail(log, 1_024)
    shorter = Log(log.folder, log.entries[:1_024])
    assert failures_of(shorter) == []
    assert failures_of(shorter, kept=kept) == [("tail_cut_off", KEPT)]


def test_a_tail_cut_off_is_seen_by_a_later_checkpoint_left_behind(log: Log) -> None:
    later = (log.folder / "checkpoints" / "1024").read_bytes()
    forgeries.cut_the_tail(log, 700)
    put(log.folder / "checkpoints" / "1024", later)
    assert failures_of(log) == [("tail_cut_off", "checkpoints/1024")]


def test_a_fork_is_seen_by_who_kept_the_other_side(log: Log) -> None:
    kept = (log.folder / "checkpoint").read_bytes()
    forgeries.sign_the_tail_anew(log, 1_200)
    assert failures_of(log) == []
    assert failures_of(log, kept=kept) == [("fork", KEPT)]
    assert failures_of(log, kept=checkpoint_of(log.root(1_200), size=1_200)) == []
    assert failures_of(log, kept=checkpoint_of(log.root(1_201), size=1_201)) == [("fork", KEPT)]


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        (b"", "checkpoint_malformed"),
        (checkpoint_of(b"\x00" * 32, size=1, signers=forgeries.WITNESSES), "signature_missing"),
        (checkpoint_of(b"\x00" * 32, size=1, origin="other.example"), "wrong_origin"),
    ],
)
def test_a_kept_checkpoint_counts_only_with_the_signature_of_the_log(
    log: Log, kept: bytes, code: str
) -> None:
    assert failures_of(log, kept=kept) == [(code, KEPT)]


def test_a_record_cannot_vouch_for_its_own_key(log: Log) -> None:
    with pytest.raises(ValueError, match="cannot vouch for its own key"):
        verify(Folder(log.folder), trusted=[])


def test_a_folder_that_is_no_record_says_so(tmp_path: Path) -> None:
    log = Log(tmp_path, ())
    assert failures_of(log) == [("checkpoint_missing", "checkpoint")]
    put(tmp_path / "checkpoint", b"no note")
    assert failures_of(log) == [("checkpoint_malformed", "checkpoint")]


def test_damage_before_an_older_checkpoint_accuses_nobody_of_a_fork(log: Log) -> None:
    forgeries.forge_with_the_leaf_tile(log, 290)
    assert failures_of(log) == [("tile_does_not_fit", "tile/0/001")]


def test_two_roots_of_one_size_are_a_fork_whatever_else_is_wrong(log: Log) -> None:
    kept = (log.folder / "checkpoint").read_bytes()
    forgeries.sign_the_tail_anew(log, 1_200)
    forgeries.forge_with_every_tile(log, 1)
    assert failures_of(log, kept=kept) == [
        ("fork", KEPT),
        ("root_does_not_match", "entries 1 to 255"),
    ]


def test_a_tree_without_entries_and_hashes_is_not_rebuilt(log: Log) -> None:
    forgeries.remove(log, Tile(ENTRIES, 1))
    forgeries.remove(log, Tile(0, 1))
    assert failures_of(log) == [
        ("tile_missing", "tile/0/001"),
        ("bundle_missing", "tile/entries/001"),
    ]


def test_a_full_tile_stands_in_for_the_narrower_one_of_before(log: Log) -> None:
    grown = [entry(number) for number in range(1_536)]
    forgeries.remove(log, Tile(ENTRIES, 5))
    forgeries.remove(log, Tile(0, 5))
    write_tiles(log.folder, grown)
    assert failures_of(log) == []
    put(log.folder / "tile" / "0" / "005", b"\x00" * 32)
    assert failures_of(log) == [("tile_malformed", "tile/0/005.p/220")]


def test_a_package_that_begins_later_is_bound_to_the_root_by_its_tiles(log: Log) -> None:
    put(log.folder / "manifest.json", b'{"first":600}')
    for index in (0, 1):
        forgeries.remove(log, Tile(ENTRIES, index))
    verdict = verdict_on(log)
    # The bundle of entry 600 has those from 512 on, and they were read too.
    assert (verdict.failures, verdict.first) == ((), 512)
    forgeries.damage_a_tile(log, Tile(0, 1), 7)
    assert failures_of(log) == [("tile_does_not_fit", "tile/0/001")]
    forgeries.remove(log, Tile(0, 1))
    assert failures_of(log) == [("tile_missing", "tile/0/001")]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"first":-1}', b'{"first":1501}', b'{"first":"1"}']
)
def test_a_manifest_that_is_none_is_named(log: Log, content: bytes) -> None:
    put(log.folder / "manifest.json", content)
    assert failures_of(log) == [("manifest_malformed", "manifest.json")]


MALFORMED: list[Callable[[bytes], bytes]] = [
    lambda one: one[:-1],
    lambda one: one + b" {}",
    lambda one: b"\xff",
    lambda one: b"[]",
    lambda one: one.replace(b'"v":1', b'"v":"1"'),
    lambda one: one.replace(b'"by":', b'"bye":'),
    lambda one: one.replace(b"2026-03-01", b"2026-02-30"),
    lambda one: one.replace(b"2026-03-01", b"2026-3-001"),
    lambda one: one.replace(b'Z"', b'+00:00"'),
    lambda one: one.replace(b"usr_", b"\xff\xfe"),
]


@pytest.mark.parametrize("change", MALFORMED)
def test_what_is_no_entry_is_named(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    log = forgeries.malform_an_entry(tmp_path, change, index=258)
    assert failures_of(log) == [("entry_malformed", "entry 258")]


def test_every_failure_says_what_to_do_next(log: Log) -> None:
    forgeries.flip_a_byte(log, 700)
    (failure,) = verdict_on(log).failures
    assert failure.entries == (700, 701)
    assert failure.expected != failure.found
    assert "another copy" in failure.advice
