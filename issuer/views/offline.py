"""The worker that keeps a candidate's task pages at hand; its address says where it may work."""

from pathlib import Path

from flask import Blueprint, send_file
from werkzeug.wrappers import Response

blueprint = Blueprint("offline", __name__)

_WORKER = Path(__file__).parents[1] / "static" / "worker.js"


@blueprint.get("/me/worker.js")
def worker() -> Response:
    """Give the worker of all pages below /me/; a browser asks for it again at each start."""
    response = send_file(_WORKER, mimetype="text/javascript", max_age=0)
    response.headers["Cache-Control"] = "no-cache"
    return response
