"""Trust policies: what a line may say, and whose cosignatures are enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.audit.model.notes import (
    Ed25519Cosigner,
    Ed25519Signer,
    MlDsa44Cosigner,
    Note,
    Signature,
    Signer,
)
from tallystick.audit.model.policy import (
    Group,
    Policy,
    parse_policy,
    render_policy,
    satisfied_by,
)

TEXT = "log.example\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
LOG = Ed25519Signer("log.example", b"L" * 32)
LOG_OF_LATTICES = MlDsa44Cosigner("log.example", b"L" * 32)
WITNESSES: dict[str, Signer] = {
    name: Ed25519Cosigner(f"{name.lower()}.example", name.encode() * 16)
    for name in ("X1", "X2", "X3", "Y1", "Y2")
}
WITNESSES["Y3"] = MlDsa44Cosigner("y3.example", b"Y3" * 16)
KEYS = {name: one.key.render() for name, one in WITNESSES.items()}
LOG_KEY = LOG.key.render()
# The shape of the example in the specification.
EXAMPLE = f"""
log {LOG_KEY}

witness X1 {KEYS["X1"]}
witness X2 {KEYS["X2"]} https://x2.example/
witness X3 {KEYS["X3"]}
group X-witnesses 2 X1 X2 X3

\t# three of another house
witness Y1 {KEYS["Y1"]}
witness Y2 \t {KEYS["Y2"]}\t
  witness Y3 {KEYS["Y3"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def note(*names: str) -> Note:
    signers = [LOG, *(WITNESSES[name] for name in names)]
    return Note(text=TEXT, signatures=tuple(one.sign(TEXT, at_s=1) for one in signers))


def test_the_example_of_the_specification_is_read() -> None:
    policy = parse_policy(EXAMPLE)
    assert [one.key for one in policy.logs] == [LOG.key]
    assert [(one.name, one.key) for one in policy.witnesses] == [
        (name, one.key) for name, one in WITNESSES.items()
    ]
    assert policy.witnesses[1].url == "https://x2.example/"
    assert policy.groups == (
        Group("X-witnesses", 2, ("X1", "X2", "X3")),
        Group("Y-witnesses", 1, ("Y1", "Y2", "Y3")),
        Group("X-and-Y", 2, ("X-witnesses", "Y-witnesses")),
    )
    assert policy.quorum == "X-and-Y"
    assert parse_policy(render_policy(policy)) == policy


@given(names=st.sets(st.sampled_from(sorted(WITNESSES))))
def test_the_quorum_of_the_example_is_two_of_one_house_and_one_of_the_other(
    names: set[str],
) -> None:
    of_x, of_y = (sum(name.startswith(house) for name in names) for house in "XY")
    assert satisfied_by(parse_policy(EXAMPLE), note(*names)) == (of_x >= 2 and of_y >= 1)


def test_a_quorum_of_none_asks_for_nobody() -> None:
    assert Policy.none() == parse_policy("quorum none")
    assert render_policy(Policy.none()) == "quorum none\n"
    assert satisfied_by(Policy.none(), note())


def test_a_quorum_may_be_one_witness() -> None:
    policy = parse_policy(f"witness X1 {KEYS['X1']}\nquorum X1\n")
    assert satisfied_by(policy, note("X1", "X2"))
    assert not satisfied_by(policy, note("X2"))


def test_one_signature_counts_once_however_often_it_stands_there() -> None:
    policy = parse_policy(
        f"witness X1 {KEYS['X1']}\nwitness X2 {KEYS['X2']}\ngroup g all X1 X2\nquorum g\n"
    )
    twice = Note(text=TEXT, signatures=(*note("X1").signatures, *note("X1").signatures))
    assert not satisfied_by(policy, twice)


def test_a_broken_cosignature_of_a_witness_spoils_the_note() -> None:
    policy = parse_policy(
        f"witness X1 {KEYS['X1']}\nwitness X2 {KEYS['X2']}\ngroup g any X1 X2\nquorum g\n"
    )
    good = note("X1", "X2")
    broken = Signature(
        name="x2.example", key_id=WITNESSES["X2"].key.id, content=good.signatures[1].content
    )
    spoiled = Note(text=TEXT, signatures=(*good.signatures[:2], broken))
    assert satisfied_by(policy, good)
    assert not satisfied_by(policy, spoiled)
    assert satisfied_by(Policy.none(), spoiled)


def test_a_log_may_sign_with_two_algorithms() -> None:
    policy = parse_policy(f"log {LOG_KEY}\nlog {LOG_OF_LATTICES.key.render()} u\nquorum none\n")
    assert [one.key.name for one in policy.logs] == ["log.example"] * 2


def test_names_are_compared_as_they_are_spelled() -> None:
    policy = parse_policy(
        f"witness K {KEYS['X1']}\nwitness \u212a {KEYS['X2']}\ngroup a\u00a0b all K \u212a\n"
        "quorum a\u00a0b"
    )
    assert policy.groups[0].members == ("K", "\u212a")


X1 = f"witness X1 {KEYS['X1']}\n"
RENAMED = Ed25519Cosigner("other.example", b"X1" * 16).key.render()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (1, ""),
        (2, X1),
        (1, "unknown x\nquorum none\n"),
        (1, "LOG x\nquorum none\n"),
        (1, f"log\nquorum none\n{X1}"),
        (1, f"log {LOG_KEY} url more\nquorum none\n"),
        (1, f"log {LOG_KEY}x\nquorum none\n"),
        (1, f"log {KEYS['X1']}\nquorum none\n"),
        (2, f"log {LOG_KEY}\nlog {LOG_KEY}\nquorum none\n"),
        (1, f"witness X1\nquorum none\n{X1}"),
        (1, f"witness X1 {KEYS['X1']} url more\nquorum none\n"),
        (1, f"witness X1 {LOG_KEY}\nquorum none\n"),
        (1, f"witness none {KEYS['X1']}\nquorum none\n"),
        (2, f"{X1}witness X1 {KEYS['X2']}\nquorum none\n"),
        (2, f"{X1}witness X2 {KEYS['X1']}\nquorum none\n"),
        (2, f"{X1}witness X2 {RENAMED}\nquorum none\n"),
        (2, f"{X1}group g all\nquorum none\n"),
        (2, f"{X1}group X1 all X1\nquorum none\n"),
        (2, f"{X1}group none all X1\nquorum none\n"),
        (2, f"{X1}group g all none\nquorum none\n"),
        (2, f"{X1}group g all X2\nquorum none\n"),
        (2, f"{X1}group g all g\nquorum none\n"),
        (2, f"{X1}group g any X1 X1\nquorum none\n"),
        (3, f"{X1}group g all X1\ngroup h all X1\nquorum none\n"),
        (2, f"{X1}group g 0 X1\nquorum none\n"),
        (2, f"{X1}group g 2 X1\nquorum none\n"),
        (2, f"{X1}group g 01 X1\nquorum none\n"),
        (2, f"{X1}group g \u0661 X1\nquorum none\n"),
        (2, f"{X1}group g most X1\nquorum none\n"),
        (2, f"{X1}quorum X2\n"),
        (1, f"quorum X1\n{X1}"),
        (2, f"{X1}quorum\n"),
        (2, f"{X1}quorum X1 X1\n"),
        (3, f"{X1}quorum X1\nquorum X1\n"),
        (2, "quorum none\n# a\x7fb\n"),
        (2, "quorum none\n\x00\n"),
        (1, "quorum none\r\n"),
        (1, "quorum\u00a0none\n"),
    ],
)
def test_a_policy_that_means_nothing_is_refused_and_the_line_named(line: int, text: str) -> None:
    with pytest.raises(ValueError, match=rf"^line {line} of the policy: "):
        parse_policy(text)


def test_a_policy_is_not_read_without_end() -> None:
    assert parse_policy("quorum none\n" + "\n" * 1_023) == Policy.none()
    with pytest.raises(ValueError):
        parse_policy("quorum none\n" + "\n" * 1_024)
    with pytest.raises(ValueError):
        parse_policy("quorum none\n#" + "a" * 1024 * 1024)
