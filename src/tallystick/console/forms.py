"""Forms: what a browser sends of them, read strictly, files too."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

import falcon
from falcon.media.multipart import MultipartFormHandler, MultipartParseError

from tallystick.kernel.problems import Malformed, malformed

FIELDS_MAX: Final = 200
FIELD_CHARS_MAX: Final = 4_000
FILE_BYTES_MAX: Final = 4 * 1024 * 1024
_NOT_A_FORM: Final = "This is no form that a page here sends; reload the page and try again."


@dataclass(frozen=True)
class File:
    """A file of a form: the name it has on the sender's machine, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Form:
    """The fields of a form, each with all its values in order, and its files."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)

    def text(self, name: str, *, most: int = FIELD_CHARS_MAX) -> str:
        """A field's one value without white space around it, '' when it is not there. Raises Malformed."""
        values = self.fields.get(name, ("",))
        if len(values) != 1:
            raise malformed(name, "it comes twice")
        value = values[0].strip()
        if len(value) > most:
            raise malformed(name, f"it has at most {most} characters")
        return value

    def many(self, name: str) -> tuple[str, ...]:
        """All values of a field, such as those of boxes that were ticked."""
        return self.fields.get(name, ())

    def pairs(self) -> Iterable[tuple[str, str]]:
        """Every field with each of its values, as they came; files are not among them."""
        return ((name, value) for name, values in self.fields.items() for value in values)


def read_form(body: bytes, content_type: str) -> Form:
    """Read what a form sends, with files or without. Raises Malformed."""
    if content_type.lower().startswith("multipart/form-data"):
        return _with_files(body, content_type)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise Malformed(_NOT_A_FORM) from None
    return Form(_gathered(pairs))


def _with_files(body: bytes, content_type: str) -> Form:
    handler = MultipartFormHandler()
    options = handler.parse_options
    options.max_body_part_count = FIELDS_MAX
    options.max_body_part_buffer_size = FILE_BYTES_MAX
    pairs: list[tuple[str, str]] = []
    found: dict[str, File] = {}
    try:
        for part in handler.deserialize(io.BytesIO(body), content_type, len(body)):
            name = part.name or ""
            if part.filename is None:
                pairs.append((name, part.get_data().decode("utf-8")))
            elif name in found:
                raise malformed(name, "it comes twice")
            else:
                found[name] = File(part.filename[:200], part.get_data())
    except MultipartParseError as error:
        if "too large" in str(error.description or error).lower():
            raise malformed(
                "file", f"it has at most {FILE_BYTES_MAX} bytes; send larger ones to the API"
            ) from None
        raise Malformed(_NOT_A_FORM) from None
    except (falcon.HTTPError, ValueError):
        raise Malformed(_NOT_A_FORM) from None
    return Form(_gathered(pairs), found)


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise malformed(name[:64].replace("\0", ""), "text has no U+0000")
        fields[name] = (*fields.get(name, ()), value)
    return fields
