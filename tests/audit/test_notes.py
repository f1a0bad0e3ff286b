"""Notes of C2SP: keys, signatures and checkpoints, against what other programs made and what nobody may make."""

import base64
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.audit.model.notes import (
    COSIGNATURE_ED25519,
    ED25519,
    ML_DSA_44,
    NOTE_BYTES_MAX,
    SIGNERS,
    BadNote,
    Checkpoint,
    Ed25519Cosigner,
    Ed25519Signer,
    MlDsa44Cosigner,
    Note,
    Signature,
    Signer,
    VerifierKey,
    cosigned_at,
    parse_checkpoint,
    parse_note,
    parse_signature_lines,
    render_checkpoint,
    render_note,
    render_signature,
    signed_by,
)

# The key and the note that Go's module sumdb/note is tested with.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqd"
    "ngotpRZb6KE6RyyBwJnAM=\n"
)
GO_NOTE = f"{GO_TEXT}\n{GO_LINE}".encode()
# The examples of tlog-checkpoint and tlog-cosignature; their keys are not published.
SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SOFA_LINES = (
    "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrD"
    "JsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
# A checkpoint of a running log, with the cosignature of a running witness.
ARCHE = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

\u2014 arche2025h1.staging.ct.transparency.dev \
ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
\u2014 remora.n621.de \
2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""
ARCHE_LOG = (
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
ARCHE_WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
# Another one, cosigned with ML-DSA-44, and the key of its witness.
HERE = Path(__file__).parent
ML_DSA_NOTE = (HERE / "cosigned_checkpoint.note").read_bytes()
ML_DSA_WITNESS = (HERE / "witness.vkey").read_text().removesuffix("\n")
ALGORITHMS = [ED25519, COSIGNATURE_ED25519, ML_DSA_44]
NAME = "log.example/tenant-1"


def signer(algorithm: int, *, name: str = NAME, seed: int = 1) -> Signer:
    return SIGNERS[algorithm](name, bytes([seed]) * 32)


def signed(text: str, *signers: Signer, at_s: int = 1_700_000_000) -> Note:
    return Note(text=text, signatures=tuple(one.sign(text, at_s=at_s) for one in signers))


def test_the_note_of_go_verifies_with_its_key() -> None:
    note = parse_note(GO_NOTE)
    key = VerifierKey.parse(GO_KEY)
    assert (note.text, key.name, key.algorithm, key.id) == (
        GO_TEXT,
        "PeterNeumann",
        ED25519,
        0xC74F20A3,
    )
    assert signed_by(note, key) == note.signatures[0]


def test_the_private_key_of_go_makes_the_note_of_go_byte_for_byte() -> None:
    peter = Ed25519Signer("PeterNeumann", GO_SEED)
    assert peter.key.render() == GO_KEY
    assert render_note(signed(GO_TEXT, peter)) == GO_NOTE


def test_the_key_of_the_go_checksum_database_is_read() -> None:
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert VerifierKey.parse(text).render() == text


@pytest.mark.parametrize(
    ("content", "key", "algorithm"),
    [
        (ARCHE.encode(), ARCHE_LOG, ED25519),
        (ARCHE.encode(), ARCHE_WITNESS, COSIGNATURE_ED25519),
        (ML_DSA_NOTE, ML_DSA_WITNESS, ML_DSA_44),
    ],
)
def test_what_other_logs_and_witnesses_signed_verifies(
    content: bytes, key: str, algorithm: int
) -> None:
    note, verifier = parse_note(content), VerifierKey.parse(key)
    assert verifier.algorithm == algorithm
    assert signed_by(note, verifier)
    assert render_note(note) == content
    with pytest.raises(BadNote):
        signed_by(replace(note, text=note.text.replace("\n1", "\n2", 1)), verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a3+",
        # As Go refuses them: a key of a wrong length, an unknown algorithm, each with its own id.
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("c74f20a3", "0c74f20a3"),
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY + "\n",
        GO_KEY + "=",
        " " + GO_KEY,
        GO_KEY.replace("PeterNeumann", "Peter Neumann"),
        GO_KEY.replace("PeterNeumann", ""),
        "a" * 10_000 + GO_KEY,
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        VerifierKey.parse(text)


def test_every_piece_of_a_key_and_every_change_of_one_character_is_refused() -> None:
    pieces = {GO_KEY[i:j] for i in range(len(GO_KEY)) for j in range(i, len(GO_KEY) + 1)}
    changed = {GO_KEY[:i] + chr(ord(GO_KEY[i]) + 1) + GO_KEY[i + 1 :] for i in range(len(GO_KEY))}
    for text in (pieces - {GO_KEY}) | changed:
        with pytest.raises(BadNote):
            VerifierKey.parse(text)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_renders_to_what_it_was_read_from(algorithm: int) -> None:
    key = signer(algorithm).key
    assert VerifierKey.parse(key.render()) == key


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\nb", "a\x00b"])
def test_a_key_cannot_have_a_name_that_a_line_cannot_carry(name: str) -> None:
    with pytest.raises(BadNote):
        Ed25519Signer(name, bytes(32))
    with pytest.raises(BadNote):
        Signature(name=name, key_id=1, content=b"x")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        GO_TEXT.encode(),
        f"{GO_TEXT}\n".encode(),
        GO_NOTE.removesuffix(b"\n"),
        b"\x01" + GO_NOTE,
        b"\xff" + GO_NOTE,
        GO_NOTE.replace(b"\n", b"\r\n"),
        GO_NOTE.replace(b"then", b"\tthen"),
        f"\n{GO_LINE}".encode(),
        f"{GO_TEXT}{GO_LINE}".encode(),
        f"{GO_TEXT}\n{GO_LINE}\n".encode(),
        f"{GO_TEXT}\n{GO_LINE.replace('PeterNeumann', 'Bad Name')}".encode(),
        f"{GO_TEXT}\n{GO_LINE.replace('PeterNeumann', 'Bad+Name')}".encode(),
        f"{GO_TEXT}\n{GO_LINE.replace('PeterNeumann ', ' ')}".encode(),
        f"{GO_TEXT}\n{GO_LINE.replace('PeterNeumann ', 'PeterNeumann  ')}".encode(),
        f"{GO_TEXT}\n{GO_LINE.replace(chr(0x2014), '-')}".encode(),
        f"{GO_TEXT}\n{GO_LINE.replace('AM=', 'AM')}".encode(),
        f"{GO_TEXT}\n{GO_LINE.replace('AM=', 'AM==')}".encode(),
        f"{GO_TEXT}\n{GO_LINE.replace('AM=', 'AN=')}".encode(),
        f"{GO_TEXT}\n{GO_LINE.replace('AM=', '_M=')}".encode(),
        f"{GO_TEXT}\n{GO_LINE}Unexpected line.\n".encode(),
        # No signature after the id of the key.
        f"{GO_TEXT}\n\u2014 PeterNeumann x08gow==\n".encode(),
        f"{GO_TEXT}\n\u2014 PeterNeumann x08g\n".encode(),
        f"{GO_TEXT}\n{GO_LINE * 65}".encode(),
        b"a" * NOTE_BYTES_MAX + GO_NOTE,
    ],
)
def test_what_is_no_note_is_refused(content: bytes) -> None:
    with pytest.raises(BadNote):
        parse_note(content)


def test_a_note_has_up_to_64_signatures() -> None:
    content = f"{GO_TEXT}\n{GO_LINE * 64}".encode()
    assert render_note(parse_note(content)) == content


def test_the_text_is_all_before_the_last_blank_line() -> None:
    note = parse_note(f"\n\n{GO_TEXT}\n\n\n{GO_LINE}".encode())
    assert note.text == f"\n\n{GO_TEXT}\n\n"


def test_a_line_ends_at_a_newline_and_at_nothing_else() -> None:
    text = "one\u2028still\u0085one\n"
    note = signed(text, signer(ED25519, name="n\x7fame"))
    assert parse_note(render_note(note)) == note


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\x1fb\n"])
def test_a_text_that_cannot_be_signed_makes_no_note(text: str) -> None:
    with pytest.raises(BadNote):
        signed(text, signer(ED25519))


def test_a_note_without_signatures_is_none() -> None:
    with pytest.raises(BadNote):
        Note(text=GO_TEXT, signatures=())


@pytest.mark.parametrize("content", [b"", b"\n", GO_LINE.encode()[:-1], GO_LINE.encode() + b"\n"])
def test_lines_of_signatures_end_with_the_last_newline(content: bytes) -> None:
    with pytest.raises(BadNote):
        parse_signature_lines(content)


def test_lines_of_signatures_are_read_as_they_are_written() -> None:
    found = parse_signature_lines(SOFA_LINES.encode())
    assert "".join(map(render_signature, found)) == SOFA_LINES
    assert [(one.name, len(one.content)) for one in found] == [
        ("example.com/behind-the-sofa", 64),
        ("witness.example.com/w1", 72),
    ]


def test_the_example_of_the_specification_is_a_checkpoint_cosigned_at_its_time() -> None:
    note = parse_note(f"{SOFA}\n{SOFA_LINES}".encode())
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size, checkpoint.extensions) == (
        "example.com/behind-the-sofa",
        20_852_163,
        (),
    )
    assert render_checkpoint(checkpoint) == note.text
    assert cosigned_at(note.signatures[1]) == 1_679_315_147
    with pytest.raises(BadNote):
        cosigned_at(note.signatures[0])


ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n0\n",
        f"origin\n0\n{ROOT}",
        f"\n0\n{ROOT}\n",
        f"origin\n00\n{ROOT}\n",
        f"origin\n+1\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n1_0\n{ROOT}\n",
        f"origin\n\u0661\n{ROOT}\n",
        f"origin\n 1\n{ROOT}\n",
        f"origin\n\n{ROOT}\n",
        f"origin\n{2**63}\n{ROOT}\n",
        f"origin\n{'9' * 5000}\n{ROOT}\n",
        f"origin\n0\n{ROOT[:-1]}\n",
        f"origin\n0\n{ROOT.replace('FU=', 'FV=')}\n",
        "origin\n0\nAAAA\n",
        f"origin\n0\n{ROOT}\n\n",
        f"origin\n0\n{ROOT}\nextension\n\n",
        f"ori\tgin\n0\n{ROOT}\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": ""},
        {"origin": "two\nlines"},
        {"size": -1},
        {"size": 2**63},
        {"root": bytes(31)},
        {"extensions": ("",)},
        {"extensions": ("a\nb",)},
    ],
)
def test_a_checkpoint_that_could_not_be_read_back_is_not_made(change: dict[str, object]) -> None:
    with pytest.raises(BadNote):
        replace(Checkpoint(origin="origin", size=1, root=bytes(32)), **change)  # pyright: ignore[reportArgumentType]


LINES = st.text(
    st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), min_size=1, max_size=20
)
CHECKPOINTS = st.builds(
    Checkpoint,
    origin=LINES,
    size=st.integers(0, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(LINES, max_size=3).map(tuple),
)
NAMES = LINES.map(lambda line: "".join(c for c in line if not c.isspace() and c != "+") or "name")
SIGNATURES = st.builds(
    Signature,
    name=NAMES,
    key_id=st.integers(0, 2**32 - 1),
    content=st.binary(min_size=1, max_size=80),
)


@given(checkpoint=CHECKPOINTS, signatures=st.lists(SIGNATURES, min_size=1, max_size=5))
def test_what_is_written_is_read_back(checkpoint: Checkpoint, signatures: list[Signature]) -> None:
    note = Note(text=render_checkpoint(checkpoint), signatures=tuple(signatures))
    assert parse_note(render_note(note)) == note
    assert parse_checkpoint(note.text) == checkpoint


@settings(max_examples=300)
@given(content=st.binary(max_size=60) | st.text("\n \u2014aA=+0", max_size=60).map(str.encode))
def test_reading_any_bytes_gives_a_note_that_writes_them_or_bad_note(content: bytes) -> None:
    try:
        note = parse_note(content)
    except BadNote:
        return
    assert render_note(note) == content


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_verifies_with_its_key_and_with_no_other(algorithm: int) -> None:
    own = signer(algorithm)
    note = parse_note(render_note(signed(SOFA, own)))
    assert signed_by(note, own.key) == note.signatures[0]
    assert signed_by(note, signer(algorithm, name="other.example").key) is None
    assert signed_by(note, signer(algorithm, seed=2).key) is None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_of_a_known_key_that_does_not_verify_condemns_the_note(algorithm: int) -> None:
    own, stranger = signer(algorithm), signer(ED25519, name="stranger.example")
    good = signed(SOFA, stranger, own)
    content = good.signatures[1].content
    for position in range(0, len(content), 97):
        flipped = bytearray(content)
        flipped[position] ^= 1
        broken = replace(good.signatures[1], content=bytes(flipped))
        with pytest.raises(BadNote):
            signed_by(replace(good, signatures=(good.signatures[0], broken)), own.key)
        # A good one beside it changes nothing.
        with pytest.raises(BadNote):
            signed_by(replace(good, signatures=(good.signatures[1], broken)), own.key)
    for cut in (content[:-1], content + b"\0", content[:5]):
        broken = replace(good.signatures[1], content=cut)
        with pytest.raises(BadNote):
            signed_by(replace(good, signatures=(broken,)), own.key)
    with pytest.raises(BadNote):
        signed_by(replace(good, text=SOFA.replace("20852163", "20852164")), own.key)


def test_one_private_key_has_another_id_for_each_algorithm_and_name() -> None:
    ids = {signer(algorithm, name=name).key.id for algorithm in ALGORITHMS for name in ("a", "b")}
    assert len(ids) == 6


def test_an_ed25519_cosignature_signs_the_time_and_the_whole_text() -> None:
    witness = Ed25519Cosigner("witness.example/w1", bytes(32))
    text = f"{SOFA}extension\n"
    cosigned = witness.sign(text, at_s=1_679_315_147)
    assert cosigned_at(cosigned) == 1_679_315_147
    # The same bytes, signed as a text: Ed25519 has one signature for one message.
    plain = Ed25519Signer("any", bytes(32)).sign(f"cosignature/v1\ntime 1679315147\n{text}", at_s=0)
    assert cosigned.content[8:] == plain.content


def test_an_ml_dsa_cosignature_signs_the_structure_of_the_specification() -> None:
    witness = MlDsa44Cosigner("witness.example/w1", bytes(32))
    cosigned = witness.sign(f"{SOFA}extension\n", at_s=1_679_315_147)
    message = bytes.fromhex(
        "737562747265652f76310a00"  # subtree/v1, a newline and a zero
        "12" + b"witness.example/w1".hex() + "000000006418"
        "50cb1b" + b"example.com/behind-the-sofa".hex() + "0000000000000000"
        "00000000013e2dc3"
        "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    )
    public = MLDSA44PublicKey.from_public_bytes(witness.key.public_key)
    public.verify(cosigned.content[8:], message)
    assert cosigned_at(cosigned) == 1_679_315_147
    assert len(cosigned.content) == 2_428


def test_an_ml_dsa_cosignature_says_nothing_of_extensions_and_an_ed25519_one_does() -> None:
    for algorithm, is_signed in ((ML_DSA_44, False), (COSIGNATURE_ED25519, True)):
        own = signer(algorithm)
        extended = replace(signed(SOFA, own), text=f"{SOFA}extension\n")
        if is_signed:
            with pytest.raises(BadNote):
                signed_by(extended, own.key)
        else:
            assert signed_by(extended, own.key)


def test_ml_dsa_signs_checkpoints_alone_and_under_names_of_up_to_255_bytes() -> None:
    with pytest.raises(BadNote):
        signer(ML_DSA_44).sign(GO_TEXT, at_s=1)
    assert signer(ML_DSA_44, name="n" * 255).sign(SOFA, at_s=1)
    with pytest.raises(BadNote):
        signer(ML_DSA_44, name="n" * 256)
    with pytest.raises(BadNote):
        signer(ML_DSA_44).sign(SOFA.replace("example.com", "e" * 256), at_s=1)


@pytest.mark.parametrize("algorithm", [COSIGNATURE_ED25519, ML_DSA_44])
@pytest.mark.parametrize("at_s", [-1, 2**63])
def test_a_time_outside_of_63_bits_is_neither_signed_nor_believed(
    algorithm: int, at_s: int
) -> None:
    own = signer(algorithm)
    with pytest.raises(BadNote):
        own.sign(SOFA, at_s=at_s)
    content = (at_s % 2**64).to_bytes(8, "big") + own.sign(SOFA, at_s=1).content[8:]
    signature = Signature(name=NAME, key_id=own.key.id, content=content)
    with pytest.raises(BadNote):
        signed_by(Note(text=SOFA, signatures=(signature,)), own.key)


def test_a_signer_shows_no_private_key() -> None:
    for algorithm in ALGORITHMS:
        own = signer(algorithm, seed=7)
        assert "07070707" not in repr(own)
        assert "\\x07" not in repr(own)


def test_the_id_of_a_key_is_the_hash_that_the_specification_says() -> None:
    for algorithm in ALGORITHMS:
        key = signer(algorithm).key
        named = key.name.encode() + b"\n" + bytes([algorithm]) + key.public_key
        assert key.id == int.from_bytes(sha256(named).digest()[:4], "big")
