"""Make up conversations for exports without anybody's secrets: a seed in, `Thread`s out."""

from __future__ import annotations

import random
import unicodedata
from itertools import count, islice
from typing import TYPE_CHECKING

from langchain_fbmessenger.exports.records import (
    Attachment,
    Call,
    Message,
    Reaction,
    Share,
    Thread,
)
from langchain_fbmessenger.testing._phrases import (
    CAST,
    EXCHANGES,
    FIRST_NAMES,
    HOSTILE,
    LAST_NAMES,
    REACTIONS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["iter_sample_threads", "sample_threads"]

_START = 1_700_000_000_000  # November 2023
_SPECIAL_EVERY = 3  # so that a thread of some fifty messages has met every kind


def sample_threads(
    seed: int = 0,
    *,
    n_threads: int = 8,
    n_messages: int = 60,
    owner: str = "Zoë Brandt",
    hostile: bool = True,
) -> list[Thread]:
    """Make up conversations such as an export holds them.

    They are in a dozen languages, with emoji, right-to-left text, reactions, attachments, shares,
    calls, unsent messages, a group, equal time stamps, a deleted account, a stranger's request.
    The same arguments give the same conversations.

    Args:
        seed: Another seed gives other conversations.
        n_threads: The number of threads; the first eight differ in kind.
        n_messages: The number of messages in each.
        owner: The owner's name.
        hostile: Mix in text that careless readers break on: typed mojibake and escapes, markup,
            tabs, marks. HTML cannot carry all of it, nor can a half-repaired file.

    Returns:
        The threads, their messages oldest first.

    Example:
        ```python
        from langchain_fbmessenger.testing import sample_threads

        thread, *_ = sample_threads(seed=1, n_messages=20)
        assert thread.messages[0].timestamp_ms <= thread.messages[-1].timestamp_ms
        ```
    """
    threads = iter_sample_threads(seed, n_messages=n_messages, owner=owner, hostile=hostile)
    return list(islice(threads, n_threads))


def iter_sample_threads(
    seed: int = 0, *, n_messages: int = 60, owner: str = "Zoë Brandt", hostile: bool = True
) -> Iterator[Thread]:
    """Make up conversations without end, one at a time; otherwise as `sample_threads`.

    Args:
        seed: Another seed gives other conversations.
        n_messages: The number of messages in each.
        owner: The owner's name.
        hostile: Mix in text that careless readers break on.

    Yields:
        The threads, their messages oldest first.

    Example:
        ```python
        from itertools import islice

        from langchain_fbmessenger.testing import iter_sample_threads, write_export

        threads = islice(iter_sample_threads(n_messages=20_000), 100)
        write_export(threads, "two-million", packaging="zip")
        ```
    """
    for index in count():
        # A text as seed gives the same numbers in every process, unlike a hash.
        rng = random.Random(f"{seed}/{index}")  # noqa: S311 - no secret
        yield _Conversation(rng, index, owner).thread(n_messages, hostile=hostile)


class _Conversation:
    """Makes up one thread, message by message."""

    def __init__(self, rng: random.Random, index: int, owner: str) -> None:
        self.rng = rng
        self.owner = owner
        if index < len(CAST):
            self.title, self.language, self.kind = CAST[index]
        else:
            self.title = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
            self.language, self.kind = rng.choice([*EXCHANGES]), "inbox"
        number = f"{1_000_000_000_000_000 + index * 7_919_000_011 + rng.randrange(1000)}"
        self.id = f"{_folder_name(self.title)}_{number}"
        others = [self.title.partition(" · ")[0]]
        if self.kind == "group":
            others = [
                f"{first} {last}"
                for first, last in zip(FIRST_NAMES[:3], LAST_NAMES[:3], strict=True)
            ]
        self.others = others
        self.time = self.time_before = _START + index * 86_400_000 + rng.randrange(1000)
        self.number_of_file = 0

    def thread(self, n_messages: int, *, hostile: bool) -> Thread:
        """Make the thread."""
        folder = self.kind if self.kind in _FOLDERS else "inbox"
        messages = list(islice(self._messages(hostile=hostile), n_messages))
        return Thread(
            id=self.id,
            title=self.title,
            participants=[*self.others, self.owner],
            is_group=self.kind == "group",
            folder=folder,
            source="messenger",
            owner=self.owner,
            messages=messages,
        )

    def _messages(self, *, hostile: bool) -> Iterator[Message]:
        specials: list[Callable[[Message], None]] = [
            self._photo, self._reactions, self._same_stamp, self._missed_call, self._share,
            self._caption, self._unsent, self._sticker, self._call, self._bare_share, self._voice,
            self._gif, self._video_and_file, self._expired, self._reaction_only,
        ]  # fmt: skip
        if self.kind == "group":
            specials.insert(2, self._group_event)
        done = 0
        for number, text in enumerate(self._lines(hostile=hostile)):
            self.time_before = self.time
            self.time += self.rng.randrange(2_000, 900_000)
            message = Message(self._sender(number), self.time, text)
            if number % _SPECIAL_EVERY == _SPECIAL_EVERY - 1:
                specials[done % len(specials)](message)
                done += 1
            yield message

    def _lines(self, *, hostile: bool) -> Iterator[str]:
        own = EXCHANGES[self.language]
        for turn in count():
            exchanges = EXCHANGES["en"] if self.rng.random() < 1 / 4 else own
            yield from self.rng.choice(exchanges)
            if hostile:
                yield HOSTILE[turn % len(HOSTILE)]

    def _sender(self, number: int) -> str:
        if self.kind == "message_requests":  # whose owner has never answered
            return self.others[0]
        people = [self.owner, *self.others]
        return people[number % 2] if len(people) == 2 else self.rng.choice(people)  # noqa: PLR2004

    def _uri(self, folder: str, suffix: str) -> str:
        self.number_of_file += 1
        box = self.kind if self.kind in _FOLDERS else "inbox"
        return (
            f"your_facebook_activity/messages/{box}/{self.id}/{folder}/"
            f"{self.time}_{self.number_of_file}.{suffix}"
        )

    def _other_than(self, sender: str) -> str:
        return next(name for name in [self.owner, *self.others] if name != sender)

    def _photo(self, message: Message) -> None:
        message.text = None
        message.attachments = (
            Attachment("photo", self._uri("photos", "jpg")),
            Attachment("photo", self._uri("photos", "jpg")),
        )

    def _caption(self, message: Message) -> None:
        message.attachments = (Attachment("photo", self._uri("photos", "png")),)

    def _voice(self, message: Message) -> None:
        message.text = None
        message.attachments = (Attachment("audio", self._uri("audio", "mp4")),)

    def _gif(self, message: Message) -> None:
        message.text = None
        message.attachments = (Attachment("gif", self._uri("gifs", "gif")),)

    def _video_and_file(self, message: Message) -> None:
        message.text = None
        message.attachments = (
            Attachment("video", self._uri("videos", "mp4")),
            Attachment("file", self._uri("files", "pdf")),
        )

    def _sticker(self, message: Message) -> None:
        message.text = None
        uri = "your_facebook_activity/messages/stickers_used/39178562_1505197616293642.png"
        message.attachments = (Attachment("sticker", uri),)

    def _expired(self, message: Message) -> None:
        message.text = None
        uri = f"https://scontent.example.invalid/v/t1.15752-9/{self.time}_n.jpg?oh=0&oe=1"
        message.attachments = (Attachment("photo", uri),)

    def _share(self, message: Message) -> None:
        link = f"https://example.com/recipes/{self.rng.randrange(1000)}?ref=chat&x=1"
        message.text = f"look at this {link}"
        message.share = Share(link=link, text="Soup for eleven: “ready in no time”")

    def _bare_share(self, message: Message) -> None:
        message.text = None
        message.share = Share(link=f"https://example.org/{self.rng.randrange(1000)}")

    def _reactions(self, message: Message) -> None:
        actors = [name for name in [self.owner, *self.others] if name != message.sender]
        message.reactions = tuple(
            Reaction(actor=actor, reaction=self.rng.choice(REACTIONS)) for actor in actors
        )

    def _reaction_only(self, message: Message) -> None:
        message.text = None
        message.attachments = (Attachment("photo", self._uri("photos", "jpg")),)
        self._reactions(message)

    def _same_stamp(self, message: Message) -> None:
        """Set the message's time to that of the one before, as forwarding several at once does."""
        message.timestamp_ms = self.time = self.time_before

    def _call(self, message: Message) -> None:
        message.text = f"{self._other_than(message.sender)} called you."
        message.call = Call(duration=self.rng.randrange(20, 4_000))
        message.system = "call"

    def _missed_call(self, message: Message) -> None:
        message.text = f"{self._other_than(message.sender)} missed your call."
        message.call = Call(duration=0, missed=True)
        message.system = "call"

    def _unsent(self, message: Message) -> None:
        message.text = None
        message.system = "unsent"

    def _group_event(self, message: Message) -> None:
        message.text = f"{message.sender} named the group {self.title}."
        message.system = "group event"


_FOLDERS = {"e2ee_cutover", "archived_threads", "filtered_threads", "message_requests"}


def _folder_name(title: str) -> str:
    """Make a folder's name as Meta does: letters and digits of ASCII, the rest is left out."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return "".join(c for c in ascii_title.lower() if c.isalnum()) or "facebookuser"
