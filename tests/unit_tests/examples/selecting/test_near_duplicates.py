from __future__ import annotations

import pytest

from langchain_fbmessenger.examples.selecting.near_duplicates import exact_key, letters_of, near_key


@pytest.mark.parametrize(
    "same",
    [
        ["ok", "OK", "Okkk!!", "ok 😂", " ok\n", "ok❤️"],
        [
            "ok",
            "haha ok",
            "ok hahaha",
            "OK ahahah",
            "ok, hehe",
            "lol ok",
            "ok LOOOL",
            "ok xD",
            "jajaja ok",
        ],
        ["haha", "Hahahaha!", "lol", "jajaja", "xD"],
        ["Čau", "cau!", "čáu", "C\u030cau"],
        ["it's fine", "it\u2019s fine."],
        ["😂", "😂😂😂", " 😂 😂"],
        ["да!", "ДА", "дааа"],
        ["at 10:30!", "AT 10:30"],
        ["はい", "はい。"],
    ],
)
def test_spellings_of_one_reply_are_near(same: list[str]) -> None:
    assert len({near_key(text) for text in same}) == 1


@pytest.mark.parametrize(
    "different",
    [
        ["yes", "no", "ok", "k"],
        ["😂", "❤", "?", "!", "..."],
        ["7/10 loaves", "8/10 loaves"],
        ["it costs 100", "it costs 10", "it costs 1000"],
        ["10:30", "30:10", "1030"],
        ["3 for 2", "2 for 3"],
        ["too", "to"],
        ["off", "of"],
        ["good", "god"],
        ["we're", "were"],
        ["do you love me", "you do love me"],
        ["no", "no no no"],
        ["がき", "かき"],
        ["ไม่", "ไม้"],
        ["कर्म", "करम"],
        ["мой", "мои"],
        ["Jojo called", "haha called"],
        ["see you at 7", "see you at 8"],
        ["ano", "ne"],
        ["नमस्ते", "नमस्कार"],
        ["", "a"],
    ],
)
def test_other_replies_are_not(different: list[str]) -> None:
    assert len({near_key(text) for text in different}) == len(different)


def test_exact_keys_pass_over_case_and_white_space_only() -> None:
    assert exact_key(" Ok \n") == exact_key("ok")
    assert exact_key("C\u030cau") == exact_key("Čau")
    assert len({exact_key(text) for text in ("ok", "ok!", "okk", "ok 😂")}) == 4


@pytest.mark.parametrize(("text", "letters"), [("ok!", 2), ("😂!?", 0), ("7 пять", 5), ("はい", 2)])
def test_letters_are_what_a_reply_says(text: str, letters: int) -> None:
    assert letters_of(text) == letters
