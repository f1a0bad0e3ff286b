"""Untrusted XML is refused by name, and what we write is legal."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.kernel.problems import Problem
from tallystick.runtime import iso20022

MESSAGES = frozenset({"pain.001.001.03", "pain.001.001.09"})
XMLNS = iso20022.NAMESPACE + "pain.001.001.03"
MESSAGE = f"""<Document xmlns="{XMLNS}"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-03-01T09:30:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><InitgPty/>
</GrpHdr><PmtInf><PmtInfId>B</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt>2026-03-01</ReqdExctnDt>
<Dbtr/><DbtrAcct><Id><IBAN>NL91ABNA0417164300</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId/></DbtrAgt>
<CdtTrfTxInf><PmtId><EndToEndId>E</EndToEndId></PmtId><Amt><InstdAmt Ccy="EUR">10</InstdAmt></Amt>
</CdtTrfTxInf></PmtInf></CstmrCdtTrfInitn></Document>"""

BILLION_LAUGHS = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;">]><Document>&c;</Document>"""
EXTERNAL_ENTITY = """<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<Document>&x;</Document>"""
STYLE_SHEET = '<?xml-stylesheet href="http://example.org/x.xsl" type="text/xsl"?>' + MESSAGE
XINCLUDE = MESSAGE.replace(
    "<InitgPty/>",
    '<InitgPty><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="x"/></InitgPty>',
)


def refused(xml: str | bytes) -> str:
    raw = xml.encode() if isinstance(xml, str) else xml
    with pytest.raises(Problem) as caught:
        iso20022.parse(raw, messages=MESSAGES)
    return caught.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_parse_reads_a_message_in_every_encoding_it_promises(encoding: str):
    declared = "utf-8" if encoding.startswith("utf-8") else "UTF-16"
    xml = f'<?xml version="1.0" encoding="{declared}"?>{MESSAGE}'.encode(encoding)
    document = iso20022.parse(xml, messages=MESSAGES)
    assert document.message == "pain.001.001.03"
    assert document.root[0][0][0].text == "M"


@pytest.mark.parametrize("xml", [BILLION_LAUGHS, EXTERNAL_ENTITY, STYLE_SHEET, XINCLUDE])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_parse_refuses_what_reaches_outside_the_file(xml: str, encoding: str):
    assert refused(xml.encode(encoding)) == "xml_has_forbidden_construct"


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"not xml",
        b"<Document>",
        b"<a>&undeclared;</a>",
        b"<a>\x01</a>",
        MESSAGE.encode() + b"<second/>",
        '<?xml version="1.0" encoding="utf-8"?><a>é</a>'.encode("latin-1"),
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
        b'<?xml version="1.0"' + b" " * 999 + b'encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
        '<?xml version="1.0" encoding="cp037"?><a/>'.encode("cp037"),
        b'<?xml version="1.0" encoding="EBCDIC-CP-US"?><a/>',
    ],
)
def test_parse_refuses_what_is_no_well_formed_xml(xml: bytes):
    assert refused(xml) == "xml_is_malformed"


def test_parse_refuses_more_than_its_written_bounds():
    assert refused(b"<a>" + b" " * iso20022.BYTES_MAX + b"</a>") == "xml_is_too_large"
    assert refused(b"<a>" + b"<b/>" * iso20022.MARKUP_MAX + b"</a>") == "xml_is_too_large"
    for depth in (iso20022.DEPTH_MAX + 1, 300, 100_000):
        assert refused(b"<a>" * depth + b"</a>" * depth) == "xml_is_too_large"
    depth = iso20022.DEPTH_MAX
    assert refused(b"<a>" * depth + b"</a>" * depth) == "message_not_supported"


@pytest.mark.parametrize(
    ("xmlns", "said"),
    [
        ('xmlns="http://www.six-interbank-clearing.com/de/pain.001.001.03.ch.02.xsd"', "national"),
        ("", "no namespace"),
        (f'xmlns="{iso20022.NAMESPACE}pain.001.001.12"', "another kind or version"),
        ('xmlns="urn:tch"', "no ISO 20022 message"),
        (f'xmlns="x{iso20022.NAMESPACE}pain.001.001.03"', "national variant"),
        ('xmlns="pain.001.001.03"', "national variant"),
    ],
)
def test_parse_says_which_message_it_found_instead(xmlns: str, said: str):
    with pytest.raises(iso20022.MessageNotSupported) as caught:
        iso20022.parse(f"<Document {xmlns}/>".encode(), messages=MESSAGES)
    assert said in caught.value.detail
    assert caught.value.fields["supported"] == "pain.001.001.03, pain.001.001.09"


def test_parse_names_line_and_path_of_what_breaks_the_schema():
    broken = MESSAGE.replace("<IBAN>NL91ABNA0417164300</IBAN>", "<IBAN>IBAN</IBAN>")
    with pytest.raises(iso20022.SchemaViolation) as caught:
        iso20022.parse(broken.encode(), messages=MESSAGES)
    words = caught.value.fields["Document/CstmrCdtTrfInitn/PmtInf/DbtrAcct/Id/IBAN"]
    assert words.startswith("line 4: Element 'IBAN'")


def test_parse_bounds_what_it_says_about_a_thousand_errors():
    wrong = f'<Amt Ccy="EUR">{"9" * 1_000}</Amt>' * 1_000
    broken = MESSAGE.replace("<InitgPty/>", f"<InitgPty>{wrong}</InitgPty>")
    with pytest.raises(iso20022.SchemaViolation) as caught:
        iso20022.parse(broken.encode(), messages=MESSAGES)
    assert len(caught.value.fields) <= iso20022.ERRORS_MAX
    assert all(len(words) < 2 * iso20022.ERROR_TEXT_MAX for words in caught.value.fields.values())


def test_parse_reads_the_same_amount_as_the_schema_saw():
    split = MESSAGE.replace(">10<", ">1<!-- a comment -->0<?and an instruction?><![CDATA[0]]><")
    document = iso20022.parse(split.encode(), messages=MESSAGES)
    assert document.root.find(".//{*}InstdAmt").text == "100"


def test_parse_gives_each_thread_its_own_errors():
    answers: list[str] = []

    def ask(element: str) -> None:
        broken = MESSAGE.replace("<InitgPty/>", f"<{element}/>").encode()
        for _ in range(20):
            with pytest.raises(iso20022.SchemaViolation) as caught:
                iso20022.parse(broken, messages=MESSAGES)
            answers.append(element if element in str(caught.value.fields) else "another's")

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("Mine", "Yours")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["Mine"] * 20 + ["Yours"] * 20


def test_validate_has_no_bound_on_what_we_write_ourselves():
    transfer = MESSAGE[MESSAGE.index("<CdtTrfTxInf>") : MESSAGE.index("</PmtInf>")]
    long = MESSAGE.replace(transfer, transfer * 100_000).encode()
    assert len(long) > iso20022.BYTES_MAX
    iso20022.validate(long, message="pain.001.001.03")


@given(text=st.text(max_size=60), length_max=st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_legal_text_is_short_enough_and_survives_xml(text: str, length_max: int):
    legal = iso20022.legal(text, length_max=length_max)
    assert len(legal) <= length_max
    assert bool(legal) == bool(text)
    root = iso20022.document("pain.001.001.03")
    iso20022.leaf(root, "Text", legal)
    assert iso20022.etree.fromstring(iso20022.serialised(root))[0].text == (legal or None)


def test_legal_text_is_not_cut_between_a_letter_and_its_accents():
    assert iso20022.legal("ame\u0301lie", length_max=3) == "am"
    assert iso20022.legal("ame\u0301lie", length_max=4) == "ame\u0301"
    assert iso20022.legal("a\x00b\ud800c\ufffe", length_max=10) == "a?b?c?"
