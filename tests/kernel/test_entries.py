"""Entries are canonical JSON as others write it, and hide what people chose behind a seal."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tallystick.kernel import entries
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed, canonical, seal
from tallystick.kernel.tags import Tag

SALT = bytes(range(16))
CALLER = Caller(tenant_id=7, actor="key_1", request="req_1", origin="192.0.2.7")
# No lone surrogates: they have no UTF-8, and no text of ours has them.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


def deed(**changed: Any) -> Deed:
    """A deed of the books, with some of it changed."""
    given_ = {
        "tag": Tag.LEDGER_ACCOUNT_OPEN,
        "caller": CALLER,
        "on": "ledger:1:account:2",
        "at": 1_772_000_000_000_001,
        "content": {"asset": "EUR", "min_available": None},
        "texts": {"address": "wallets:ana:eur"},
    }
    return Deed(**(given_ | changed))


@given(VALUES)
def test_the_canonical_form_is_that_of_another_implementation(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_names_are_ordered_by_utf_16_and_not_by_code_points() -> None:
    assert canonical({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize("value", [1.0, 2**53, -(2**53), b"bytes", {"a": 0.5}])
def test_what_others_would_read_otherwise_has_no_canonical_form(value: Any) -> None:
    with pytest.raises(ValueError, match="canonical"):
        canonical(value)


@given(VALUES, TEXTS, TEXTS, TEXTS)
def test_an_entry_is_its_own_canonical_form(
    content: Any, actor: str, text: str, origin: str
) -> None:
    caller = Caller(tenant_id=1, actor=actor, request=text, origin=origin)
    made = deed(caller=caller, content={"value": content}, texts={"text": text})
    written = entries.write(made, salt=SALT)
    assert written == rfc8785.dumps(rfc8785_read(written))
    read = entries.read(written)
    assert (read.by, read.from_, read.on) == (actor, text, made.on)


def rfc8785_read(written: bytes) -> Any:
    """Read JSON as another implementation would."""
    return json.loads(written)


def test_texts_and_origin_are_not_in_an_entry_but_its_seal_opens_with_them() -> None:
    written = entries.write(deed(), salt=SALT)
    assert b"wallets:ana" not in written
    assert b"192.0.2.7" not in written
    texts = {"address": "wallets:ana:eur", "from": "192.0.2.7"}
    assert entries.read(written).sealed == seal(SALT, texts)
    assert entries.read(written).sealed != seal(SALT, texts | {"address": "wallets:bob:eur"})
    assert entries.read(written).sealed != seal(bytes(16), texts)


def test_an_entry_without_texts_has_no_seal() -> None:
    written = entries.write(deed(texts=None, caller=Caller(tenant_id=1, actor="job")), salt=SALT)
    assert entries.read(written).sealed is None


def test_an_entry_that_no_tile_could_take_is_refused() -> None:
    with pytest.raises(ValueError, match="65535 bytes"):
        entries.write(deed(content={"numbers": ["x" * 100] * 700}), salt=SALT)


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"at":1}', b"\xff"])
def test_what_is_no_entry_is_not_read_as_one(text: bytes) -> None:
    with pytest.raises(ValueError, match="not an entry"):
        entries.read(text)
