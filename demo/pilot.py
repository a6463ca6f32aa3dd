"""The thirty people of the sample pilot: two centres, four skills, some fifty days, then figures.

Synthetic and deterministic: names are invented, and chance has a fixed seed. Who is who follows
the plan of a pilot in Spain and France: P01-P15 look for work in Spain, P16-P24 in France, P25-P30
have work in France. Each piece of work lives as a generator that says until when it waits; all of
them are lived through in the order of time, by the functions that real clicks call.
"""

import heapq
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from demo.centre import EXAMINERS, SKILLS, Centre, Look
from demo.people import People
from issuer import accounts, appeals, appointments, assessment, calibration, cohorts, eligibility
from issuer import feedback as faces
from issuer.assessment import Marking
from issuer.feedback import Said
from issuer.sampling import NO_SAMPLING, Sampling
from issuer.tables import Decision, Role, Submission
from wallet.cards import OpenWallet
from web.errors import Refused
from web.languages import N_

STARTS_BEFORE = timedelta(days=80)
"""So long before the demo's first start the pilot begins; it is over three weeks before it."""

PILOT = N_("The thirty people of the pilot")
JOB_SEEKER, EMPLOYEE = "job_seeker", "employee"

# Number, name, country, what they do, mother tongue. All invented.
_TABLE = """
P01 Marisol  es job_seeker es
P02 Loredana es job_seeker ro
P03 Samira   es job_seeker ar
P04 Pepa     es job_seeker es
P05 Viorica  es job_seeker ro
P06 Remedios es job_seeker es
P07 Halyna   es job_seeker uk
P08 Encarna  es job_seeker es
P09 Hanane   es job_seeker ar
P10 Doina    es job_seeker ro
P11 Chelo    es job_seeker es
P12 Nabil    es job_seeker ar
P13 Iryna    es job_seeker uk
P14 Mihaela  es job_seeker ro
P15 Paquita  es job_seeker es
P16 Solange  fr job_seeker fr
P17 Malika   fr job_seeker ar
P18 Graça    fr job_seeker pt
P19 Bożena   fr job_seeker pl
P20 Mireille fr job_seeker fr
P21 Yamina   fr job_seeker ar
P22 Josette  fr job_seeker fr
P23 Fernanda fr job_seeker pt
P24 Oleksa   fr job_seeker uk
P25 Thérèse  fr employee fr
P26 Karima   fr employee ar
P27 Lurdes   fr employee pt
P28 Danuta   fr employee pl
P29 Gisèle   fr employee fr
P30 Lucienne fr employee fr
"""
_IN_ARABIC = "P03"
"""Reads the pages in Arabic."""
_EXPERTS = {"es": "P06", "fr": "P20"}
"""Earn an expert badge in the first days, and become examiners by it."""
_NOT_COUNTED = ("P15", "P27")
"""Say no to statistics."""
_MINUTES = dict(zip(SKILLS, (19, 14, 15, 12), strict=True))
_WORDS = {
    "es": ("Me gustó.", "Las fotos ayudan.", "Más tiempo, por favor.", "Todo claro."),
    "fr": ("C'était bien.", "Les images aident.", "Comme au travail.", "Un peu long."),
}


@dataclass
class Person:
    """One of the thirty, and what became of them."""

    number: str
    name: str
    country: str
    kind: str
    tongue: str
    id: UUID
    wallet: OpenWallet | None = None
    badges: dict[str, UUID] = field(default_factory=dict)
    """By skill: the badge in the wallet."""
    awards: dict[str, UUID] = field(default_factory=dict)

    @property
    def pages(self) -> str:
        """The language of the pages that they read."""
        return "ar" if self.number == _IN_ARABIC else self.country


class Pilot:
    """A pilot from the invitations to the collected badges."""

    def __init__(self, centre: Centre, people: People) -> None:
        self.centre = centre
        self.staff = people
        self.chance = Random(2022)  # noqa: S311 - no secret: the same pilot each time is meant
        self.hugo = centre.staff("Hugo", "fr", Role.EXAMINER, N_("Examiner in France"), EXAMINERS)
        centre.appoint(self.hugo, "letter of the centre")
        self.examiners = {
            "es": [people.elena, people.rosa],
            "fr": [people.marc, self.hugo],
        }
        self.experts: dict[str, UUID] = {}
        self.people = self._invited()

    def live(self) -> None:
        """Let everybody do what they do, in the order of time."""
        centre = self.centre
        began = centre.now
        centre.sampling = Sampling(first_files=1, share=0.12, draw=self.chance.random)
        waiting: list[tuple[datetime, int, Iterator[datetime]]] = []
        for number, (starts, life) in enumerate(self._lives(began)):
            heapq.heappush(waiting, (starts, number, life))
        while waiting:
            centre.clock.now, number, life = heapq.heappop(waiting)
            until = next(life, None)
            if until is not None:
                heapq.heappush(waiting, (until, number, life))
        centre.sampling = NO_SAMPLING

    def enter(self) -> None:
        """Put the thirty on the first page."""
        for one in self.people.values():
            note = {
                ("es", JOB_SEEKER): N_("Job seeker in Spain"),
                ("fr", JOB_SEEKER): N_("Job seeker in France"),
                ("fr", EMPLOYEE): N_("Employee in France"),
            }[one.country, one.kind]
            self.centre.enter(f"{one.number} {one.name}", note, one.id, PILOT)

    # --- before ---------------------------------------------------------------------------------

    def _invited(self) -> dict[str, Person]:
        centre, now = self.centre, self.centre.now
        rows = [line.split() for line in _TABLE.strip().splitlines()]
        coordinators = {"fr": self.staff.clara, "es": self.staff.carmen}
        known: dict[str, UUID] = {}
        with centre.issuer.database.transaction() as session:
            places = dict.fromkeys(centre.organisations.values(), 15)
            group = cohorts.create_cohort(
                session, "Madrid & Lyon", places, by=coordinators["fr"], now=now
            )
            for place, by in coordinators.items():  # each centre invites its own people
                lines = ["name,contact,site,language,kind,tongue"]
                for number, name, country, kind, tongue in rows:
                    site = centre.organisation_names[country]
                    contact = f"{number.lower()}@sample.example"
                    if country == place:
                        lines.append(f'{name},{contact},"{site}",{country},{kind},{tongue}')
                invitations, problems = cohorts.read_invitations(
                    session, group.id, "\n".join(lines).encode(), by=by
                )
                assert not problems, problems
                cohorts.add_members(session, group.id, invitations, by=by, now=now)
                members = cohorts.board(session, group.id, coordinator=by).members
                known |= {line.name: line.person_id for line in members}
            for number, name, *_rest in rows:
                accounts.give_consent(
                    session, known[name], statistics=number not in _NOT_COUNTED, now=now
                )
            cohorts.close_cohort(session, group.id, by=coordinators["fr"], now=now)
        return {
            row[0]: Person(row[0], row[1], row[2], row[3], row[4], known[row[1]]) for row in rows
        }

    # --- the lives ------------------------------------------------------------------------------

    def _lives(self, began: datetime) -> Iterator[tuple[datetime, Iterator[datetime]]]:
        day, chance = timedelta(days=1), self.chance
        for country, number in _EXPERTS.items():
            yield began + 2 * day, self._expert(self.people[number], country)
        for person in self.people.values():
            days = sorted(chance.sample(range(10, 46), len(SKILLS)))
            for skill, place in zip(chance.sample(SKILLS, len(SKILLS)), days, strict=True):
                if person.number in _EXPERTS.values() and skill == SKILLS[0]:
                    continue
                starts = began + place * day + timedelta(minutes=chance.randrange(480))
                yield starts, self._work(person, skill)

    def _work(self, person: Person, skill: str) -> Iterator[datetime]:
        """One piece of work: done, marked, perhaps appealed, released, collected."""
        chance, centre = self.chance, self.centre
        aim = chance.choices((1, 2, 3), (0.3, 0.5, 0.2))[0]
        reached = max(0, aim - chance.choices((0, 1, 3), (0.76, 0.14, 0.1))[0])
        if chance.random() < 0.06:
            self._stops(person, skill, aim)
            return
        took = timedelta(minutes=self._minutes(person, skill))
        file = centre.sent(person.id, skill, person.country, aim, took=took)
        self._tells(file, person)
        yield centre.now + took + timedelta(hours=chance.lognormvariate(2.7, 0.6))
        decision = yield from self._marks(file, person, skill, reached)
        if reached < aim and chance.random() < 0.35:
            yield centre.now + timedelta(days=3)
            decision = yield from self._appealed(file, person, skill, reached, aim)
        if self._level(decision) is None:
            return
        yield centre.now + timedelta(hours=chance.uniform(4, 60))
        award = centre.released(decision, self.staff.officers[person.country][0])
        person.awards[skill] = award
        if chance.random() < 0.55:
            yield centre.now + timedelta(hours=chance.uniform(2, 150))
            self._collects(person, skill, award)

    def _marks(
        self, file: UUID, person: Person, skill: str, level: int, *, not_by: Sequence[UUID] = ()
    ) -> Generator[datetime, None, UUID]:
        """Marked by one examiner, or by as many as it takes; they mostly agree."""
        place = 0
        for examiner in self._order(person, skill, level, not_by):
            is_expert = person.number in _EXPERTS.values()
            aside = self.chance.choices((0, -1, 1), (0.6, 0.26, 0.14))[0]
            aside = aside if place and not is_expert else 0
            seen = min(3, max(0, level + aside)) if level else 0
            try:
                decision = self.centre.marked(file, [self._look(examiner, skill, file, seen)])
            except Refused:  # the rules give this file to somebody else
                continue
            place += 1
            if decision is not None:
                return decision
            yield self.centre.now + timedelta(hours=self.chance.uniform(5, 30))
        raise AssertionError("there are examiners enough")

    def _appealed(
        self, file: UUID, person: Person, skill: str, before: int, aim: int
    ) -> Generator[datetime, None, UUID]:
        """Asked for a second look: other examiners give the same level or the next one."""
        centre = self.centre
        with centre.issuer.database.transaction() as session:
            submission = session.get_one(Submission, file)
            earlier = [one.examiner_id for one in assessment.final_assessments(session, file)]
            appeals.appeal(session, submission, words=_WORDS[person.country][0], now=centre.now)
        yield centre.now + timedelta(hours=30)
        after = min(aim, before + self.chance.choice((0, 1, 1)))
        return (yield from self._marks(file, person, skill, after, not_by=earlier))

    def _expert(self, person: Person, country: str) -> Iterator[datetime]:
        """An expert badge; then the code of conduct, calibration, and the right to examine."""
        centre, skill = self.centre, SKILLS[0]
        file = centre.sent(person.id, skill, country, 3, took=timedelta(minutes=31))
        self._tells(file, person)
        yield centre.now + timedelta(hours=20)
        decision = yield from self._marks(file, person, skill, 3)
        yield centre.now + timedelta(hours=10)
        award = person.awards[skill] = centre.released(
            decision, self.staff.officers[person.country][0]
        )
        yield centre.now + timedelta(hours=8)
        self._collects(person, skill, award)
        yield centre.now + timedelta(days=1)
        self._becomes_examiner(person, skill)
        self.experts[country] = person.id

    def _becomes_examiner(self, person: Person, skill: str) -> None:
        centre, framework, now = self.centre, self.centre.body.framework, self.centre.now
        coordinator = {"es": self.staff.carmen, "fr": self.staff.clara}[person.country]
        with centre.issuer.database.transaction() as session:
            nomination = eligibility.by_own_award(
                session, person.id, centre.body, skill=skill, language=person.country, now=now
            )
            appointments.invite(session, nomination.id, by=coordinator, now=now)
            appointments.accept_conduct(
                session, nomination.id, framework, person_id=person.id, now=now
            )
            run = calibration.start(session, nomination.id, framework, person_id=person.id, now=now)
            while (file_id := calibration.next_file(session, run)) is not None:
                _nomination, _run, file = calibration.file_of(
                    session, run.id, file_id, framework, person_id=person.id
                )
                notes = dict.fromkeys(file.marks, "…")
                marking = Marking(dict(file.marks), notes, file.level)
                calibration.mark(
                    session,
                    run.id,
                    file_id,
                    marking,
                    framework,
                    person_id=person.id,
                    now=now,
                )

    # --- small steps ----------------------------------------------------------------------------

    def _stops(self, person: Person, skill: str, aim: int) -> None:
        centre = self.centre
        file = centre.begun(person.id, skill, person.country, aim)
        centre.answered(file, tasks=2, took=timedelta(minutes=4))
        with centre.issuer.database.transaction() as session:
            submission = session.get_one(Submission, file)
            faces.note_use(session, submission, interface=person.pages, listened=False, answered=2)
            assessment.withdraw(session, submission, now=centre.now + timedelta(minutes=5))

    def _tells(self, file: UUID, person: Person) -> None:
        """How the pages were used, and three faces of most people."""
        chance = self.chance
        other_first = chance.random() < 0.15
        with self.centre.issuer.database.transaction() as session:
            submission = session.get_one(Submission, file)
            listened = chance.random() < (0.3 if person.pages == person.tongue else 0.7)
            for pages in ("en", person.pages) if other_first else (person.pages,):
                faces.note_use(session, submission, interface=pages, listened=listened, answered=8)
            if chance.random() < 0.7:
                given = {name: chance.choice((3, 4, 4, 5, 5)) for name in faces.QUESTIONS}
                words = chance.choice(_WORDS[person.country]) if chance.random() < 0.3 else ""
                faces.give(
                    session,
                    submission,
                    Said(given, words),
                    now=submission.sent_at or self.centre.now,
                )

    def _order(self, person: Person, skill: str, level: int, not_by: Sequence[UUID]) -> list[UUID]:
        """Who may look, in turn: one of the own centre first, then somebody of the other one."""
        other = {"es": "fr", "fr": "es"}[person.country]
        own = self.chance.sample(self.examiners[person.country], 2)
        expert = self.experts.get(person.country)
        if expert not in (None, person.id) and skill == SKILLS[0] and level < 3:
            own = [expert, *own]
        order = [own[0], *self.chance.sample(self.examiners[other], 2), *own[1:]]
        if not_by:  # after an appeal: of the own centre, as long as somebody there is new to it
            order = [*own, *self.examiners[other]]
        return [one for one in order if one is not None and one not in not_by]

    def _look(self, examiner: UUID, skill: str, file: UUID, level: int) -> Look:
        with self.centre.issuer.database.reading() as session:
            aim = session.get_one(Submission, file).level
        level = min(level, aim)
        criteria = self.centre.body.framework.skills[skill].criteria
        hardest = self.chance.choice(criteria)
        marks = {
            one: level if one == hardest else min(3, level + self.chance.choice((0, 0, 1)))
            for one in criteria
        }
        return Look(examiner, level, marks)

    def _minutes(self, person: Person, skill: str) -> float:
        slower = 1.0 if person.pages == person.tongue else 1.3
        return max(6.0, self.chance.lognormvariate(0, 0.25) * _MINUTES[skill] * slower)

    def _level(self, decision_id: UUID) -> int | None:
        with self.centre.issuer.database.reading() as session:
            return session.get_one(Decision, decision_id).level

    def _collects(self, person: Person, skill: str, award: UUID) -> None:
        if person.wallet is None:
            person.wallet = self.centre.wallet(person.name, person.pages)
        person.badges[skill] = self.centre.collected(award, person.wallet, person.country)
