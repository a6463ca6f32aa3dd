"""The issuer's pages and endpoints, one file a visitor."""
