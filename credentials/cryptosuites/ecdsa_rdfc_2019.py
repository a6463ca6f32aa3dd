"""Data Integrity ECDSA Cryptosuites v1.0, 3.2, with P-256."""

from contexts import canonical_rdfc
from credentials.cryptosuites import Cryptosuite, Standing

SUITE = Cryptosuite(
    name="ecdsa-rdfc-2019",
    key_kind="P-256",
    canonicalise=lambda document: canonical_rdfc(document).encode(),
    standing=Standing.ACCEPT,
)
