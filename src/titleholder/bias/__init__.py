"""The bias audit: how a suite's models treat the groups of its protected columns.

Nothing here decides: rules with ``over:`` do. This is what people read beside the verdict.
"""

from titleholder.bias.audit import audit as audit
from titleholder.bias.audit import protected_of as protected_of
from titleholder.bias.records import Audit as Audit
from titleholder.bias.records import Axis as Axis
from titleholder.bias.records import Gap as Gap
from titleholder.bias.records import Group as Group
from titleholder.bias.records import Mitigation as Mitigation
from titleholder.bias.records import Option as Option
from titleholder.bias.records import Proxies as Proxies
from titleholder.bias.records import Proxy as Proxy
from titleholder.bias.records import Rate as Rate
