"""What several browser tests of money do: fill in a payment, send it, and ask the books how much moved."""

from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.house import Authenticator, House

FIETSEN: Final = "NL91ABNA0417164300"
RAHMENBAU: Final = "DE89370400440532013000"
CLAIRE: Final = "FR1420041010050500013M02606"
HOSTILE: Final = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


def fill_in(page: Page, *, payee: str, iban: str, amount: str, reference: str = "") -> None:
    """Fill in the form of a payment from De Vries Fietsen that is open."""
    page.get_by_label("From account").select_option(FIETSEN)
    page.get_by_label("Payee", exact=True).fill(payee)
    page.get_by_label("IBAN of the payee").fill(iban)
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("What it is for").fill(reference)


def look_at(page: Page, **filled: str) -> str:
    """Begin a payment, fill it in and go on to the page that says what will happen; answers the payment's id."""
    page.goto("/pay/new")
    payment = page.url.rpartition("/")[2]
    fill_in(page, **filled)
    page.get_by_role("button", name="Go on").click()
    return payment


def upload(page: Page, content: bytes, *, name: str = "pain.xml") -> None:
    """Upload a file of payments, to the page that says what it would do."""
    page.goto("/files")
    page.get_by_label("The file").set_input_files(
        {"name": name, "mimeType": "application/xml", "buffer": content}
    )
    page.get_by_role("button", name="See what it would do").click()


def paid(house: House, payment: str) -> list[dict[str, Any]]:
    """The payments that were made of a form, as the API has them."""
    with house.running.client() as client:
        found = client.get("/v1/payments", params={"end_to_end_id": payment})
    return found.json()["items"]


def balance(house: House, wallet: str) -> int:
    """What is posted on the first account of a wallet, in minor units."""
    with house.running.client() as client:
        return int(client.get(f"/v1/wallets/{wallet}").json()["accounts"][0]["balances"]["posted"])


def with_passkey(house: House, who: str, kept: list[dict[str, Any]]) -> tuple[Page, Authenticator]:
    """Somebody signed in, with a passkey on a device of their own: the one that is ``kept``, or a first one."""
    page = house.page(who)
    page.goto("/me/factors/passkey")
    device = Authenticator(page)
    if kept:
        device.takes(kept)
        return page, device
    page.get_by_label("What to call it").fill("test device")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url("**/me/factors")
    kept.extend(device.passkeys)
    return page, device
