"""Data Integrity EdDSA Cryptosuites v1.0, 3.2."""

from contexts import canonical_rdfc
from credentials.cryptosuites import Cryptosuite, Standing

SUITE = Cryptosuite(
    name="eddsa-rdfc-2022",
    key_kind="Ed25519",
    canonicalise=lambda document: canonical_rdfc(document).encode(),
    standing=Standing.ISSUE,
)
