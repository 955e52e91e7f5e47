"""What columns are called in files of any origin, in the product's languages and German."""

from campaigns.imports.targets import Target

# Without blanks, signs, accents and capitals; see layouts.simple.
NAMES: dict[Target, str] = {
    Target.EMAIL: (
        "email emailaddress mail emailaddr adresaelektronickejposty emailova adresaemail emailadresa "
        "adresaemailu posta почта электроннаяпочта емейл имейл epost emailadresse workemail"
    ),
    Target.FIRST_NAME: (
        "firstname fname forename givenname jmeno krestnijmeno meno krstnemeno prenume имя pangalan "
        "vorname first"
    ),
    Target.LAST_NAME: (
        "lastname lname surname familyname prijmeni priezvisko nume numedefamilie фамилия apelyido "
        "nachname last"
    ),
    Target.FULL_NAME: (
        "name fullname contactname celejmeno celemeno jmenoaprijmeni menoapriezvisko numecomplet фио "
        "buongpangalan displayname"
    ),
    Target.PHONE: (
        "phone phonenumber telephone tel telefon mobile mobil mobilephone cell telefonnicislo "
        "telefonnecislo телефон numardetelefon telepono handy sms"
    ),
    Target.BIRTHDAY: (
        "birthday birthdate dateofbirth dob narozeniny datumnarozeni narodeniny datumnarodenia "
        "деньрождения датарождения datanasterii ziledenastere kaarawan geburtstag"
    ),
    Target.COMPANY: (
        "company companyname organization organisation firma spolecnost spolocnost компания фирма "
        "организация companie kompanya unternehmen employer"
    ),
    Target.POSITION: (
        "position jobtitle title job role pozice pozicia funkce funkcia должность functie posisyon "
        "funktion occupation"
    ),
    Target.LANGUAGE: "language lang locale preferredlanguage jazyk язык limba wika sprache cc",
    Target.COUNTRY: "country countryregion countrycode zeme stat krajina страна tara bansa land",
    Target.CITY: "city town mesto город oras lungsod stadt",
    Target.TIMEZONE: "timezone tz casovepasmo часовойпояс fusorar",
    Target.NOTE: ("notes note comment comments poznamka poznamky заметка примечание nota notite tala notiz"),
    Target.TAGS: "tags tag stitky stitek znacky теги метки etichete labels",
    Target.CATEGORIES: "category categories kategorie kategoria категория categorie kategorya",
    Target.OPTIN_TIME: (
        "optintime optindate subscribedat signupdate subscribedate consentdate datumsouhlasu"
    ),
    Target.OPTIN_IP: "optinip ipsignup signupip ipaddress ip",
    Target.CONFIRM_TIME: "confirmtime confirmedat doubleoptintime optinconfirmtime",
    Target.CONFIRM_IP: "confirmip ipopt confirmationip",
    Target.STATUS: "status emailstatus subscriptionstatus memberstatus stav статус stare",
    Target.SUBSCRIBED: "subscribed optin emailoptin newsletter souhlas acceptsmarketing wantsnewsletter",
    Target.UNSUBSCRIBED: (
        "unsubscribed unsubscribedat unsubscribetime optout optedout emailoptout donotemail unsubtime "
        "odhlasen odhlaseny blocklisted blacklisted"
    ),
    Target.BOUNCED: "bounced hardbounced bouncedat cleaned cleantime",
    Target.IGNORE: "line reason",  # of our own files of refused rows
}

# The words in a status column that keep letters away, letters only.
STATUSES = {
    "unsubscribed": (
        "unsubscribed unsubscribe optedout optout blocklisted blacklisted objected complained complaint spam "
        "odhlášen odhlásený odhlasen dezabonat отписан"
    ),
    "bounced": "cleaned bounced hardbounced bounce invalid failed",
    "silent": (
        "pending unconfirmed nonsubscribed notsubscribed transactional disabled archived inactive "
        "nonmarketing nonmarketingcontact new"
    ),
}
