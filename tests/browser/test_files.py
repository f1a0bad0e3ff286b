"""A file of payments is told line by line what it would do, sent once and reported on; wrong files are not."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from tests.browser.house import NARROW, House, axe
from tests.browser.paying import FIETSEN, HOSTILE, RAHMENBAU, balance, upload
from tests.payments.orders import ELSEWHERE, Order, initiation

ESCAPED = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
FORMS = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn/></Document>'
BOMB = (
    '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">&b;</Document>'
)


def file_of(name: str, *orders: Order) -> bytes:
    return initiation(*orders, message_id=name, debtor=FIETSEN)


def files(house: House) -> set[str]:
    with house.running.client() as client:
        return {one["message_id"] for one in client.get("/v1/payment-files").json()["items"]}


def test_a_file_is_looked_at_sent_once_and_reported_on(house: House, tmp_path: Path) -> None:
    page = house.page("clerk")
    content = file_of(
        "LOOKED-AT",
        Order(end_to_end_id="first", amount="10.00"),
        Order(end_to_end_id="second", to=ELSEWHERE),
        Order(end_to_end_id="third", amount="2.50"),
    )
    before = balance(house, "mueller-rahmenbau")
    upload(page, content, name=f"{HOSTILE[:40]}.xml")
    expect(page.get_by_role("heading", level=1)).to_have_text("What this file would do")
    expect(page.locator(".decide")).to_contain_text("12.50EUR")
    rows = page.get_by_role("table").get_by_role("row")
    for number, text in enumerate(("Will be paid", "AG03", "Will be paid"), start=1):
        expect(rows.nth(number)).to_contain_text(text)
    axe(page)
    assert "LOOKED-AT" not in files(house)
    assert balance(house, "mueller-rahmenbau") == before

    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("File LOOKED-AT")
    expect(page.locator("#done")).to_contain_text("3 of 3 decided · 2 paid, 1 rejected, 0 open")
    axe(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the report (pain.002)").click()
    kept = tmp_path / "report.xml"
    download.value.save_as(kept)
    found = [one.text for one in ElementTree.parse(kept).iterfind(".//{*}TxSts")]
    assert found == ["ACSC", "RJCT", "ACSC"]

    upload(page, content)
    expect(page.get_by_role("status")).to_contain_text("This file came before")
    assert page.get_by_role("button", name="Send it").count() == 0
    assert balance(house, "mueller-rahmenbau") == before + 12_50
    page.get_by_role("link", name="See what became of it").click()
    page.get_by_role("link", name="second").click()
    expect(page.get_by_role("main")).to_contain_text("the payee's account is at another bank")


def test_a_long_file_has_pages_and_is_pressed_twice(house: House) -> None:
    page = house.page("clerk", viewport=NARROW)
    content = file_of(
        "LONG", *(Order(end_to_end_id=f"e-{number}", amount="0.01") for number in range(450))
    )
    before = balance(house, "mueller-rahmenbau")
    upload(page, content)
    expect(page.get_by_role("table")).to_contain_text("Lines 1 to 200 of 450")
    page.get_by_role("button", name="The next lines").click()
    expect(page.get_by_role("table")).to_contain_text("Lines 201 to 400 of 450")
    axe(page)
    page.get_by_role("button", name="Send it").dblclick()
    expect(page.locator("#done")).to_contain_text("450 of 450 decided")
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("link", name="e-200", exact=True)).to_be_visible()
    assert balance(house, "mueller-rahmenbau") == before + 4_50


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"not a file of payments", "It is no whole XML file"),
        (b"PK\x03\x04" + bytes(100), "It is no whole XML file"),
        (file_of("CUT", Order())[:-200], "cut short"),
        (FORMS.encode(), "It does not follow its schema"),
        (FORMS.replace("001.09", "001.02").encode(), "not a file of payments that is read here"),
        (BOMB.encode(), "Do not send it again"),
        (b"<a>" + b" " * (2 * 2**20), "It is larger than what a page takes"),
        (b"", "Choose a file first"),
    ],
    ids=["text", "zip", "cut", "schema", "other", "bomb", "large", "empty"],
)
def test_a_wrong_file_is_refused_with_what_to_do_and_leaves_nothing(
    house: House, content: bytes, told: str
) -> None:
    page, before = house.page("clerk"), files(house)
    upload(page, content)
    expect(page.get_by_role("alert")).to_contain_text(told)
    if told.startswith("Do not"):
        axe(page)
    assert files(house) == before


def test_what_a_file_says_is_shown_and_never_run(house: House) -> None:
    page = house.page("clerk")
    content = file_of("HOSTILE", Order(amount="0.05", to=RAHMENBAU))
    for text in (b"Payee", b"For frames", b"As the payer wrote it"):
        content = content.replace(text, ESCAPED.encode())
    upload(page, content)
    expect(page.get_by_role("table")).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("table")).to_contain_text(HOSTILE)
    page.get_by_role("link", name="E", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Payment to {HOSTILE}")
    page.goto("/payments")
    expect(page.get_by_role("table")).to_contain_text(HOSTILE)
    axe(page)
    assert page.title() == "Payments · Tallystick"
    assert re.search("onerror", page.content())


def test_whoever_may_not_pay_cannot_send_a_file(house: House) -> None:
    page = house.page("bookkeeper")
    upload(page, file_of("BOOKKEEPER", Order()))
    expect(page.get_by_role("heading", level=1)).to_have_text("Not allowed")
    assert "BOOKKEEPER" not in files(house)
