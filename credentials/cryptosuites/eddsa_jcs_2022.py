"""Data Integrity EdDSA Cryptosuites v1.0, 3.3."""

from credentials.cryptosuites import Cryptosuite, Standing, jcs

SUITE = Cryptosuite(
    name="eddsa-jcs-2022",
    key_kinds=("Ed25519",),
    canonicalise=jcs,
    standing=Standing.ACCEPT,
    is_rdfc=False,
)
