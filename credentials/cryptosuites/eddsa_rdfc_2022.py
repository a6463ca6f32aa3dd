"""Data Integrity EdDSA Cryptosuites v1.0, 3.2."""

from credentials.cryptosuites import Cryptosuite, Standing, rdfc

SUITE = Cryptosuite(
    name="eddsa-rdfc-2022",
    key_kinds=("Ed25519",),
    canonicalise=rdfc,
    standing=Standing.ISSUE,
)
