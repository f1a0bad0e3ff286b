"""Files of proofs: written as the specification says, read by nothing looser than that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.audit.model.notes import Ed25519Signer, Note, render_note
from tallystick.audit.model.proof_file import LogProof, parse_proof, render_proof

TEXT = "example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n"
CHECKPOINT = render_note(
    Note(
        text=TEXT, signatures=(Ed25519Signer("example.com/fancylog", bytes(32)).sign(TEXT, at_s=0),)
    )
)
# The example of the specification, whose signatures are elided there.
EXAMPLE = (
    b"c2sp.org/tlog-proof@v1\n"
    b"extra YWdlLXYxLjIuMQ==\n"
    b"index 73894\n"
    b"gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
    b"B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
    b"\n" + CHECKPOINT
)


def test_the_example_of_the_specification_is_read_and_written_back() -> None:
    proof = parse_proof(EXAMPLE)
    assert (proof.index, proof.extra, len(proof.hashes)) == (73_894, b"age-v1.2.1", 2)
    assert proof.checkpoint == CHECKPOINT
    assert render_proof(proof) == EXAMPLE


@given(
    index=st.integers(0, 109_481),
    hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    extra=st.none() | st.binary(max_size=50),
)
def test_what_is_written_is_read_back(index: int, hashes: list[bytes], extra: bytes | None) -> None:
    proof = LogProof(index=index, hashes=tuple(hashes), checkpoint=CHECKPOINT, extra=extra)
    assert parse_proof(render_proof(proof)) == proof


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1\n", b"@v2\n"),
        (b"c2sp", b"\nc2sp"),
        (b"extra YW", b"extra  YW"),
        (b"MQ==", b"MQ="),
        (b"MQ==", b"MR=="),
        (b"extra", b"other"),
        (b"extra YWdlLXYxLjIuMQ==\nindex 73894\n", b"index 73894\nextra YWdlLXYxLjIuMQ==\n"),
        (b"index 73894\n", b""),
        (b"index 73894", b"index 073894"),
        (b"index 73894", b"index -1"),
        (b"index 73894", b"index 109482"),
        (b"index 73894", b"index"),
        (b"index 73894\n", b"index 73894\nindex 73894\n"),
        (b"B95l", b""),
        (b"B95l", b"B95lB95l"),
        (b"gSKy", b"\xff"),
        (b"B95l", b" B95l"),
        (b"\n\nexample", b"\nexample"),
        (b"\n\nexample", b"\n\n\nexample"),
        (b"\n\nexample", b"\r\n\nexample"),
        (b"109482", b"0109482"),
        (b"\n\n\xe2\x80\x94", b"\n\xe2\x80\x94"),
        (CHECKPOINT, b""),
    ],
)
def test_what_is_no_proof_is_refused(old: bytes, new: bytes) -> None:
    content = EXAMPLE.replace(old, new, 1)
    assert content != EXAMPLE
    with pytest.raises(ValueError):
        parse_proof(content)


def test_a_proof_is_not_read_without_end() -> None:
    deep = b"gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n" * 62
    with pytest.raises(ValueError):
        parse_proof(EXAMPLE.replace(b"B95l", deep + b"B95l"))
    with pytest.raises(ValueError):
        LogProof(index=0, hashes=(), checkpoint=CHECKPOINT, extra=bytes(64 * 1024 + 1))
    with pytest.raises(ValueError):
        parse_proof(EXAMPLE + b"\n" * 1024 * 1024)


def test_a_hash_has_32_bytes() -> None:
    with pytest.raises(ValueError):
        LogProof(index=0, hashes=(bytes(31),), checkpoint=CHECKPOINT)
