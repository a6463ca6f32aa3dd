"""What is signed: badges, endorsements, presentations, proofs, status, and the verify flow.

Knows no web and no database: it takes values, keys, a `fetch` function and a time.
"""
