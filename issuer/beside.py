"""What an examiner sees beside the answers: an appeal and its words, and what is possible."""

from sqlmodel import Session

from issuer import appeals, returns
from issuer.tables import Submission


def beside(session: Session, submission: Submission) -> dict[str, object]:
    """Give what the marking page shows of a file beside its answers; never earlier marks."""
    return {
        "is_appeal": appeals.appeal_of(session, submission.id) is not None,
        "words": appeals.words_of(session, submission.id),
        "may_send_back": returns.may_send_back(session, submission),
    }
