"""What is held of people: each table, each column, whose it is, what the person gets, when it goes.

One list, and everything follows from it: the export, the erasure, the page "My data", the record of
processing activities (GDPR, article 30). A table or a column that is not here fails the build.

A `Holding` is what one table holds of one kind of person; `owner` leads from a row to the person,
column by column along foreign keys::

    Holding("submission_id.candidate_id", ...)      # of an answer: its submission's candidate
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from web.languages import N_


class Fate(Enum):
    """What happens to a holding when its person is erased."""

    DELETED = N_("deleted")
    EMPTIED = N_("emptied")
    STAYS = N_("stays, without a name")


class Term(Enum):
    """How long something is kept when nobody asks for anything."""

    SESSION = N_("until you sign out, at most 12 hours")
    CODE = N_("60 days, and 30 more")
    DAY = N_("one day")
    DRAFT = N_("60 days, if you do not send it")
    EVIDENCE = N_("90 days after the decision or the second look")
    MESSAGE = N_("90 days")
    WISH = N_("until you take it back")
    CONTACT = N_("24 months after you were here the last time")
    BADGE = N_("as long as a badge counts; without a badge 24 months after your last visit")
    AUDIT = N_("5 years")
    GROUND = N_("as long as your right to examine rests on it")
    DUTY = N_("as long as a decision or a badge of somebody else rests on it")
    ALWAYS = N_("for good: it says nothing about a person")


@dataclass(frozen=True)
class Holding:
    """What one table holds of one kind of person."""

    owner: str
    what: str
    term: Term
    shown: str = ""
    """The columns that the person gets a copy of."""
    fate: Fate = Fate.DELETED
    why: str = ""
    """Why it stays."""
    empty: Mapping[str, Any] = field(default_factory=dict)
    """What is written into a row that is emptied."""


@dataclass(frozen=True)
class Held:
    """One table: its columns by what they are, and what it holds of whom."""

    own: str = ""
    """Columns that say something about their person: these are in the copy."""
    links: str = ""
    """Numbers, hashes and states of the machinery: without the rest they say nothing."""
    others: str = ""
    """Who else acted, by a random number: never in anybody's copy but their own trail."""
    holdings: tuple[Holding, ...] = ()
    why: str = ""
    """Why the table holds nothing of a person, where it does not."""

    @property
    def columns(self) -> list[str]:
        """All columns."""
        return f"{self.own} {self.links} {self.others}".split()


_RESTS = N_("A decision about somebody else rests on it.")
_TRAIL = N_("The trail must stay whole. It has random numbers, no names.")
_NOBODY = N_("It holds nothing about a person.")
_OFFICE = N_("It is the work of the centre. It has random numbers, no names.")

HELD: dict[str, Held] = {
    # --- who somebody is -------------------------------------------------------------------------
    "person": Held(
        own="display_name alias",
        links="id organisation_id contact_hash",
        holdings=(
            Holding(
                "id",
                N_("Your name and your number here"),
                Term.CONTACT,
                "display_name alias",
                Fate.EMPTIED,
                N_("The row goes too. It stays, empty, only where others' decisions rest on it."),
                {"display_name": "", "contact_hash": None},
            ),
        ),
    ),
    "role_grant": Held(
        own="role granted_at",
        links="person_id",
        others="granted_by",
        holdings=(
            Holding("person_id", N_("What you may do here"), Term.CONTACT, "role granted_at"),
        ),
    ),
    "access_code": Held(
        own="created expires",
        links="code_hash person_id",
        holdings=(Holding("person_id", N_("Your codes"), Term.CODE, "created expires"),),
    ),
    "web_session": Held(
        own="created last_seen expires",
        links="token_hash person_id",
        holdings=(
            Holding(
                "person_id", N_("When you are signed in"), Term.SESSION, "created last_seen expires"
            ),
        ),
    ),
    "presentation_request": Held(
        own="purpose language state created expires badge_id achievement_id holder issuer ground",
        links="id browser_hash bad_answers wrong_numbers code_hash",
        others="asked_by",
        holdings=(
            Holding(
                "asked_by",
                N_("When you showed a badge here"),
                Term.DAY,
                "purpose language state created expires badge_id achievement_id holder issuer"
                " ground",
            ),
        ),
    ),
    "last_sign_in": Held(
        own="at",
        links="person_id",
        holdings=(Holding("person_id", N_("When you were here last"), Term.CONTACT, "at"),),
    ),
    "mailbox": Held(
        own="address language since",
        links="person_id",
        holdings=(
            Holding("person_id", N_("Where we write to you"), Term.WISH, "address language since"),
        ),
    ),
    "notice": Held(
        own="news state next_try",
        links="id person_id award_id appointment_id tries",
        holdings=(
            Holding("person_id", N_("Messages to you"), Term.MESSAGE, "news state next_try"),
        ),
    ),
    "cohort_member": Held(
        own="language kind tongue invited_at",
        links="person_id cohort_id organisation_id",
        holdings=(
            Holding(
                "person_id",
                N_("Your group"),
                Term.CONTACT,
                "language kind tongue invited_at",
            ),
        ),
    ),
    # --- what somebody agreed to and asked for ---------------------------------------------------
    "consent": Held(
        own="assessment_at statistics",
        links="person_id",
        holdings=(
            Holding("person_id", N_("What you agreed to"), Term.BADGE, "assessment_at statistics"),
        ),
    ),
    "recording_consent": Held(
        own="agreed said_at",
        links="person_id",
        holdings=(
            Holding("person_id", N_("Whether we keep recordings"), Term.BADGE, "agreed said_at"),
        ),
    ),
    "consent_step": Held(
        own="about agreed wording said_at",
        links="id person_id",
        holdings=(
            Holding(
                "person_id",
                N_("Each yes and no of yours"),
                Term.BADGE,
                "about agreed wording said_at",
            ),
        ),
    ),
    "data_request": Held(
        own="kind state received_at due_at identity refused_for ended_at",
        links="id person_id organisation_id",
        others="handled_by",
        holdings=(
            Holding(
                "person_id",
                N_("What you asked about your data"),
                Term.AUDIT,
                "kind state received_at due_at identity refused_for ended_at",
                Fate.STAYS,
                N_("It proves that we did what you asked. It has a random number, no name."),
            ),
        ),
    ),
    "erasure": Held(
        own="at",
        links="person_id",
        holdings=(
            Holding(
                "person_id",
                N_("That you were erased"),
                Term.ALWAYS,
                "at",
                Fate.STAYS,
                N_(
                    "It sees to it that nothing comes back. It is a random number that fits nobody."
                ),
            ),
        ),
    ),
    # --- work and what became of it --------------------------------------------------------------
    "submission": Held(
        own="number skill language level scenario_id state started_at sent_at worked_seconds"
        " worked_at",
        links="id candidate_id framework_version",
        holdings=(
            Holding(
                "candidate_id",
                N_("Your work"),
                Term.BADGE,
                "number skill language level scenario_id state started_at sent_at worked_seconds"
                " worked_at",
            ),
        ),
    ),
    "answer": Held(
        own="task_id value saved_at",
        links="submission_id",
        holdings=(
            Holding(
                "submission_id.candidate_id",
                N_("Your answers"),
                Term.EVIDENCE,
                "task_id value saved_at",
            ),
        ),
    ),
    "evidence": Held(
        own="task_id content_type content seconds",
        links="submission_id source_hash",
        holdings=(
            Holding(
                "submission_id.submission_id.candidate_id",
                N_("Your recordings and photos"),
                Term.EVIDENCE,
                "task_id content_type content seconds",
            ),
        ),
    ),
    "usage": Held(
        own="interface switched listened answered",
        links="submission_id",
        holdings=(
            Holding(
                "submission_id.candidate_id",
                N_("How you used the pages, if we may count it"),
                Term.WISH,
                "interface switched listened answered",
            ),
        ),
    ),
    "feedback": Held(
        own="clear real well words given_at",
        links="submission_id",
        holdings=(
            Holding(
                "submission_id.candidate_id",
                N_("What you told us about the tasks"),
                Term.CONTACT,
                "clear real well words given_at",
            ),
        ),
    ),
    "file_return": Held(
        own="note note_language returned_at until back_at",
        links="submission_id",
        others="examiner_id",
        holdings=(
            Holding(
                "submission_id.candidate_id",
                N_("Work that came back to you"),
                Term.BADGE,
                "note note_language returned_at until back_at",
            ),
            Holding(
                "examiner_id",
                N_("Work that you sent back"),
                Term.DUTY,
                "returned_at",
                Fate.STAYS,
                _RESTS,
            ),
        ),
    ),
    "returned_piece": Held(
        own="task_id fault redone_at",
        links="submission_id",
        holdings=(
            Holding(
                "submission_id.submission_id.candidate_id",
                N_("Pieces to do again"),
                Term.BADGE,
                "task_id fault redone_at",
            ),
        ),
    ),
    "void_attempt": Held(
        own="fault note at",
        links="submission_id candidate_id",
        others="stated_by",
        holdings=(
            Holding("candidate_id", N_("Attempts that do not count"), Term.BADGE, "fault note at"),
            Holding(
                "stated_by",
                N_("Attempts that you made void"),
                Term.DUTY,
                "fault at",
                Fate.STAYS,
                _RESTS,
            ),
        ),
    ),
    "observation_due": Held(
        own="task_id",
        links="submission_id",
        holdings=(
            Holding("submission_id.candidate_id", N_("Practicals to watch"), Term.BADGE, "task_id"),
        ),
    ),
    "observation": Held(
        own="task_id seen note observed_on recorded_at",
        links="id submission_id candidate_id candidate_contact appointment_id",
        others="examiner_id examiner_contact",
        holdings=(
            Holding(
                "candidate_id",
                N_("What an examiner saw you do"),
                Term.BADGE,
                "task_id seen note observed_on recorded_at",
            ),
            Holding(
                "examiner_id",
                N_("Practicals that you watched"),
                Term.DUTY,
                "observed_on recorded_at",
                Fate.STAYS,
                _RESTS,
            ),
        ),
    ),
    "assessment": Held(
        own="round ordinal marks notes aimed_level proposed_level submitted_at",
        links="id submission_id candidate_id candidate_contact appointment_id",
        others="examiner_id examiner_contact",
        holdings=(
            Holding(
                "candidate_id",
                N_("How examiners marked your work"),
                Term.BADGE,
                "round ordinal marks notes aimed_level proposed_level submitted_at",
            ),
            Holding(
                "examiner_id",
                N_("Work that you marked"),
                Term.DUTY,
                "round ordinal proposed_level submitted_at",
                Fate.STAYS,
                _RESTS,
            ),
        ),
    ),
    "shown_note": Held(
        own="criterion language",
        links="assessment_id",
        holdings=(
            Holding(
                "assessment_id.candidate_id",
                N_("Notes that you may read"),
                Term.BADGE,
                "criterion language",
            ),
        ),
    ),
    "marking_time": Held(
        own="minutes",
        links="assessment_id",
        holdings=(
            Holding(
                "assessment_id.candidate_id", N_("How long marking took"), Term.BADGE, "minutes"
            ),
            Holding("assessment_id.examiner_id", N_("How long you marked"), Term.BADGE, "minutes"),
        ),
    ),
    "marks_draft": Held(
        own="content saved_at",
        links="submission_id",
        others="examiner_id",
        holdings=(
            Holding(
                "submission_id.candidate_id",
                N_("Marks that are not handed in yet"),
                Term.EVIDENCE,
            ),
            Holding(
                "examiner_id",
                N_("Marks that you did not hand in"),
                Term.EVIDENCE,
                "content saved_at",
            ),
        ),
    ),
    "conflict": Held(
        own="declared_at",
        links="submission_id",
        others="examiner_id",
        holdings=(
            Holding(
                "submission_id.candidate_id",
                N_("That an examiner knows you"),
                Term.BADGE,
                "declared_at",
            ),
            Holding("examiner_id", N_("That you know somebody"), Term.BADGE, "declared_at"),
        ),
    ),
    "cross_draw": Held(
        own="round drawn_at",
        links="submission_id",
        holdings=(
            Holding(
                "submission_id.candidate_id",
                N_("That another centre looks too"),
                Term.BADGE,
                "round drawn_at",
            ),
        ),
    ),
    "second_look": Held(
        own="decided_level drawn_at marks level looked_at",
        links="submission_id nomination_id",
        others="examiner_id looked_by",
        holdings=(
            Holding(
                "submission_id.candidate_id",
                N_("Your work, looked at again"),
                Term.BADGE,
                "decided_level drawn_at marks level looked_at",
            ),
            Holding(
                "examiner_id",
                N_("Work that you marked, looked at again"),
                Term.DUTY,
                "decided_level drawn_at",
                Fate.STAYS,
                _RESTS,
            ),
        ),
    ),
    "decision": Held(
        own="round outcome level decided_at",
        links="id submission_id candidate_id supersedes first_assessment_id first_ordinal",
        others="first_examiner_id second_examiner_id third_examiner_id",
        holdings=(
            Holding(
                "candidate_id",
                N_("Decisions about your work"),
                Term.BADGE,
                "round outcome level decided_at",
            ),
        ),
    ),
    "appeal": Held(
        own="made_at",
        links="submission_id decision_id candidate_id",
        holdings=(
            Holding("candidate_id", N_("Second looks that you asked for"), Term.BADGE, "made_at"),
        ),
    ),
    "appeal_words": Held(
        own="text",
        links="submission_id",
        holdings=(
            Holding(
                "submission_id.candidate_id",
                N_("Why you asked for a second look"),
                Term.EVIDENCE,
                "text",
            ),
        ),
    ),
    # --- badges ----------------------------------------------------------------------------------
    "award": Held(
        own="level slug level_slug language state released_at",
        links="id decision_id decision_outcome candidate_id",
        others="first_examiner_id second_examiner_id third_examiner_id officer_id",
        holdings=(
            Holding(
                "candidate_id",
                N_("Your badges"),
                Term.BADGE,
                "level slug level_slug language state released_at",
            ),
        ),
    ),
    "credential": Held(
        own="credential_id list_number position state intended_at signed_text signed_at holder",
        links="id award_id intended_text signed_with",
        holdings=(
            Holding(
                "award_id.candidate_id",
                N_("The files of your badges"),
                Term.BADGE,
                "credential_id list_number position state intended_at signed_text signed_at holder",
            ),
        ),
    ),
    "offer": Held(
        own="state created expires",
        links="id award_id reference_hash code_hash needs_number wrong_tries token_hash"
        " token_expires",
        holdings=(
            Holding(
                "award_id.candidate_id",
                N_("Links to collect a badge"),
                Term.BADGE,
                "state created expires",
            ),
        ),
    ),
    "renewal": Held(
        own="holder created expires",
        links="id award_id token_hash",
        holdings=(
            Holding(
                "award_id.candidate_id",
                N_("Wallets that fetched a corrected badge"),
                Term.DAY,
                "holder created expires",
            ),
        ),
    ),
    "deferral": Held(
        own="configuration_id state created expires holder",
        links="id submission_id reference_hash code_hash token_hash token_expires",
        holdings=(
            Holding(
                "submission_id.candidate_id",
                N_("Wallets that wait for a badge"),
                Term.MESSAGE,
                "configuration_id state created expires holder",
            ),
        ),
    ),
    "badge_change": Held(
        own="action reason has_phone requested_at confirmed_at",
        links="id credential_id",
        others="requested_by confirmed_by",
        holdings=(
            Holding(
                "credential_id.award_id.candidate_id",
                N_("What was changed about your badges"),
                Term.BADGE,
                "action reason has_phone requested_at confirmed_at",
            ),
        ),
    ),
    "stolen_key_row": Held(
        own="fate why",
        links="stolen_key_id credential_id",
        holdings=(
            Holding(
                "credential_id.award_id.candidate_id",
                N_("Your badges of a stolen key"),
                Term.BADGE,
                "fate why",
            ),
        ),
    ),
    "showing": Held(
        own="nickname words language since",
        links="award_id",
        holdings=(
            Holding(
                "award_id.candidate_id",
                N_("How you are shown to everybody"),
                Term.WISH,
                "nickname words language since",
            ),
        ),
    ),
    "release_batch_row": Held(
        own="state why",
        links="batch_id place decision_id",
        holdings=(
            Holding(
                "decision_id.candidate_id",
                N_("Releases of your badges"),
                Term.BADGE,
                "state why",
            ),
        ),
    ),
    "status_entry": Held(
        links="list_number position revoked_at",
        why=N_("A place in a public list. It is never given twice, also after erasure."),
    ),
    "kept_badge": Held(
        links="list_number position achievement_id month signed_with signed_month organisation_id",
        why=N_("What stays of a badge after erasure: place, badge name, month, centre, our key."),
    ),
    "kept_badge_change": Held(
        links="id list_number position reason requested_at confirmed_at stolen_key_id",
        others="requested_by confirmed_by",
        why=N_("Why such a place was cancelled. It says nothing about a person."),
    ),
    "status_list": Held(links="number signed_text signed_with signed_at valid_until", why=_NOBODY),
    "place_to_set": Held(links="list_number position since", why=_NOBODY),
    "nonce": Held(links="nonce_hash expires", why=_NOBODY),
    # --- examining -------------------------------------------------------------------------------
    "appointment": Held(
        own="skill language level_ceiling reason valid_from valid_until suspended_at",
        links="id person_id",
        holdings=(
            Holding(
                "person_id",
                N_("What you may mark"),
                Term.DUTY,
                "skill language level_ceiling reason valid_from valid_until suspended_at",
                Fate.EMPTIED,
                _RESTS,
                {"reason": ""},
            ),
        ),
    ),
    "nomination": Held(
        own="skill language route badge_id badge_holder level_ceiling reason stage"
        " conduct_accepted_at waived_reason round suspended_for kept_reason kept_at counted_from",
        links="id person_id appointment_id",
        others="nominated_by waived_by confirmed_by kept_by",
        holdings=(
            Holding(
                "person_id",
                N_("How you became an examiner"),
                Term.DUTY,
                "skill language route badge_id badge_holder level_ceiling reason stage"
                " conduct_accepted_at waived_reason round suspended_for kept_reason kept_at"
                " counted_from",
                Fate.EMPTIED,
                _RESTS,
                {
                    "reason": "",
                    "waived_reason": "",
                    "kept_reason": "",
                    "badge_id": "",
                    "badge_holder": None,
                },
            ),
        ),
    ),
    "badge_ground": Held(
        own="badge_id places keys ends looked_at unknown_since",
        links="nomination_id equal_id",
        holdings=(
            Holding(
                "nomination_id.person_id",
                N_("What is looked at each day of a badge of another issuer"),
                Term.GROUND,
                "badge_id places keys ends looked_at unknown_since",
            ),
        ),
    ),
    "nomination_step": Held(
        own="ordinal stage at reason",
        links="nomination_id",
        others="by",
        holdings=(
            Holding(
                "nomination_id.person_id",
                N_("Each step on the way to examining"),
                Term.DUTY,
                "ordinal stage at reason",
                Fate.EMPTIED,
                _RESTS,
                {"reason": ""},
            ),
        ),
    ),
    "appointment_badge": Held(
        own="credential_id list_number position state intended_at signed_text signed_at holder"
        " offered_until claimed_at",
        links="id appointment_id intended_text signed_with reference_hash code_hash token_hash"
        " token_expires",
        holdings=(
            Holding(
                "appointment_id.person_id",
                N_("The badge of your appointment"),
                Term.DUTY,
                "credential_id list_number position state intended_at signed_text signed_at"
                " holder offered_until claimed_at",
            ),
        ),
    ),
    "calibration_run": Held(
        own="round number files started_at",
        links="id nomination_id",
        holdings=(
            Holding(
                "nomination_id.person_id",
                N_("Your practice runs as an examiner"),
                Term.DUTY,
                "round number files started_at",
                Fate.STAYS,
                _RESTS,
            ),
        ),
    ),
    "calibration_mark": Held(
        own="file_id marks notes level marked_at",
        links="run_id",
        holdings=(
            Holding(
                "run_id.nomination_id.person_id",
                N_("How you marked in practice"),
                Term.DUTY,
                "file_id marks notes level marked_at",
            ),
        ),
    ),
    "calibration_result": Held(
        own="exact furthest passed finished_at",
        links="run_id",
        holdings=(
            Holding(
                "run_id.nomination_id.person_id",
                N_("What your practice runs came to"),
                Term.DUTY,
                "exact furthest passed finished_at",
                Fate.STAYS,
                _RESTS,
            ),
        ),
    ),
    # --- the office ------------------------------------------------------------------------------
    "organisation": Held(links="id name country_code", why=_NOBODY),
    "role_invitation": Held(
        links="token_hash organisation_id name role contact_hash created expires",
        others="invited_by",
        why=N_("Somebody who is invited and was not here yet. It goes when it runs out."),
    ),
    "cohort": Held(
        links="id name organisation_id created_at closed_at", others="created_by", why=_OFFICE
    ),
    "cohort_site": Held(links="cohort_id organisation_id quota", why=_NOBODY),
    "release_batch": Held(links="id created", others="officer_id", why=_OFFICE),
    "accepted_equal": Held(
        links="id issuer_did issuer_name achievement_id skill language reason asked_at "
        "confirmed_at ended_at",
        others="asked_by confirmed_by ended_by",
        why=_OFFICE,
    ),
    "stolen_key": Held(
        links="id key_name since asked_at confirmed_at finished_at",
        others="asked_by confirmed_by",
        why=_OFFICE,
    ),
    "pilot_report": Held(links="id as_of document digest", others="made_by", why=_OFFICE),
    "received_endorsement": Held(
        links="id endorsement_id subject_id endorser claimed_name comment valid_until signed_text"
        " received_at withdrawn_at",
        why=N_("What organisations say about our badges. It is public."),
    ),
    "framework_edition": Held(
        links="id framework version state shipped plain based_on document digest revision touched"
        " comment opened_at changed_at published_at",
        others="opened_by changed_by sent_by published_by",
        why=_OFFICE,
    ),
    # --- the machinery ---------------------------------------------------------------------------
    "audit_event": Held(
        own="at kind",
        links="number subject_id previous_hash hash seal",
        others="by",
        holdings=(
            Holding("by", N_("What you did here"), Term.AUDIT, "at kind", Fate.STAYS, _TRAIL),
            Holding(
                "subject_id",
                N_("What happened to your account"),
                Term.AUDIT,
                "at kind",
                Fate.STAYS,
                _TRAIL,
            ),
        ),
    ),
    "audit_cut": Held(links="number hash older_than made_at", why=_NOBODY),
    "wrong_code": Held(
        links="id source_hash at",
        why=N_("A wrong code from somewhere, for one day. We do not know whose."),
    ),
    "begun_count": Held(
        links="source_hash thing since count",
        why=N_("How often somebody began something, or had another site asked, for one day."),
    ),
    "secret_known": Held(links="number check_value since", why=_NOBODY),
    "retention_run": Held(links="id at", why=_NOBODY),
    "retention_count": Held(links="run_id rule number", why=_NOBODY),
}
"""Every table of the issuer."""
