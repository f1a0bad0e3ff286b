"""The page of live targets says what the code does, and what was tried."""

from tallystick.governance.adapters.live import gcp
from tallystick.governance.adapters.live.gcp.served import SERVED
from tests.governance import live_azure, live_gcp
from tests.governance.live_targets_page import PAGE, page, targets


def test_the_page_of_live_targets_is_what_the_code_says() -> None:
    assert PAGE.read_text() == page(), "run `python -m tests.governance.live_targets_page`"


def test_a_type_is_claimed_only_where_it_is_tried() -> None:
    tried = targets()
    assert {kind for kind, _, _ in tried["azure"]} == set(live_azure.ASKED)
    pairs = {each.rpartition("_iam_")[0] for each in live_gcp.ASKED if "_iam_" in each}
    twins = {f"{each}_iam_{sort}" for each in pairs for sort in ("member", "binding")}
    assert {kind for kind, _, _ in tried["gcp"]} <= {*live_gcp.ASKED, *twins}


def test_what_is_served_has_a_kind() -> None:
    for target, kinds in SERVED.items():
        assert set(kinds) <= set(gcp.KINDS), target
