"""What pages of people share: names where sentences have ids, and what is wrong with a form."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from tallystick.console.asking import part
from tallystick.console.site import Visit
from tallystick.identity.api.people import PersonOf
from tallystick.kernel.problems import Problem

NAMES_MAX: Final = 20
"""So many people are asked for by name for one page; the others keep their ids."""


async def names_of(visit: Visit, ids: Iterable[str]) -> Mapping[str, str]:
    """What people are called, by id; whoever cannot be asked about is left out."""
    wanted = [one for one in dict.fromkeys(ids) if one.startswith("per_")][:NAMES_MAX]
    people = visit.site.doors.people
    asked = (people.person(caller=visit.caller, message=PersonOf(person=one)) for one in wanted)
    found = await asyncio.gather(*map(part, asked))
    return {one.answer.person: one.answer.name for one in found if one.answer is not None}


def named(sentence: str, names: Mapping[str, str]) -> str:
    """A sentence with names where it has ids of people."""
    for person, name in names.items():
        sentence = sentence.replace(person, name)
    return sentence


class Texts(dict[str, str]):
    """Texts by name, '' for any other, as templates ask for them."""

    def __missing__(self, name: str) -> str:
        return ""


def wrongs(problem: Problem | None = None, place: str = "") -> Texts:
    """What is wrong with a form, by field; all of it at ``place`` when no field is named."""
    if problem is None:
        return Texts()
    return Texts(problem.fields or {place: problem.detail})
