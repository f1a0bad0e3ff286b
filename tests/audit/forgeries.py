"""A signed log in a folder, and what an attacker would do to it, each forgery a function with its name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from tallystick.audit.model.merkle import leaf_hashes, root_of
from tallystick.audit.model.notes import (
    Checkpoint,
    Ed25519Cosigner,
    Ed25519Signer,
    Note,
    Signer,
    VerifierKey,
    parse_note,
    render_checkpoint,
    render_note,
)
from tallystick.audit.model.policy import Policy, parse_policy
from tallystick.audit.model.tiles import ENTRIES, WIDTH, Tile, pack, path_of, tiles_of, width_of

ORIGIN = "tallystick.example/record"
MOMENT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
AT_S = 1_772_357_400
OLDER_SIZES = (1, 256, 300, 1_024)


def signer(name: str = ORIGIN, *, seed: str = "log") -> Ed25519Signer:
    """The same key for the same words, in every run."""
    return Ed25519Signer(name, sha256(seed.encode()).digest())


def witness(name: str) -> Ed25519Cosigner:
    return Ed25519Cosigner(name, sha256(name.encode()).digest())


WITNESSES = tuple(witness(name) for name in ("north.example", "south.example", "west.example"))


def policy() -> Policy:
    """Two of three witnesses."""
    names = [one.key.name for one in WITNESSES]
    lines = [f"witness {one.key.name} {one.key.render()}" for one in WITNESSES]
    return parse_policy("\n".join([*lines, f"group enough 2 {' '.join(names)}", "quorum enough\n"]))


def entry(number: int, *, tag: str = "payment.created") -> bytes:
    """An entry as the platform writes them, without its optional parts."""
    at = (MOMENT + timedelta(microseconds=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return (
        f'{{"at":"{at}","by":"usr_{number % 7}","content":{{"amount":"{number}"}},"from":"req_{number}"'
        f',"on":"pay_{number}","outcome":"done","tag":"{tag}","v":1}}'
    ).encode()


def checkpoint_of(
    root: bytes, *, size: int, origin: str = ORIGIN, signers: Iterable[Signer] = ()
) -> bytes:
    """A checkpoint, signed by the log and two of the witnesses unless others are named."""
    text = render_checkpoint(Checkpoint(origin, size, root))
    pens = tuple(signers) or (signer(), *WITNESSES[:2])
    return render_note(Note(text, tuple(pen.sign(text, at_s=AT_S) for pen in pens)))


@dataclass(frozen=True)
class Log:
    """A log in a folder, as its operator knows it."""

    folder: Path
    entries: tuple[bytes, ...]

    @property
    def key(self) -> VerifierKey:
        return signer().key

    @property
    def size(self) -> int:
        return len(self.entries)

    def path(self, tile: Tile) -> Path:
        """Where a tile of the log as it stands is."""
        return self.folder / path_of(tile, width=width_of(tile, size=self.size))

    def root(self, size: int | None = None) -> bytes:
        return root_of(leaf_hashes(self.entries[:size]))


def write_log(folder: Path, entries: Sequence[bytes], *, older: Iterable[int] = OLDER_SIZES) -> Log:
    """Write a whole package: tiles, bundles, the checkpoint, older ones, the key and the policy."""
    log = Log(folder, tuple(entries))
    write_tiles(folder, entries)
    put(folder / "checkpoint", checkpoint_of(log.root(), size=log.size))
    for size in older:
        if size <= log.size:
            signed = checkpoint_of(log.root(size), size=size)
            put(folder / "checkpoints" / str(size), signed)
    put(folder / "keys", f"{log.key.render()}\n".encode())
    return log


def write_tiles(folder: Path, entries: Sequence[bytes], *, bundles: bool = True) -> None:
    """Write every tile of a log, each hash from the one level below."""
    levels = [leaf_hashes(entries)]
    while len(levels[-1]) >= WIDTH:
        below = levels[-1]
        full = len(below) // WIDTH * WIDTH
        levels.append([root_of(below[at : at + WIDTH]) for at in range(0, full, WIDTH)])
    for tile, width in tiles_of(len(entries)):
        first = tile.index * WIDTH
        if tile.level != ENTRIES:
            content = b"".join(levels[tile.level][first : first + width])
        elif bundles:
            content = pack(entries[first : first + width])
        else:
            continue
        put(folder / path_of(tile, width=width), content)


def put(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def write_bundles(log: Log, entries: Sequence[bytes]) -> None:
    """Write entries over the bundles of a log; what is too many stays in the last one."""
    last = (log.size - 1) // WIDTH
    for index in range(last + 1):
        end = None if index == last else (index + 1) * WIDTH
        put(log.path(Tile(ENTRIES, index)), _packed(entries[index * WIDTH : end]))


def _packed(entries: Sequence[bytes]) -> bytes:
    # As pack() does, but an attacker is not held to 256.
    return b"".join(len(one).to_bytes(2, "big") + one for one in entries)


def replaced(log: Log, *changes: tuple[int, bytes]) -> list[bytes]:
    entries = list(log.entries)
    for index, content in changes:
        entries[index] = content
    return entries


# The forgeries. Each takes an untouched log and damages its folder.


def flip_a_byte(log: Log, index: int) -> None:
    """One bit of one entry, so that it is still an entry."""
    write_bundles(log, replaced(log, (index, log.entries[index].replace(b"usr_", b"usr^"))))


def replace_an_entry(log: Log, index: int) -> None:
    """Another valid entry in the place of one."""
    write_bundles(log, replaced(log, (index, entry(9_999))))


def swap_two_entries(log: Log, one: int, other: int) -> None:
    write_bundles(log, replaced(log, (one, log.entries[other]), (other, log.entries[one])))


def insert_an_entry(log: Log, index: int) -> None:
    write_bundles(log, [*log.entries[:index], entry(9_999), *log.entries[index:]])


def remove_an_entry(log: Log, index: int) -> None:
    write_bundles(log, [*log.entries[:index], *log.entries[index + 1 :]])


def forge_with_the_leaf_tile(log: Log, index: int) -> None:
    """An entry together with its leaf tile: the forgery that verifiers of single proofs believed (CVE-2026-56865)."""
    forged = replaced(log, (index, entry(9_999)))
    write_bundles(log, forged)
    first = index // WIDTH * WIDTH
    hashes = leaf_hashes(forged[first : first + WIDTH])
    put(log.path(Tile(0, index // WIDTH)), b"".join(hashes))


def forge_with_every_tile(log: Log, index: int) -> None:
    """An entry together with all its tiles, under the checkpoint that was."""
    write_tiles(log.folder, replaced(log, (index, entry(9_999))))


def damage_a_tile(log: Log, tile: Tile, place: int) -> None:
    """One hash of a tile alone."""
    content = bytearray(log.path(tile).read_bytes())
    content[place * 32] ^= 1
    put(log.path(tile), bytes(content))


def narrow_a_tile(log: Log, tile: Tile) -> None:
    """A tile that has one hash less than its name says."""
    put(log.path(tile), log.path(tile).read_bytes()[:-32])


def break_a_length(log: Log, bundle: int) -> None:
    """The length before the first entry of a bundle."""
    content = bytearray(log.path(Tile(ENTRIES, bundle)).read_bytes())
    content[0] ^= 0x40
    put(log.path(Tile(ENTRIES, bundle)), bytes(content))


def remove(log: Log, tile: Tile) -> None:
    log.path(tile).unlink()


def cut_the_tail(log: Log, size: int) -> None:
    """A shorter log under the checkpoint that was signed at its size, the later ones removed."""
    shorter = log.entries[:size]
    write_tiles(log.folder, shorter)
    put(log.folder / "checkpoint", checkpoint_of(log.root(size), size=size))
    for file in (log.folder / "checkpoints").iterdir():
        if int(file.name) > size:
            file.unlink()


def sign_the_tail_anew(log: Log, size: int) -> None:
    """A tail replaced by another of the same length, and signed by the log: it forks at ``size``."""
    forked = [*log.entries[:size], *(entry(5_000 + at) for at in range(size, log.size))]
    write_tiles(log.folder, forked)
    signed = checkpoint_of(root_of(leaf_hashes(forked)), size=log.size)
    put(log.folder / "checkpoint", signed)


def rebuild_with_another_key(log: Log) -> None:
    """A whole package made anew, its key and its key file replaced."""
    forged = [entry(at, tag="payment.cancelled") for at in range(log.size)]
    other = signer(seed="attacker")
    write_tiles(log.folder, forged)
    root = root_of(leaf_hashes(forged))
    put(log.folder / "checkpoint", checkpoint_of(root, size=log.size, signers=[other]))
    put(log.folder / "keys", f"{other.key.render()}\n".encode())
    for file in (log.folder / "checkpoints").iterdir():
        size = int(file.name)
        root = root_of(leaf_hashes(forged[:size]))
        put(file, checkpoint_of(root, size=size, signers=[other]))


def sign_with_another_key(log: Log) -> None:
    other = signer(seed="attacker")
    signed = checkpoint_of(log.root(), size=log.size, signers=[other, *WITNESSES])
    put(log.folder / "checkpoint", signed)


def claim_the_key(log: Log) -> None:
    """A signature of another key that carries the id of ours."""
    note = parse_note((log.folder / "checkpoint").read_bytes())
    other = signer(seed="attacker").sign(note.text, at_s=AT_S)
    claimed = type(other)(log.key.name, log.key.id, other.content)
    put(log.folder / "checkpoint", render_note(Note(note.text, (claimed,))))


def claim_another_origin(log: Log) -> None:
    origin = "other.example/record"
    pen = signer(origin)
    signed = checkpoint_of(log.root(), size=log.size, origin=origin, signers=[pen])
    put(log.folder / "checkpoint", signed)


def alter_an_older_checkpoint(log: Log, size: int) -> None:
    """The root in an older checkpoint, under its signatures."""
    file = log.folder / "checkpoints" / str(size)
    note = parse_note(file.read_bytes())
    text = render_checkpoint(Checkpoint(ORIGIN, size, log.root(size - 1)))
    put(file, render_note(Note(text, note.signatures)))


def sign_another_history(log: Log, size: int) -> None:
    """An older checkpoint of another history, signed by the log."""
    root = root_of(leaf_hashes(entry(5_000 + at) for at in range(size)))
    put(log.folder / "checkpoints" / str(size), checkpoint_of(root, size=size))


def rename_an_older_checkpoint(log: Log, size: int, other: int) -> None:
    folder = log.folder / "checkpoints"
    (folder / str(size)).rename(folder / str(other))


def sign_with(log: Log, pens: Sequence[Signer]) -> None:
    """The checkpoint with other cosignatures under it."""
    signed = checkpoint_of(log.root(), size=log.size, signers=[signer(), *pens])
    put(log.folder / "checkpoint", signed)


def drop_a_cosignature(log: Log) -> None:
    """One witness instead of two."""
    sign_with(log, WITNESSES[:1])


def repeat_a_cosignature(log: Log) -> None:
    """One witness, twice."""
    sign_with(log, [WITNESSES[0]] * 2)


def invent_a_witness(log: Log) -> None:
    """One witness, and one that nobody knows under the name of another."""
    sign_with(log, [WITNESSES[0], Ed25519Cosigner("south.example", sha256(b"x").digest())])


def malform_an_entry(folder: Path, change: Callable[[bytes], bytes], *, index: int) -> Log:
    """A log that took in, and signed, something that is no entry."""
    entries = [entry(at) for at in range(index + 3)]
    entries[index] = change(entries[index])
    return write_log(folder, entries)
