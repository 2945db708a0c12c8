"""Invented identifiers: the same for the same, written as the real one was, and in use nowhere.

So they are not found again, either: phone numbers that begin with 000,
cards and IBANs with a wrong check digit, one form of address at example.org, IP addresses that are
reserved, house numbers that follow from the street (a real one does so once in 3,600 times).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from itertools import count
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exceptions import MissingExtraError
from langchain_fbmessenger.privacy.identifiers.ids import UNCHECKED
from langchain_fbmessenger.privacy.identifiers.ips import FAKE_V4, FAKE_V6
from langchain_fbmessenger.privacy.identifiers.spots import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.privacy.identifiers.spots import Spot

__all__ = ["Fakes"]

_TRIES = 200
_LOCALES = {
    "en": "en_GB",
    "de": "de_DE",
    "fr": "fr_FR",
    "es": "es_ES",
    "it": "it_IT",
    "cs": "cs_CZ",
    "sk": "sk_SK",
    "pl": "pl_PL",
    "ru": "ru_RU",
    "pt": "pt_PT",
    "nl": "nl_NL",
    "sv": "sv_SE",
}
# Faker makes these locales' towns of a set, which each process goes through in an order of its own.
_UNORDERED_TOWNS = {"it_IT"}
_LAST_WORD = re.compile(r"([^\W\d_][\w'.-]*) (\d{3}[a-d])(?!\w)")


class Fakes:
    """Makes fakes of identifiers.

    Args:
        secret: What they are derived from.
        is_found: Tells whether a text holds an identifier: a fake that does is not taken.
    """

    def __init__(
        self,
        secret: bytes,
        is_found: Callable[[str], bool],
    ) -> None:
        self._secret = secret
        self._is_found = is_found
        self._known: dict[tuple[str, str], str] = {}

    def of(self, spot: Spot, written: str) -> str:
        """Return the fake of an identifier.

        Args:
            spot: The identifier.
            written: How it stands in the text.
        """
        if spot.kind in {"phone", "card", "iban", "id"} and spot.form not in {"token", "link"}:
            key = (spot.kind, spot.value)
            if key not in self._known:
                self._known[key] = self._unused(spot)
            return _filled(written, self._known[key])
        if spot.kind == "ip":
            return self._ip(spot)
        if spot.kind == "email":
            return f"user.{self._hex(spot)[:10]}@example.org"
        if spot.kind == "address":
            return self._address(spot)
        return f"fake-{self._hex(spot)[:12]}"

    def is_own_address(self, address: str) -> bool:
        """Tell whether an address is one that was made here."""
        line = _LAST_WORD.search(address)
        return line is not None and line[2] == self._house_number(line[1])

    def _unused(self, spot: Spot) -> str:
        """Return letters and digits that look like an identifier's, without being one."""
        for attempt in range(_TRIES):
            fake = self._proposed(spot, attempt)
            if not self._is_found(fake):
                return fake
        return "0" * len(spot.value)  # no check lets this pass

    def _proposed(self, spot: Spot, attempt: int) -> str:
        digest = self._digest(f"{spot.kind} {attempt} {spot.value}")
        changed = []
        for place, char in enumerate(spot.value):
            byte = digest[place % len(digest)]
            keeps = (spot.kind == "card" and place == 0) or (spot.kind == "iban" and place < 2)  # noqa: PLR2004
            if keeps:
                changed.append(char)
            elif char.isdigit():
                changed.append(str(byte % 10))
            else:
                changed.append(chr(ord("A") + byte % 26))
        if spot.kind == "phone" or spot.form == UNCHECKED:
            return _with_noughts("".join(changed))
        return "".join(changed)

    def _ip(self, spot: Spot) -> str:
        network: Any = FAKE_V4 if spot.form == "v4" else FAKE_V6
        number = int.from_bytes(self._digest(f"ip {spot.value}"), "big")
        # The last of them is the broadcast address, which programs know.
        return str(ipaddress.ip_address(int(network[0]) + number % (network.num_addresses - 1)))

    def _address(self, spot: Spot) -> str:
        faker = _faker(_LOCALES.get(spot.form, "en_GB"))
        faker.seed_instance(int(self._hex(spot), 16))
        street = " ".join(re.findall(r"[^\W\d_][\w'.-]*", faker.street_name()))
        first_line = f"{street} {self._house_number(street.rpartition(' ')[2])}"
        has_postcode = len(re.findall(r"\d{3,}|\d\d-\d\d\d", spot.value)) > 1
        return f"{first_line}, {faker.city()}" if has_postcode else first_line

    def _house_number(self, word: str) -> str:
        digest = self._digest(f"street {word}")
        return f"{100 + int.from_bytes(digest[:4], 'big') % 899}{'abcd'[digest[4] % 4]}"

    def _hex(self, spot: Spot) -> str:
        return self._digest(f"{spot.kind} {spot.value}").hex()

    def _digest(self, text: str) -> bytes:
        return hmac.new(
            self._secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256
        ).digest()


def _with_noughts(number: str) -> str:
    """Return a number whose first digits are noughts, as none is that is given out."""
    places = count()
    return re.sub(r"\d", lambda digit: "0" if next(places) < len(NEVER) else digit[0], number)


def _filled(written: str, fake: str) -> str:
    """Return what was written, its letters and digits replaced from the end on by those of a fake.

    What a fake does not reach stays: the country's code of a phone number.
    """
    left = list(fake)
    out = []
    for char in reversed(written):
        if not left or not char.isalnum():
            out.append(char)
            continue
        new = left.pop()
        out.append(new.lower() if char.islower() else new)
    return "".join(reversed(out))


def _faker(locale: str) -> Any:
    try:
        from faker import Faker
    except ImportError as error:
        message = "Inventing addresses"
        raise MissingExtraError(message, extra="privacy", missing="faker") from error
    faker = Faker(locale)
    if locale in _UNORDERED_TOWNS:
        for provider in faker.get_providers():
            if hasattr(provider, "cities"):
                provider.cities = sorted(provider.cities)
    return faker
