"""The words of every page: one folder per language, one file per group of pages."""

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("en",)
"""Languages there are texts in; the first is shown where a browser asks for none of them."""


@functools.cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every text of a language by its key, ``group.name``. Raises ValueError for a key that comes twice."""
    texts: dict[str, str] = {}
    folder = files("tallystick.console.texts").joinpath(language)
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        for group, named in tomllib.loads(file.read_text("utf-8")).items():
            for name, text in named.items():
                key = f"{group}.{name}"
                if key in texts or not isinstance(text, str):
                    raise ValueError(f"{language}: {key} comes twice, or is no text")
                texts[key] = text
    return texts


def text(language: str, key: str, values: Mapping[str, object]) -> str:
    """A text with its values in place. Raises KeyError for a text or a value that is not there."""
    words = catalogue(language)[key]
    return words.format_map(values) if values else words
