"""The few sample people of every demo: a walk from the first task to the employer's answer."""

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import UUID

from demo.centre import (
    EXAMINERS,
    GUEST,
    ISSUER,
    OFFICE,
    WORKERS,
    Centre,
    Look,
)
from issuer.tables import Role
from keys.material import PrivateKey
from wallet.cards import OpenWallet
from web.languages import N_


class People:
    """Some months of a centre: enrol, assess, release, collect, show, cancel."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        examiner = (EXAMINERS,)
        self.elena = centre.staff("Elena", "es", Role.EXAMINER, N_("Examiner in Spain"), *examiner)
        self.marc = centre.staff("Marc", "fr", Role.EXAMINER, N_("Examiner in France"), *examiner)
        self.rosa = centre.staff(
            "Rosa", "es", Role.EXAMINER, N_("Expert who became an examiner"), *examiner
        )
        first, second = N_("Awarding officer"), N_("Second awarding officer")
        self.officers = {
            "fr": (
                centre.staff("Omar", "fr", Role.OFFICER, first, OFFICE),
                centre.staff("Odile", "fr", Role.OFFICER, second, OFFICE),
            ),
            "es": (
                centre.staff("Olga", "es", Role.OFFICER, first, OFFICE),
                centre.staff("Óscar", "es", Role.OFFICER, second, OFFICE),
            ),
        }
        self.clara = centre.staff(
            "Clara", "fr", Role.COORDINATOR, N_("Coordinator of the pilot"), OFFICE
        )
        self.carmen = centre.staff(
            "Carmen", "es", Role.COORDINATOR, N_("Coordinator in Spain"), OFFICE
        )
        self.sara = centre.staff("Sara", "es", Role.STANDARD_OWNER, N_("Standard owner"), OFFICE)
        self.simon = centre.staff(
            "Simon", "fr", Role.STANDARD_OWNER, N_("Second standard owner"), OFFICE
        )
        self.dolores = centre.staff(
            "Dolores", "es", Role.DATA_OFFICER, N_("Data officer in Spain"), OFFICE
        )
        centre.staff("Denis", "fr", Role.DATA_OFFICER, N_("Data officer in France"), OFFICE)
        for person, reason in (
            (self.elena, "letter of the centre"),
            (self.marc, "letter of the centre"),
            (self.rosa, "expert badge"),
        ):
            centre.appoint(person, reason)

    def begin(self) -> None:
        """Give Lucía the badge that was signed before anybody endorsed the centre."""
        self.lucia = self._worker("Lucía", "es")
        self.wallets = {"Lucía": self.centre.wallet("Lucía", "es")}
        self.first = self.badge(self.lucia, "organising-oneself", "es", 1, self.wallets["Lucía"])
        self.centre.be_endorsed()

    def go_on(self) -> dict[str, Any]:
        """Live through the rest; give the sample wallets and badges."""
        centre = self.centre
        fatou, amina, oksana = (
            self._worker("Fatou", "fr"),
            self._worker("Amina", "es"),
            self._worker("Oksana", "fr"),
        )
        ion = centre.worker("Ion", "fr", "ion@sample.example", agrees=False)
        centre.enter("Ion", N_("Worker who has just been invited"), ion, WORKERS)
        for name, language in (("Fatou", "fr"), ("Amina", "es")):
            self.wallets[name] = centre.wallet(name, language)
        self.badge(self.lucia, "technical-cleaning", "es", 2, self.wallets["Lucía"])
        expert = self.badge(fatou, "technical-cleaning", "fr", 3, self.wallets["Fatou"])
        phrases = self.badge(fatou, "simple-phrases", "fr", 2, self.wallets["Fatou"])
        cancelled = self.badge(amina, "following-instructions", "es", 2, self.wallets["Amina"])

        # Work that waits: to be marked, to be released, to be collected, to be tried again.
        centre.sent(oksana, "following-instructions", "fr")
        centre.sent(amina, "organising-oneself", "es")
        centre.sent(oksana, "technical-cleaning", "fr")
        self.decided(oksana, "organising-oneself", "fr", 2)
        centre.released(self.decided(oksana, "technical-cleaning", "fr", 1), self.officers["fr"][0])
        self.decided(amina, "simple-phrases", "es", 0)

        shared = centre.show(self.wallets["Fatou"], [expert, phrases])
        shown_then_cancelled = centre.show(self.wallets["Amina"], [cancelled])
        award = centre.award_of(amina, "following-instructions")
        centre.change(award.id, "revoke", "fraud", self.officers["es"])
        good = centre.text(self.wallets["Fatou"], expert)
        return {
            "wallets": [_wallet(name, opened) for name, opened in self.wallets.items()],
            "badges": [
                _sample(N_("Two good badges, shown by their owner"), shared),
                _sample(N_("A badge that was cancelled"), shown_then_cancelled),
                _sample(N_("A badge that has run out"), self._expired()),
                _sample(N_("A forged badge: the level was changed"), forged(good)),
                _sample(N_("A badge of a signer whom nobody knows"), self._unknown()),
            ],
            "first": centre.text(self.wallets["Lucía"], self.first),
        }

    def hand_over(self) -> None:
        """Give each organisation an administrator: from now on they give the roles."""
        for name, country, note in (
            ("Inés", "es", N_("Administrator in Spain")),
            ("Gilles", "fr", N_("Administrator in France")),
        ):
            self.centre.staff(name, country, Role.ADMINISTRATOR, note, OFFICE)

    def decided(self, worker: UUID, skill: str, language: str, level: int) -> UUID:
        """Let examiners mark the work: one, or two for expert level."""
        submission_id = self.centre.sent(worker, skill, language, max(level, 1))
        examiners = (self.elena, self.rosa) if language == "es" else (self.marc, self.rosa)
        looks = [Look(examiner, level) for examiner in examiners[: 2 if level == 3 else 1]]
        decision_id = self.centre.marked(submission_id, looks)
        assert decision_id is not None, "the examiners agreed"
        return decision_id

    def badge(
        self, worker: UUID, skill: str, language: str, level: int, opened: OpenWallet
    ) -> UUID:
        """Let a worker earn a badge and collect it; give its id in the wallet."""
        decision_id = self.decided(worker, skill, language, level)
        award_id = self.centre.released(decision_id, self.officers[language][0])
        return self.centre.collected(award_id, opened, language)

    def _worker(self, name: str, country: str) -> UUID:
        contact = f"{name.lower().replace('í', 'i')}@sample.example"
        # The figures of the pilot are of the thirty people: these few are not counted.
        person = self.centre.worker(name, country, contact, statistics=False)
        note = N_("Worker in Spain") if country == "es" else N_("Worker in France")
        self.centre.enter(name, note, person, WORKERS)
        return person

    def _expired(self) -> str:
        """Give a badge of a recognised guest centre whose time has run out."""
        centre = self.centre
        until = centre.now - timedelta(days=30)
        badge = centre.guest_badge(centre.key("guest"), GUEST, valid_until=until)
        return json.dumps(badge, ensure_ascii=False)

    def _unknown(self) -> str:
        """Give a badge of somebody whom nobody recognises, under a recognised name."""
        return json.dumps(
            self.centre.guest_badge(PrivateKey.generate(), ISSUER), ensure_ascii=False
        )


def forged(text: str) -> str:
    """Change what a signed badge says."""
    document = deepcopy(json.loads(text))
    document["validFrom"] = "2020-01-01T00:00:00Z"
    document["credentialSubject"]["achievement"]["name"] += " +++"
    return json.dumps(document, ensure_ascii=False)


def _wallet(name: str, opened: OpenWallet) -> dict[str, str]:
    return {"name": name, "note": N_("Wallet of a worker with badges"), "card": opened.card}


def _sample(note: str, text: str) -> dict[str, str]:
    return {"note": note, "text": text}


def samples(centre: Centre) -> Mapping[str, Any]:
    """Give the samples of the small demo."""
    people = People(centre)
    people.begin()
    return people.go_on()
