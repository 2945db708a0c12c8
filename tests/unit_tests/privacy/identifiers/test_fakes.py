from __future__ import annotations

import os
import re
import subprocess
import sys

import phonenumbers
import pytest

from langchain_fbmessenger.privacy.findings import replaced
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder
from langchain_fbmessenger.privacy.identifiers.checksums import check_of
from langchain_fbmessenger.privacy.identifiers.ibans import passes_mod_97

SECRET = b"a secret"
_NATIONAL = (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.E164)


def faked(text: str, secret: bytes = SECRET) -> str:
    return replaced(text, IdentifierFinder(style="fake", secret=secret).find(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+420 776 401 372", "776401372"),
        ("4785 3494 4592 8504", "4785-3494-4592-8504"),
        ("CZ65 0800 0000 1920 0014 5399", "cz6508000000192000145399"),
        ("975326/2904", "rč 9753262904"),
    ],
)
def test_two_ways_of_writing_have_one_fake(one: str, other: str) -> None:
    digits = [re.sub(r"[^0-9]", "", faked(text)) for text in (one, other)]
    assert digits[0][-9:] == digits[1][-9:]
    assert digits[0][-9:] != re.sub(r"[^0-9]", "", one)[-9:]


def test_a_fake_follows_from_the_secret() -> None:
    text = "zoe@firma.cz 81.2.194.117"
    assert faked(text) == faked(text) != faked(text, b"another")


_TOWNS = """
from langchain_fbmessenger.privacy.identifiers.fakes import _LOCALES, Fakes
from langchain_fbmessenger.privacy.identifiers.spots import Spot
fakes = Fakes(b"a secret", lambda text: False)
for language in _LOCALES:
    spots = [Spot(0, 9, "address", f"rue {n} 602 00 brno", language) for n in range(100, 110)]
    print(ascii([fakes.of(spot, "written") for spot in spots]))
"""


def test_every_process_makes_the_same_addresses() -> None:
    told = [
        subprocess.run(  # noqa: S603 - our own lines under our own interpreter
            [sys.executable, "-c", _TOWNS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert told[0] == told[1]
    assert "," in told[0]  # they have towns


def test_fakes_are_written_as_the_real_ones_were() -> None:
    assert re.fullmatch(r"\+420 \d{3} \d{3} \d{3}", faked("+420 776 401 372"))
    assert re.fullmatch(r"4\d{3}-\d{4}-\d{4}-\d{4}", faked("4785-3494-4592-8504"))


def test_fakes_are_nobodys() -> None:
    phone = phonenumbers.parse(faked("+420 776 401 372"))
    assert not phonenumbers.is_valid_number(phone)
    assert not check_of("luhn")(faked("4785349445928504"))
    assert not passes_mod_97(faked("CZ6508000000192000145399"))
    assert faked("81.2.194.117").startswith(tuple(f"{n}." for n in range(240, 248)))
    assert faked("zoe@firma.cz").endswith("@example.org")


def test_no_country_has_the_numbers_of_the_fakes() -> None:
    finder = IdentifierFinder(style="fake", secret=SECRET)
    kept = 0
    for region in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number(region)
        for form in (phonenumbers.PhoneNumberFormat.INTERNATIONAL, *_NATIONAL):
            text = f"tel {phonenumbers.format_number(number, form)}"
            findings = finder.find(text)
            kept += not findings
            assert finder.find(replaced(text, findings)) == []
    assert kept < len(phonenumbers.SUPPORTED_REGIONS)  # national forms that no default reads


def test_a_number_is_not_read_as_another_behind_a_code_of_two_digits() -> None:
    once = faked("tel 321 1234567")  # of Colombia; Belgium would read its own code, 32
    assert faked(once) == once
