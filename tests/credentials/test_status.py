"""Status lists of every kind: set, bad and unreachable are three things, and never "not set"."""

import base64
import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from parties import NOW, Party, Web, WebParty

from contexts.urls import DATA_INTEGRITY, VC1
from credentials.formats.jose import sign_jws
from credentials.formats.sd_jwt_vc import issue_sd_jwt_vc, verify_sd_jwt_vc
from credentials.formats.vc_jwt import sign_credential
from credentials.proofs import add_proof
from credentials.report import CannotCheck, CheckFailed, CredentialError, Headline
from credentials.status import (
    LIST_LENGTH,
    StatusResult,
    check_status,
    check_token_status,
    status_entry,
    status_list_credential,
)
from credentials.trust import Trust
from credentials.verify import verify_credential
from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from keys.multibase import base64url_encode

CENTRE, OTHER = WebParty("Centre"), Party("Somebody else")
URL, SECOND = CENTRE.list_url, "https://issuer.example/status/2"
ID = "urn:uuid:5b3ff7f0-7d8e-4b5e-9a59-1f0b2b1d4c11"
INDEX = 4711
MESSAGES = ("not reviewed", "in review", "reviewed", "sent back")
STATUS_2021 = "https://w3id.org/vc/status-list/2021/v1"


def with_status(*entries: Any) -> dict[str, Any]:
    """Give as much of a credential as the status looks at."""
    status = entries[0] if len(entries) == 1 else list(entries)
    return {"id": ID, "issuer": CENTRE.did, "credentialStatus": status}


def unsigned_list(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "list_url": URL,
        "issuer": CENTRE.did,
        "purpose": "revocation",
        "valid_from": NOW - timedelta(hours=1),
        "valid_until": NOW + timedelta(days=1),
        "ttl_ms": 60_000,
    }
    return status_list_credential(**{**values, **changes})


def bent_list(**subject: Any) -> dict[str, Any]:
    """Give a list of the centre, well signed, with another subject."""
    unsigned = unsigned_list()
    kept = {**unsigned["credentialSubject"], **subject}
    unsigned["credentialSubject"] = {name: v for name, v in kept.items() if v is not None}
    return CENTRE.sign(unsigned)


def web_with(page: Any, url: str = URL) -> Web:
    web = Web(CENTRE)
    web.pages[url] = page if isinstance(page, bytes) else json.dumps(page).encode()
    return web


def look(page: Any, *entries: Any, url: str = URL, **more: Any) -> StatusResult:
    """Look up entries when `url` answers with `page`."""
    credential = with_status(*(entries or (status_entry(URL, INDEX),)))
    return check_status(credential, fetch=web_with(page, url), now=NOW, **more)


def failure(run: Callable[[], Any]) -> str:
    with pytest.raises(CheckFailed) as caught:
        run()
    return caught.value.code


def question(run: Callable[[], Any]) -> str:
    with pytest.raises(CannotCheck) as caught:
        run()
    return caught.value.code


def multibase(bits: bytes) -> str:
    return "u" + base64url_encode(gzip.compress(bits, mtime=0))


# --- Bitstring Status List 1.0 ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "code"), [("revocation", "status.revoked"), ("suspension", "status.suspended")]
)
@pytest.mark.parametrize("index", [0, 7, 8, INDEX, LIST_LENGTH - 1])
def test_exactly_the_set_entry_is_set(purpose: str, code: str, index: int) -> None:
    page = CENTRE.sign(unsigned_list(purpose=purpose, revoked=[index]))
    assert failure(lambda: look(page, status_entry(URL, index, purpose))) == code
    for other in {0, 6, 7, 8, 9, INDEX, LIST_LENGTH - 1} - {index}:
        assert look(page, status_entry(URL, other, purpose)).has_status


def test_first_entry_is_the_left_most_bit() -> None:
    encoded = unsigned_list(revoked=[0, 9])["credentialSubject"]["encodedList"]
    bits = gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert bits[:3] == b"\x80\x40\x00"
    assert len(bits) == 16_384


def test_answer_says_how_old_it_is_and_how_long_it_keeps() -> None:
    found = look(CENTRE.sign(unsigned_list()))
    assert found.listed_at == NOW - timedelta(hours=1)
    assert found.valid_until == NOW + timedelta(days=1)
    assert found.fresh_until == NOW + timedelta(minutes=1)
    longer = look(CENTRE.sign(unsigned_list(ttl_ms=10**12)))
    assert longer.fresh_until == longer.valid_until, "never past the end of the list"
    assert look(bent_list(ttl=None)).fresh_until == longer.valid_until


def test_one_set_entry_of_several_cancels_wherever_it_stands() -> None:
    good = status_entry(URL, 5)
    entries = [good, status_entry(URL, INDEX), good]
    page = CENTRE.sign(unsigned_list(revoked=[INDEX]))
    for turn in range(3):
        turned = entries[turn:] + entries[:turn]
        assert failure(lambda turned=turned: look(page, *turned)) == "status.revoked"  # type: ignore[misc]


def test_set_entry_wins_over_one_that_cannot_be_looked_up() -> None:
    page = CENTRE.sign(unsigned_list(revoked=[INDEX]))
    unreachable, revoked = status_entry(SECOND, 1), status_entry(URL, INDEX)
    for entries in ((unreachable, revoked), (revoked, unreachable)):
        assert failure(lambda e=entries: look(page, *e)) == "status.revoked"  # type: ignore[misc]
    good = status_entry(URL, 5)
    for entries in ((unreachable, good), (good, unreachable)):
        assert question(lambda e=entries: look(page, *e)) == "status.unreachable"  # type: ignore[misc]


def test_more_entries_than_are_looked_up_are_refused_and_none_is_fetched() -> None:
    web = Web(CENTRE)
    many = with_status(*(status_entry(f"{URL}{number}", 1) for number in range(11)))
    assert failure(lambda: check_status(many, fetch=web, now=NOW)) == "status.bad-list"
    assert web.asked == []


@pytest.mark.parametrize(
    "index",
    ["8.5", " 8", "8 ", "8\n", "+8", "-8", "-0", "0x8", "1_0", "08", "00", "", "8e0", "٨", "８",
     "²", "99999999999999999999", 8, 8.0, True, None, ["8"]],
)  # fmt: skip
def test_only_plain_decimal_digits_are_an_index(index: Any) -> None:
    entry = {**status_entry(URL, 8), "statusListIndex": index}
    page = CENTRE.sign(unsigned_list())
    assert failure(lambda: look(page, entry)) == "status.bad-list"


@pytest.mark.parametrize("index", [LIST_LENGTH, 2**53, 10**15])
def test_index_beyond_the_list_is_a_range_error(index: int) -> None:
    page = CENTRE.sign(unsigned_list())
    assert failure(lambda: look(page, status_entry(URL, index))) == "status.range"


def test_short_list_is_refused_with_a_word_of_its_own_unless_the_reader_allows_it() -> None:
    page = CENTRE.sign(unsigned_list(length=1_024))
    with pytest.raises(CheckFailed, match="1024 entries, fewer than 131072") as caught:
        look(page, status_entry(URL, 5))
    assert caught.value.code == "status.short-list"
    assert look(page, status_entry(URL, 5), shortest=1_024).has_status
    beyond = status_entry(URL, 1_024)
    assert failure(lambda: look(page, beyond, shortest=1_024)) == "status.range"


BITS = bytes(LIST_LENGTH // 8)
WHOLE = gzip.compress(BITS, mtime=0)


@pytest.mark.parametrize(
    "subject",
    [
        {"encodedList": None},
        {"encodedList": 7},
        {"encodedList": "u"},
        {"encodedList": "uAAAA"},
        {"encodedList": multibase(BITS)[1:]},
        {"encodedList": "z" + multibase(BITS)[1:]},
        {"encodedList": "U" + multibase(BITS)[1:]},
        {"encodedList": multibase(BITS) + "="},
        {"encodedList": multibase(BITS) + "\n"},
        {"encodedList": "u" + base64.b64encode(WHOLE).decode()},
        {"encodedList": "u" + base64url_encode(WHOLE[:-1])},
        {"encodedList": "u" + base64url_encode(WHOLE[:-9] + b"\0" + WHOLE[-8:])},
        {"encodedList": "u" + base64url_encode(WHOLE + b"more")},
        {"encodedList": "u" + base64url_encode(WHOLE + WHOLE)},
        {"encodedList": "u" + base64url_encode(zlib.compress(BITS))},
        {"encodedList": "u" + base64url_encode(BITS)},
        {"statusPurpose": "suspension"},
        {"statusPurpose": None},
        {"type": "StatusList2021"},
        {"ttl": -1},
        {"ttl": "60000"},
        {"ttl": True},
        {"ttl": 1.5},
    ],
    ids=range(23),
)
def test_bent_list_is_bad_though_it_is_well_signed(subject: dict[str, Any]) -> None:
    try:
        page = bent_list(**subject)
    except Exception:  # noqa: BLE001 - what cannot even be signed by us, others may sign by JCS
        unsigned = unsigned_list()
        unsigned["credentialSubject"] |= subject
        page = CENTRE.sign(unsigned, cryptosuite="eddsa-jcs-2022")
    assert failure(lambda: look(page)) == "status.bad-list"


def test_list_for_several_purposes_serves_each() -> None:
    page = bent_list(statusPurpose=["suspension", "revocation"])
    assert look(page).has_status
    assert look(page, status_entry(URL, 1, "suspension")).has_status


def test_list_that_expands_to_gigabytes_costs_little() -> None:
    bomb = zlib.compressobj(9, wbits=31)
    data = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(600)) + bomb.flush()
    page = bent_list(encodedList="u" + base64url_encode(data))
    tracemalloc.start()
    started = time.process_time()
    assert failure(lambda: look(page)) == "status.bad-list"
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 40_000_000
    assert time.process_time() - started < 5


LISTS: dict[str, Callable[[], Any]] = {
    "unsigned": unsigned_list,
    "empty proof": lambda: {**unsigned_list(), "proof": []},
    "of another issuer": lambda: OTHER.sign(unsigned_list(issuer=OTHER.did)),
    "signed by a thief": lambda: OTHER.sign(unsigned_list()),
    "of another address": lambda: CENTRE.sign(unsigned_list(list_url=SECOND)),
    "changed": lambda: {**CENTRE.sign(unsigned_list()), "validUntil": "2030-01-01T00:00:00Z"},
    "not a list": lambda: CENTRE.badge(OTHER.did),
    "two subjects": lambda: {**CENTRE.sign(unsigned_list()), "credentialSubject": [{}, {}]},
    "ends before it begins": lambda: CENTRE.sign(
        unsigned_list(valid_until=NOW - timedelta(hours=2))
    ),
    "made for showing": lambda: CENTRE.sign(unsigned_list(), purpose="authentication"),
}


@pytest.mark.parametrize("name", LISTS)
def test_list_that_is_not_the_issuers_own_is_bad(name: str) -> None:
    assert failure(lambda: look(LISTS[name]())) == "status.bad-list"


UNREACHABLE: dict[str, Any] = {
    "a page": b"<!doctype html><title>Maintenance</title>",
    "an empty page": b"",
    "a number": b"7",
    "cut off": json.dumps(unsigned_list()).encode()[:-9],
    "twice": b'{"id": 1, "id": 2}',
    "a list of tomorrow": CENTRE.sign(unsigned_list(valid_from=NOW + timedelta(hours=1))),
    "a list of yesterday": CENTRE.sign(
        unsigned_list(
            revoked=[INDEX],
            valid_from=NOW - timedelta(days=2),
            valid_until=NOW - timedelta(days=1),
        )
    ),
}


@pytest.mark.parametrize("name", UNREACHABLE)
def test_no_good_answer_leaves_the_question_open(name: str) -> None:
    assert question(lambda: look(UNREACHABLE[name])) == "status.unreachable"


@pytest.mark.parametrize("status", [204, 301, 302, 304, 403, 404, 410, 500, 503])
def test_any_other_answer_than_200_leaves_the_question_open(status: int) -> None:
    body = json.dumps(CENTRE.sign(unsigned_list())).encode()

    def fetch(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status, {}, body, request.url)

    credential = with_status(status_entry(URL, 1))
    assert question(lambda: check_status(credential, fetch=fetch, now=NOW)) == "status.unreachable"
    assert question(lambda: check_status(credential, fetch=None, now=NOW)) == "status.unreachable"


def test_list_whose_signer_cannot_be_asked_leaves_the_question_open() -> None:
    page = json.dumps(CENTRE.sign(unsigned_list())).encode()

    def fetch(request: HttpRequest) -> HttpResponse:
        if request.url != URL:
            raise CannotFetch("nobody answers")
        return HttpResponse(200, {}, page, request.url)

    credential = with_status(status_entry(URL, 1))
    assert question(lambda: check_status(credential, fetch=fetch, now=NOW)) == "status.unreachable"


@pytest.mark.parametrize(
    "entry",
    ["https://issuer.example/status/1#7", {"type": "RevocationList2020Status"}, {}, 7, None],
)
def test_entry_of_a_kind_we_do_not_read_is_never_passed(entry: Any) -> None:
    page = CENTRE.sign(unsigned_list())
    credential = {"id": ID, "issuer": CENTRE.did, "credentialStatus": [entry]}
    found = question(lambda: check_status(credential, fetch=web_with(page), now=NOW))
    assert found == "status.unsupported"


def test_purpose_that_we_do_not_know_is_never_passed() -> None:
    entry = {**status_entry(URL, 1), "statusPurpose": "expulsion"}
    page = bent_list(statusPurpose="expulsion")
    assert question(lambda: look(page, entry)) == "status.unsupported"


def test_list_without_an_id_is_bound_by_its_address_alone() -> None:
    unsigned = unsigned_list(revoked=[INDEX])
    del unsigned["id"]
    page = CENTRE.sign(unsigned)
    assert failure(lambda: look(page)) == "status.revoked"


def test_list_as_token_is_read_and_its_signature_too() -> None:
    def token(party: Party, **changes: Any) -> bytes:
        return sign_credential(unsigned_list(**changes), party.key, kid=CENTRE.method).encode()

    assert failure(lambda: look(token(CENTRE, revoked=[INDEX]))) == "status.revoked"
    assert look(token(CENTRE)).has_status
    assert failure(lambda: look(token(OTHER))) == "status.bad-list"


def test_list_in_the_credential_itself_is_not_believed() -> None:
    copied = CENTRE.sign(unsigned_list())
    entry = {**status_entry(URL, INDEX), "statusListCredential": copied}
    page = CENTRE.sign(unsigned_list(revoked=[INDEX]))
    assert failure(lambda: look(page, entry)) == "status.bad-list"


# --- messages -----------------------------------------------------------------------------------


def message_entry(index: int = 3, **changes: Any) -> dict[str, Any]:
    return {**status_entry(URL, index, "message", messages=MESSAGES), **changes}


def message_list(**values: int) -> dict[str, Any]:
    entries = {int(name[1:]): value for name, value in values.items()}
    return CENTRE.sign(unsigned_list(purpose="message", values=entries, size=2))


def test_message_is_told_and_cancels_nothing() -> None:
    page = message_list(_3=2, _4=1, _2=3)
    assert [look(page, message_entry(index)).messages for index in (2, 3, 4, 5)] == [
        ("sent back",), ("reviewed",), ("in review",), ("not reviewed",)
    ]  # fmt: skip


def test_message_reaches_the_report_of_a_badge() -> None:
    badge = CENTRE.badge(OTHER.did, status=message_entry())
    report = verify_credential(badge, trust=Trust(), fetch=web_with(message_list(_3=2)), now=NOW)
    check = report.check("status")
    assert check is not None
    assert (check.code, check.values["message"]) == ("status.message", "reviewed")
    assert report.headline is Headline.UNKNOWN_SIGNER


@pytest.mark.parametrize(
    "changes",
    [
        {"statusSize": 0},
        {"statusSize": -2},
        {"statusSize": "2"},
        {"statusSize": True},
        {"statusSize": 1_000_000},
        {"statusMessage": []},
        {"statusMessage": "reviewed"},
        {"statusMessage": [{"status": "0x0", "message": "no 2 here"}]},
        {"statusMessage": [{"status": "2", "message": "no prefix"}]},
        {"statusMessage": [{"status": "0x", "message": "no digits"}]},
        {"statusMessage": [{"status": "0x2"}]},
        {"statusMessage": [{"status": "0x2", "message": "a"}, {"status": "0x02", "message": "b"}]},
    ],
    ids=range(12),
)
def test_message_without_one_meaning_is_refused(changes: dict[str, Any]) -> None:
    entry = message_entry(**changes)
    assert failure(lambda: look(message_list(_3=2), entry)) == "status.bad-list"


def test_several_bits_without_messages_are_refused() -> None:
    entry = {**status_entry(URL, 3), "statusSize": 2}
    page = CENTRE.sign(unsigned_list(values={3: 2}, size=2))
    assert failure(lambda: look(page, entry)) == "status.bad-list"


def test_length_counts_entries_not_bits() -> None:
    page = CENTRE.sign(unsigned_list(purpose="message", size=1))
    assert failure(lambda: look(page, message_entry())) == "status.short-list"


@pytest.mark.parametrize(
    "make",
    [
        lambda: status_entry(URL, 1, messages=("a", "b")),
        lambda: status_entry(URL, 1, "message"),
        lambda: status_entry(URL, 1, "message", messages=("a",)),
        lambda: status_entry(URL, 1, "message", messages=("a", "b", "c")),
        lambda: status_entry(URL, 1, reference="not a URL"),
        lambda: unsigned_list(revoked=[-1]),
        lambda: unsigned_list(revoked=[LIST_LENGTH]),
        lambda: unsigned_list(values={1: 4}, size=2),
        lambda: unsigned_list(values={1: -1}, size=2),
        lambda: unsigned_list(size=0),
        lambda: unsigned_list(length=9),
        lambda: unsigned_list(ttl_ms=-1),
    ],
)
def test_what_no_reader_could_use_is_not_made(make: Callable[[], Any]) -> None:
    with pytest.raises(CredentialError):
        make()


def test_refresh_says_that_there_is_a_newer_version() -> None:
    page = CENTRE.sign(unsigned_list(purpose="refresh", revoked=[INDEX]))
    assert look(page, status_entry(URL, INDEX, "refresh")).newer
    assert not look(page, status_entry(URL, 1, "refresh")).newer


# --- StatusList2021 -----------------------------------------------------------------------------


def entry_2021(index: Any = str(INDEX), **changes: Any) -> dict[str, Any]:
    return {
        "id": f"{URL}#{INDEX}",
        "type": "StatusList2021Entry",
        "statusPurpose": "revocation",
        "statusListIndex": index,
        "statusListCredential": URL,
        **changes,
    }


def list_2021(encoded: str, party: Party = CENTRE) -> dict[str, Any]:
    # Its context redefines a protected term of VC 2.0: such lists are VC 1.1.
    document = {
        "@context": [VC1, STATUS_2021, DATA_INTEGRITY],
        "id": URL,
        "type": ["VerifiableCredential", "StatusList2021Credential"],
        "issuer": CENTRE.did,
        "issuanceDate": "2026-11-01T00:00:00Z",
        "credentialSubject": {
            "id": f"{URL}#list",
            "type": "StatusList2021",
            "statusPurpose": "revocation",
            "encodedList": encoded,
        },
    }
    return add_proof(document, party.key, verification_method=CENTRE.method, created=NOW)


def packed_2021(*indexes: int, length: int = LIST_LENGTH) -> bytes:
    bits = bytearray(length // 8)
    for index in indexes:
        bits[index // 8] |= 0x80 >> index % 8
    return gzip.compress(bytes(bits), mtime=0)


@pytest.mark.parametrize(
    "write", [base64url_encode, lambda data: base64.b64encode(data).decode()], ids=["url", "plain"]
)
def test_list_of_2021_is_read_in_both_alphabets(write: Callable[[bytes], str]) -> None:
    page = list_2021(write(packed_2021(INDEX)))
    assert failure(lambda: look(page, entry_2021())) == "status.revoked"
    assert look(page, entry_2021("4712")).has_status


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        ("u" + base64url_encode(packed_2021(INDEX)), "status.bad-list"),
        ("", "status.bad-list"),
        ("====", "status.bad-list"),
        ("H4sI AAAA", "status.bad-list"),
        (base64url_encode(zlib.compress(BITS)), "status.bad-list"),
        (base64url_encode(packed_2021(length=1_024)), "status.short-list"),
    ],
)
def test_bent_list_of_2021_is_bad(encoded: str, code: str) -> None:
    assert failure(lambda: look(list_2021(encoded), entry_2021())) == code


def test_list_of_2021_must_be_the_issuers_own_and_of_that_kind() -> None:
    good = base64url_encode(packed_2021())
    assert failure(lambda: look(list_2021(good, OTHER), entry_2021())) == "status.bad-list"
    page = CENTRE.sign(unsigned_list())
    assert failure(lambda: look(page, entry_2021())) == "status.bad-list"
    assert failure(lambda: look(list_2021(good), entry_2021("+1"))) == "status.bad-list"
    assert failure(lambda: look(list_2021(good), entry_2021(str(10**9)))) == "status.range"
    assert question(lambda: look(b"<html>", entry_2021())) == "status.unreachable"
    other = entry_2021(statusPurpose="message")
    assert question(lambda: look(list_2021(good), other)) == "status.unsupported"


# --- 1EdTech's list -----------------------------------------------------------------------------

REVOCATIONS = "https://issuer.example/revocations"
ENTRY_1EDTECH = {"id": REVOCATIONS, "type": "1EdTechRevocationList"}


def revocations(*entries: Any, **changes: Any) -> dict[str, Any]:
    listed = {"id": REVOCATIONS, "issuer": CENTRE.did, "revokedCredentials": list(entries)}
    return {**listed, **changes}


def look_1edtech(page: Any) -> StatusResult:
    return look(page, ENTRY_1EDTECH, url=REVOCATIONS)


@pytest.mark.parametrize(
    "page",
    [
        revocations({"id": ID}),
        revocations({"id": ID, "revoked": True, "revocationReason": "by mistake"}),
        revocations({"id": "urn:uuid:1"}, {"id": ID}),
        revocations(ID),
        revocations(revokedCredential=[{"id": ID}]),
        revocations(revokedCredentials={"id": ID}),
        {"revokedCredential": {"id": ID}},
    ],
    ids=range(7),
)
def test_credential_on_1edtechs_list_is_revoked(page: dict[str, Any]) -> None:
    assert failure(lambda: look_1edtech(page)) == "status.revoked"


def test_id_on_1edtechs_list_is_matched_exactly_and_the_missing_signature_is_told() -> None:
    others = [ID.upper(), f"{ID} ", ID[:-1], f"{ID}#", {"id": ID, "revoked": False}]
    found = look_1edtech(revocations(*others))
    assert found.has_status
    assert found.unsigned
    badge = CENTRE.badge(OTHER.did, status=dict(ENTRY_1EDTECH))
    web = web_with(revocations(), REVOCATIONS)
    check = verify_credential(badge, trust=Trust(), fetch=web, now=NOW).check("status")
    assert check is not None
    assert check.code == "status.unsigned-list"


@pytest.mark.parametrize(
    "page",
    [
        revocations(issuer=OTHER.did),
        revocations(issuer={"id": OTHER.did}),
        revocations(issuer=None),
        revocations(id=SECOND),
        revocations({"identifier": ID}),
        revocations({"id": ID, "revoked": "false"}),
        revocations(7),
    ],
    ids=range(7),
)
def test_bent_1edtech_list_is_bad(page: Any) -> None:
    assert failure(lambda: look_1edtech(page)) == "status.bad-list"


@pytest.mark.parametrize("page", [b"<html>", b"[]", b"{}", b"", b'{"error": "gone"}'])
def test_what_is_no_1edtech_list_leaves_the_question_open(page: bytes) -> None:
    assert question(lambda: look_1edtech(page)) == "status.unreachable"


@pytest.mark.parametrize(
    "url",
    ["http://issuer.example/r", "file:///etc/passwd", "data:,{}", "https://", "https://a@b/", 7,
     None],
)  # fmt: skip
def test_unsigned_list_is_asked_for_over_https_only(url: Any) -> None:
    web = Web(CENTRE)
    credential = with_status({**ENTRY_1EDTECH, "id": url})
    assert failure(lambda: check_status(credential, fetch=web, now=NOW)) == "status.bad-list"
    assert web.asked == []


def test_credential_without_an_id_cannot_be_on_1edtechs_list() -> None:
    credential = with_status(ENTRY_1EDTECH)
    del credential["id"]
    web = web_with(revocations(), REVOCATIONS)
    assert failure(lambda: check_status(credential, fetch=web, now=NOW)) == "status.bad-list"


# --- Token Status List --------------------------------------------------------------------------

TOKEN_LIST = "https://issuer.example/tokens/1"
IAT = int(NOW.timestamp())
# The 1-bit and 2-bit examples of the draft (4.1 and 10.1).
ONE_BIT = (b"\xb9\xa3", [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])
TWO_BITS = (b"\xc9\x44\xf9", [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3])


def token_list(
    entries: bytes = bytes(8),
    bits: Any = 1,
    *,
    party: Party = CENTRE,
    typ: str = "statuslist+jwt",
    **changes: Any,
) -> bytes:
    claims: dict[str, Any] = {
        "sub": TOKEN_LIST,
        "iat": IAT - 60,
        "exp": IAT + 3_600,
        "ttl": 600,
        "status_list": {"bits": bits, "lst": base64url_encode(zlib.compress(entries))},
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return sign_jws({"typ": typ, "kid": CENTRE.method}, kept, party.key).encode()


def look_token(page: bytes, index: Any = 0, uri: Any = TOKEN_LIST, **more: Any) -> StatusResult:
    status = {"status_list": {"idx": index, "uri": uri}}
    web = web_with(page, TOKEN_LIST)
    return check_token_status(status, issuer=CENTRE.did, fetch=web, now=NOW, **more)


@pytest.mark.parametrize(("bits", "example"), [(1, ONE_BIT), (2, TWO_BITS)])
def test_examples_of_the_draft_are_read_entry_by_entry(
    bits: int, example: tuple[bytes, list[int]]
) -> None:
    entries, values = example
    page = token_list(entries, bits)
    codes = {1: "status.revoked", 2: "status.suspended"}
    for index, value in enumerate(values):
        if value == 0:
            assert look_token(page, index).has_status
        elif value in codes:
            assert failure(lambda index=index: look_token(page, index)) == codes[value]  # type: ignore[misc]
        else:
            assert question(lambda index=index: look_token(page, index)) == "status.unsupported"  # type: ignore[misc]
    beyond = len(values)
    assert failure(lambda: look_token(page, beyond)) == "status.range"


@pytest.mark.parametrize("bits", [4, 8])
def test_wider_entries_are_read_and_unknown_values_leave_the_question_open(bits: int) -> None:
    entries = b"\x10\x0b" if bits == 4 else bytes([0, 1, 11, 0])
    page = token_list(entries, bits)
    assert look_token(page, 0).has_status
    assert failure(lambda: look_token(page, 1)) == "status.revoked"
    assert question(lambda: look_token(page, 2)) == "status.unsupported"
    assert look_token(page, 3).has_status


def test_token_lists_time_to_live_bounds_how_long_it_keeps() -> None:
    assert look_token(token_list()).fresh_until == NOW + timedelta(minutes=10)
    assert look_token(token_list(ttl=10**9)).fresh_until == NOW + timedelta(hours=1)
    assert look_token(token_list(ttl=None, exp=None)).fresh_until is None


@pytest.mark.parametrize(
    "page",
    [
        token_list(party=OTHER),
        token_list(typ="JWT"),
        token_list(typ="vc+jwt"),
        token_list(iss=OTHER.did),
        token_list(sub=SECOND),
        token_list(sub=None),
        token_list(iat=None),
        token_list(iat="today"),
        token_list(iat=True),
        token_list(ttl=0),
        token_list(ttl=-1),
        token_list(ttl="600"),
        token_list(bits=3),
        token_list(bits=0),
        token_list(bits=True),
        token_list(bits="1"),
        token_list(status_list=None),
        token_list(status_list={"bits": 1}),
        token_list(status_list={"bits": 1, "lst": "===="}),
        token_list(status_list={"bits": 1, "lst": base64url_encode(bytes(9))}),
        token_list(status_list={"bits": 1, "lst": base64url_encode(gzip.compress(bytes(9)))}),
        token_list(bytes(2_000_000)),
    ],
    ids=range(22),
)
def test_bent_token_list_is_bad(page: bytes) -> None:
    assert failure(lambda: look_token(page)) == "status.bad-list"


def test_token_list_with_a_changed_claim_is_bad() -> None:
    head, _claims, signature = token_list(b"\1").decode().split(".")
    changed = token_list(b"\0").decode().split(".")[1]
    page = f"{head}.{changed}.{signature}".encode()
    assert failure(lambda: look_token(page)) == "status.bad-list"


@pytest.mark.parametrize(
    "page", [token_list(exp=IAT - 3_600), token_list(iat=IAT + 3_600), b"<html>", b"", b"a.b"]
)
def test_token_list_that_is_not_of_today_leaves_the_question_open(page: bytes) -> None:
    assert question(lambda: look_token(page)) == "status.unreachable"


@pytest.mark.parametrize("index", [-1, "0", 0.0, True, None, 2**53])
def test_odd_index_of_a_token_is_refused(index: Any) -> None:
    assert failure(lambda: look_token(token_list(), index)) == "status.bad-list"
    assert failure(lambda: look_token(token_list(), 0, uri=None)) == "status.bad-list"


def test_list_as_cwt_is_refused_by_name() -> None:
    def fetch(request: HttpRequest) -> HttpResponse:
        assert request.headers["Accept"] == "application/statuslist+jwt"
        media = {"content-type": "application/statuslist+cwt"}
        return HttpResponse(200, media, b"\xd2\x84", request.url)

    status = {"status_list": {"idx": 0, "uri": TOKEN_LIST}}
    with pytest.raises(CannotCheck, match="CWT") as caught:
        check_token_status(status, issuer=CENTRE.did, fetch=fetch, now=NOW)
    assert caught.value.code == "status.unsupported"


def test_status_of_a_token_by_another_means_is_never_passed() -> None:
    def ask(status: Any) -> StatusResult:
        return check_token_status(status, issuer=CENTRE.did, fetch=None, now=NOW)

    assert not ask(None).has_status
    assert question(lambda: ask({})) == "status.unsupported"
    assert question(lambda: ask({"status_list": "x"})) == "status.unsupported"


def test_status_issuer_of_another_name_needs_the_callers_word() -> None:
    page = token_list(b"\1", party=OTHER)

    def refuses(_token: str) -> Any:
        raise CheckFailed("proof.signature", "not one of mine")

    assert failure(lambda: look_token(page, verify_jws=refuses)) == "status.bad-list"
    claims = {"sub": TOKEN_LIST, "iat": IAT, "status_list": {"bits": 1, "lst": "eNpjBAAAAgAC"}}
    header = {"typ": "statuslist+jwt"}
    assert failure(lambda: look_token(page, verify_jws=lambda _token: (header, claims))) == (
        "status.revoked"
    )


def test_status_of_an_sd_jwt_vc_is_found_from_its_claims() -> None:
    text = issue_sd_jwt_vc(
        {"level": "expert"},
        [],
        CENTRE.key,
        vct="https://credentials.example/cleaning",
        issuer=CENTRE.did,
        kid=CENTRE.method,
        issued=NOW,
        status={"status_list": {"idx": 3, "uri": TOKEN_LIST}},
    )
    web = web_with(token_list(b"\x08"), TOKEN_LIST)
    assert failure(lambda: verify_sd_jwt_vc(text, fetch=web, now=NOW)) == "status.revoked"
    good = web_with(token_list(b"\xf7"), TOKEN_LIST)
    assert verify_sd_jwt_vc(text, fetch=good, now=NOW).status.has_status
