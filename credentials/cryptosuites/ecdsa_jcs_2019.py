"""Data Integrity ECDSA Cryptosuites v1.0, 3.3: SHA-256 with P-256, SHA-384 with P-384."""

from credentials.cryptosuites import Cryptosuite, Standing, jcs

SUITE = Cryptosuite(
    name="ecdsa-jcs-2019",
    key_kinds=("P-256", "P-384"),
    canonicalise=jcs,
    standing=Standing.ACCEPT,
    is_rdfc=False,
)
