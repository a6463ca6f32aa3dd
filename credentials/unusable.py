"""Why the key of a signer cannot be used, as a report says it."""

from credentials.report import CannotCheck, ProofError
from keys.errors import DidError, KeysError, MethodRevoked
from keys.fetching import CannotFetch


class KeyWithdrawn(ProofError):
    """The signer took a key back; `key` is the one it had, where it can be read."""

    def __init__(self, error: MethodRevoked) -> None:
        super().__init__("proof.withdrawn", error.detail)
        self.key = error.key


def unusable(error: KeysError | CannotFetch) -> ProofError | CannotCheck:
    """Give what to raise where a key could not be read, or its signer could not be asked for it."""
    if isinstance(error, CannotFetch):
        return CannotCheck("proof.unreachable", str(error))
    if isinstance(error, MethodRevoked):
        return KeyWithdrawn(error)
    if isinstance(error, DidError) and error.code == "methodNotSupported":
        return CannotCheck("proof.unreachable", error.detail)
    return ProofError("proof.method", error.detail)
