"""What a record of processing and an impact assessment say, as far as software knows it.

The words of GDPR articles 30 and 35 and of WP 248; the tables come from the inventory and from the
rules of retention, so that they cannot say something else than what the service does. A centre adds
who it is, whom it asked, and its own decision.
"""

from dataclasses import dataclass

from web.languages import N_


@dataclass(frozen=True)
class Purpose:
    """Why data is used, and what lets us."""

    what: str
    basis: str


@dataclass(frozen=True)
class Risk:
    """What could go wrong for people, what is done about it, and what is left."""

    what: str
    done: str
    left: str


_LOW, _MIDDLE = N_("low"), N_("middle")

PURPOSES = (
    Purpose(
        N_("Look at tasks, decide, and give badges"),
        N_("Consent of the person, and the service that they ask for (6(1)(a) and (b))"),
    ),
    Purpose(
        N_("Keep voice and photos for the examiners"),
        N_("Consent, asked apart; a no has no effect (6(1)(a))"),
    ),
    Purpose(
        N_("Count results, without names"),
        N_("Consent, asked apart; a no has no effect (6(1)(a))"),
    ),
    Purpose(
        N_("Cancel badges, and prove what was decided"),
        N_("Interest of employers and holders in true badges (6(1)(f))"),
    ),
)

CRITERIA = (
    N_("People are evaluated: examiners mark their work."),
    N_("Many of them are vulnerable: they work in private homes, often far from their country."),
    N_("New technology is used: signed badges in a wallet of their own."),
)
"""Of the nine criteria of WP 248 that ask for an assessment; two are enough."""

MEASURES = (
    N_("Examiners and officers see numbers, no names and no contacts."),
    N_("Contacts, codes and sign-ins are kept as hashes; keys are sealed."),
    N_("Each change of state is in a trail whose end proves its beginning."),
    N_("The database itself refuses what the rules forbid."),
    N_("A badge is checked without asking us about it."),
)

RISKS = (
    Risk(
        N_("An examiner knows the person, or learns who it is."),
        N_("Examiners see a number. Who knows the person says so, and does not mark."),
        N_("low: a voice can be known"),
    ),
    Risk(
        N_("An employer demands to see everything."),
        N_("The wallet shows what its owner chooses, for as long as they choose."),
        N_("middle: people can be pressed"),
    ),
    Risk(
        N_("Somebody follows where a badge is shown."),
        N_("Who checks asks for one list of many thousands; nothing is asked about one badge."),
        _LOW,
    ),
    Risk(
        N_("Data is used against people: status, origin, undeclared work."),
        N_("No nationality, status, address or employer is asked or kept."),
        _MIDDLE,
    ),
    Risk(
        N_("A recording or a photo gets out."),
        N_("They are kept apart, without places, shown only to who may mark now, for 90 days."),
        _LOW,
    ),
    Risk(
        N_("A machine decides about a person."),
        N_("A decision that no person made cannot be stored."),
        _LOW,
    ),
    Risk(
        N_("Figures tell about one person."),
        N_("Fewer than five are hidden, with a second group; figures change once a day."),
        _LOW,
    ),
    Risk(
        N_("Data is kept for ever, or somebody cannot leave."),
        N_("Rules delete every day. Each yes is taken back, and erasing is one button."),
        _LOW,
    ),
    Risk(
        N_("A badge is taken away wrongly."),
        N_("Two persons for each cancelling, for few reasons; the holder is told."),
        _LOW,
    ),
)
