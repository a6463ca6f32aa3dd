"""What can be wrong with the words of a document, before any signature is looked at."""


class ContextError(ValueError):
    """A document we cannot give one certain meaning to.

    `code` is a short kebab-case name for programs, `detail` an English sentence that names the
    culprit.
    """

    code = "unsafe-document"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class MalformedJson(ContextError):
    """The text is not the strict JSON that a signature can stand on."""

    code = "malformed-json"


class UnknownContext(ContextError):
    """A context that is not in the pinned table, or is written inline."""

    code = "unknown-context"


class UnsafeDocument(ContextError):
    """A member, type or id whose meaning would be lost or could be read in two ways."""

    code = "unsafe-document"


class TooMuchWork(UnsafeDocument):
    """A document made so that reading it takes too long."""

    code = "too-much-work"


class SchemaMismatch(ContextError):
    """The document does not have the shape that its schema demands."""

    code = "schema-mismatch"
