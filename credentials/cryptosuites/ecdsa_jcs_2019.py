"""Data Integrity ECDSA Cryptosuites v1.0, 3.3, with P-256."""

from contexts import canonical_jcs
from credentials.cryptosuites import Cryptosuite, Standing

SUITE = Cryptosuite(
    name="ecdsa-jcs-2019",
    key_kind="P-256",
    canonicalise=canonical_jcs,
    standing=Standing.ACCEPT,
    context_in_proof=True,
)
