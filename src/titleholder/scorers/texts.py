"""Texts made comparable: words, and the usual normalisation of question answering."""

import re
import unicodedata

_WORD = re.compile(r"\w+", re.UNICODE)
_ARTICLES = frozenset({"a", "an", "the"})
# Words without content of their own, in the languages of the built-in gold set.
_SMALL = frozenset(
    re.findall(
        r"\w+",
        "a an the of to in on at is are was be by for from it its and or with you your we our can "
        "will der die das ein eine ist und zu von mit sie ihr el la los las un una es y de en su "
        "con le les une est et du des vous votre",
    )
)


def words(text: str) -> list[str]:
    """Words in lower case, Unicode normalised (NFKC).

    >>> words("Don’t  PANIC, Müller!")
    ['don', 't', 'panic', 'müller']
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def normalised(text: str) -> str:
    """Words without English articles, joined by one blank, as SQuAD's evaluation compares them.

    Rajpurkar et al. 2016, doi:10.18653/v1/D16-1264.

    >>> normalised(" The  answer is: 42. ")
    'answer is 42'
    """
    return " ".join(word for word in words(text) if word not in _ARTICLES)


def content(text: str) -> list[str]:
    """The words that carry content.

    >>> content("Returns are free for 30 days")
    ['returns', 'free', '30', 'days']
    """
    return [word for word in words(text) if word not in _SMALL]


def sentences(text: str) -> list[str]:
    """Sentences and lines, without blanks at their ends.

    >>> sentences("One. Two! Three")
    ['One.', 'Two!', 'Three']
    """
    parts = re.split(r"(?<=[.!?])\s+|\n+", text)
    return [part.strip() for part in parts if part.strip()]
