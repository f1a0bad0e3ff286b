"""A small log for tests: it grows, signs what it is and proves how it grew."""

from collections.abc import Sequence

from tallystick.audit.model.merkle import consistency_ranges, leaf_hash, root_of
from tallystick.audit.model.notes import (
    Checkpoint,
    Ed25519Signer,
    Note,
    Signer,
    VerifierKey,
    render_checkpoint,
    render_note,
)
from tallystick.audit.model.witnessing import Seen, render_request

ORIGIN = "log.example/tenant-1"


class Log:
    """A log with entries 0, 1, 2 …; one with another ``salt`` from ``fork`` on has other entries from there."""

    def __init__(
        self,
        origin: str = ORIGIN,
        *,
        signers: Sequence[Signer] | None = None,
        fork: int = 10_000,
        salt: str = "",
    ) -> None:
        self.origin = origin
        self.signers = signers or [Ed25519Signer(origin, b"L" * 32)]
        self._fork, self._salt = fork, salt

    @property
    def keys(self) -> list[VerifierKey]:
        return [one.key for one in self.signers]

    def root(self, size: int) -> bytes:
        return root_of(self._leaves(0, size))

    def seen(self, size: int) -> Seen:
        return Seen(size=size, root=self.root(size))

    def note(self, size: int, *, root: bytes | None = None) -> bytes:
        checkpoint = Checkpoint(origin=self.origin, size=size, root=root or self.root(size))
        text = render_checkpoint(checkpoint)
        signatures = tuple(one.sign(text, at_s=1) for one in self.signers)
        return render_note(Note(text=text, signatures=signatures))

    def proof(self, old: int, new: int) -> list[bytes]:
        if not 0 < old < new:
            return []
        return [root_of(self._leaves(*one)) for one in consistency_ranges(old, new)]

    async def prove(self, old: int, new: int) -> list[bytes]:
        return self.proof(old, new)

    def request(self, old: int, new: int) -> bytes:
        return render_request(old=old, proof=self.proof(old, new), note=self.note(new))

    def _leaves(self, start: int, end: int) -> list[bytes]:
        return [
            leaf_hash(f"{index}{self._salt if index >= self._fork else ''}".encode())
            for index in range(start, end)
        ]
