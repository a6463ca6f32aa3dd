"""PyLD, fenced in: the whole JSON-LD processor, for documents that the fast path leaves.

Few documents need it, and it takes long to load: it is imported when one comes.
"""

import threading
from typing import Any, Literal

from pyld import jsonld
from pyld.context_resolver import ContextResolver

from contexts.errors import ContextError, UnsafeDocument
from contexts.pinned import load_context

# PyLD is not thread-safe, and its own resolver would carry one caller's contexts to another.
_LOCK = threading.Lock()
_RESOLVED: dict[str, Any] = {}


def _load(url: str, _options: Any = None) -> dict[str, Any]:
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": load_context(url),
    }


def _dropped(term: str) -> None:
    raise UnsafeDocument(f"the member {str(term)[:100]!r} is not defined by the contexts")


def processed(step: Literal["expand", "to_rdf"], document: Any) -> Any:
    """Take one step of the processor; raise `ContextError` with the name of what is wrong."""
    # base None: a relative id must never be completed with an invented address.
    # i18n-datatype: the direction of a text is signed, as other implementations of Data Integrity
    # sign it; without the option it would be lost.
    options = {
        "base": None,
        "documentLoader": _load,
        "contextResolver": ContextResolver(_RESOLVED, _load),
        "processingMode": "json-ld-1.1",
        "rdfDirection": "i18n-datatype",
        "produceGeneralizedRdf": False,
        "extractAllScripts": False,
    }
    processor = jsonld.JsonLdProcessor(on_property_dropped=_dropped)
    try:
        with _LOCK:
            return getattr(processor, step)(document, options)
    except jsonld.JsonLdError as error:
        raise _translated(error) from error
    except (TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        # PyLD meets values of a kind it does not expect, e.g. an object where a word should be.
        raise UnsafeDocument(f"invalid JSON-LD: {str(error)[:100]}") from error


def _translated(error: Any) -> ContextError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ContextError):
            return cause
        cause = getattr(cause, "cause", None) or cause.__cause__ or cause.__context__
    code = error.code or "invalid JSON-LD"
    details = error.details if isinstance(error.details, dict) else {}
    name = next((str(details[k]) for k in ("term", "value", "context") if k in details), "")
    return UnsafeDocument(f"{code}: {name[:100]}" if name else str(code))
