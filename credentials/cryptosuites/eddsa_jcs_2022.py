"""Data Integrity EdDSA Cryptosuites v1.0, 3.3."""

from contexts import canonical_jcs
from credentials.cryptosuites import Cryptosuite, Standing

SUITE = Cryptosuite(
    name="eddsa-jcs-2022",
    key_kind="Ed25519",
    canonicalise=canonical_jcs,
    standing=Standing.ACCEPT,
    context_in_proof=True,
)
