"""Walks the words of a rule from left to right."""

from campaigns.audiences.lexing import Is, Word


class Walk:
    """The words, and how far one has come."""

    def __init__(self, words: list[Word]) -> None:
        self._words = words
        self._at = 0

    @property
    def here(self) -> Word:
        """The word that comes next; at the end, END."""
        return self._words[self._at]

    @property
    def following(self) -> Word:
        """The word after that."""
        return self._words[min(self._at + 1, len(self._words) - 1)]

    @property
    def empty(self) -> bool:
        """Whether there is no word at all."""
        return len(self._words) == 1

    def take(self) -> Word:
        """The next word, and go on; at the end one stays there."""
        word = self.here
        if word.what != Is.END:
            self._at += 1
        return word

    def took(self, *keywords: str) -> bool:
        """Whether the next word is one of these; then go on."""
        if any(self.here.means(keyword) for keyword in keywords):
            self._at += 1
            return True
        return False

    def took_sign(self, sign: Is) -> bool:
        """The same of a bracket or comma."""
        if self.here.what == sign:
            self._at += 1
            return True
        return False


def shown(word: Word) -> str:
    """The word as an error may show it."""
    return word.text[:50] if word.what != Is.END else "…"
