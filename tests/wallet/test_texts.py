"""The words of the wallet: plain, short, in every language, for people who read little."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "wallet" / "templates").rglob("*.html"))
MOST_WORDS = 12

FORBIDDEN = {
    "en": "credential credentials key keys token tokens issuer issuers verifier verifiers "
    "holder holders json proof proofs revoke revoked failed fail",
    "fr": "clé clés clef jeton jetons émetteur émetteurs vérificateur vérificateurs titulaire "
    "titulaires json preuve preuves révoquer révoqué révoquée échoué échec credential token",
    "es": "clave claves llave token tokens emisor emisores verificador verificadores titular "
    "titulares json prueba pruebas revocar revocada revocado credencial credenciales fallado "
    "fallo suspendido",
    "ar": "مفتاح المفتاح مفاتيح مصدر المصدر حامل الحامل إثبات الإثبات دليل فشل فشلت رسب رسبت "
    "json token credential",
}


def messages(language: str) -> list[tuple[str, str]]:
    """Give (msgid, text) of the wallet's catalogue; for English the msgids themselves."""
    path = ROOT / "web" / "locale" / ("fr" if language == "en" else language) / "wallet.po"
    found = []
    with path.open("rb") as source:
        for message in read_po(source):
            if not message.id:
                continue
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            found += [(ids[0], text) for text in (ids if language == "en" else texts)]
    return found


@pytest.mark.parametrize("language", FORBIDDEN)
def test_no_word_of_the_trade_is_used(language: str) -> None:
    words = set(FORBIDDEN[language].split())
    wrong = {
        text: used
        for _msgid, text in messages(language)
        if (used := words & set(re.findall(r"\w+", _without_places(text).lower())))
    }
    assert not wrong
    assert not [text for _msgid, text in messages(language) if re.search(r"\bDIDs?\b", text)]


@pytest.mark.parametrize("language", FORBIDDEN)
def test_sentences_have_twelve_words_at_most_on_average(language: str) -> None:
    long = {}
    for _msgid, text in messages(language):
        sentences = [
            one for one in re.split(r"[.!?:؟]+(?:\s|$)", _without_places(text)) if one.strip()
        ]
        words = sum(len(re.findall(r"[\w'’-]+", one)) for one in sentences)
        if sentences and words / len(sentences) > MOST_WORDS:
            long[text] = words / len(sentences)
    assert not long


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_has_no_text_outside_the_catalogues(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
    text = re.sub(
        r"\{% (block robots|macro own_words).*?\{% end(block|macro) %\}", "", text, flags=re.S
    )
    text = text.replace("MyCred4Home", "")
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.S)
    text = re.sub(r"<[^>]*>", " ", text)
    left = set(re.findall(r"[^\W\d_]{2,}", text))
    assert not left


def test_every_page_title_is_in_the_catalogue() -> None:
    for path in TEMPLATES:
        for title in re.findall(
            r"\{% block title %\}(.*?)\{% endblock %\}", path.read_text("utf-8")
        ):
            assert title.startswith("{{"), path.name


def _without_places(text: str) -> str:
    return re.sub(r"%\(\w+\)s", "x", text)
