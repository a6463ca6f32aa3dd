"""Pictures told from other bytes; what a picture may hold is `credentials.formats.baking`."""

PNG = b"\x89PNG\r\n\x1a\n"


def is_picture(data: bytes) -> bool:
    """Tell a PNG or an SVG by its content."""
    start = data[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return data.startswith(PNG) or start.startswith((b"<svg", b"<?xml", b"<!doctype svg"))
