"""Each kind of identifier: texts that hold one (between « and »), and texts that only look so."""

from __future__ import annotations

import re

import pytest

from langchain_fbmessenger.privacy.identifiers import find_identifiers

FOUND = {
    "phone": [
        "my new number: «+420 776 401 372»",
        "volej «604330814» po šesté",
        "«604 330 814» nebo napiš",
        "«06 49 48 21 75» c'est moi",
        "ruf an unter «+49 (0)30 901820»",
        "позвони «8 (912) 345-67-89»",
        "il mio è «347 523 4094», whatsapp sempre",
        "call «(415) 555-2671»",
        "«٠٠٤٢٠ ٧٧٦ ٤٠١ ٣٧٢»",  # Arabic-Indic digits
        "tel «\uff0b\uff14\uff12\uff10 \uff17\uff17\uff16\uff14\uff10\uff11\uff13\uff17\uff12»",
        "(«604 330 814»)",
        "«777123456»",
    ],
    "email": [
        "mail «zoe+chat@firma.cz», dík",
        "«jürgen@müller.de»",
        "メールは«anna@example.jp»です",
        "«ZOE.B@Mail.Example.COM».",
        "<«a_b@c-d.org»>",
    ],
    "card": [
        "moje karta «4785 3494 4592 8504»",
        "«4785349445928504» exp 08/28",
        "amex «3782-822463-10005»",
        "«6011111111111117»",
    ],
    "iban": [
        "na «CZ65 0800 0000 1920 0014 5399» prosím",
        "«de89370400440532013000»",
        "IBAN:«GB29 NWBK 6016 1331 9268 19», ref 3",
    ],
    "ip": [
        "server běží na «81.2.194.117», port 8443",
        "ping «2a02:8308:7768:9d49:a1e6:1869:2f0a:bdb6»",
        "«fe80::1»",
        "http://«203.0.113.9»:8080/x",
    ],
    "link": [
        "https://a.example/x?id=1&token=«abc»",
        "https://zoom.us/j/123?pwd=«Q1w2».",
        "ftp://zoe:«hunter2»@host.example/a",
        "https://a.example/reset/«f3Bk9Lq2ZpX7»",
        "(a.example/login?code=«481920»)",
        "https://chat.whatsapp.com/«GhT5kLm92QrXs81ZbNv3Yw»",
        "https://x.example/#access_token=«aa.bb»",
    ],
    "address": [
        "adresa: «Lidická 1874/26, 602 00 Brno», zvonek nefunguje",
        "bydlím v «ulici Dlouhá 12»",
        "«221B Baker Street», be there",
        "ich wohne «Hauptstr. 5, 10115 Berlin»",
        "«12 rue de la Paix, 75002 Paris»",
        "vivo en «calle Mayor 5»",
        "abito in «via Giuseppe Garibaldi 48, 40124 Bologna»",
        "«ul. Długa 14/3, 31-147 Kraków»",
        "адрес: «ул. Ленина, д. 15, кв. 42»",
        "«Kerkstraat 12» om acht uur",
    ],
    "id": [
        "rč «975326/2904»",
        "my ssn «383-20-5597»",
        "PESEL «44051401359»",
        "dni «12345678Z»",
        "cf «RSSMRA85T10A562S»",
        "ni number «AB 12 34 56 C»",
        "снилс «112-233-445 95»",
        "pas č. «41203377»",
        "steuer-id «86 095 742 719»",
        "https://facebook.com/profile.php?id=«100012345678901»",
        "btc «1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2»",
        "key «ghp_0123456789abcdefghij0123456789ABCDEF»",
    ],
}
LEFT = [
    "see you 12.10.2024 18:30",
    "2024-11-05 18:30 works",
    "from 2019 2020 2021",
    "stojí to 1 500 000 Kč",
    "€ 604 330 814",
    "objednávka 604330814",
    "order no. 123 456 789",
    "6-4 7-5 6-3 in three sets",
    "sraz 49.1951, 16.6068",
    "lotto was 03 11 19 27 38 44",
    "my card is 4785 3494 4592 8505",  # a wrong check digit
    "číslo balíku 4005838103975600",
    "CZ03 5427 3479 9652 5532 6854",  # wrong check digits
    "verze 4.12.0.7",
    "v1.2.3.4 is out, chapter 1.2.3.4",
    "localhost is 127.0.0.1 or ::1",
    "300.1.2.3",
    "std::vector at 12:30:45",
    "@milo come @ 8",
    "milo@home",
    "https://cs.wikipedia.org/wiki/Svíčková?lang=cs",
    "https://youtu.be/dQw4w9WgXcQ?t=42",
    "https://a.example/summer-party-2024",
    "https://a.example/x?code=en",
    "2 ulice dál je Lidl, 5 minut pěšky",
    "5 minutes down the street",
    "Parkplatz 12",
    "půjdeme ulicí asi 5 minut",
    "2 street tacos",
    "rč 975326/2905",  # a wrong check digit
    "pasaport",
    "a 🎉 :) == != //",
    "",
]


@pytest.mark.parametrize(
    ("kind", "marked"), [(kind, text) for kind, texts in FOUND.items() for text in texts]
)
def test_identifiers_are_found_whole(kind: str, marked: str) -> None:
    text = re.sub("[«»]", "", marked)
    [found] = find_identifiers(text)
    assert (found.kind, text[found.start : found.end]) == (kind, re.findall("«(.*)»", marked)[0])
    assert found.replacement == ("[token]" if kind == "link" else f"[{kind}]")


@pytest.mark.parametrize("text", LEFT)
def test_what_only_looks_like_an_identifier_stays(text: str) -> None:
    assert find_identifiers(text) == []


def test_kinds_that_are_not_asked_for_stay() -> None:
    text = "81.2.194.117 zoe@example.com"
    assert [f.kind for f in find_identifiers(text, kinds=frozenset({"phone", "email"}))] == [
        "email"
    ]


def test_regions_say_whose_national_numbers_are_read() -> None:
    assert find_identifiers("tel 91 234 567") == []
    assert find_identifiers("tel 91 234 567", regions=("hk", "no"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kinds": frozenset({"phones"})}, "no such kind: phones. Kinds: phone, email"),
        ({"regions": ("XX", "CZ")}, "no such region: XX"),
    ],
)
def test_unknown_options_name_those_that_are_known(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        find_identifiers("", **options)  # type: ignore[arg-type]
