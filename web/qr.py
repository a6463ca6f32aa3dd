"""QR codes as inline drawings."""

import qrcode
from markupsafe import Markup, escape
from qrcode.constants import ERROR_CORRECT_M

MAX_CHARACTERS = 300
"""Above this a QR code is too dense for a cracked phone in poor light."""
_QUIET_MODULES = 4


def qr_svg(text: str, *, title: str) -> Markup:
    """Draw `text` as a QR code in SVG; `title` is read aloud in its place."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"a QR code here holds at most {MAX_CHARACTERS} characters")
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=_QUIET_MODULES)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    size = len(matrix)
    path = "".join(
        f"M{column} {row}h1v1h-1z"
        for row, line in enumerate(matrix)
        for column, dark in enumerate(line)
        if dark
    )
    return Markup(  # noqa: S704 - numbers and an escaped title
        f'<svg class="qr" role="img" viewBox="0 0 {size} {size}" shape-rendering="crispEdges" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>'
        f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/><path fill="#000" d="{path}"/></svg>'
    )
