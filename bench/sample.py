"""One realistic Open Badges 3.0 credential for measuring: about 3.5 kB of JSON, 83 statements."""

from datetime import UTC, datetime
from typing import Any

from contexts.urls import OB3, VC2
from keys.did import did_key
from keys.material import PrivateKey

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KEY = PrivateKey.from_seed("Ed25519", bytes(range(32)))
ISSUER = did_key(KEY.public)
METHOD = f"{ISSUER}#{KEY.public.multibase}"
HOLDER = did_key(PrivateKey.from_seed("Ed25519", bytes(32)).public)
LIST = "https://issuer.example/status/1"


def badge(number: int = 4711) -> dict[str, Any]:
    """Give an unsigned badge; `number` makes it one of its own."""
    base = "https://issuer.example/achievements/technical-cleaning"
    esco = "http://data.europa.eu/esco/skill"
    rubric = [
        {
            "id": f"{base}#{name}",
            "type": ["ResultDescription"],
            "name": name.title(),
            "resultType": "RubricScore",
            "valueMin": "0",
            "valueMax": "3",
            "requiredValue": "2",
        }
        for name in ("order", "product", "result", "safety")
    ]
    links = (
        ("clean rooms", f"{esco}/7bb01a18-4637-4535-ba18-258f48f705b8", "ESCO"),
        (
            "Employé de maison",
            "https://candidat.francetravail.fr/metierscope/fiche-metier/K1304",
            "ROME",
        ),
        (
            "EQF 2 (indicative)",
            "http://data.europa.eu/snb/eqf/2",
            "European Qualifications Framework",
        ),
        ("CEFR A2", "https://www.coe.int/lang-cefr#A2", "CEFR"),
    )
    return {
        "@context": [VC2, OB3],
        "id": f"urn:uuid:3c0b5b0e-6f7e-4b0a-9d51-{number:012d}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Home cleaning - Confirmed",
        "issuer": {
            "id": ISSUER,
            "type": ["Profile"],
            "name": "Sample Training Centre",
            "url": "https://issuer.example/",
        },
        "validFrom": "2026-11-20T09:00:00Z",
        "validUntil": "2031-11-20T09:00:00Z",
        "awardedDate": "2026-11-20T09:00:00Z",
        "credentialSubject": {
            "id": HOLDER,
            "type": ["AchievementSubject"],
            "achievement": {
                "id": f"{base}/confirmed",
                "type": ["Achievement"],
                "achievementType": "MicroCredential",
                "name": "Home cleaning - Confirmed",
                "description": "I can clean a whole home alone. I choose the right product.",
                "criteria": {"narrative": "Every line of the rubric reaches 2 of 3."},
                "image": {"id": f"{base}/confirmed.svg", "type": "Image", "caption": "A broom"},
                "inLanguage": "en",
                "version": "1.0",
                "tag": ["cleaning", "household"],
                "alignment": [
                    {
                        "type": ["Alignment"],
                        "targetName": name,
                        "targetUrl": url,
                        "targetFramework": frame,
                    }
                    for name, url, frame in links
                ],
                "resultDescription": rubric,
            },
            "result": [
                {"type": ["Result"], "resultDescription": row["id"], "value": str(2 + place % 2)}
                for place, row in enumerate(rubric)
            ],
        },
        "credentialStatus": {
            "id": f"{LIST}#{number}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(number),
            "statusListCredential": LIST,
        },
    }
