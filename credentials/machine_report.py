"""A report as JSON: the same checks, under the step names of the verify flow."""

from collections.abc import Sequence
from typing import Any

from credentials.report import Check, EndorsementReport, PresentationReport, Report
from credentials.times import write_time


def report_json(report: PresentationReport) -> dict[str, Any]:
    """Write a report without the badge itself: ids, outcomes, codes, dates."""
    return {
        "headline": str(report.headline),
        "reason": report.reason or None,
        "holder": report.holder,
        "created": write_time(report.created) if report.created else None,
        "expires": write_time(report.expires) if report.expires else None,
        "checks": _checks(report.checks),
        "badges": [_badge(badge) for badge in report.badges],
    }


def _badge(badge: Report) -> dict[str, Any]:
    return {
        "headline": str(badge.headline),
        "reason": badge.reason or None,
        "id": (badge.document or {}).get("id"),
        "checks": _checks(badge.checks),
        "endorsements": [_endorsement(one) for one in badge.endorsements],
    }


def _endorsement(one: EndorsementReport) -> dict[str, Any]:
    return {
        "issuer": one.issuer_id,
        "subject": one.subject,
        "counted": one.counted,
        "reason": one.reason_code,
        "saidBy": one.said_by,
        "checks": _checks(one.checks),
    }


def _checks(checks: Sequence[Check]) -> list[dict[str, Any]]:
    return [
        {
            "step": check.step,
            "outcome": str(check.outcome),
            "code": check.code,
            "detail": check.detail,
            "values": dict(check.values),
        }
        for check in checks
    ]
