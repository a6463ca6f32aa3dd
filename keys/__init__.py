"""Who signs: keys, sealed key stores, DID methods, controller documents.

Knows no web and no database: what lies on the web is asked through a `Fetch` function. Nothing is
imported here, so that whoever verifies does not load what only signers need.
"""
