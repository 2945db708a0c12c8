"""Hold what the invented authors of `invented_authors` can say, apart from the code.

A template's `{slots}` are filled with one of several words that mean the same: which one somebody
takes is their style. What a template is about says nothing of who wrote it.
"""

from __future__ import annotations

__all__ = ["ENDINGS", "FACES", "GREETINGS", "LAUGHTER", "PLACES", "SYNONYMS", "TEMPLATES", "THINGS"]

TEMPLATES: tuple[str, ...] = (
    "{yes} I can come {soon}",
    "{maybe} I {will} bring the {thing}",
    "did {you} see the {thing} at the {place}",
    "I {am_going} to the {place} {soon}",
    "the {thing} was {very} {good}",
    "{no} I {cannot} {soon}",
    "{thanks} for the {thing}",
    "what time {are_you} at the {place}",
    "I {think} the {place} is {very} {good}",
    "{sorry} I forgot the {thing}",
    "we {should} go to the {place} again",
    "is the {place} open {soon}",
    "I {am_going} to be late because of the {thing}",
    "{can_you} look after the {thing} {soon}",
    "my {thing} broke and the {place} is closed",
    "{no} way",
    "{yes}",
    "{thanks}",
    "{maybe}",
    "I have been at the {place} all day and I am {very} tired",
    "tell me about the {thing} when {you} {are_home}",
    "I {think} {you} {should} keep the {thing}",
    "guess who I met at the {place}",
    "it rained {very} hard and the {thing} got wet",
    "do {you} want to eat at the {place} {soon}",
    "I {will} call {you} {soon}",
    "{good} news about the {thing}",
    "the bus to the {place} did not come",
    "I dreamt about the {thing} again",
    "no idea where the {thing} is",
)

SYNONYMS: dict[str, tuple[str, ...]] = {
    "yes": ("yes", "yeah", "yep", "sure", "of course", "okay"),
    "no": ("no", "nope", "nah", "not really"),
    "maybe": ("maybe", "perhaps", "we'll see", "not sure", "could be"),
    "thanks": ("thanks", "thank you", "cheers", "thx", "many thanks", "ta"),
    "sorry": ("sorry", "so sorry", "oops", "my bad", "apologies"),
    "very": ("very", "really", "so", "pretty", "super", "quite", "too"),
    "good": ("good", "great", "lovely", "nice", "brilliant", "fine", "cool"),
    "soon": ("soon", "later", "tomorrow", "tonight", "next week", "on Friday", "in a bit"),
    "will": ("will", "am going to", "might", "'ll", "shall"),
    "am_going": ("am going", "'m going", "am off", "have", "need"),
    "cannot": ("can't", "cannot", "won't make it", "am not free"),
    "think": ("think", "guess", "reckon", "suppose", "feel"),
    "should": ("should", "ought to", "must", "could", "have to"),
    "you": ("you", "you", "you", "u", "ya"),
    "are_you": ("are you", "will you be", "r u", "you"),
    "can_you": ("can you", "could you", "would you", "mind if you"),
    "are_home": ("are home", "get home", "are back", "have a minute"),
}

THINGS = (
    "bike", "cake", "parcel", "film", "ticket", "umbrella", "dog", "guitar", "soup", "book",
    "lamp", "boat", "key", "plant", "jacket", "photo", "letter", "phone", "kettle", "map",
    "hat", "camera", "ladder", "chair", "ring", "drum", "kite", "mirror", "tent", "clock",
)  # fmt: skip
PLACES = (
    "harbour", "library", "market", "station", "museum", "bakery", "pool", "park", "office",
    "school", "beach", "cinema", "garden", "bridge", "church", "café", "forest", "gym",
    "tower", "island",
)  # fmt: skip

GREETINGS = ("", "well", "so", "oh", "hmm", "right", "honestly", "look", "ah", "hey", "mm", "ok")
ENDINGS = ("", ".", "!", "..", "…", "!!", " :)", " x", ", you know", ", right?")
FACES = ("", "😂", "❤️", "🙈", "👍", "😅", "✨", "🥲", "🌿", "🙃")
LAUGHTER = ("", "haha", "lol", "hehe", "hahaha", "ha")
