"""What is a phone number, an id of a citizen, a passport or a wallet, by language of the lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stdnum import bitcoin
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.gr import amka
from stdnum.il import idnr as teudat_zehut
from stdnum.it import codicefiscale
from stdnum.jp import in_
from stdnum.kr import rrn
from stdnum.pl import pesel
from stdnum.ru import inn
from stdnum.us import ssn

if TYPE_CHECKING:
    from collections.abc import Callable

REGIONS = {
    "en": ("US", "GB", "CA", "AU", "IE"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH", "CA"),
    "es": ("ES", "MX", "AR", "CO"),
    "cs": ("CZ", "SK"),
    "pl": ("PL",),
    "it": ("IT", "CH"),
    "ru": ("RU", "KZ", "BY", "UA"),
    "scripts": ("JP", "KR", "CN", "TW", "HK", "GR", "CY", "IL", "EG", "SA", "AE", "LB"),
}
PASSPORT = re.compile(
    "passport|reisepass|passeport|pasaporte|passaporto|paszport|pas[ue]?\\b|паспорт"
    "|パスポート|旅券|여권|护照|جواز|διαβατήρι|דרכון"
)
_NINO = re.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
_SNILS = re.compile(r"\d{3}-?\d{3}-?\d{3}[ -]?\d{2}")
_ETHEREUM = re.compile(r"0x[0-9a-fA-F]{40}")
_TRON = re.compile(r"T[1-9A-HJ-NP-Za-km-z]{33}")


def is_nino(number: str) -> bool:
    """Tell whether a British insurance number has the letters that are given out."""
    return bool(_NINO.fullmatch(number.replace(" ", "")))


def is_snils(number: str) -> bool:
    """Tell whether a Russian insurance number has the right check digits."""
    if not _SNILS.fullmatch(number):
        return False
    digits = [int(digit) for digit in re.sub(r"\D", "", number)]
    weighted = sum(digit * (9 - place) for place, digit in enumerate(digits[:9]))
    return weighted % 101 % 100 == digits[9] * 10 + digits[10]


NATIONAL_IDS: dict[str, tuple[Callable[[str], bool], ...]] = {
    "en": (ssn.is_valid, nhs.is_valid, is_nino),
    "de": (idnr.is_valid,),
    "fr": (nir.is_valid,),
    "es": (dni.is_valid, nie.is_valid),
    "cs": (rc.is_valid,),
    "pl": (pesel.is_valid,),
    "it": (codicefiscale.is_valid,),
    "ru": (inn.is_valid, is_snils),
    "scripts": (in_.is_valid, rrn.is_valid, ric.is_valid, teudat_zehut.is_valid, amka.is_valid),
}


def is_national_id(span: str, language: str) -> bool:
    """Tell whether a span is an id with right check digits; dots in it do not count."""
    return any(is_valid(span.replace(".", "")) for is_valid in NATIONAL_IDS[language])


def is_wallet(span: str) -> bool:
    """Tell whether a span is an address of Bitcoin, or has the form of one of Ethereum or Tron."""
    return bitcoin.is_valid(span) or bool(_ETHEREUM.fullmatch(span) or _TRON.fullmatch(span))
