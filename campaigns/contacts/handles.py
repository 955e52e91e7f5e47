"""Where people are found besides mail and phone: messengers and networks, one on each line."""

import re
from urllib.parse import quote, urlsplit

from campaigns.contacts.names import tidy
from campaigns.errors import BadInput
from campaigns.words import _

Handle = dict[str, str]  # kind, name

MOST = 10
# kind: what it is called, where its pages are, and how a page's address is made of a name
KINDS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "telegram": ("Telegram", ("t.me", "telegram.me"), "https://t.me/{}"),
    "whatsapp": ("WhatsApp", ("wa.me", "api.whatsapp.com"), "https://wa.me/{}"),
    "viber": ("Viber", (), ""),
    "signal": ("Signal", ("signal.me",), ""),
    "messenger": ("Messenger", ("m.me",), "https://m.me/{}"),
    "facebook": ("Facebook", ("facebook.com", "fb.com"), "https://www.facebook.com/{}"),
    "instagram": ("Instagram", ("instagram.com",), "https://www.instagram.com/{}"),
    "linkedin": ("LinkedIn", ("linkedin.com",), "https://www.linkedin.com/in/{}"),
    "vk": ("VK", ("vk.com",), "https://vk.com/{}"),
    "x": ("X", ("x.com", "twitter.com"), "https://x.com/{}"),
    "skype": ("Skype", (), ""),
    "other": ("", (), ""),
}


def read(text: str) -> list[Handle]:
    """Handles from lines such as “Telegram @anna” or “https://www.linkedin.com/in/anna”.

    Raises BadInput for a line that names no service that we know and is no link, or for too many.
    """
    lines = [line for line in (tidy(line, 300) for line in text.splitlines()) if line]
    if len(lines) > MOST:
        raise BadInput(_("At most %(most)s messengers and networks.", most=MOST), field="handles")
    found = [_one(line) for line in lines]
    return [handle for number, handle in enumerate(found) if handle not in found[:number]]


def _one(line: str) -> Handle:
    if re.match(r"https?://", line, re.IGNORECASE):
        return _from_link(line)
    service, _sign, name = re.sub(r"^(\S+?):\s*", r"\1 ", line).partition(" ")
    kind = next((key for key, known in KINDS.items() if service.lower() in (key, known[0].lower())), "")
    if not kind or not name.strip():
        raise BadInput(
            _(
                "“%(line)s”: name the service first, such as “Telegram @anna”, or paste the link.",
                line=line[:60],
            ),
            field="handles",
        )
    return {"kind": kind, "name": name.strip()[:200]}


def _from_link(line: str) -> Handle:
    host = (urlsplit(line).hostname or "").removeprefix("www.").removeprefix("m.")
    kind = next((key for key, known in KINDS.items() if host in known[1]), "other")
    path = urlsplit(line).path.strip("/").removeprefix("in/")
    plain = kind != "other" and KINDS[kind][2] and re.fullmatch(r"[\w.@+-]+", path)
    return {"kind": kind, "name": path if plain else line[:200]}


def written(handles: list[Handle]) -> str:
    """Handles as lines, from which `read` gives the same."""
    return "\n".join(f"{service(handle)} {handle['name']}".strip() for handle in handles)


def service(handle: Handle) -> str:
    """What the service is called; nothing for a link to anywhere."""
    return KINDS.get(handle["kind"], ("",))[0]


def link(handle: Handle) -> str:
    """The address of the person's page there, or nothing."""
    name = handle["name"]
    if name.lower().startswith(("https://", "http://")):
        return name
    pattern = KINDS.get(handle["kind"], ("", (), ""))[2]
    return pattern.format(quote(name.lstrip("@+").replace(" ", ""))) if pattern else ""
