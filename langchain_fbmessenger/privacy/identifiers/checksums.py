"""Check digits of national numbers that presidio does not know, or asks too much or too little of.

Each function takes the letters and digits of a number, without the signs between them.
"""

from __future__ import annotations

import re

__all__ = ["CHECKS"]


def birth_number(number: str) -> bool:
    """Check a Czech and Slovak rodné číslo: yymmdd, then four digits (three until 1953).

    Women have 50 added to the month; 20 more were added when a day's numbers had run out.
    """
    year, month, day = int(number[:2]), int(number[2:4]), int(number[4:6])
    month -= 50 if month > 50 else 0  # noqa: PLR2004 - as above
    month -= 20 if month > 20 else 0  # noqa: PLR2004
    if not (1 <= month <= 12 and 1 <= day <= 31):  # noqa: PLR2004 - a date
        return False
    if len(number) == len("yymmddnnn"):
        return year < 54  # noqa: PLR2004 - the last year without a check digit was 1953
    # Until 1985, ten was written as nought.
    return int(number) % 11 == 0 or (int(number[:9]) % 11 == 10 and number[9] == "0")  # noqa: PLR2004


def nir(number: str) -> bool:
    """Check a French NIR: 13 digits (2A and 2B are halves of Corsica), then 97 - n mod 97."""
    plain = number.upper().replace("2A", "19").replace("2B", "18")
    return plain.isdigit() and 97 - int(plain[:13]) % 97 == int(plain[13:])


def inn(number: str) -> bool:
    """Check a Russian ИНН of a person (12 digits, two of them check digits) or a firm (10)."""
    if len(number) == len("nnnnnnnnnc"):
        return _inn_digit(number[:9]) == number[9]
    return _inn_digit(number[:10]) == number[10] and _inn_digit(number[:11]) == number[11]


def _inn_digit(number: str) -> str:
    weights = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)[-len(number) :]
    total = sum(w * int(digit) for w, digit in zip(weights, number, strict=True))
    return str(total % 11 % 10)


def snils(number: str) -> bool:
    """Check a Russian СНИЛС: nine digits, then their weighted sum mod 101."""
    total = sum((9 - n) * int(digit) for n, digit in enumerate(number[:9]))
    return total % 101 % 100 == int(number[9:])


def bsn(number: str) -> bool:
    """Check a Dutch BSN: the eleven-test, its last digit counted as minus one."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(w * int(d) for w, d in zip(weights, number, strict=True)) % 11 == 0


def cpf(number: str) -> bool:
    """Check a Brazilian CPF: two check digits; eleven times the same digit is not one."""
    for length in (9, 10):
        total = sum((length + 1 - n) * int(digit) for n, digit in enumerate(number[:length]))
        if str(total * 10 % 11 % 10) != number[length]:
            return False
    return len(set(number)) > 1


def nif_pt(number: str) -> bool:
    """Check a Portuguese NIF: eight digits weighted 9 to 2, then 11 - sum mod 11."""
    total = sum((9 - n) * int(digit) for n, digit in enumerate(number[:8]))
    return str(max(0, 11 - total % 11) % 11 % 10) == number[8]


def amka(number: str) -> bool:
    """Check a Greek ΑΜΚΑ: ddmmyy, four digits and a check digit (Luhn)."""
    from langchain_fbmessenger.privacy.identifiers.cards import passes_luhn

    day, month = int(number[:2]), int(number[2:4])
    return 1 <= day <= 31 and 1 <= month <= 12 and passes_luhn(number)  # noqa: PLR2004 - a date


def teudat_zehut(number: str) -> bool:
    """Check an Israeli identity number: nine digits, the last by Luhn."""
    from langchain_fbmessenger.privacy.identifiers.cards import passes_luhn

    return passes_luhn(number)


def ahv(number: str) -> bool:
    """Check a Swiss AHV number: 756, nine digits, and the check digit of a bar code (EAN-13)."""
    total = sum(int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(number[:12]))
    return str(-total % 10) == number[12]


def svnr(number: str) -> bool:
    """Check an Austrian social insurance number: three digits, a check digit, ddmmyy."""
    weights = (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)
    total = sum(w * int(digit) for w, digit in zip(weights, number, strict=True))
    return str(total % 11) == number[3]


def resident_card(number: str) -> bool:
    """Check a Chinese identity number: 17 digits weighted by powers of two, mod 11; X is ten."""
    total = sum(
        int(digit, 11) << (17 - n) for n, digit in enumerate(number.upper().replace("X", "A"))
    )
    return total % 11 == 1


def my_number(number: str) -> bool:
    """Check a Japanese My Number: 11 digits weighted 6 to 2 and 7 to 2, then 11 - sum mod 11."""
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    total = sum(w * int(digit) for w, digit in zip(weights, number[:11], strict=True)) % 11
    return int(number[11]) == (0 if total <= 1 else 11 - total)


def shape_alone(number: str) -> bool:
    """Accept any: without check digits, the shape and the word before it have to do."""
    return bool(re.search(r"\d", number))


CHECKS = {
    check.__name__: check
    for check in (
        birth_number,
        nir,
        inn,
        snils,
        bsn,
        cpf,
        nif_pt,
        amka,
        teudat_zehut,
        ahv,
        svnr,
        resident_card,
        my_number,
        shape_alone,
    )
}
