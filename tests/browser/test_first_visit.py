"""The very first visit: who comes with nothing is asked to sign in, comes in, and little is fetched for all of it."""

from tests.browser.house import House, axe, come_in, sign_in, traffic

BYTES_MAX = 150_000
REQUESTS_MAX = 12


def test_somebody_signs_in_and_out_again(house: House) -> None:
    page = house.page()
    page.goto("/")
    assert page.url == f"{house.url}/sign-in?next=%2F"
    axe(page)
    sign_in(page, "owner")
    assert page.url == f"{house.url}/"
    assert page.get_by_role("heading", level=1).inner_text() == "Overview"
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto("/")
    assert "/sign-in?next=" in page.url


def test_the_first_visit_is_light(house: House) -> None:
    page = house.page()
    with traffic(page) as counted:
        page.goto("/")
        come_in(page, "owner")
        page.wait_for_load_state("networkidle")
    # The issuer is another host, of which this page knows nothing.
    ours = [url for url in counted.addresses if url.startswith(house.url)]
    print(f"first visit: {len(ours)} requests, {counted.size} bytes")
    assert len(ours) <= REQUESTS_MAX, ours
    assert 10_000 < counted.size < BYTES_MAX
