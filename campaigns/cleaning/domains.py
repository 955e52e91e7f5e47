"""Domains of addresses: which ones everybody may have an address in, and which are thrown away."""

from functools import lru_cache

from disposable_email_domains import blocklist

# The providers met most, world-wide and where this product's languages are spoken.
FREE = frozenset((
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "yahoo.es",
    "yahoo.it", "yahoo.com.ph", "ymail.com", "rocketmail.com", "outlook.com", "outlook.fr", "outlook.de",
    "hotmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.es", "hotmail.it", "live.com",
    "live.co.uk", "live.fr", "msn.com", "icloud.com", "me.com", "mac.com", "aol.com", "proton.me",
    "protonmail.com", "pm.me", "gmx.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de",
    "t-online.de", "freenet.de", "mail.com", "zoho.com", "fastmail.com", "tutanota.com", "tuta.io",
    "hey.com", "orange.fr", "free.fr", "laposte.net", "wanadoo.fr", "sfr.fr", "libero.it", "virgilio.it",
    "tiscali.it", "alice.it", "seznam.cz", "email.cz", "post.cz", "centrum.cz", "atlas.cz", "volny.cz",
    "azet.sk", "zoznam.sk", "centrum.sk", "post.sk", "pobox.sk", "mail.ru", "bk.ru", "inbox.ru",
    "list.ru", "yandex.ru", "yandex.com", "ya.ru", "rambler.ru", "ukr.net", "wp.pl", "o2.pl", "onet.pl",
    "interia.pl", "op.pl", "abv.bg", "mail.bg", "freemail.hu", "citromail.hu", "qq.com", "163.com",
    "126.com", "sina.com", "naver.com", "daum.net", "hanmail.net", "comcast.net", "verizon.net",
    "att.net", "sbcglobal.net", "btinternet.com", "sky.com", "bigpond.com", "telenet.be", "skynet.be",
    "ziggo.nl", "kpnmail.nl", "planet.nl", "home.nl", "bluewin.ch",
))  # fmt: skip
# Of these, the ones that mistyped domains are compared with: frequent enough that a slip is likelier.
FREQUENT = (
    "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "live.com", "aol.com",
    "msn.com", "protonmail.com", "googlemail.com", "gmx.de", "gmx.net", "web.de", "t-online.de",
    "yahoo.co.uk", "hotmail.co.uk", "hotmail.fr", "orange.fr", "wanadoo.fr", "laposte.net", "libero.it",
    "seznam.cz", "centrum.cz", "email.cz", "atlas.cz", "volny.cz", "azet.sk", "zoznam.sk", "centrum.sk",
    "mail.ru", "yandex.ru", "yahoo.com.ph",
)  # fmt: skip


@lru_cache(maxsize=100_000)
def is_disposable(domain: str) -> bool:
    """Whether addresses of this domain, or of one that it lies in, are made to be thrown away."""
    labels = domain.split(".")
    return any(".".join(labels[start:]) in blocklist for start in range(len(labels) - 1))
