"""Every table there is: importing this fills `Base.metadata` (for migrations and tests)."""

from campaigns import leases
from campaigns.accounts import models as accounts
from campaigns.audiences import models as audiences
from campaigns.cleaning import models as cleaning
from campaigns.consent import models as consent
from campaigns.contacts import change_models as changes
from campaigns.contacts import field_models as fields
from campaigns.contacts import models as contacts
from campaigns.crm import models as crm
from campaigns.database import Base
from campaigns.delivery import models as delivery
from campaigns.exports import models as exports
from campaigns.mailings import models as mailings
from campaigns.preferences import models as preferences
from campaigns.rights import models as rights
from campaigns.signup import models as signup
from campaigns.signup import reward_models as rewards
from campaigns.tracking import models as tracking

__all__ = [
    "Base",
    "accounts",
    "audiences",
    "changes",
    "cleaning",
    "consent",
    "contacts",
    "crm",
    "delivery",
    "exports",
    "fields",
    "leases",
    "mailings",
    "preferences",
    "rewards",
    "rights",
    "signup",
    "tracking",
]
