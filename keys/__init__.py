"""Who signs: keys, sealed key stores, DID methods, controller documents.

Knows no web and no database: what lies on the web is asked through a `Fetch` function.
"""

from keys.errors import DidError, InvalidSignature, KeysError, MalformedKey, StoreError
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse
from keys.material import PrivateKey, PublicKey, Signer
from keys.store import KeyStore

__all__ = [
    "CannotFetch",
    "DidError",
    "Fetch",
    "HttpRequest",
    "HttpResponse",
    "InvalidSignature",
    "KeyStore",
    "KeysError",
    "MalformedKey",
    "PrivateKey",
    "PublicKey",
    "Signer",
    "StoreError",
]
