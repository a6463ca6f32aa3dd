"""Data Integrity ECDSA Cryptosuites v1.0, 3.2: SHA-256 with P-256, SHA-384 with P-384."""

from credentials.cryptosuites import Cryptosuite, Standing, rdfc

SUITE = Cryptosuite(
    name="ecdsa-rdfc-2019",
    key_kinds=("P-256", "P-384"),
    canonicalise=rdfc,
    standing=Standing.ACCEPT,
)
