"""The tree of hashes: others' verdicts on 196 proofs, and laws for trees of every shape."""

import json
from base64 import b64decode
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.audit.model.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Frontier,
    Range,
    Subtree,
    consistency_ranges,
    frontier_ranges,
    inclusion_ranges,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parents[2].parent / "shared" / "data" / "merkle"
SIZE_MAX = 600
LEAVES = leaf_hashes(b"%d" % number for number in range(140_000))


@cache
def span(start: int, end: int) -> bytes:
    """The definition of RFC 6962, word by word, to hold the fast one against."""
    if end - start == 1:
        return LEAVES[start]
    cut = 1
    while 2 * cut < end - start:
        cut *= 2
    return sha256(b"\x01" + span(start, start + cut) + span(start + cut, end)).digest()


def over(ranges: list[Range]) -> list[bytes]:
    return [span(start, end) for start, end in ranges]


def grown(size: int) -> Frontier:
    return Frontier(size, over(frontier_ranges(size)))


def vectors(kind: str) -> list[dict[str, Any]]:
    if not VECTORS.is_dir():
        pytest.skip("the proofs of others (../shared/data/merkle) are not on this machine")
    return [json.loads(path.read_text()) for path in sorted((VECTORS / kind).rglob("*.json"))]


def hashes_of(vector: dict[str, Any]) -> list[bytes]:
    return [b64decode(one) for one in vector["proof"] or ()]


def test_every_inclusion_proof_of_others_gets_their_verdict() -> None:
    found = vectors("inclusion")
    wrong = [
        vector["desc"]
        for vector in found
        if vector["wantErr"]
        == verify_inclusion(
            leaf=b64decode(vector["leafHash"]),
            index=vector["leafIdx"],
            size=vector["treeSize"],
            root=b64decode(vector["root"]),
            proof=hashes_of(vector),
        )
    ]
    assert wrong == []
    assert len(found) + len(vectors("consistency")) == 196


def test_every_consistency_proof_of_others_gets_their_verdict() -> None:
    wrong = [
        vector["desc"]
        for vector in vectors("consistency")
        if vector["wantErr"]
        == verify_consistency(
            old=vector["size1"],
            new=vector["size2"],
            old_root=b64decode(vector["root1"]),
            new_root=b64decode(vector["root2"]),
            proof=hashes_of(vector),
        )
    ]
    assert wrong == []


def test_a_leaf_and_a_node_never_hash_alike() -> None:
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hashes([b"a", b""]) == [leaf_hash(b"a"), leaf_hash(b"")]
    assert leaf_hash(b"a") == sha256(b"\x00a").digest()


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY_ROOT == Frontier().root() == sha256().digest()
    assert frontier_ranges(0) == []


def test_the_root_is_that_of_the_definition_at_every_size() -> None:
    for size in range(1, SIZE_MAX):
        assert root_of(LEAVES[:size]) == span(0, size)


def test_every_leaf_is_proven_in_trees_of_every_size() -> None:
    for size in [*range(1, 40), 255, 256, 257, SIZE_MAX]:
        root = span(0, size)
        for index in range(size):
            proof = over(inclusion_ranges(index, size))
            assert verify_inclusion(
                leaf=LEAVES[index], index=index, size=size, root=root, proof=proof
            )


# The first example of a run computes the hashes that all share.
@settings(deadline=None)
@given(data=st.data(), size=st.integers(2, len(LEAVES)))
def test_a_proof_proves_its_leaf_and_no_other(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
    proof, root = over(inclusion_ranges(index, size)), grown(size).root()

    def proves(leaf: int, at: int, hashes: list[bytes]) -> bool:
        return verify_inclusion(leaf=LEAVES[leaf], index=at, size=size, root=root, proof=hashes)

    assert proves(index, index, proof)
    assert not proves(other, index, proof)
    assert not proves(other, other, proof)
    assert not proves(index, index, proof[1:])
    assert not proves(index, index, [*proof, EMPTY_ROOT])
    assert not proves(index, size, proof)
    assert not proves(index, -1, proof)


def consistent(old: int, new: int, proof: list[bytes], new_root: bytes | None = None) -> bool:
    return verify_consistency(
        old=old,
        new=new,
        old_root=grown(old).root(),
        new_root=new_root or grown(new).root(),
        proof=proof,
    )


def test_every_tree_continues_every_smaller_one() -> None:
    for new in [*range(1, 40), 255, 256, 257]:
        for old in range(1, new + 1):
            assert consistent(old, new, over(consistency_ranges(old, new)))


@settings(deadline=None)
@given(data=st.data(), new=st.integers(2, len(LEAVES)))
def test_a_continuation_proves_its_two_sizes_and_no_others(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new - 1))
    proof = over(consistency_ranges(old, new))
    assert consistent(old, new, proof)
    assert not consistent(old, new, proof[1:])
    assert not consistent(old, new, [*proof, EMPTY_ROOT])
    assert not consistent(old, new, proof, new_root=EMPTY_ROOT)
    assert not consistent(old, new, [EMPTY_ROOT, *proof[1:]])
    assert not consistent(new, old, proof)


def test_nothing_is_proven_from_an_empty_tree() -> None:
    assert not consistent(0, 1, [])
    assert consistent(0, 0, [])
    assert not consistent(0, 0, [EMPTY_ROOT])
    with pytest.raises(ValueError, match="not one of 0 that grew"):
        consistency_ranges(0, 1)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 1), (1, 1)])
def test_no_proof_is_of_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_ranges(index, size)


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, 3_000), max_size=8))
def test_a_tree_grown_in_any_pieces_is_the_same(cuts: list[int]) -> None:
    bounds, frontier = [0, *sorted(cuts)], Frontier()
    whole, done = Frontier(), list[Subtree]()
    for start, end in pairwise(bounds):
        done += frontier.append(LEAVES[start:end])
    completed = whole.append(LEAVES[: bounds[-1]])
    assert (frontier.size, frontier.hashes) == (whole.size, whole.hashes)
    assert sorted(done) == sorted(completed)
    assert list(frontier.hashes) == over(frontier_ranges(frontier.size))
    assert frontier.root() == root_of(LEAVES[: bounds[-1]])


@settings(deadline=None)
@given(size=st.integers(0, 70_000), more=st.integers(0, 70_000))
def test_a_kept_edge_goes_on_where_it_stopped(size: int, more: int) -> None:
    frontier = grown(size)
    done = frontier.append(LEAVES[size : size + more])
    assert (frontier.size, list(frontier.hashes)) == (
        size + more,
        over(frontier_ranges(size + more)),
    )
    assert done == [
        Subtree(level, index, span(index * width, (index + 1) * width))
        for level, width in ((1, 256), (2, 65_536))
        for index in range(size // width, (size + more) // width)
    ]


def test_a_copy_grows_apart() -> None:
    frontier = grown(7)
    copy = frontier.copy()
    copy.append(LEAVES[7:9])
    assert (frontier.size, copy.size) == (7, 9)
    assert frontier.root() == grown(7).root()
    assert frontier.append([]) == []


@pytest.mark.parametrize(
    ("size", "hashes"), [(1, []), (2, [EMPTY_ROOT] * 2), (-1, [EMPTY_ROOT]), (1, [b"short"])]
)
def test_an_edge_that_does_not_fit_its_size_is_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(ValueError):
        Frontier(size, hashes)


def test_a_hash_has_32_bytes() -> None:
    assert len(leaf_hash(b"")) == HASH_BYTES
    assert not verify_inclusion(leaf=b"short", index=0, size=1, root=b"short", proof=[])
