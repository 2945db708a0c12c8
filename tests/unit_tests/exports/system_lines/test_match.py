from __future__ import annotations

import unicodedata
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger._internal.package_tables import decode_table
from langchain_fbmessenger.exports.system_lines import match as _system_lines
from langchain_fbmessenger.exports.system_lines import tables as _system_tables
from langchain_fbmessenger.exports.system_lines.match import (
    SystemLine,
    find_system_line,
    is_deleted_account,
    may_be_system_lines,
)

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = resources.files("langchain_fbmessenger.exports") / "system_lines"
FILES = sorted((f for f in FOLDER.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
EXAMPLES = {
    "\ue000": "Marek",
    "\ue001": "Who is in?",
    "\ue002": "😂",
    "\ue003": "Z o ë (work)",
    "\ue004": "Sowa 🦉",
}


def find(text: str, *, is_group: bool = True, has_payload: bool = False) -> SystemLine | None:
    return find_system_line(text, is_group=is_group, has_payload=has_payload)


def kind(text: str, *, is_group: bool = True, has_payload: bool = False) -> str | None:
    line = find(text, is_group=is_group, has_payload=has_payload)
    return line and line.kind


def every_wording() -> list[tuple[str, str, str]]:
    """Return language, section and an example of each wording of each sentence."""
    found = []
    for file in FILES:
        table = decode_table(file, _system_tables._Table)
        for sentence in _system_tables._sentences(table, file.name):
            text = sentence.wording
            for wildcard, example in EXAMPLES.items():
                text = text.replace(wildcard, example)
            found.append((sentence.language.name, sentence.section, text))
    return found


@pytest.mark.parametrize(("language", "section", "text"), every_wording())
def test_every_sentence_of_every_table_is_found(language: str, section: str, text: str) -> None:
    line = find(text)
    assert line is not None
    assert (line.language, line.kind) == (language, _system_tables.KINDS[section])
    assert (line.reaction is not None) == (section == "reaction")
    if "😂" in text:
        assert line.reaction == "😂"
    assert line.nickname == ("Sowa 🦉" if "🦉" in text else None)


@pytest.mark.parametrize("is_group", [True, False])
@pytest.mark.parametrize("blanks", ["", " ", "\u00a0", "\n"])
def test_every_sentence_is_worth_a_look_among_what_people_type(
    blanks: str, *, is_group: bool
) -> None:
    wordings = [text for _, section, text in every_wording() if is_group or section != "group"]
    lines = [line for text in wordings for line in (text + blanks, blanks + text)]
    typed = ["haha 7", None, "kde jsi?", "😂", "Yes", "W"]
    texts = [text for line in lines for text in (*typed, line)]
    assert all(find(line, is_group=is_group) for line in lines)
    found = may_be_system_lines(texts, is_group=is_group)
    assert found == [*range(len(typed), len(texts), len(typed) + 1)]


@pytest.mark.parametrize(
    ("expected", "texts"),
    [
        (
            "attachment sentence",
            [
                "Zoë sent an attachment.",
                "You sent a live location.",
                "A contact sent a GIF",
                "Zoë hat einen Anhang gesendet.",
                "Zoë a envoyé une pièce jointe",
                "Zoë enviou uma ligação.",
                "Enviaste a tua localização atual.",
                "Zoë wysłał(a) załącznik.",
                "Wysłałeś(aś) załącznik.",
                "Zoë csatolt fájlt küldött.",
                "Elküldtél egy hivatkozást.",
                "Zoë elküldött egy helyszínt.",
                "Một người dùng Messenger đã gửi một file đính kèm.",
                "Một người liên hệ đã gửi một liên kết.",
                "Zoë đã chia sẻ một trang.",
            ],
        ),
        (
            "reaction sentence",
            [
                "Liked a message",
                "Reacted 😂 to your message ",
                "Zoë reacted 👍🏽 to your message ",
                "Zoë reacted ❤️ to a message",
                "Le gustó un mensaje",
                "A Zoë Brandt le gustó un mensaje",
                "Reaccionó 😮 a tu mensaje ",
                "Zoë reaccionó 🏳️‍🌈 a tu mensaje ",
                "Zoë a réagi 😢 à votre message",
                "Đã bày tỏ cảm xúc 😡 về tin nhắn của bạn",
                "Zoë यांनी मॅसेज लाइक केला",
            ],
        ),
        (
            "call",
            [
                "You called Marek.",
                "Marek called you.",
                "Marek missed your call.",
                "You missed a video call from Marek.",
                "You missed a call with Marek.",
                "You missed a video chat",
                "You missed a video chat with Marek",
                "The call ended.",
                "The video chat ended.",
                "Audio call started",
                "Marek started an audio call",
                "Marek joined the video chat.",
                "Llamada de audio finalizada",
                "Tienes un videochat perdido",
                "Marek nem fogadta a videochatedet.",
                "Nem fogadott hívás: Marek",
                "Hívott fél: Marek.",
                "Đoạn chat video này đã kết thúc.",
                "Bạn đã gọi cho Marek.",
                "Marek đã gọi bạn.",
                "Zoë bỏ lỡ lần chat video với Marek.",
                "व्हिडिओ गप्पा समाप्त झाल्या",
                "तुम्ही व्हिडिओ चॅट चुकवले",
                "ऑडिो कॉल समाप्\u200dत झाला",
            ],
        ),
        (
            "group event",
            [
                "Zoë added Marek to the group.",
                "Zoë removed you from the group.",
                "You named the group The Owls and I.",
                "You removed Marek as a group admin.",
                "Zoë a quitté le groupe",
                "Creaste el grupo.",
                "Agregaste a Marek al grupo.",
                'Zoë asignó al grupo el nombre "Los búhos".',
                "Zoë eliminou Marek do grupo.",
                "Zoë usunął(ęła) Ciebie z grupy.",
                "Zoë nadał(a) nazwę grupy: Sowy",
                "Zoë Marek यांना समूहात जोडले.",
            ],
        ),
        (
            "setting",
            [
                "Zoë set the nickname for Marek to my love.",
                "You set your own nickname to King.",
                "Zoë changed the theme.",
                "Zoë changed the chat theme to Love.",
                "Zoë set the quick reaction to 🐸.",
                "You turned on disappearing messages",
                "Zoë configuró tu apodo como Luz.",
                "Desactivaste los mensajes temporales.",
                "Zoë alterou o tema da conversa para Amor.",
                "Zoë escolheu o emoji 🐸.",
                "Zoë ustawił(a) pseudonim: Sowa",
                "Zoë đã đặt biệt danh cho Marek là Cú.",
                "Zoë đã đặt biểu tượng cảm xúc nhanh thành 🐸.",
            ],
        ),
        (
            "connection",
            [
                "You are now connected on Messenger",
                "You can now message and call each other and see information.",
                "Say hi to your new Facebook friend, Marek.",
                "Marek waved at you",
                "You waved at Marek!",
            ],
        ),
        (
            "poll or plan",
            [
                "This poll is no longer available.",
                "Zoë created a poll: Where do we eat?.",
                'Zoë voted for "Thai" and 2 other options in the poll: Where do we eat?.',
                "Zoë's poll has multiple updates.",
                "Zoë turned off the reminder: Dentist.",
                "Zoë utworzył plan.",
            ],
        ),
        (
            "notice",
            [
                "Zoë unsent a message",
                "User unsent a message",
                "An admin, moderator or host removed Zoë's message.",
                "This chat is read-only.",
                "Zoë wasn't notified about this message because they're in quiet mode.",
                "Tomaste una captura de pantalla.",
                "Zoë tomó una grabación de la pantalla.",
            ],
        ),
        (
            "game or app",
            [
                "EverWing: Zoë passed Marek",
                "Words With Friends: your turn",
                "Zoë is waiting for Marek's move!",
                "Zoë has taken your quiz. Find out their score!",
                "Zoë's cats just ate 12 fish!",
                "Zoë 2 órával előbb játszott. Most te jössz!",
            ],
        ),
    ],
)
def test_sentences_of_the_format_reference(expected: str, texts: list[str]) -> None:
    assert {text: kind(text) for text in texts} == dict.fromkeys(texts, expected)


@pytest.mark.parametrize(
    "text",
    [
        # the words inside of a longer text
        "who added him to the group?",
        "Anna sent an attachment. did you see it",
        "did you get it? Anna sent an attachment.",
        "Anna left the group. lol",
        "Anna left the group.\nShe came back",
        "Anna\nleft the group.",
        "Anna\u2028left the group.",
        "Video call ended up being fun",
        "You can now message each other",
        "Anna's poll has multiple updates. vote!",
        "Liked a message?",
        # nobody, or not quite the sentence
        "sent an attachment.",
        "left the group.",
        "is waiting for Marek's move!",
        "the call ended.",
        "anna SENT AN ATTACHMENT.",
        "This poll is no longer available",
        "You called?",
        # no name before the tail
        "he said the doctor sent an attachment.",
        "I think he left the group.",
        "I'm sure Anna left the group.",
        "I\u2019m sure Anna left the group.",
        "(he, Anna!) left the group.",
        "Don\u2019t tell Anna that\u2019s why Marek left the group.",
        "And then Anna removed Marek from the group.",
        "HE LEFT, I MEAN he left the group.",
        "someone called you.",
        "I started a call.",
        "She started a video chat.",
        "he unsent a message",
        "I took a screenshot",
        "They created a poll: pizza or pasta.",
        "We named the group The Owls.",
        "He set the nickname for Marek to Sowa.",
        "it waved at you",
        "She liked a message",
        "I reacted ❤ to your message",
        "who's the one that just reacted 😂 to a message",
        # no name for a value
        "You called him an idiot.",
        "You called me.",
        "You called it.",
        "You called twice.",
        "You waved at him!",
        "Anna added my brother to the group.",
        "You missed a call from someone.",
        # no emoji
        "Reacted no to your message",
        "Reacted :) to your message",
        "Anna reacted badly to your message",
        # other languages
        "Er hat einen Anhang gesendet.",
        "Ich glaube, Jana hat die Gruppe verlassen.",
        "Wer hat die Gruppe verlassen?",
        "Du hast mich zur Gruppe hinzugefügt.",
        "Il a quitté le groupe",
        "je crois qu'Anna a quitté le groupe",
        "je crois qu\u2019elle a quitté le groupe",
        "Creo que Ana abandonó el grupo.",
        "¿Quién agregó a Luis al grupo?",
        "A ella le gustó un mensaje",
        "me gustó un mensaje",
        "Ela enviou um anexo.",
        "Acho que o Rui saiu do grupo.",
        "Ania wysłała załącznik.",
        "On wysłał(a) załącznik.",
        "Már nem fogadta a hívásodat.",
        "ai đã gửi một file đính kèm?",
        "mình đã gửi một liên kết.",
        "nó đã gọi bạn.",
        "मी यांना समूहात जोडले.",
        "लेकिन राहुल ने ग्रुप छोड़ दिया।",
        # nothing at all
        "",
        " ",
        "ok",
    ],
)
def test_what_somebody_typed_stays_text(text: str) -> None:
    assert find(text) is None


@pytest.mark.parametrize(
    ("language", "section", "text"), [w for w in every_wording() if w[1] == "group"]
)
def test_group_events_happen_in_groups_only(language: str, section: str, text: str) -> None:
    assert kind(text, is_group=True) == "group event", (language, section)
    assert kind(text, is_group=False) is None


def test_the_payload_vouches_for_an_attachment_sentence_only() -> None:
    odd = "My love and I"
    assert kind(f"{odd} sent an attachment.") is None
    assert kind(f"{odd} sent an attachment.", has_payload=True) == "attachment sentence"
    assert kind(f"{odd} left the group.", has_payload=True) is None
    assert kind("see: he sent an attachment. ok", has_payload=True) is None


@pytest.mark.parametrize(
    "nickname",
    ["Z o ë", "🐸🐸", "Dr. K. (work)", "Jean-Luc O'Neil", "YOU", "x" * 80, "Q", "[{}|*"],
)
def test_nicknames_may_be_odd(nickname: str) -> None:
    assert kind(f"{nickname} sent an attachment.") == "attachment sentence"


def test_lengths_have_bounds() -> None:
    assert kind("x" * 81 + " left the group.") is None
    assert kind("Zoë created a poll: " + "x" * 240 + ".") == "poll or plan"
    assert kind("Zoë created a poll: " + "x" * 241 + ".") is None
    assert kind(" " * 300 + "Liked a message") is None


def test_blanks_quotes_and_apostrophes_have_several_forms() -> None:
    assert kind("\n Liked a message") == "reaction sentence"
    assert kind("  Reacted\u00a0❤ to your message \n") == "reaction sentence"
    assert kind("Zoë\u2019s poll has multiple updates.") == "poll or plan"
    assert kind("Zoë voted for \u201cThai\u201d in the poll.") == "poll or plan"


def test_a_line_says_how_and_to_whom_somebody_reacted() -> None:
    assert find("Reacted 😂 to your message ") == SystemLine("reaction sentence", "en", "😂", True)  # noqa: FBT003
    assert find("Zoë reacted 😂 to a message") == SystemLine("reaction sentence", "en", "😂")
    for like in ("Liked a message", "Le gustó un mensaje", "Zoë यांनी मॅसेज लाइक केला"):
        line = find(like)
        assert line is not None
        assert (line.reaction, line.to_owner) == ("❤", False)
    line = find("Reaccionó 😮 a tu mensaje")
    assert line is not None
    assert line.to_owner


def test_deleted_accounts_of_every_language() -> None:
    names = [
        name
        for file in FILES
        for name in decode_table(file, _system_tables._Table).deleted_accounts
    ]
    assert len(names) > 50
    assert all(map(is_deleted_account, names))
    assert is_deleted_account("")
    assert is_deleted_account("người  dùng\u00a0messenger")
    assert not is_deleted_account("Facebook User Group")
    assert not is_deleted_account("Zoë")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_tables_are_composed_unicode_with_a_comment_first(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert text.startswith("# ")


def test_every_section_is_a_kind() -> None:
    fields = set(_system_tables._Table.__struct_fields__)
    assert fields == {*_system_tables.KINDS, "deleted_accounts", "you", "not_names", "list_words"}


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("[calls]\nwhole = ['Call ended']", "calls"),
        ("[call]\nheads = ['Call ended']", "heads"),
        ("[call]\nto_owner = ['your']", "to_owner"),
        ("[call]\nwhole = 'Call ended'", "call.whole"),
        ("[call]\nwhole = ['Call ended'", "xx.toml"),
        ("[call]\nwhole = ['{} {text}']", "{} {text}"),
        ("[call]\nwhole = ['{}.']", "'{}.'"),
        ('[call]\nwhole = ["it\'s {}"]', "it's {}"),
        ("[call]\nwhole = ['']", "''"),
        ("[call]\ntails = ['']", "''"),
        ("[call]\nwhole = ['call[ ended]', '[x]']", "[x]"),
        ("[call]\nwhole = ['{name} called']", "{name} called"),
        ("[call]\nwhole = ['call [ended']", "call [ended"),
        ("[call]\nwhole = ['call {a|b']", "call {a|b"),
        ("[call]\nwhole = ['call a|b']", "call a|b"),
        ("[reaction]\nwhole = ['{reaction} or {reaction}']", "{reaction} or {reaction}"),
        ("[setting]\nwhole = ['{nickname} is {nickname}']", "{nickname} is {nickname}"),
    ],
)
def test_a_mistake_in_a_table_names_file_and_sentence(
    table: str, named: str, tmp_path: Path
) -> None:
    (tmp_path / "xx.toml").write_text(table, encoding="utf-8")
    with pytest.raises(ValueError, match=r"^xx\.toml") as caught:
        _system_tables._read_tables(tmp_path)
    assert named in str(caught.value)


def test_a_table_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "xx.toml").write_bytes("you = ['Você']".encode("latin-1"))
    with pytest.raises(ValueError, match=r"^xx\.toml: .*utf-8"):
        _system_tables._read_tables(tmp_path)


def test_a_speaker_adds_a_language_without_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = "not_names = ['hy']\n[group]\ntails = ['het die groep {verlaat|[her]noem}[.]']"
    (tmp_path / "af.toml").write_text(table, encoding="utf-8")
    (tmp_path / "README.md").write_text("no table", encoding="utf-8")
    tables = _system_tables._read_tables(tmp_path)
    monkeypatch.setattr(_system_lines, "system_tables", lambda: tables)
    assert find("Sannie het die groep hernoem.") == SystemLine("group event", "af")
    assert find("Sannie het die groep noem") == SystemLine("group event", "af")
    assert find("Hy het die groep verlaat.") is None
    assert find("Zoë left the group.") is None


def test_tables_are_read_once() -> None:
    assert _system_tables.system_tables() is _system_tables.system_tables()


@pytest.mark.parametrize(
    "text",
    [
        "Milo added Zoë and Bo Li to the group.",
        "Milo added Zoë, Bo and Cy to the group.",
        "You added Zoë and 2 others to the group.",
        "Zoë hat Bo und Cy zur Gruppe hinzugefügt.",
        "Zoë a ajouté Bo et Cy au groupe.",
        "Agregaste a Zoë y Bo al grupo.",
        "Zoë adicionou Bo e Cy ao grupo.",
    ],
)
def test_several_people_may_be_named(text: str) -> None:
    line = find_system_line(text, is_group=True, has_payload=False)
    assert line is not None
    assert line.kind == "group event"


@pytest.mark.parametrize(
    "text",
    [
        "Mum and dad left the group.",
        "He added Zoë and Bo to the group.",
        "Milo added me and him to the group.",
        "Milo said that Zoë and Bo left the group.",
    ],
)
def test_several_people_do_not_act_at_once(text: str) -> None:
    assert find_system_line(text, is_group=True, has_payload=False) is None
