"""Waivers that lie in the store for a candidate, told with its verdict and on its page."""

from titleholder.adapters.stores import store_at
from titleholder.errors import StoreError, TitleholderError
from titleholder.stages.manifest import CANDIDATE, Manifest
from titleholder.stages.workspace import Workspace
from titleholder.store import Store
from titleholder.trust.gate import SKEW
from titleholder.trust.waivers import noticed
from titleholder.types import Check, Outcome, Severity, Source, Verdict
from titleholder.verdict import WAIVER, with_checks


def told(ws: Workspace, store: Store, candidate: Source, verdict: Verdict) -> Verdict:
    """The verdict with a line for each waiver that would cover one of its findings."""
    if verdict.outcome is Outcome.PASS:
        return verdict
    environment = ws.store.environment
    found = noticed(store, environment, candidate.sha256, verdict, store.now(), SKEW)
    return with_checks(verdict, found)


def shown(ws: Workspace, pulled: Manifest, verdict: Verdict) -> Verdict:
    """The same for the page, where a store that does not answer is said and stops nothing."""
    if verdict.outcome is Outcome.PASS:
        return verdict
    candidate = pulled.source(CANDIDATE + verdict.candidate)
    try:
        return told(ws, store_at(ws.store, ws.root), candidate, verdict)
    except StoreError as error:
        return with_checks(verdict, (_unknown(error),))


def _unknown(error: TitleholderError) -> Check:
    reason = f"whether a waiver lies in the store is not known: {error.message}"
    return Check("waivers", WAIVER, Severity.INFO, Outcome.ERROR, reason)
