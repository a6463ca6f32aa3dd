"""What happened to a kept badge since it was given: in plain words, and what its owner can do.

Known from the last check alone: the status list and the keys that the signer publishes for all its
badges. Whoever signs it never learns which badge was looked at; so the wallet cannot know why a
badge ended, or whether a new one waits. It asks for a newer one when its owner taps the button
(`wallet.renewing`); for a badge that cannot be asked for, it says where to look.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from wallet.badges import Findings
from web.languages import N_


@dataclass(frozen=True)
class News:
    """What to tell about a badge, as msgids: on the wall, on its page, and what to do."""

    flag: str
    title: str
    advice: str
    """What to do where the wallet can do nothing."""
    button: str = ""
    """What fetches the newer badge; empty where a newer one would not help."""
    beside: str = ""
    """What is said above that button."""
    examiner: str = ""
    """What to do about an examiner's appointment, which only the issuer's own page hands out."""


_APPOINTMENT = N_(
    "You cannot sign in with it now. Sign in with a code on the page of your centre. "
    "Open “My appointments”, then “My appointment as a badge”. Keep the new one here. "
    "You have no code, or you are suspended? Ask your coordinator."
)
_TOLD: Mapping[str, News] = {
    "proof.withdrawn": News(
        N_("Get it again"),
        N_("This badge must be given again."),
        N_(
            "The key of your centre may be stolen. It is not your fault, and you lose nothing. "
            "Sign in on the page of your centre and get the new badge there."
        ),
        N_("Get the newer badge"),
        N_(
            "The key of your centre may be stolen. It is not your fault, and you lose nothing. "
            "Get the new badge here. It costs nothing."
        ),
        _APPOINTMENT,
    ),
    "status.revoked": News(
        N_("Does not count now"),
        N_("This badge does not count now."),
        N_(
            "It was cancelled, stopped for a while, or there is a newer one. Sign in on the page "
            "of your centre. Is there a link for this badge? Then get it again. If not, ask them."
        ),
        N_("Get the newer badge"),
        N_(
            "It was corrected, cancelled, or stopped for a while. Was it corrected? "
            "Then you get the newer one here."
        ),
        _APPOINTMENT,
    ),
    "status.suspended": News(
        N_("Stopped for a while"),
        N_("This badge is stopped for a while."),
        N_("Ask your centre when it counts again."),
    ),
    "status.newer": News(
        N_("There is a newer one"),
        N_("There is a newer badge."),
        N_("Sign in on the page of your centre and get the new badge there."),
        N_("Get the newer badge"),
        N_("You can get it here. It takes the place of this one."),
        _APPOINTMENT,
    ),
    "dates.expired": News(
        N_("Its time is over"),
        N_("The time of this badge is over."),
        N_("Ask your centre for a new one."),
    ),
}
"""Code of a check → what it means for the owner."""


def news_of(findings: Findings) -> News | None:
    """Give what to tell the owner of a badge after its last check, or None when all is well."""
    codes = [code for _outcome, code in findings.steps.values()]
    return next((_TOLD[code] for code in _TOLD if code in codes), None)
