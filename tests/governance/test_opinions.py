"""The page of opinions is what was compared and reviewed; nothing in it is unexplained. Checkov is not needed here."""

from dataclasses import replace

from tallystick.governance.adapters.policies import load_catalogue
from tests.governance.opinions.joining import (
    FACTS,
    Difference,
    differences,
    facts,
    reviewed,
    unexplained,
)
from tests.governance.opinions.page import PAGE, page

BYTES_MAX = 400_000


def test_the_page_is_what_was_compared_and_reviewed() -> None:
    assert PAGE.read_text("utf-8") == page(facts(), reviewed()), "run make opinions"


def test_every_difference_is_explained_and_every_word_explains_one() -> None:
    assert unexplained(facts(), reviewed()) == []


def test_a_difference_without_words_is_refused() -> None:
    mapping = reviewed()
    bare = replace(mapping, differences=mapping.differences[1:])
    assert len(unexplained(facts(), bare)) == 1


def test_an_opinion_that_turns_is_a_difference() -> None:
    said = facts()
    said["opinions"] = {
        "aws-bucket-versioned": {"plan/x": {"aws_s3_bucket.a": ["pass", "CKV_AWS_21-"]}}
    }
    found = Difference("aws-bucket-versioned", "checkov", "CKV_AWS_21", "aws_s3_bucket")
    assert list(differences(said)) == [found]


def test_every_control_has_a_counterpart_or_a_reason_and_never_both() -> None:
    mapping = reviewed()
    assert mapping.counterparts.keys() | mapping.alone.keys() == set(load_catalogue().entries)
    assert not mapping.counterparts.keys() & mapping.alone.keys()
    assert all(mapping.counterparts.values())
    assert all(mapping.alone.values())


def test_every_counterpart_was_compared_with() -> None:
    """A check that never judged a subject of ours would be a mapping that nobody tried."""
    said = facts()
    assert set(said["opinions"]) == set(reviewed().counterparts)


def test_every_well_known_misconfiguration_fails_by_ours() -> None:
    bad = facts()["bad"]
    assert len(bad) >= 20
    assert [name for name, each in bad.items() if not each["ours"]] == []


def test_the_facts_are_of_all_plans_and_overlays_and_stay_small() -> None:
    sources = {source for each in facts()["opinions"].values() for source in each}
    assert len([each for each in sources if each.startswith("plan/")]) == 9
    assert {"overlay/one", "overlay/three", "overlay/each"} <= sources
    assert FACTS.stat().st_size < BYTES_MAX
