"""Who reaches which address: every route of the issuer, every role, of the own and another centre.

A new route without a line here fails, and so does a line without its route. What a line says comes
from who may, not from what the code does today: write the line first.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from two_centres import (
    ELSEWHERE,
    NEIGHBOUR,
    NOBODY,
    OWN,
    VISITORS,
    TwoCentres,
    open_two_centres,
    visitor,
)

from issuer.staff_tables import TRUSTED
from issuer.tables import Role

Answers = Callable[[str], int | None]
"""Visitor → status; None: it is not asked."""

STAFF = tuple(role for role in Role if role != Role.CANDIDATE)
SIGNED_OUT, NOT_FOR_YOU, NOT_THERE = 401, 403, 404


def anybody(status: int) -> Answers:
    """Everybody, signed in or not, is answered alike; three are asked."""
    asked = (NOBODY, visitor(Role.CANDIDATE, OWN), visitor(Role.OFFICER, ELSEWHERE))
    return lambda who: status if who in asked else None


def signed_in(status: int, *, nobody: int = SIGNED_OUT) -> Answers:
    """Everybody who is signed in is answered alike: it is about themselves."""
    return lambda who: nobody if who == NOBODY else status


def but_trusted(status: int, *, trusted: int) -> Answers:
    """Everybody who is signed in, about themselves; those whom an administrator named otherwise."""
    named = [visitor(role, where) for role in TRUSTED for where in (OWN, ELSEWHERE)]
    return lambda who: SIGNED_OUT if who == NOBODY else trusted if who in named else status


def who_agreed(status: int, *, others: int) -> Answers:
    """The two candidates who agreed to be assessed; for everybody else there is nothing to stop."""
    mine = (visitor(Role.CANDIDATE, OWN), NEIGHBOUR)
    return lambda who: SIGNED_OUT if who == NOBODY else status if who in mine else others


def only(status: int, *roles: Role) -> Answers:
    """Those whom it is of, in their centre; for all others it is not there, whatever their role."""
    mine = [visitor(role, OWN) for role in roles]
    return lambda who: SIGNED_OUT if who == NOBODY else status if who in mine else NOT_THERE


def candidates(
    status: int, *, elsewhere: int | None = None, neighbour: int | None = None
) -> Answers:
    """Every candidate, about their own work."""
    away = status if elsewhere is None else elsewhere
    beside = status if neighbour is None else neighbour
    return _by_role({Role.CANDIDATE: (status, away)}, neighbour=beside)


def their_own(status: int) -> Answers:
    """The candidate whose work it is; for other candidates it is not there."""
    return _by_role({Role.CANDIDATE: (status, NOT_THERE)}, neighbour=NOT_THERE)


def own_centre(status: int, *roles: Role) -> Answers:
    """Roles in the centre that the thing is of; for those of another centre it is not there."""
    return _by_role(dict.fromkeys(roles, (status, NOT_THERE)))


def every(status: int, *roles: Role, elsewhere: int | None = None) -> Answers:
    """Roles of any centre: the page shows what is of their own, or of all."""
    away = status if elsewhere is None else elsewhere
    return _by_role(dict.fromkeys(roles, (status, away)))


def _by_role(allowed: dict[Role, tuple[int, int]], *, neighbour: int = NOT_FOR_YOU) -> Answers:
    known = {NOBODY: SIGNED_OUT, NEIGHBOUR: neighbour}
    for role, (own, away) in allowed.items():
        known[visitor(role, OWN)], known[visitor(role, ELSEWHERE)] = own, away
    return lambda who: known.get(who, NOT_FOR_YOU)


TABLE: dict[str, Answers] = {
    # Open to everybody: the way in, public pages, machines.
    "GET /": signed_in(302, nobody=200),
    "GET /.well-known/did.json": anybody(200),
    "GET /.well-known/oauth-authorization-server": anybody(200),
    "GET /.well-known/openid-credential-issuer": anybody(200),
    "GET /achievements": anybody(200),
    "GET /achievements/<slug>": anybody(200),
    "GET /achievements/<slug>/<level>": anybody(200),
    "GET /achievements/<slug>/<level>/<edition>": anybody(200),
    "POST /credential": anybody(401),
    "POST /deferred_credential": anybody(401),
    "GET /enter": anybody(200),
    "POST /enter": anybody(403),
    "GET /frameworks": anybody(200),
    "GET /frameworks/<framework_id>/<version>/achievements/<slug>": anybody(404),
    "GET /frameworks/<framework_id>/<version>/achievements/<slug>/<level>": anybody(404),
    "GET /frameworks/<framework_id>/<version>/achievements/<slug>/<level>/<edition>": anybody(404),
    "GET /frameworks/<framework_id>/<version>/download/<form>": anybody(200),
    "GET /frameworks/<framework_id>/<version>/images/<key>.svg": anybody(404),
    "GET /guide": anybody(200),
    "GET /guide.pdf": anybody(200),
    "GET /health": anybody(200),
    "GET /images/<key>.svg": anybody(200),
    "GET /join/<token>": anybody(200),
    "POST /join/<token>": anybody(200),
    "POST /leave": anybody(302),
    "GET /me/pictures/<name>.svg": anybody(404),
    "GET /me/pictures/<version>/<name>.svg": anybody(404),
    "GET /me/worker.js": anybody(200),
    "POST /nonce": anybody(200),
    "GET /offers/<reference>": anybody(404),
    "GET /profiles/examiners": anybody(200),
    "GET /profiles/issuer": anybody(200),
    "GET /profiles/standards-body": anybody(200),
    "GET /schemas/framework/<name>": anybody(200),
    "GET /status/<number>": anybody(404),
    "POST /token": anybody(400),
    "GET /achievements/examiner/<skill>/<files>/<scope>": anybody(404),
    "GET /achievements/examiner/<skill>/<files>/<scope>/<edition>": anybody(404),
    "GET /images/examiner.svg": anybody(200),
    # Signing in with a wallet: a request belongs to the browser that began it.
    "POST /present/sign-in": anybody(302),
    "POST /present/expert": anybody(422),
    "GET /present/<request_id>": anybody(404),
    "GET /present/<request_id>/done": anybody(404),
    "POST /present/<request_id>/number": anybody(404),
    "GET /present/<request_id>/request": anybody(404),
    "POST /present/<request_id>/answer": anybody(400),
    # Everybody who is signed in, about themselves.
    "GET /examining/": signed_in(200),
    "POST /examining/": signed_in(403),
    "GET /messages/": signed_in(200),
    "POST /messages/": signed_in(422),
    "POST /messages/stop": signed_in(302),
    # Candidates: their own work and badges. (404: this file was not sent back, has no recording.)
    "GET /badges/<award_id>": only(200, Role.CANDIDATE, Role.OFFICER),
    "POST /badges/<award_id>/hide": only(302, Role.CANDIDATE, Role.OFFICER),
    "POST /badges/<award_id>/offer": only(302, Role.CANDIDATE, Role.OFFICER),
    "GET /badges/<award_id>/print": only(200, Role.CANDIDATE, Role.OFFICER),
    "POST /badges/<award_id>/show": only(422, Role.CANDIDATE),
    "GET /me/": candidates(200, elsewhere=302),
    "GET /me/agree": candidates(200),
    "POST /me/agree": candidates(422),
    "GET /me/start/<skill>": candidates(200),
    "POST /me/start/<skill>": candidates(404),
    "GET /me/work/<submission_id>": their_own(302),
    "GET /me/work/<submission_id>/again": candidates(404),
    "POST /me/work/<submission_id>/again": their_own(409),
    "GET /me/work/<submission_id>/check": their_own(200),
    "GET /me/work/<submission_id>/early": their_own(200),
    "POST /me/work/<submission_id>/early": their_own(302),
    "GET /me/counting/": candidates(302, neighbour=200),  # only a member of a group is asked
    "POST /me/counting/": candidates(302),
    "GET /me/work/<submission_id>/feedback": their_own(200),
    "POST /me/work/<submission_id>/feedback": their_own(422),
    "GET /me/work/<submission_id>/pieces": candidates(404),
    "GET /me/work/<submission_id>/pieces/<task_id>": candidates(404),
    "POST /me/work/<submission_id>/pieces/<task_id>": candidates(404),
    "POST /me/work/<submission_id>/pieces/send": their_own(409),
    "POST /me/work/<submission_id>/send": their_own(302),
    "GET /me/work/<submission_id>/tasks/<task_id>": their_own(200),
    "POST /me/work/<submission_id>/tasks/<task_id>": their_own(422),
    "POST /me/work/<submission_id>/tasks/<task_id>/delete": candidates(404),
    "GET /me/work/<submission_id>/tasks/<task_id>/file": candidates(404),
    "POST /me/work/<submission_id>/tasks/<task_id>/file": their_own(302),
    "POST /me/work/<submission_id>/tasks/<task_id>/recording": candidates(302),
    "POST /me/work/<submission_id>/withdraw": their_own(302),
    # Examiners: files of their centre, or drawn ones; their own appointments.
    "GET /examiner/": every(200, Role.EXAMINER),
    "GET /examiner/again/<submission_id>": own_centre(200, Role.EXAMINER),
    "POST /examiner/again/<submission_id>": own_centre(422, Role.EXAMINER),
    "POST /examiner/again/<submission_id>/conflict": own_centre(302, Role.EXAMINER),
    "GET /examiner/done/<submission_id>": every(200, Role.EXAMINER),
    "GET /examiner/files/<submission_id>": every(200, Role.EXAMINER, elsewhere=403),
    "POST /examiner/files/<submission_id>": every(422, Role.EXAMINER, elsewhere=403),
    "GET /examiner/files/<submission_id>/back": every(200, Role.EXAMINER, elsewhere=403),
    "POST /examiner/files/<submission_id>/back": every(422, Role.EXAMINER, elsewhere=403),
    "POST /examiner/files/<submission_id>/conflict": every(302, Role.EXAMINER, elsewhere=403),
    "POST /examiner/files/<submission_id>/later": every(302, Role.EXAMINER, elsewhere=403),
    "GET /examiner/files/<submission_id>/observed/<task_id>": every(
        404, Role.EXAMINER, elsewhere=403
    ),
    "POST /examiner/files/<submission_id>/observed/<task_id>": every(
        404, Role.EXAMINER, elsewhere=403
    ),
    "GET /examiner/files/<submission_id>/tasks/<task_id>/file": every(
        404, Role.EXAMINER, elsewhere=403
    ),
    "GET /examiner/mine": every(200, Role.EXAMINER),
    "GET /examiner/rubric": every(200, Role.EXAMINER),
    "POST /examining/<nomination_id>/calibration": only(409, Role.EXAMINER),
    "GET /examining/<nomination_id>/badge": only(200, Role.EXAMINER),
    "POST /examining/<nomination_id>/badge": only(302, Role.EXAMINER),
    "GET /examining/<nomination_id>/conduct": only(200, Role.EXAMINER),
    "POST /examining/<nomination_id>/conduct": only(422, Role.EXAMINER),
    "GET /examining/calibration/<run_id>": only(409, Role.EXAMINER),
    "GET /examining/calibration/<run_id>/<file_id>": only(409, Role.EXAMINER),
    "POST /examining/calibration/<run_id>/<file_id>": only(409, Role.EXAMINER),
    # Officers: their centre. Keys, lists and endorsements are of the issuing body, for all centres.
    "GET /officer/": every(200, Role.OFFICER),
    "GET /officer/badges": every(200, Role.OFFICER),
    "GET /officer/badges/<award_id>": own_centre(200, Role.OFFICER),
    "POST /officer/badges/<award_id>/change": own_centre(400, Role.OFFICER),
    "POST /officer/badges/<award_id>/change/confirm": own_centre(409, Role.OFFICER),
    "POST /officer/badges/<award_id>/change/drop": own_centre(409, Role.OFFICER),
    "POST /officer/badges/<award_id>/offer": own_centre(302, Role.OFFICER),
    "POST /officer/batches/": every(302, Role.OFFICER, elsewhere=409),
    "GET /officer/batches/<batch_id>": own_centre(200, Role.OFFICER),
    "POST /officer/batches/<batch_id>/go-on": own_centre(302, Role.OFFICER),
    # A place of another centre is told from none at all by nothing.
    "GET /officer/erased/": every(200, Role.OFFICER),
    "POST /officer/erased/": every(422, Role.OFFICER),
    "GET /officer/erased/<number>/<position>": every(404, Role.OFFICER),
    "POST /officer/erased/<number>/<position>": every(400, Role.OFFICER),
    "POST /officer/erased/<number>/<position>/confirm": every(404, Role.OFFICER),
    "POST /officer/erased/<number>/<position>/drop": every(404, Role.OFFICER),
    # A key is of all centres: any two officers replace it.
    "GET /officer/keys/": every(200, Role.OFFICER),
    "POST /officer/keys/": every(422, Role.OFFICER),
    "GET /officer/keys/<stolen_id>": every(200, Role.OFFICER),
    "POST /officer/keys/<stolen_id>/confirm": every(409, Role.OFFICER),
    "POST /officer/keys/<stolen_id>/drop": every(409, Role.OFFICER),
    "POST /officer/keys/<stolen_id>/go-on": every(302, Role.OFFICER),
    "GET /officer/endorsements": every(200, Role.OFFICER),
    "POST /officer/endorsements": every(400, Role.OFFICER),
    "POST /officer/endorsements/<endorsement_id>/withdraw": every(302, Role.OFFICER),
    "GET /officer/health": every(200, Role.OFFICER),
    "POST /officer/release": every(400, Role.OFFICER),
    # Coordinators, and officers as the second person: their centre.
    "GET /coordinator/": every(200, Role.COORDINATOR),
    "GET /coordinator/examiners/": every(200, Role.OFFICER, Role.COORDINATOR),
    "POST /coordinator/examiners/": every(400, Role.COORDINATOR),
    "POST /coordinator/examiners/<nomination_id>/<action>": own_centre(422, Role.COORDINATOR),
    "POST /coordinator/examiners/<nomination_id>/confirm": own_centre(
        409, Role.OFFICER, Role.COORDINATOR
    ),
    "POST /coordinator/examiners/<nomination_id>/invite": own_centre(409, Role.COORDINATOR),
    "GET /coordinator/figures-more.csv": every(200, Role.COORDINATOR),
    "GET /coordinator/figures.csv": every(200, Role.COORDINATOR),
    "GET /coordinator/figures.json": every(200, Role.COORDINATOR),
    "GET /coordinator/groups/": every(200, Role.COORDINATOR),
    "POST /coordinator/groups/": every(422, Role.COORDINATOR),
    "GET /coordinator/groups/<cohort_id>": own_centre(200, Role.COORDINATOR),
    "POST /coordinator/groups/<cohort_id>/close": own_centre(302, Role.COORDINATOR),
    "POST /coordinator/groups/<cohort_id>/people": own_centre(422, Role.COORDINATOR),
    "POST /coordinator/groups/<cohort_id>/sheets": own_centre(409, Role.COORDINATOR),
    "GET /coordinator/guide": every(200, Role.COORDINATOR),
    "GET /coordinator/guide.pdf": every(200, Role.COORDINATOR),
    "POST /coordinator/reports": every(302, Role.COORDINATOR),
    "GET /coordinator/reports/<report_id>.json": own_centre(200, Role.COORDINATOR),
    "GET /faults/": every(200, Role.OFFICER, Role.COORDINATOR),
    "POST /faults/": every(404, Role.OFFICER, Role.COORDINATOR),
    # Administrators: their organisation. Codes of their own: everybody with a role.
    "GET /accounts/": every(200, Role.ADMINISTRATOR),
    "POST /accounts/": every(422, Role.ADMINISTRATOR),
    "POST /accounts/<person_id>/end": own_centre(422, Role.ADMINISTRATOR),
    "POST /accounts/<person_id>/give": own_centre(422, Role.ADMINISTRATOR),
    "GET /accounts/code": every(200, *STAFF),
    "POST /accounts/code": every(200, *STAFF),
    "POST /accounts/invitations/<token_hash>/end": own_centre(302, Role.ADMINISTRATOR),
    # My data: everybody, about themselves. Those who agreed can take it back.
    "GET /my-data/": signed_in(200),
    "POST /my-data/name": signed_in(400),
    "POST /my-data/contact": but_trusted(302, trusted=409),  # a contact of theirs must stay
    "POST /my-data/counting": who_agreed(302, others=403),
    "POST /my-data/recording": signed_in(302),
    "POST /my-data/stop": who_agreed(302, others=409),
    "POST /my-data/copy": signed_in(200),
    "GET /my-data/erase": signed_in(200),
    "POST /my-data/erase": signed_in(422),
    "GET /my-data/erased": anybody(200),
    # Data officers: what somebody of their centre asked.
    "GET /data-officer/": every(200, Role.DATA_OFFICER),
    "GET /data-officer/record": every(200, Role.DATA_OFFICER),
    "GET /data-officer/assessment": every(200, Role.DATA_OFFICER),
    "POST /data-officer/requests": every(404, Role.DATA_OFFICER),
    "GET /data-officer/requests/<request_id>": own_centre(200, Role.DATA_OFFICER),
    "POST /data-officer/requests/<request_id>/identity": own_centre(422, Role.DATA_OFFICER),
    "POST /data-officer/requests/<request_id>/refuse": own_centre(422, Role.DATA_OFFICER),
    "POST /data-officer/requests/<request_id>/copy": own_centre(409, Role.DATA_OFFICER),
    "POST /data-officer/requests/<request_id>/correct": own_centre(422, Role.DATA_OFFICER),
    "POST /data-officer/requests/<request_id>/erase": own_centre(422, Role.DATA_OFFICER),
    # Standard owners: the framework is of all centres, and published by two of them.
    "GET /standards/": every(200, Role.STANDARD_OWNER),
    "GET /standards/<edition_id>": every(200, Role.STANDARD_OWNER),
    "POST /standards/<edition_id>/delete": every(409, Role.STANDARD_OWNER),
    "GET /standards/<edition_id>/export/<form>": every(200, Role.STANDARD_OWNER),
    "POST /standards/<edition_id>/give-back": every(422, Role.STANDARD_OWNER),
    "POST /standards/<edition_id>/list": every(422, Role.STANDARD_OWNER),
    "POST /standards/<edition_id>/open": every(422, Role.STANDARD_OWNER),
    "GET /standards/<edition_id>/pictures": every(200, Role.STANDARD_OWNER),
    "POST /standards/<edition_id>/pictures": every(422, Role.STANDARD_OWNER),
    "GET /standards/<edition_id>/pictures/<name>.svg": every(404, Role.STANDARD_OWNER),
    "GET /standards/<edition_id>/preview": every(200, Role.STANDARD_OWNER),
    "GET /standards/<edition_id>/preview/<name>/<place>": every(200, Role.STANDARD_OWNER),
    "POST /standards/<edition_id>/preview/<name>/<place>": every(302, Role.STANDARD_OWNER),
    "GET /standards/<edition_id>/preview/achievements/<slug>/<level>": every(
        200, Role.STANDARD_OWNER
    ),
    "POST /standards/<edition_id>/publish": every(409, Role.STANDARD_OWNER),
    "POST /standards/<edition_id>/record": every(422, Role.STANDARD_OWNER),
    "POST /standards/<edition_id>/scenarios": every(422, Role.STANDARD_OWNER),
    "GET /standards/<edition_id>/scenarios/<name>": every(200, Role.STANDARD_OWNER),
    "POST /standards/<edition_id>/send": every(409, Role.STANDARD_OWNER),
    "GET /standards/<edition_id>/structure": every(200, Role.STANDARD_OWNER),
    "GET /standards/<edition_id>/texts": every(200, Role.STANDARD_OWNER),
    "POST /standards/<edition_id>/texts": every(409, Role.STANDARD_OWNER),
    "POST /standards/import": every(422, Role.STANDARD_OWNER),
    "GET /standards/equals/": every(200, Role.STANDARD_OWNER),
    "POST /standards/equals/": every(422, Role.STANDARD_OWNER),
    "POST /standards/equals/<equal_id>/confirm": every(404, Role.STANDARD_OWNER),
    "POST /standards/equals/<equal_id>/end": every(404, Role.STANDARD_OWNER),
}


@pytest.fixture(scope="module")
def centres(tmp_path_factory: pytest.TempPathFactory) -> TwoCentres:
    folder: Path = tmp_path_factory.mktemp("two")
    return open_two_centres(folder)


def test_every_address_has_a_line_and_every_line_an_address(centres: TwoCentres) -> None:
    assert {name for name, _rule in centres.routes()} == set(TABLE)


def test_every_address_answers_everybody_as_the_table_says(centres: TwoCentres) -> None:
    wrong = []
    for name, rule in centres.routes():
        for who in VISITORS:
            meant = TABLE[name](who) if name in TABLE else NOT_FOR_YOU
            if meant is None:
                continue
            told = centres.ask(who, name.partition(" ")[0], rule)
            if told != meant:
                wrong.append(f"{name}: {who} is told {told}, should be {meant}")
    assert not wrong, "\n".join(wrong)
