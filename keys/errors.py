"""What can be wrong with keys, signatures and identifiers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keys.material import PublicKey


class KeysError(ValueError):
    """A key, signature or identifier that we do not accept.

    `code` is a short name for programs, `detail` an English sentence.
    """

    def __init__(self, detail: str, *, code: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code

    default_code = "invalid-key"


class MalformedKey(KeysError):
    """Bytes or text that are not the key they should be."""

    default_code = "malformed-key"


class InvalidSignature(KeysError):
    """A signature that the key did not make over these bytes."""

    default_code = "invalid-signature"


class StoreError(KeysError):
    """A key store that cannot be opened or changed; it says what to do."""

    default_code = "key-store"


class DidError(KeysError):
    """An identifier or its document that cannot be used (DID Resolution, 11)."""

    default_code = "invalidDid"


class MethodRevoked(DidError):
    """A verification method that its controller took back (Controlled Identifiers 1.0, 2.2).

    `key` is the key it had: it proves nothing any more, but tells what was made with it.
    """

    def __init__(self, detail: str, *, code: str = "", key: "PublicKey | None" = None) -> None:
        super().__init__(detail, code=code)
        self.key = key
