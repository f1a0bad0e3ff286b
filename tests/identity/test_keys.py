"""Keys as text."""

from tallystick.identity.model import keys

SECRET = bytes(range(32))
KEY = keys.key_text(key_id="key_01jc0000000000000000000000", secret=SECRET)


def test_a_key_names_its_id_and_has_a_checksum():
    assert KEY.startswith("tally_01jc0000000000000000000000_")
    assert keys.is_key(KEY)


def test_any_typo_is_noticed():
    for place in range(len(KEY)):
        letter = "0" if KEY[place] != "0" else "1"
        assert not keys.is_key(KEY[:place] + letter + KEY[place + 1 :])


def test_what_is_no_key_is_refused():
    for text in ("", "tally_", KEY[:-1], KEY + "0", KEY.upper(), f" {KEY}", f"{KEY}\n", "ключ"):
        assert not keys.is_key(text)


def test_all_of_the_secret_is_in_the_key():
    texts = {
        keys.key_text(
            key_id="key_01jc0000000000000000000000", secret=(1 << bit).to_bytes(32, "big")
        )
        for bit in range(256)
    }
    assert len(texts) == 256
