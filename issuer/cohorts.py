"""Cohorts: set up a pilot, invite people by a table, print their sheets, and see how far they are.

A table of invitations is taken whole or not at all: every line that is wrong is named with its
number, and nothing is stored. Codes are kept as hashes, so a sheet is printed with a new code each
time, and the person's older codes stop working then.

A group may be of several centres. Each invites and sees its own people; of the others it sees
numbers of five or more (domain B.5-24, B.5-30).
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from babel import Locale, UnknownLocaleError
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from issuer import accounts
from issuer.audit import record
from issuer.award_tables import Award, AwardState
from issuer.cohort_tables import Cohort, CohortMember, CohortSite, Kind
from issuer.statistics import SMALLEST
from issuer.tables import (
    AccessCode,
    Consent,
    Decision,
    Grant,
    Organisation,
    Person,
    Role,
    Submission,
)
from web.errors import Refused
from web.languages import N_, gettext, languages

MAX_ROWS = 500
MAX_CELL = 120
MAX_QUOTA = 500

_COLUMNS = {
    "name": ("name", "first name", "nom", "prénom", "nombre", "الاسم"),
    "contact": (
        "contact",
        "e-mail",
        "email",
        "phone",
        "téléphone",
        "teléfono",
        "contacto",
        "الاتصال",
    ),
    "site": ("site", "centre", "center", "centro", "المركز"),
    "language": ("language", "langue", "idioma", "اللغة"),
    "kind": ("kind", "type", "statut", "situación", "النوع"),
    "tongue": ("tongue", "mother tongue", "langue maternelle", "lengua materna", "اللغة الأم"),
}
"""How each column may be headed, in the languages of the service."""
_NEEDED = ("name", "site")
_KINDS = {
    Kind.JOB_SEEKER: ("job_seeker", "job seeker", "demandeur d'emploi", "demandeuse d'emploi",
                      "en busca de empleo", "يبحث عن عمل", "تبحث عن عمل"),
    Kind.EMPLOYEE: ("employee", "salarié", "salariée", "empleado", "empleada",
                    "لديه عمل", "لديها عمل"),
}  # fmt: skip


TONGUES = ("ar", "en", "es", "fr", "it", "pl", "pt", "ro", "ru", "tr", "uk", "wo", "zh")
"""Mother tongues that people can choose from, beside the one that their centre told (BCP 47)."""


class Step(IntEnum):
    """How far somebody has come; each step has the earlier ones behind it."""

    INVITED = 0
    STARTED = 1
    SENT = 2
    DECIDED = 3
    DELIVERED = 4


@dataclass(frozen=True)
class Invitation:
    """One line of a table of invitations, checked."""

    name: str
    site: UUID
    contact: str | None
    language: str
    kind: Kind | None
    tongue: str | None


@dataclass(frozen=True)
class Sheet:
    """What is printed for one person; the code is told here and nowhere else."""

    name: str
    alias: str
    centre: str
    language: str
    code: str
    until: datetime


@dataclass(frozen=True)
class SiteBoard:
    """A centre of a cohort: its places, and how many people reached each step or a later one."""

    organisation: UUID
    name: str
    quota: int
    reached: tuple[int | None, ...]
    """By `Step`; None where it would tell of fewer than five people of another centre."""


@dataclass(frozen=True)
class MemberLine:
    """One person on the board: an alias and a step, no result."""

    person_id: UUID
    alias: str
    name: str
    centre: str
    step: Step


@dataclass(frozen=True)
class Board:
    """A cohort as it is now."""

    cohort: Cohort
    sites: tuple[SiteBoard, ...]
    members: tuple[MemberLine, ...]
    """Of the reader's own centre."""
    own: SiteBoard | None
    """The reader's own centre, if it has places."""
    leads: bool
    """Whether the reader's centre set it up, and so may close it."""

    @property
    def reached(self) -> tuple[int | None, ...]:
        """Give how many of all reached each step or a later one; None where a part is hidden."""
        return tuple(_sum([site.reached[step] for site in self.sites]) for step in Step)


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


# --- setting up -------------------------------------------------------------------------------


def centres(session: Session) -> list[Organisation]:
    """List the centres that can take part."""
    return list(session.exec(select(Organisation).order_by(col(Organisation.name))))


def cohorts(session: Session, coordinator: UUID) -> list[Cohort]:
    """List the cohorts that a coordinator's centre coordinates or takes part in, newest first."""
    own = session.get_one(Person, coordinator).organisation_id
    taking_part = select(CohortSite.cohort_id).where(col(CohortSite.organisation_id) == own)
    return list(
        session.exec(
            select(Cohort)
            .where((col(Cohort.organisation_id) == own) | col(Cohort.id).in_(taking_part))
            .order_by(col(Cohort.created_at).desc())
        )
    )


def cohort(session: Session, cohort_id: UUID, *, coordinator: UUID) -> Cohort:
    """Give a cohort of the coordinator's; another's is answered as if it did not exist."""
    found = next((c for c in cohorts(session, coordinator) if c.id == cohort_id), None)
    if found is None:
        raise Refused(N_("There is no such group."), status=404, code="unknown-cohort")
    return found


def create_cohort(
    session: Session, name: str, places: Mapping[UUID, int], *, by: UUID, now: datetime
) -> Cohort:
    """Set up a cohort with the places that each centre has."""
    name = name.strip()
    if not name or len(name) > 80:
        raise Refused(N_("Write a name of 1 to 80 letters."), status=422, code="name")
    if not places:
        raise Refused(N_("Give at least one centre some places."), status=422, code="places")
    if not all(1 <= quota <= MAX_QUOTA for quota in places.values()):
        raise Refused(N_("Places are a number from 1 to 500."), status=422, code="places")
    known = {centre.id for centre in centres(session)}
    if not set(places) <= known:
        raise Refused(N_("There is no such centre."), status=422, code="places")
    made = Cohort(
        name=name,
        organisation_id=session.get_one(Person, by).organisation_id,
        created_by=by,
        created_at=now,
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError as error:
        raise Refused(
            N_("There is a group of this name already."), status=409, code="name"
        ) from error
    session.add_all(
        CohortSite(cohort_id=made.id, organisation_id=centre, quota=quota)
        for centre, quota in places.items()
    )
    session.flush()
    record(session, "cohort.created", made.id, by=by, now=now)
    return made


def close_cohort(session: Session, cohort_id: UUID, *, by: UUID, now: datetime) -> None:
    """Let nobody else in; those who are in go on. The centre that set it up does that."""
    found = cohort(session, cohort_id, coordinator=by)
    if found.organisation_id != accounts.centre_of(session, by):
        raise Refused(
            N_("The centre that set up this group closes it."), status=403, code="other-centre"
        )
    if found.closed_at is None:
        found.closed_at = now
        session.add(found)
        record(session, "cohort.closed", found.id, by=by, now=now)


# --- inviting ---------------------------------------------------------------------------------


def read_invitations(
    session: Session, cohort_id: UUID, content: bytes, *, by: UUID
) -> tuple[list[Invitation], list[str]]:
    """Read a table of people of one's own centre (CSV, UTF-8): the lines, and what is wrong.

    The first line names the columns, in any order and any language of the service; `name` and
    `site` are needed. Problems are in the visitor's language, each with its line number.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], [gettext("Save the table as CSV in UTF-8, then choose it again.")]
    if "\0" in text:
        return [], [gettext("Save the table as CSV in UTF-8, then choose it again.")]
    first_line = text.partition("\n")[0]
    separator = max(",;\t", key=first_line.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        return [], [gettext("This is no table. Save it as CSV, then choose it again.")]
    if len(rows) < 2:
        return [], [gettext("The table has no people in it.")]
    if len(rows) > MAX_ROWS + 1:
        return [], [gettext("At most 500 people at once.")]
    columns = [_column(heading) for heading in rows[0]]
    lacking = [name for name in _NEEDED if name not in columns]
    if lacking:
        return [], [
            gettext("The first line must name the column %(name)s.", name=name) for name in lacking
        ]
    sites = _sites(session, cohort_id)
    own = session.get_one(Organisation, accounts.centre_of(session, by))
    read: list[Invitation] = []
    problems: list[str] = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False) if name}
        found, wrong = _invitation(cells, sites, own)
        problems.extend(
            gettext("Line %(number)s: %(problem)s", number=number, problem=one) for one in wrong
        )
        if found is not None:
            read.append(found)
    problems.extend(_twice(read))
    if not read and not problems:
        problems.append(gettext("The table has no people in it."))
    return (read if not problems else []), problems


def add_members(
    session: Session,
    cohort_id: UUID,
    invitations: Sequence[Invitation],
    *,
    by: UUID,
    now: datetime,
) -> int:
    """Enrol people in a cohort; somebody whom the centre knows already is not enrolled twice."""
    found = cohort(session, cohort_id, coordinator=by)
    if {one.site for one in invitations} - {accounts.centre_of(session, by)}:
        raise Refused(N_("Each centre invites its own people."), status=403, code="other-centre")
    if found.closed_at is not None:
        raise Refused(N_("This group is closed."), status=409, code="closed")
    # One import at a time for a cohort, so that the places hold on PostgreSQL too.
    sites = {
        site.organisation_id: site
        for site in session.exec(
            select(CohortSite).where(col(CohortSite.cohort_id) == cohort_id).with_for_update()
        )
    }
    taken = Counter(
        session.exec(
            select(CohortMember.organisation_id).where(col(CohortMember.cohort_id) == cohort_id)
        ).all()
    )
    for invitation in invitations:
        taken[invitation.site] += 1
        if taken[invitation.site] > sites[invitation.site].quota:
            raise Refused(
                N_("There are more people than places for one centre."), status=409, code="quota"
            )
        person = _known(session, invitation) or accounts.create_person(
            session,
            invitation.site,
            invitation.name,
            Role.CANDIDATE,
            contact=invitation.contact,
        )
        if session.get(CohortMember, person.id) is not None:
            raise Refused(
                N_("%(name)s is in a group already."),
                status=409,
                code="member",
                name=invitation.name,
            )
        session.add(
            CohortMember(
                person_id=person.id,
                cohort_id=cohort_id,
                organisation_id=invitation.site,
                language=invitation.language,
                kind=invitation.kind,
                tongue=invitation.tongue,
                invited_at=now,
            )
        )
        session.flush()
        record(session, "cohort.joined", person.id, by=by, now=now)
    return len(invitations)


def sheets(
    session: Session,
    cohort_id: UUID,
    *,
    by: UUID,
    now: datetime,
    person_id: UUID | None = None,
) -> list[Sheet]:
    """Give a sheet with a new code to each member who has not begun, or to one member.

    To those of one's own centre only: a sheet lets its reader in as the person.
    """
    cohort(session, cohort_id, coordinator=by)
    rows = session.exec(
        select(CohortMember, Person, Organisation)
        .join(Person, col(Person.id) == col(CohortMember.person_id))
        .join(Organisation, col(Organisation.id) == col(CohortMember.organisation_id))
        .where(
            col(CohortMember.cohort_id) == cohort_id,
            col(CohortMember.organisation_id) == accounts.centre_of(session, by),
        )
        .order_by(col(Person.alias))
    ).all()
    made = []
    for member, person, centre in rows:
        is_meant = (
            person.id == person_id if person_id else not accounts.has_consent(session, person.id)
        )
        if not is_meant:
            continue
        session.exec(delete(AccessCode).where(col(AccessCode.person_id) == person.id))
        code = accounts.invite(session, person.id, now=now)
        record(session, "person.invited", person.id, by=by, now=now)
        made.append(
            Sheet(
                name=person.display_name,
                alias=person.alias,
                centre=centre.name,
                language=member.language,
                code=code,
                until=now + accounts.CODE_LIVES,
            )
        )
    if not made:
        raise Refused(
            N_("Everybody in this group has begun. There is nothing to print."),
            status=409,
            code="nobody",
        )
    return made


# --- looking ----------------------------------------------------------------------------------


def board(session: Session, cohort_id: UUID, *, coordinator: UUID) -> Board:
    """Give how far a cohort is: for each centre and each person of one's own, without results."""
    found = cohort(session, cohort_id, coordinator=coordinator)
    own = accounts.centre_of(session, coordinator)
    rows = session.exec(
        select(CohortMember, Person, Organisation)
        .join(Person, col(Person.id) == col(CohortMember.person_id))
        .join(Organisation, col(Organisation.id) == col(CohortMember.organisation_id))
        .where(col(CohortMember.cohort_id) == cohort_id)
        .order_by(col(Person.alias))
    ).all()
    steps = _steps(session, [person.id for _member, person, _centre in rows])
    members = tuple(
        MemberLine(person.id, person.alias, person.display_name, centre.name, steps[person.id])
        for _member, person, centre in rows
        if centre.id == own
    )
    sites = tuple(
        SiteBoard(
            centre.id,
            centre.name,
            site.quota,
            _reached(
                [
                    steps[member.person_id]
                    for member, _person, _centre in rows
                    if member.organisation_id == centre.id
                ],
                is_own=centre.id == own,
            ),
        )
        for site, centre in session.exec(
            select(CohortSite, Organisation)
            .join(Organisation, col(Organisation.id) == col(CohortSite.organisation_id))
            .where(col(CohortSite.cohort_id) == cohort_id)
            .order_by(col(Organisation.name))
        )
    )
    return Board(
        found,
        sites,
        members,
        own=next((site for site in sites if site.organisation == own), None),
        leads=found.organisation_id == own,
    )


def _reached(steps: Sequence[Step], *, is_own: bool) -> tuple[int | None, ...]:
    """Count who reached each step; of another centre nothing that tells of one to four people.

    Neither a number itself nor its difference to the one before that is shown.
    """
    few = range(1, SMALLEST)
    reached: list[int | None] = []
    before = 0
    for step in Step:
        number = sum(one >= step for one in steps)
        if is_own or (number not in few and (not reached or before - number not in few)):
            reached.append(number)
            before = number
        elif not reached:
            return (None,) * len(Step)
        else:
            reached.append(None)
    return tuple(reached)


def counted_member(session: Session, person_id: UUID) -> CohortMember | None:
    """Give what a group knows of a person who is in one and agreed to be counted; else None."""
    consent = session.get(Consent, person_id)
    if consent is None or not consent.statistics:
        return None
    return session.get(CohortMember, person_id)


def tell_traits(
    session: Session, person_id: UUID, *, kind: str, tongue: str, now: datetime
) -> None:
    """Keep what a member tells of themself for counting; "" is nothing, and deletes what was there.

    Of people who are in no group, or did not agree to be counted, nothing is kept.
    """
    member = counted_member(session, person_id)
    if member is None:
        return
    if kind not in ("", *Kind) or (tongue and not _is_language(tongue)):
        raise Refused(N_("Choose one of the answers."), status=422, code="traits")
    member.kind, member.tongue = kind or None, tongue.casefold() or None
    session.add(member)
    session.flush()
    record(session, "cohort.told", person_id, by=person_id, now=now)


def forget_traits(session: Session) -> int:
    """Delete what was told for counting of people who do not agree to be counted.

    Gives of how many. Who has not been asked yet keeps them until then.
    """
    refused = select(Consent.person_id).where(col(Consent.statistics).is_(False))
    told = session.exec(
        select(CohortMember).where(
            col(CohortMember.person_id).in_(refused),
            col(CohortMember.kind).is_not(None) | col(CohortMember.tongue).is_not(None),
        )
    ).all()
    for member in told:
        member.kind = member.tongue = None
        session.add(member)
    return len(told)


def _steps(session: Session, people: Sequence[UUID]) -> dict[UUID, Step]:
    steps = dict.fromkeys(people, Step.INVITED)
    work = select(Submission.candidate_id).where(col(Submission.candidate_id).in_(people))
    reached = (
        (Step.STARTED, work),
        (Step.SENT, work.where(col(Submission.sent_at).is_not(None))),
        (
            Step.DECIDED,
            select(Decision.candidate_id).where(col(Decision.candidate_id).in_(people)),
        ),
        (
            Step.DELIVERED,
            select(Award.candidate_id).where(
                col(Award.candidate_id).in_(people), col(Award.state) == AwardState.DELIVERED
            ),
        ),
    )
    for step, query in reached:
        for person in session.exec(query.distinct()):
            steps[person] = step
    return steps


def _sites(session: Session, cohort_id: UUID) -> dict[str, UUID]:
    rows = session.exec(
        select(Organisation.name, Organisation.id)
        .join(CohortSite, col(CohortSite.organisation_id) == col(Organisation.id))
        .where(col(CohortSite.cohort_id) == cohort_id)
    )
    return {name.casefold(): identifier for name, identifier in rows}


def _column(heading: str) -> str | None:
    named = heading.strip().casefold()
    return next((name for name, ways in _COLUMNS.items() if named in ways), None)


def _invitation(
    cells: Mapping[str, str], sites: Mapping[str, UUID], own: Organisation
) -> tuple[Invitation | None, list[str]]:
    problems = []
    if any(len(cell) > MAX_CELL for cell in cells.values()):
        return None, [gettext("a cell is too long")]
    name = cells.get("name", "")
    if not name or len(name) > 80:
        problems.append(gettext("the name is missing or too long"))
    site = sites.get(cells.get("site", "").casefold())
    if site is None:
        problems.append(gettext("the centre is not in this group; write %(name)s", name=own.name))
    elif site != own.id:
        problems.append(
            gettext("another centre invites its own people; write %(name)s", name=own.name)
        )
    language = cells.get("language", "").casefold() or "en"
    if language not in languages():
        problems.append(gettext("the language must be one of %(all)s", all=", ".join(languages())))
    kind = None
    if cells.get("kind"):
        said = cells["kind"].casefold().replace("’", "'")
        kind = next((one for one, ways in _KINDS.items() if said in ways), None)
        if kind is None:
            problems.append(gettext("the kind must be job_seeker or employee"))
    tongue = cells.get("tongue") or None
    if tongue is not None and not _is_language(tongue):
        problems.append(gettext("the mother tongue must be a code, such as ar or uk"))
    if problems or site is None:
        return None, problems
    contact = cells.get("contact") or None
    return Invitation(name, site, contact, language, kind, tongue and tongue.casefold()), []


def _twice(invitations: Iterable[Invitation]) -> Iterator[str]:
    told = Counter(one.contact.casefold() for one in invitations if one.contact)
    for contact, number in told.items():
        if number > 1:
            yield gettext("%(contact)s is there more than once.", contact=contact)


def _is_language(code: str) -> bool:
    try:
        return Locale.parse(code.casefold(), sep="-") is not None
    except (UnknownLocaleError, ValueError):
        return False


def _known(session: Session, invitation: Invitation) -> Person | None:
    if invitation.contact is None:
        return None
    return session.exec(
        select(Person)
        .join(Grant, col(Grant.person_id) == col(Person.id))
        .where(
            col(Person.contact_hash) == accounts.contact_hash(session, invitation.contact),
            col(Person.organisation_id) == invitation.site,
            col(Grant.role) == Role.CANDIDATE,
        )
    ).first()
