# ruff: noqa: RUF001 - what looks like another letter is another letter: people write that way
"""Hold what the invented people of `sample_threads` say, apart from the code.

All names, places and events are made up.
"""

from __future__ import annotations

__all__ = ["CAST", "EXCHANGES", "FIRST_NAMES", "HOSTILE", "LAST_NAMES", "REACTIONS"]

# By language: small exchanges, the speakers taking turns.
EXCHANGES: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("are you coming tonight?", "yes! bringing the blue tent", "you're the best ❤️"),
        ("did the parcel arrive", "not yet, it says Thursday 🙄", "ok keep me posted"),
        ("guess who just finished her thesis 🎓", "NO WAY", "congratulations!!! 🎉🎉"),
        ("I think I left my keys at yours", "found them under the cat", "of course she had them"),
        ("lol", "what", "nothing, just thinking of the duck incident"),
        ("who added him to the group?", "not me", "same"),
        ("could you call me when you're home?\nnothing bad, promise", "sure, in ten minutes"),
        ("the theme of the party is changed to pirates", "arrr 🏴‍☠️", "I have exactly one hat"),
        ("it's fine, really. I just need a day to myself", "take all the time you need 🫂"),
    ),
    "cs": (
        ("v pět u rybníka? 😂", "jasně, beru koláče", "tak zatím"),
        ("Přišel ti ten balík?", "Ještě ne, prý až ve čtvrtek", "To je k vzteku"),
        ("žluťoučký kůň zase utekl", "a kde je?", "u souseda v zahradě 🐴"),
        ("díky za včerejšek", "není zač, příště u nás"),
    ),
    "de": (
        ("Kommst du morgen mit in die Sauna?", "Gern – um wie viel Uhr?", "Halb acht, wie immer"),
        ("Ich hab's endlich geschafft: die Prüfung ist bestanden!", "Herzlichen Glückwunsch 🥳"),
        ("Hast du noch Größe 42 übrig?", "Leider nein, nur noch 43", "Schade"),
    ),
    "fr": (
        ("t'es où ?", "dans le tram, j'arrive dans 5 min", "ok, on t'attend devant le café"),
        ("J'ai préparé une tarte aux pêches 🍑", "oh là là, garde-m'en une part !", "promis"),
        ("Ça va mieux aujourd'hui ?", "Oui, beaucoup mieux. Merci d'avoir demandé ☺️"),
    ),
    "es": (
        ("¿Vienes mañana?", "¡Claro! ¿Llevo algo?", "Nada, solo ganas de bailar 💃"),
        ("¿Te acuerdas del señor del piñón?", "jajaja cómo olvidarlo"),
    ),
    "pl": (
        ("Źdźbło trawy w bucie, cały dzień 😩", "haha, klasyka"),
        ("Będziesz w sobotę?", "Tak, przyjadę około szóstej", "Super, do zobaczenia"),
    ),
    "uk": (
        ("Привіт! Як ти?", "Все добре, їду додому", "Напиши, як доїдеш 💛"),
        ("Купи, будь ласка, хліб", "Вже купила 😉"),
    ),
    "ar": (
        ("صباح الخير ☀️", "صباح النور! كيف حالك؟", "الحمد لله، كل شيء تمام"),
        ("هل وصلت القطة إلى البيت؟", "نعم، نامت على الكنبة", "رائع 😹"),
        ("غداً الساعة 7 مساءً؟", "ممتاز، نلتقي هناك"),
    ),
    "he": (
        ("בוקר טוב!", "בוקר אור, מה נשמע?", "הכול טוב, שתיתי 2 כוסות קפה ☕"),
        ("מתי הרכבת?", "ב-18:40 מרציף 3"),
    ),
    "ja": (
        ("今日、何時に会う?", "7時でいい?", "了解です👍"),
        ("新しい猫カフェ、行った?", "まだ!来週いっしょに行こう🐈"),
    ),
    "hi": (
        ("कल मिलते हैं?", "हाँ, शाम को छह बजे", "ठीक है 🙂"),
        ("खाना बहुत अच्छा था", "अगली बार तुम बनाना 😄"),
    ),
    "vi": (
        ("Tối nay ăn phở không?", "Ăn chứ! Mấy giờ?", "7 giờ nhé 🍜"),
        ("Chị về đến nhà chưa?", "Rồi em, mới về xong"),
    ),
    "ka": (("გამარჯობა, როგორ ხარ?", "კარგად, შენ?", "მეც 🙂"),),
}

# What careless readers break on: typed mojibake, escapes, markup, JSON, white space, joined emoji.
HOSTILE = (
    "my screen shows Ã© and Â° instead of letters",
    "type \\u00e9 or \\\\u00c3\\u00a9, then \\n",
    "<b>not bold</b> & \"quoted\" 'twice' @home {curly} &lt;",
    '{"sender_name": "nobody", "timestamp_ms": 1}',
    "one\ttab, one\fform feed",
    "zero\u200bwidth and \u202bmarks\u202c",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇬🇪 ✊🏿",
    "line one\n\nline three",
    "e\u0301 is two code points, é is one",
    "Zoë sent an attachment. That is what it said!",
    "it\u2019s \u201cquoted\u201d \u2013 with a dash\u2026",
    "\u00a0no-break blanks\u00a0",
)

REACTIONS = ("❤", "😆", "👍", "😮", "😢", "🫶🏽")

# Name, language and peculiarity of those whom the owner talks to, in the order of the threads.
CAST: tuple[tuple[str, str, str], ...] = (
    ("Milo Dvořák", "cs", "inbox"),
    ("Soup council 🍲", "en", "group"),
    ("Layla Haddād", "ar", "e2ee_cutover"),
    ("Facebook User", "en", "deleted"),
    ("Noémie Âkerlund · Canoe, nearly dry", "fr", "marketplace"),
    ("Ottla Pruß", "de", "message_requests"),
    ("松本 みどり", "ja", "archived_threads"),
    ("Łucja Wiśniewska", "pl", "inbox"),
    ("נועה ברק", "he", "filtered_threads"),
    ("Đặng Thu Hà", "vi", "inbox"),
    ("Оксана Левченко", "uk", "e2ee_cutover"),
    ("ნინო ბერიძე", "ka", "inbox"),
)
FIRST_NAMES = ("Aoife", "Björn", "Chiara", "Dušan", "Émile", "Fatou", "Gökçe", "Iñaki", "Åsa")
LAST_NAMES = ("Ní Bhriain", "Sjöberg", "D'Amico", "Kovač", "Lefèvre", "Ndiaye", "Yıldız", "Otxoa")
