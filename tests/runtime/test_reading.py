"""Reading a request: what is not read at all."""

import msgspec
import pytest

from tallystick.kernel.problems import Malformed
from tallystick.runtime import reading


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: int = 50
    metadata: dict[str, str] | None = None


@pytest.mark.parametrize("limit", [b"007", b"1.0", b"1e1", b"x", b"-", b"+1"])
def test_a_whole_number_is_written_in_one_way(limit: bytes):
    with pytest.raises(Malformed, match="limit"):
        reading.read_query(b"limit=" + limit, Page)


def test_too_many_fields_are_told_how_many_may_come():
    query = "&".join(f"metadata[k{n}]=1" for n in range(reading.QUERY_FIELDS_MAX + 1))
    with pytest.raises(Malformed, match="at most 64 times"):
        reading.read_query(query.encode(), Page)


def test_a_body_under_two_encodings_is_not_read():
    headers = {b"content-type": b"application/json", b"transfer-encoding": b"gzip, chunked"}
    with pytest.raises(reading.MediaTypeNotSupported):
        reading.check_media(headers, is_xml=False)
