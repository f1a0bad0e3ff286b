"""Forms and cookies are read strictly, whatever is sent."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.console import cookies
from tallystick.console.forms import FIELDS_MAX, FILE_BYTES_MAX, read_form
from tallystick.console.site import own_path
from tallystick.kernel.problems import Malformed

PLAIN = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=edge"


def _part(name: str, content: bytes, filename: str = "") -> bytes:
    named = f'; filename="{filename}"' if filename else ""
    return (
        f'--edge\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode()
        + content
        + b"\r\n"
    )


def test_fields_come_with_all_their_values():
    form = read_form(b"name=%C3%89va&day=mo&day=tu&empty=", PLAIN)
    assert form.text("name") == "Éva"
    assert form.many("day") == ("mo", "tu")
    assert form.text("empty") == form.text("absent") == ""


def test_a_field_that_comes_twice_is_no_one_value():
    with pytest.raises(Malformed, match="twice"):
        read_form(b"amount=1&amount=2", PLAIN).text("amount")


def test_a_file_comes_with_its_name_and_its_bytes():
    body = _part("note", b"hello") + _part("file", b"<x>\xff</x>", "pay.xml") + b"--edge--\r\n"
    form = read_form(body, PARTS)
    assert form.text("note") == "hello"
    assert (form.files["file"].name, form.files["file"].content) == ("pay.xml", b"<x>\xff</x>")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--edge\r\n",
        _part("a", b"x"),
        _part("a", b"\xff") + b"--edge--\r\n",
        _part("a", b"x\0y") + b"--edge--\r\n",
        _part("f", b"1", "a") + _part("f", b"2", "b") + b"--edge--\r\n",
        b"".join(_part(f"n{i}", b"") for i in range(FIELDS_MAX + 1)) + b"--edge--\r\n",
    ],
)
def test_a_form_in_parts_that_is_none_is_refused(body):
    with pytest.raises(Malformed):
        read_form(body, PARTS)


def test_a_file_that_is_too_large_is_refused_with_where_to_send_it():
    body = _part("file", b"x" * (FILE_BYTES_MAX + 1), "big.xml") + b"--edge--\r\n"
    with pytest.raises(Malformed, match="API"):
        read_form(body, PARTS)


def test_too_many_fields_are_refused():
    with pytest.raises(Malformed):
        read_form(b"&".join(b"a%d=1" % i for i in range(FIELDS_MAX + 1)), PLAIN)


@given(
    st.binary(max_size=400),
    st.sampled_from([PLAIN, PARTS, "multipart/form-data", "multipart/form-data; boundary="]),
)
def test_whatever_is_sent_is_a_form_or_refused(body, media):
    with contextlib.suppress(Malformed):
        read_form(body, media)


@given(st.text(max_size=80))
def test_nobody_is_sent_elsewhere(text):
    path = own_path(text)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/a\r\nset-cookie: x",
        "/" + "a" * 600,
    ],
)
def test_an_address_of_elsewhere_becomes_our_own_first_page(text):
    assert own_path(text) == "/"


def test_of_two_cookies_with_one_name_none_is_read():
    headers = {b"cookie": b"tallystick=a; other=1; tallystick=b"}
    assert cookies.read(headers) == {"other": "1"}


def test_over_tls_a_cookie_is_bound_to_this_host():
    kept = cookies.Cookies(is_tls=True).kept(cookies.SESSION, "v")
    assert kept == "__Host-tallystick=v; Path=/; HttpOnly; SameSite=Lax; Secure"
    assert "Secure" not in cookies.Cookies(is_tls=False).kept(cookies.SESSION, "v")
