"""Ids: ours say their kind and sort by time, the caller's are taken as they are."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.kernel import ids

moments = st.integers(0, (1 << 41) - 1)
chances = st.binary(min_size=ids.ENTROPY_BYTES, max_size=ids.ENTROPY_BYTES)
tenant_ids = st.builds(
    lambda ms, n: ids.make_tenant_id(now_ms=ms, chance=n), moments, st.integers(0)
)


@given(moments, moments, chances, chances)
def test_our_ids_sort_by_time(first: int, second: int, one: bytes, other: bytes) -> None:
    if first != second:
        early = ids.make("txn", now_ms=min(first, second), entropy=one)
        late = ids.make("txn", now_ms=max(first, second), entropy=other)
        assert early < late


@given(moments, chances, chances)
def test_chance_tells_ids_of_one_moment_apart(now: int, one: bytes, other: bytes) -> None:
    first, second = (ids.make("txn", now_ms=now, entropy=chance) for chance in (one, other))
    assert (first == second) == (one == other)


@given(moments, chances)
def test_our_ids_are_ids_a_caller_may_name(now: int, chance: bytes) -> None:
    made = ids.make("pay", now_ms=now, entropy=chance)
    assert made.startswith("pay_")
    assert len(made) == 30
    assert ids.is_caller_id(made)


@given(moments, chances)
def test_an_id_of_ours_says_when_it_was_made(now: int, chance: bytes) -> None:
    assert ids.made_at_ms(ids.make("msg", now_ms=now, entropy=chance)) == now


@pytest.mark.parametrize(
    "name", ["", "msg_", "msg_" + "0" * 25, "msg_" + "0" * 27, "msg_" + "8" * 26, "msg_" + "u" * 26]
)
def test_what_is_no_id_of_ours_says_nothing(name: str) -> None:
    with pytest.raises(ValueError, match="no id of ours"):
        ids.made_at_ms(name)


@given(tenant_ids)
def test_a_tenant_is_read_back_from_its_name(tenant_id: int) -> None:
    assert 0 <= tenant_id < 1 << 63
    assert ids.tenant_id_of(ids.tenant_name(tenant_id)) == tenant_id


@given(tenant_ids, tenant_ids)
def test_names_of_tenants_sort_as_their_numbers(one: int, other: int) -> None:
    assert (one < other) == (ids.tenant_name(one) < ids.tenant_name(other))


@pytest.mark.parametrize(
    "name",
    [
        "", "tnt_", "tnt", "0000000000000", "tnt_000000000000", "tnt_00000000000000", "key_0000000000000",
        "tnt_000000000000u", "tnt_000000000000I", "tnt_8000000000000", "TNT_0000000000000",
        "tnt_0000000000000\n", "tnt_000000000000\u0661",
    ],
)  # fmt: skip
def test_what_is_no_name_of_a_tenant_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        ids.tenant_id_of(name)


@given(st.text(alphabet=[chr(code) for code in range(33, 127)], min_size=1, max_size=64))
def test_any_printable_ascii_without_space_is_a_callers_id(text: str) -> None:
    assert ids.is_caller_id(text)


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a" * 65, "a\n", "\n", "é", "a\x00", "a\x7f", "\ufeffa"]
)
def test_anything_else_is_not(text: str) -> None:
    assert not ids.is_caller_id(text)


@given(st.integers(0, (1 << 65) - 1))
def test_a_number_in_base_32_has_no_letter_that_is_misread(number: int) -> None:
    text = ids.base32(number, width=13)
    assert len(text) == 13
    assert set(text) <= set(string.digits + string.ascii_lowercase) - set("ilou")


@given(moments, st.integers(0))
def test_a_tenant_of_a_trial_shows_it_and_no_other_does(ms: int, chance: int) -> None:
    trial = ids.make_trial_id(now_ms=ms, chance=chance)
    assert ids.is_of_trial(trial)
    assert ids.tenant_id_of(ids.tenant_name(trial)) == trial
    assert not ids.is_of_trial(ids.make_tenant_id(now_ms=ms, chance=chance))
    assert not ids.is_of_trial(ids.make_tenant_id(now_ms=ms, chance=trial))


def test_what_is_like_a_trial_s_by_chance_is_drawn_otherwise() -> None:
    alike = ids.make_tenant_id(now_ms=1, chance=2**22 - 1)
    assert (ids.is_of_trial(alike), alike >> 22) == (False, 1)
