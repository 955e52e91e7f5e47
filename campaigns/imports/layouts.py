"""Whose export a file is, and what its columns mean; for unknown ones, what names and cells suggest."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from campaigns.imports import cards, places
from campaigns.imports.columns import NAMES
from campaigns.imports.targets import ONCE, Target


def simple(name: str) -> str:
    """A column's name without blanks, signs, accents and capitals, for looking it up."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    # й is a letter of its own, which NFKD takes apart; both sides of every look-up lose its mark alike.
    return re.sub(r"[\W_]+", "", "".join(c for c in apart if not unicodedata.combining(c)))


@dataclass(frozen=True)
class Layout:
    """The columns by which a product's export is known, and those that only it has."""

    name: str
    title: str
    signature: tuple[frozenset[str], ...]  # any of these sets of columns
    columns: dict[str, Target] = field(default_factory=dict)
    month_first: bool = False


def _any(*sets: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(names.split()) for names in sets)


def _to(target: Target, names: str) -> dict[str, Target]:
    return dict.fromkeys(names.split(), target)


LAYOUTS = (
    Layout(
        "mailchimp",
        "Mailchimp",
        _any("emailaddress memberrating", "emailaddress leid euid", "emailaddress optintime confirmtime"),
        _to(Target.IGNORE, "memberrating latitude longitude gmtoff dstoff region lastchanged leid euid")
        | _to(Target.UNSUBSCRIBED, "unsubtime")
        | _to(Target.BOUNCED, "cleantime")
        | _to(Target.FIELD, "unsubreason unsubreasonother")
        | _to(Target.IGNORE, "unsubcampaigntitle unsubcampaignid cleancampaigntitle cleancampaignid"),
        month_first=True,
    ),
    Layout(
        "brevo",
        "Brevo",
        _any("contactid email", "email sms doubleoptin", "email sms optin", "email sms addedtime"),
        _to(Target.PHONE, "sms whatsapp landlinenumber")
        | _to(Target.SUBSCRIBED, "optin")
        | _to(Target.OPTIN_TIME, "addedtime")
        | _to(Target.UNSUBSCRIBED, "emailblocklisted emailblacklisted blocklisted blacklisted")
        | _to(Target.IGNORE, "contactid modifiedtime doubleoptin extid listids lists smsblocklisted "
                             "smsblacklisted whatsappblocklisted whatsappblacklisted"),
    ),
    Layout(
        "hubspot",
        "HubSpot",
        _any("recordid email", "contactid email lifecyclestage", "email contactowner leadstatus"),
        _to(Target.UNSUBSCRIBED, "unsubscribedfromallemail optedoutofallemail "
                                 "optedoutofemailmarketinginformation")
        | _to(Target.STATUS, "marketingcontactstatus")
        | _to(Target.BOUNCED, "emailhardbouncereason invalidemailaddress")
        | _to(Target.COMPANY, "associatedcompany companyname primarycompany")
        | _to(Target.IGNORE, "recordid contactid contactowner createdate lastactivitydate lastmodifieddate "
                             "associatedcompanyids lastcontacted emaildomain"),
    ),
    Layout(
        "listmonk",
        "listmonk",
        _any("email name attributes", "email name attribs", "uuid email name status"),
        _to(Target.ATTRIBUTES, "attributes attribs")
        | _to(Target.IGNORE, "uuid id createdat updatedat lists"),
    ),
    Layout(
        "google",
        "Google Contacts",
        _any("email1value"),
        _to(Target.EMAIL, "email1value") | _to(Target.PHONE, "phone1value phone2value")
        | _to(Target.FIRST_NAME, "givenname") | _to(Target.LAST_NAME, "familyname")
        | _to(Target.COMPANY, "organization1name organizationname")
        | _to(Target.POSITION, "organization1title organizationtitle")
        | _to(Target.CITY, "address1city") | _to(Target.COUNTRY, "address1country")
        | _to(Target.TAGS, "groupmembership labels")
        | _to(Target.IGNORE, "photo fileas email1type email1label email2type email2label phone1type "
                             "phone1label phone2type phone2label address1type address1label "
                             "address1formatted organization1type website1type website1label yominame "
                             "givennameyomi additionalnameyomi familynameyomi phoneticfirstname "
                             "phoneticmiddlename phoneticlastname organization1yominame billinginformation "
                             "directoryserver mileage sensitivity priority subject"),
    ),
    Layout(
        "outlook",
        "Outlook",
        _any("emailaddress businessphone", "emailaddress mobilephone", "emailaddress emaildisplayname"),
        _to(Target.PHONE, "mobilephone businessphone homephone primaryphone")
        | _to(Target.CITY, "businesscity homecity")
        | _to(Target.COUNTRY, "businesscountryregion homecountryregion")
        | _to(Target.COUNTRY, "businesscountry homecountry") | _to(Target.TAGS, "categories")
        | _to(Target.IGNORE, "title emailtype emaildisplayname email2type email2displayname email3type "
                             "email3displayname priority private sensitivity initials account mileage "
                             "billinginformation directoryserver internetfreebusy"),
        month_first=True,
    ),
    Layout(
        "vcard",
        "vCard",
        (frozenset(map(simple, cards.COLUMNS)),),
        _to(Target.TAGS, "categories"),
    ),
)  # fmt: skip

_MANY = 0.6  # of the cells must agree before a column is named by them


_KNOWN = {simple(name): target for target, names in NAMES.items() for name in names.split()}


def recognise(columns: Sequence[str]) -> Layout | None:
    """The product that exports such columns; None for any other table."""
    names = {simple(name) for name in columns}
    return next((layout for layout in LAYOUTS if any(known <= names for known in layout.signature)), None)


# Mailchimp exports those who left, failed or never agreed as files of their own, told apart by their names.
_FILES = {"unsubscribed_": "unsubscribed", "cleaned_": "bounced", "nonsubscribed_": "silent"}


def everybody(filename: str, layout: Layout | None) -> str:
    """What a whole file says about letters by its name: unsubscribed, bounced or silent; else nothing."""
    if layout is None or layout.name != "mailchimp":
        return ""
    begins = filename.lower()
    return next((will for name, will in _FILES.items() if begins.startswith(name)), "")


def propose(columns: Sequence[str], samples: Sequence[Sequence[str]]) -> dict[str, str]:
    """For each column, by its number as text, the target that its name and cells suggest."""
    layout = recognise(columns)
    own = layout.columns if layout else {}
    mapping: dict[str, str] = {}
    taken: set[Target] = set()
    for number, name in enumerate(columns):
        cells = [row[number] for row in samples if number < len(row) and row[number].strip()]
        target = own.get(simple(name), _KNOWN.get(simple(name)))
        target = _by_cells(cells, target) if target in (None, Target.LANGUAGE) else target
        if target in taken:
            target = Target.FIELD
        if target in ONCE:
            taken.add(target)
        mapping[str(number)] = target
    return _with_whole_names(mapping, samples)


def _with_whole_names(mapping: dict[str, str], samples: Sequence[Sequence[str]]) -> dict[str, str]:
    """Without a column of last names, one of first names that has two words in most cells holds both."""
    given = {target: number for number, target in mapping.items()}
    if Target.FIRST_NAME not in given or Target.LAST_NAME in given:
        return mapping
    number = given[Target.FIRST_NAME]
    cells = [row[int(number)] for row in samples if int(number) < len(row) and row[int(number)].strip()]
    whole = _share(cells, lambda cell: " " in cell) > _MANY
    return mapping | {number: Target.FULL_NAME} if whole else mapping


def _by_cells(cells: Sequence[str], named: Target | None) -> Target:
    """What the cells look like: addresses in a column of any name, countries in one that is called CC."""
    if named == Target.LANGUAGE:
        countries = _share(cells, lambda cell: cell.isupper() and bool(places.country(cell)))
        return Target.COUNTRY if countries > _MANY and countries > _share(cells, _is_small_code) else named
    if _share(cells, lambda cell: "@" in cell and "." in cell and len(cell) < 255) > _MANY:
        return Target.EMAIL
    return Target.FIELD


def _is_small_code(cell: str) -> bool:
    return cell.islower() and bool(places.language(cell))


def _share(cells: Sequence[str], fits: Callable[[str], bool]) -> float:
    return sum(fits(cell.strip()) for cell in cells) / len(cells) if cells else 0


def day_first(columns: Sequence[str], mapping: dict[str, str], samples: Sequence[Sequence[str]]) -> bool:
    """Whether 03/04 is the third of April: what other cells of the columns show, else what is usual there."""
    layout = recognise(columns)
    numbers = [int(number) for number, target in mapping.items() if target == Target.BIRTHDAY]
    for cell in (row[number] for row in samples for number in numbers if number < len(row)):
        found = re.match(r"\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})\b", cell)
        if found and (int(found[1]) > 12) != (int(found[2]) > 12):
            return int(found[1]) > 12
    return not (layout and layout.month_first)
