"""Every sentence that a check can end with, in plain words for an employer.

`credentials.report.CODES` says what the codes mean to those who build with them; a test holds that
each of them has its sentence here, and each sentence its translations.
"""

from collections.abc import Mapping

from credentials.report import Headline, Outcome
from web.languages import N_

HEADLINES: Mapping[Headline, str] = {
    Headline.GENUINE: N_("Genuine and valid today"),
    Headline.UNKNOWN_SIGNER: N_("Genuine, but we do not know who signed"),
    Headline.NO_LONGER_VALID: N_("Genuine, but no longer valid"),
    Headline.NOT_CHECKED: N_("Could not be checked now"),
    Headline.FALSE: N_("Changed or false - do not rely on it"),
}
NO_LONGER_VALID: Mapping[str, str] = {
    "dates.expired": N_("Genuine, but no longer valid (expired)"),
    "dates.not-yet": N_("Genuine, but not valid yet"),
    "status.revoked": N_("Genuine, but no longer valid (cancelled)"),
    "status.suspended": N_("Genuine, but not valid now (on hold)"),
}
KEY_TAKEN_BACK = N_("Not valid - the key that signed it was taken back")
"""In the place of "Changed or false", when what was signed is unchanged."""
COLOURS: Mapping[Headline, str] = {
    Headline.GENUINE: "good",
    Headline.UNKNOWN_SIGNER: "warn",
    Headline.NO_LONGER_VALID: "bad",
    Headline.NOT_CHECKED: "open",
    Headline.FALSE: "bad",
}
ADVICE: Mapping[Headline, str] = {
    Headline.UNKNOWN_SIGNER: N_("Anyone can sign a badge. Ask the person where it comes from."),
    Headline.NO_LONGER_VALID: N_("Ask the person if they have a newer one."),
    Headline.NOT_CHECKED: N_("This says nothing about the badge or the person."),
    Headline.FALSE: N_("Ask the person to show the badge from their own phone."),
}
ADVICE_KEY_TAKEN_BACK = N_(
    "It is not the fault of the person who earned it. They can get it again. Ask for the new badge."
)
QUESTIONS: Mapping[str, str] = {
    "parse": N_("Can we read it?"),
    "format": N_("Is it a badge?"),
    "shape": N_("Is it clearly written?"),
    "proof": N_("Is the signature right?"),
    "dates": N_("Is it valid today?"),
    "status": N_("Is it still in force?"),
    "recognition": N_("Do we know the signer?"),
    "holder": N_("Did its owner show it?"),
    "endorsements": N_("Does anyone vouch for it?"),
    "share": N_("Could we open the link?"),
}
SHOWING: Mapping[str, str] = {
    "parse": N_("Can we read it?"),
    "format": N_("Does it show a badge?"),
    "shape": N_("Is it clearly written?"),
    "proof": N_("Was it made for this page, by the owner?"),
    "share": N_("Could we open the link?"),
}
WORDS: Mapping[Outcome, str] = {
    Outcome.PASSED: N_("yes"),
    Outcome.FAILED: N_("no"),
    Outcome.UNKNOWN: N_("not checked"),
}
OTHER_WORDS: Mapping[str, str] = {
    "endorsements.none": N_("nobody"),
    "endorsements.none-counted": N_("nobody who counts"),
    "endorsements.not-confirmed": N_("not confirmed"),
    "holder.bearer": N_("not said"),
}
REASONS: Mapping[str, str] = {
    "share.unreachable": N_("We could not open the link just now. Try again in a few minutes."),
    "parse.ok": N_("We could read all of it."),
    "parse.malformed": N_("The text cannot be read. A part is missing, or is there twice."),
    "format.ok": N_("It is a badge of a kind that we know."),
    "format.unsupported": N_("This is not a badge, or not one of a kind that we know."),
    "format.older": N_("It is an older kind of badge. We cannot check these."),
    "shape.ok": N_("Every word in it has one clear meaning."),
    "shape.unsafe": N_("Something in it has no clear meaning. It may be a trick."),
    "shape.unknown-context": N_("It uses words that we do not know."),
    "shape.schema": N_("It is not built like a badge."),
    "shape.malformed": N_("It breaks a rule that every badge must follow."),
    "proof.ok": N_("Nothing was changed since it was signed."),
    "proof.missing": N_("Nobody signed it. Anyone could have written it."),
    "proof.malformed": N_("The signature is not written as it must be."),
    "proof.suite": N_("It is signed in a way that we do not accept."),
    "proof.method": N_("The signature was not made with a key of the signer."),
    "proof.withdrawn": N_(
        "The signer took this key back. It may be stolen. "
        "So nobody can know who made this badge with it."
    ),
    "proof.signature": N_("The signature does not fit. It was changed, or it is forged."),
    "proof.expired": N_("It was good for a limited time only. That time is over."),
    "proof.not-yet": N_("The signature says that it was made in the future."),
    "proof.purpose": N_("The signature was made for something else."),
    "proof.domain": N_("It was made for somebody else, not for this page."),
    "proof.challenge": N_("It answers another question. It may be a copy."),
    "proof.unreachable": N_("We could not look up the signer's keys just now."),
    "proof.other-signer": N_("Somebody else signed it than it says."),
    "dates.ok": N_("Its time has begun, and has not run out."),
    "dates.expired": N_("Its time of validity is over."),
    "dates.not-yet": N_("Its time of validity has not begun."),
    "status.ok": N_("It is not on the list of cancelled badges."),
    "status.none": N_("Its signer keeps no list of cancelled badges."),
    "status.message": N_("It is in force. Its signer adds a message."),
    "status.newer": N_("It is in force. Its signer has a newer version."),
    "status.unsigned-list": N_(
        "It is not on the list of cancelled badges. Nobody signed that list."
    ),
    # A badge has one status entry: one on hold looks like a cancelled one (ADR 11).
    "status.revoked": N_("Its signer cancelled it, for good or for a while."),
    "status.suspended": N_("The signer has put it on hold."),
    "status.unreachable": N_("We could not get the list of cancelled badges just now."),
    "status.bad-list": N_("The list of cancelled badges that it names is not right."),
    "status.short-list": N_("The list of cancelled badges is too short to be used."),
    "status.range": N_("It has no place on the list of cancelled badges that it names."),
    "status.unsupported": N_("It names a list of cancelled badges that we cannot read."),
    "recognition.listed": N_("The signer is on our list."),
    "recognition.endorsed": N_("Somebody on our list vouches for the signer."),
    "recognition.unknown": N_("Nobody on our list knows the signer."),
    "holder.ok": N_("It was shown from the wallet it was given to. A link can be passed on."),
    "holder.other-person": N_("It was given to somebody else."),
    "holder.bearer": N_("It names no owner. Anyone could show it."),
    "holder.not-shown": N_("This is a copy. Ask the person to show it from their phone."),
    "endorsements.none": N_("Nobody else says anything about it."),
    "endorsements.ok": N_("See below who, and what they say."),
    "endorsements.not-confirmed": N_("Somebody does, but nobody confirmed who. See below."),
    "endorsements.none-counted": N_("What is said about it does not count. See below why."),
    "endorsement.counted": N_("Signed by them, and still valid."),
    "endorsement.other-subject": N_("It is about something else, not about this badge."),
    "endorsement.by-holder": N_("Said by the person themself."),
    "endorsement.by-issuer": N_("Said by the signer about their own badge."),
    "endorsement.unsigned": N_("Nobody signed it."),
    "endorsement.bad-proof": N_("The signature does not fit."),
    "endorsement.malformed": N_("It is not written as it must be."),
    "endorsement.expired": N_("Its time of validity is over."),
    "endorsement.not-yet": N_("Its time of validity has not begun."),
    "endorsement.revoked": N_("They withdrew it."),
    "endorsement.unreachable": N_("We could not check it just now."),
    "endorsement.too-many": N_("There are more than we check."),
}
SUBJECTS: Mapping[str, str] = {
    "badge": N_("About this badge"),
    "achievement": N_("About this kind of badge"),
    "issuer": N_("About the signer"),
    "other": N_("About something else"),
}
UNCONFIRMED = N_("Nothing was changed since it was signed. Nobody confirmed who wrote it.")
"""What is proved by an endorsement of somebody whom nobody knows, a household for example."""
