"""One headline out of five, by really signed badges; what is not proved is never shown as fact."""

import json
import re
from copy import deepcopy
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from parties import ACHIEVEMENT, NOW, Party, WebParty
from verifier_world import BODY_NAME, CENTRE_NAME, DID_DOCUMENT, SHARE, Employer, headline, text

from credentials.formats.baking import bake
from credentials.formats.vc_jwt import sign_credential
from credentials.report import CODES
from credentials.trust import Trust, TrustedParty
from keys.controller import Method, controller_document
from verifier.reasons import REASONS
from web.languages import languages

GENUINE = {
    "en": "Genuine and valid today",
    "fr": "Authentique et valable aujourd'hui",
    "es": "Auténtica y válida hoy",
    "ar": "أصلية وسارية اليوم",
}
UNKNOWN = {
    "en": "Genuine, but we do not know who signed",
    "fr": "Authentique, mais signataire inconnu",
    "es": "Auténtica, pero no conocemos a quien firma",
    "ar": "أصلية، لكننا لا نعرف من وقّعها",
}
CANCELLED = {
    "en": "Genuine, but no longer valid (cancelled)",
    "fr": "Authentique, mais plus valable (annulé)",
    "es": "Auténtica, pero ya no es válida (anulada)",
    "ar": "أصلية، لكنها لم تعد سارية (أُلغيت)",
}
EXPIRED = {
    "en": "Genuine, but no longer valid (expired)",
    "fr": "Authentique, mais plus valable (expiré)",
    "es": "Auténtica, pero ya no es válida (caducada)",
    "ar": "أصلية، لكنها لم تعد سارية (انتهت مدتها)",
}
FALSE = {
    "en": "Changed or false - do not rely on it",
    "fr": "Modifié ou faux\u00a0: ne vous y fiez pas",
    "es": "Modificada o falsa: no se fíe",
    "ar": "مغيَّرة أو مزورة: لا يُعتمد عليها",
}
TAKEN_BACK = {
    "en": "Not valid - the key that signed it was taken back",
    "fr": "Non valable\u00a0: la clé qui l'a signé a été retirée",
    "es": "No válida: la clave que la firmó fue retirada",
    "ar": "غير سارية: المفتاح الذي وقّعها سُحب",
}
NOT_CHECKED = {
    "en": "Could not be checked now",
    "fr": "Vérification impossible pour le moment",
    "es": "No se ha podido comprobar ahora",
    "ar": "لم يمكن التحقق منها الآن",
}


@pytest.fixture
def employer() -> Employer:
    return Employer()


def altered(badge: dict[str, Any]) -> dict[str, Any]:
    changed = deepcopy(badge)
    changed["credentialSubject"]["achievement"]["name"] = "Home cleaning - Master"
    return changed


# --- five headlines, every language ---------------------------------------------------------------


@pytest.mark.parametrize("language", languages())
def test_changed_badge_is_refused_in_every_language(employer: Employer, language: str) -> None:
    page = employer.scans(employer.shown(altered(employer.badge())), language)
    assert headline(page) == ("false", "bad", FALSE[language])
    assert "Master" not in page.text, "what a changed badge says is not shown"


@pytest.mark.parametrize("language", languages())
def test_badge_of_an_unknown_signer_is_amber_in_every_language(
    employer: Employer, language: str
) -> None:
    page = employer.scans(employer.shown(employer.badge(issuer_endorsements=[])), language)
    assert headline(page) == ("unknown-signer", "warn", UNKNOWN[language])
    assert 'class="headline good"' not in page.text


@pytest.mark.parametrize("language", languages())
def test_cancelled_badge_says_so_in_every_language(employer: Employer, language: str) -> None:
    employer.centre.revoked.add(4711)
    page = employer.scans(employer.shown(employer.badge()), language)
    assert headline(page) == ("no-longer-valid", "bad", CANCELLED[language])


@pytest.mark.parametrize("language", languages())
def test_expired_badge_says_so_in_every_language(employer: Employer, language: str) -> None:
    badge = employer.badge(valid_until=NOW - timedelta(days=1))
    page = employer.scans(employer.shown(badge), language)
    assert headline(page) == ("no-longer-valid", "bad", EXPIRED[language])


@pytest.mark.parametrize("language", languages())
def test_what_could_not_be_fetched_is_an_open_question(employer: Employer, language: str) -> None:
    shown = employer.shown(employer.badge())
    employer.web.statuses[employer.centre.list_url] = 503
    assert headline(employer.scans(shown, language)) == (
        "not-checked",
        "open",
        NOT_CHECKED[language],
    )
    employer.open()
    employer.web.statuses = {DID_DOCUMENT: 500}
    assert headline(employer.scans(shown, language))[0] == "not-checked"


@pytest.mark.parametrize("language", languages())
def test_genuine_badge_is_green_in_every_language(employer: Employer, language: str) -> None:
    page = employer.scans(employer.shown(employer.badge()), language)
    assert headline(page) == ("genuine", "good", GENUINE[language])
    assert f'<html lang="{language}"' in page.text


def test_genuine_badge_is_summed_up_in_one_sentence(employer: Employer) -> None:
    read = text(employer.scans(employer.shown(employer.badge())))
    wanted = f"Genuine. Signed by {CENTRE_NAME}, recognised by {BODY_NAME}. Still valid today."
    assert wanted in read
    assert "They say too" in read
    assert "We visited this centre." in read
    assert "What this badge does not say" in read
    assert "You may look. You do not need to keep a copy." in read


# --- who signed -------------------------------------------------------------------------------


def test_claimed_creator_and_name_are_shown_as_claims(employer: Employer) -> None:
    stranger = Party(BODY_NAME)
    document = stranger.unsigned_badge(employer.worker.did)
    document["credentialSubject"]["achievement"]["creator"] = employer.body.profile
    page = employer.scans(employer.shown(stranger.sign(document)))
    read = text(page)
    assert headline(page)[0] == "unknown-signer"
    assert f"It says it is signed by {BODY_NAME} (not confirmed)" in read
    assert "Careful: somebody we know has this name, but it is not them." in read
    assert f"Who wrote these rules, as the badge says: {BODY_NAME}" in read
    assert "Recognised by" not in read


@pytest.mark.parametrize(
    "name",
    [
        "Ноme Ѕеrviсеs Аlliаnсе",
        "home  services\u200b alliance",
        "Home Services Alliance (Spain)",
        "H\u0301ome Servíces Alliance",
    ],
)
def test_name_that_looks_like_a_known_one_is_warned_about(employer: Employer, name: str) -> None:
    stranger = Party(name)
    read = text(employer.scans(employer.shown(stranger.badge(employer.worker.did))))
    assert "Careful: somebody we know has this name" in read


def test_name_of_mixed_alphabets_is_warned_about(employer: Employer) -> None:
    read = text(employer.scans(employer.shown(Party("Sсhool").badge(employer.worker.did))))
    assert "Careful: letters in this name are hidden, or look like others." in read


def test_ordinary_unknown_name_gets_no_warning(employer: Employer) -> None:
    stranger = Party("École de Besançon – Centro de día Ñuñoa")
    assert "Careful" not in text(employer.scans(employer.shown(stranger.badge("did:key:z6MkA"))))


def test_listed_signer_is_named_by_the_list_not_by_the_badge(employer: Employer) -> None:
    listed = TrustedParty(employer.centre.did, "The Name On The List", frozenset({"issuer"}))
    employer.trust = Trust((listed,))
    employer.open()
    page = employer.scans(employer.shown(employer.badge(issuer_endorsements=[])))
    assert headline(page)[0] == "genuine"
    assert "Signed by The Name On The List. Still valid today." in text(page)
    assert CENTRE_NAME not in text(page)


# --- endorsements -----------------------------------------------------------------------------


def test_each_endorsement_says_whether_it_counts_and_why(employer: Employer) -> None:
    body, worker = employer.body, employer.worker
    page = employer.scans(
        employer.shown(
            employer.badge(
                issuer_endorsements=[
                    body.endorse(employer.centre.did, "Good centre."),
                    body.endorse("https://other.example/a", "Stapled from elsewhere."),
                    body.endorse(ACHIEVEMENT, "Too old.", valid_until=NOW - timedelta(days=1)),
                    worker.endorse(ACHIEVEMENT, "I am the best."),
                    Party(BODY_NAME).endorse(ACHIEVEMENT, "I use a known name."),
                    {**body.endorse(ACHIEVEMENT, "Forged."), "name": "Changed"},
                ]
            )
        )
    )
    read = text(page)
    assert "Good centre. Counts. Signed by them, and still valid." in read
    assert "Stapled from elsewhere. Does not count. It is about something else" in read
    assert "Too old. Does not count. Its time of validity is over." in read
    assert (
        "Said by the person themself I am the best. Does not count. Said by the person themself."
        in read
    )
    assert "Forged. Does not count. The signature does not fit." in read
    assert f"{BODY_NAME} (we do not know them)" in read
    assert "Careful: somebody we know has this name, but it is not them." in read
    assert page.text.count("data-endorsement") == 6


def test_forged_endorsement_does_not_lend_its_name(employer: Employer) -> None:
    forged = {**employer.body.endorse(employer.centre.did), "name": "Changed"}
    page = employer.scans(employer.shown(employer.badge(issuer_endorsements=[forged])))
    assert headline(page)[0] == "unknown-signer"


# --- several badges, holder -------------------------------------------------------------------


def test_worst_badge_decides_the_headline(employer: Employer) -> None:
    good, bad = employer.badge(), employer.badge(valid_until=NOW - timedelta(days=1))
    page = employer.scans(employer.shown(good, bad))
    assert headline(page)[0] == "no-longer-valid"
    assert re.findall(r'data-badge="([\w-]+)"', page.text) == ["genuine", "no-longer-valid"]
    assert "1 of 2 badges:" in text(page)


def test_badge_shown_by_somebody_else_is_refused(employer: Employer) -> None:
    page = employer.scans(Party("Thief").show([employer.badge()]))
    assert headline(page)[0] == "false"
    assert "It was given to somebody else." in text(page)


def test_presentation_made_for_another_verifier_is_refused(employer: Employer) -> None:
    shown = employer.shown(employer.badge(), domain="https://other.example")
    page = employer.scans(shown)
    assert headline(page)[0] == "false"
    assert "It was made for somebody else, not for this page." in text(page)


def test_pasted_badge_is_called_a_copy(employer: Employer) -> None:
    page = employer.pastes(employer.badge())
    assert headline(page)[0] == "genuine"
    assert "This is a copy. Ask the person to show it from their phone." in text(page)


# --- languages --------------------------------------------------------------------------------


@pytest.mark.parametrize("signed_in", ["es", "fr", "en"])
def test_badge_can_be_read_in_the_employers_language(employer: Employer, signed_in: str) -> None:
    shown = employer.shown(employer.framework_badge(signed_in))
    read = text(employer.scans(shown, "fr"))
    assert "Ménage à domicile - Confirmé" in read
    assert "★★☆ Niveau 2 sur 3\u00a0: Confirmé".replace("\u00a0", " ") in read
    assert "Je sais nettoyer" in read
    assert "nettoyer des locaux" in read
    assert "Niveau 1 du CEC (indicatif)" in read
    assert "Ordre du travail : 2 / 3" in read.replace(" :", " :")
    original = {"es": "limpiar salas", "fr": "", "en": "clean rooms"}[signed_in]
    assert original in read, "the original stays one tap away"


@pytest.mark.parametrize(
    ("browser", "shown_in", "name"),
    [("ar", "fr", "Ménage à domicile"), ("ar,es;q=0.8", "es", "Limpieza del hogar")],
)
def test_employer_who_reads_arabic_is_told_in_which_language_a_badge_speaks(
    employer: Employer, browser: str, shown_in: str, name: str
) -> None:
    employer.scans(employer.shown(employer.framework_badge("fr")))
    page = employer.phone.get(
        f"/check?share={quote(SHARE, safe='')}", headers={"Accept-Language": browser}
    )
    assert '<html lang="ar" dir="rtl">' in page.text
    assert headline(page)[2] == GENUINE["ar"]
    found = re.search(r'<div class="badge-head">.*?<h2>(.*?)</h2>', page.text, re.DOTALL)
    assert found
    assert f'lang="{shown_in}" dir="ltr"' in found[1]
    assert name in found[1]
    assert 'lang="ar" dir="rtl"' not in page.text.partition("<main")[2], (
        "what is foreign never passes for Arabic"
    )


def test_every_framework_term_of_every_skill_is_named_and_linked(employer: Employer) -> None:
    for skill, assessed in (
        ("following-instructions", None),
        ("simple-phrases", "fr"),
        ("organising-oneself", None),
    ):
        badge = employer.framework_badge("es", skill=skill, assessed=assessed)
        page = employer.scans(employer.shown(badge), "fr")
        terms = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page.text.split('class="terms"')[1])
        assert len(terms) >= 10
        for kind, name in terms:
            assert kind
            assert 'lang="fr"' in name.split("<details")[0], name
    assert "CECR A1, interaction orale (aligné, non certifié)" in text(
        employer.scans(
            employer.shown(employer.framework_badge("es", skill="simple-phrases", assessed="fr")),
            "fr",
        )
    )


def test_framework_names_come_from_the_table_not_from_the_badge(employer: Employer) -> None:
    document = employer.centre.unsigned_badge(employer.worker.did, status=employer.centre.entry())
    row = document["credentialSubject"]["achievement"]["alignment"][0]
    row["targetName"] = "brain surgery"
    read = text(employer.scans(employer.shown(employer.centre.sign(document)), "es"))
    assert "limpiar salas Como está en la insignia brain surgery" in read


def test_every_check_code_has_a_sentence() -> None:
    assert set(REASONS) == {*CODES, "share.unreachable"}


def test_party_with_another_host_is_another_party(employer: Employer) -> None:
    other = WebParty(CENTRE_NAME, host="issuer-example.evil.example")
    employer.web.parties = (*employer.web.parties, other)
    endorsed = employer.body.endorse(employer.centre.did)
    badge = other.badge(employer.worker.did, status=other.entry(), issuer_endorsements=[endorsed])
    assert headline(employer.scans(employer.shown(badge)))[0] == "unknown-signer"


def _taken_back(employer: Employer) -> None:
    """Let the centre publish that its key is taken back."""
    centre = employer.centre
    method = Method(centre.method, centre.key.public, (), revoked=NOW - timedelta(hours=1))
    employer.web.pages[DID_DOCUMENT] = json.dumps(
        controller_document(centre.did, [method])
    ).encode()


@pytest.mark.parametrize("language", languages())
def test_badge_of_a_key_that_was_taken_back_is_not_called_a_forgery(
    employer: Employer, language: str
) -> None:
    _taken_back(employer)
    page = employer.scans(employer.shown(employer.badge()), language)
    assert headline(page) == ("false", "bad", TAKEN_BACK[language])
    assert "data-again" in page.text
    assert "Home cleaning - Expert" not in page.text, "others may have made it"
    if language == "en":
        assert "It is not the fault of the person who earned it." in text(page)
        assert "because others may have this key" in text(page)


def test_a_changed_badge_that_names_such_a_key_stays_a_forgery(employer: Employer) -> None:
    _taken_back(employer)
    badge = {**employer.badge(), "name": "Home cleaning - Master"}
    page = employer.scans(employer.shown(badge))
    assert headline(page) == ("false", "bad", FALSE["en"])
    assert "data-again" not in page.text


def test_machines_read_why_a_badge_does_not_count(employer: Employer) -> None:
    shown = employer.shown(employer.badge())
    good = employer.scans(shown, more="&format=json").get_json()
    assert (good["reason"], good["badges"][0]["reason"]) == (None, None)
    employer.clock.now += timedelta(hours=1)  # the copy of its keys is old then
    _taken_back(employer)
    bad = employer.scans(shown, more="&format=json").get_json()
    assert (bad["headline"], bad["reason"]) == ("false", "proof.withdrawn")
    assert bad["badges"][0]["reason"] == "proof.withdrawn"


def test_badge_as_token_gets_the_same_answer(employer: Employer) -> None:
    badge = employer.centre.unsigned_badge(
        employer.worker.did,
        status=employer.centre.entry(),
        issuer_endorsements=[employer.body.endorse(employer.centre.did)],
    )
    token = sign_credential(badge, employer.centre.key, kid=employer.centre.method)
    assert "Genuine and valid today" in headline(employer.pastes(token))
    head, body, signature = token.split(".")
    changed = f"{head}.{body}.{signature[:-6]}AAAAAA"
    assert headline(employer.pastes(changed))[2].startswith("Changed or false")
    unsigned = employer.pastes(f"{head}.{body}.")
    assert "Genuine" not in text(unsigned)
    assert employer.pastes(f"{head}.{body[:40]}.{signature}", follow=False).status_code == 422


def test_picture_with_a_badge_in_it_is_judged_like_the_badge(employer: Employer) -> None:
    picture = b'<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>'
    for content, wanted in (
        (bake(picture, json.dumps(employer.badge())), "Genuine and valid today"),
        (bake(picture, json.dumps({**employer.badge(), "name": "X"})), "Changed or false"),
    ):
        page = employer.phone.post(
            "/check?lang=en",
            data={"file": (BytesIO(content), "badge.svg")},
            follow_redirects=True,
        )
        assert wanted in headline(page)[2]
    empty = employer.phone.post("/check?lang=en", data={"file": (BytesIO(picture), "badge.svg")})
    assert empty.status_code == 422
    assert "There is no badge in this picture" in text(empty)
