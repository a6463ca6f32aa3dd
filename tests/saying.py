"""What a page says, without the tokens in it: drawn by lot, they may hold any short word."""

import re

_TOKEN = re.compile(r'(name="csrf_token" value=)"[^"]+"')


def said(page: str) -> str:
    """Give a page without its anti-forgery tokens."""
    return _TOKEN.sub(r'\1""', page)
