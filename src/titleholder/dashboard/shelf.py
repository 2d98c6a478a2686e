"""The dashboard's side of a store: brought up to date after each verdict, or made anew.

State is written before the pages that are made of it, and each page is written over exactly the
version that was there before its state was read. So of two publishers at once the later page
holds what both have found. Whoever is killed on the way leaves pages that are old, and the next
one to publish brings them up to date.
"""

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeVar

import msgspec

from titleholder import records
from titleholder.dashboard import metrics, pages
from titleholder.dashboard.entries import Entry, entry_of
from titleholder.dashboard.months import Month, decode_month, encode
from titleholder.dashboard.overview import MOST_TITLES, RECENT, Index, Overview, state_of
from titleholder.drift.records import Drift
from titleholder.errors import (
    ObjectNotFound,
    PreconditionFailed,
    RecordError,
    StoreError,
    StoreMissing,
)
from titleholder.params.schema import HoldoutParams
from titleholder.store import Store, Stored
from titleholder.trust.chain import LONGEST_WALK, Chain, Link, verdicts
from titleholder.trust.history import EVERYTHING, Crowned, crowned
from titleholder.trust.pins import Trust
from titleholder.trust.publication import evidence_key
from titleholder.trust.statement import Statement
from titleholder.trust.titles import titles
from titleholder.types import Record

T = TypeVar("T", bound=Record)

INDEX = "dashboard/suites.json"
FRONT = "dashboard/index.html"
OVERVIEW = "overview.json"
DRIFT = "drift/drift.json"
REPORT_CARD, BIAS_AUDIT = "report.html", "bias.html"
SUITE = "publish/suite.json"
ANEW = "titleholder dashboard --rebuild"
_MOST_SHARDS = 14
_ATTEMPTS = 64


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where one suite's pages are kept, and the chain that they are made from.

    ``source`` holds the chain and the evidence, ``target`` the pages: the same store, unless the
    pages are being written somewhere else.
    """

    source: Store
    target: Store
    environment: str
    suite: str

    @property
    def chain(self) -> Chain[Statement]:
        """The chain of verdicts, read in good faith: the dashboard is believed by nobody."""
        return verdicts(self.source, self.environment, self.suite)

    def key(self, name: str) -> str:
        """Where a page or a piece of state of this suite lies."""
        return f"dashboard/suites/{self.environment}/{self.suite}/{name}"

    # -------------------------------------------------------------------- state

    def overview(self) -> Overview:
        """How far this dashboard has come; empty where it has not begun."""
        key = self.key("overview.json")
        held = _held(self.target, key)
        return Overview() if held is None else _read(held, Overview, key)

    def month(self, month: str) -> Month:
        """The runs of one month."""
        key = self.key(f"history/{month}.json")
        held = _held(self.target, key)
        return Month() if held is None else decode_month(held.data, key)

    def newest(self, overview: Overview, most: int = RECENT) -> list[Entry]:
        """The newest runs, oldest first; only the months that they are in are read."""
        found: list[Entry] = []
        for month in sorted(overview.months, reverse=True)[:_MOST_SHARDS]:
            found = [*self.month(month).entries, *found]
            if len(found) >= most:
                break
        return sorted(found, key=lambda entry: entry.run.sequence)[-most:]

    # ------------------------------------------------------------------ writing

    def take_in(self, links: Iterable[Link[Statement]], beyond: int | None = None) -> set[str]:
        """Put these runs into their months, write their pages, and say which months they are of.

        ``beyond`` is the newest number of a dashboard that is being made anew.
        """
        by_month: dict[str, list[Entry]] = defaultdict(list)
        for link in links:
            card = self._evidence(link, REPORT_CARD)
            granted = self._granted(link)
            entry = entry_of(link, self._drift(link), granted, report=card is not None)
            by_month[entry.month].append(entry)
            page = pages.run(self.environment, self.suite, link, entry)
            self._put(self.key(f"runs/{link.sequence:08d}.html"), _always(page))
            kept = {"card": card, "bias": self._evidence(link, BIAS_AUDIT)}
            for name, data in kept.items():
                if data is not None:
                    self._put(self.key(f"runs/{link.sequence:08d}-{name}.html"), _always(data))
        for month, entries in by_month.items():
            self._put(self.key(f"history/{month}.json"), self._joining(month, entries, beyond))
        self._put(self.key(OVERVIEW), lambda held: self._overview(held, set(by_month), beyond))
        return set(by_month)

    def show(self, months: Iterable[str]) -> None:
        """Write the pages of these months and of the suite, then its line in the index."""
        for _ in range(_ATTEMPTS):
            keys = [f"months/{month}.html" for month in months] + ["index.html", "metrics.txt"]
            held = {name: _held(self.target, self.key(name)) for name in keys}
            made = self._pages(months)
            with contextlib.suppress(PreconditionFailed):
                for name, data in made.items():
                    _replace(self.target, self.key(name), held[name], data)
                break
        else:
            raise _contested(self.target, self.key("index.html"))
        overview = self.overview()
        state = state_of(self.environment, self.suite, overview, self.newest(overview))
        self._put(INDEX, lambda stored: encode(index_in(stored).joined(state)))
        self._put(FRONT, lambda _: pages.index(index_in(_held(self.target, INDEX))))

    def _pages(self, months: Iterable[str]) -> dict[str, bytes]:
        """Every page but those of runs, from the state as it is now."""
        overview = self.overview()
        entries = self.newest(overview)
        place = (self.environment, self.suite)
        made = {
            f"months/{month}.html": pages.month(*place, overview, self.month(month), month)
            for month in months
        }
        made["index.html"] = pages.suite(*place, overview, entries)
        made["metrics.txt"] = metrics.text(*place, entries)
        return made

    def _joining(
        self, month: str, entries: list[Entry], beyond: int | None
    ) -> Callable[[Stored | None], bytes]:
        """A month with these runs in it; what cannot be read is only kept from being made anew."""

        def joined(held: Stored | None) -> bytes:
            known = Month()
            if held is not None:
                try:
                    known = decode_month(held.data, month)
                except RecordError as error:
                    if beyond is None:
                        raise _damaged(self.key(f"history/{month}.json"), error) from error
            return encode(known.joined(entries, beyond))

        return joined

    def _overview(self, held: Stored | None, months: set[str], beyond: int | None) -> bytes:
        known = Overview()
        if held is not None and beyond is None:
            known = _read(held, Overview, self.key(OVERVIEW))
        for month in sorted(months):
            known = known.joined(month, self.month(month).entries)
        titles = (*known.titles, *self._titles_after(known))[-MOST_TITLES:]
        return encode(msgspec.structs.replace(known, titles=titles))

    def _titles_after(self, known: Overview) -> list[Crowned]:
        """The titles that were given since the newest one that is known, oldest first."""
        newest = known.titles[-1].sequence if known.titles else 0
        book = titles(self.source, self.environment, self.suite, Trust())
        tip = book.tip()
        if tip is None:
            return []
        fresh = takewhile(lambda link: link.sequence > newest, book.back_from(tip, MOST_TITLES))
        return [crowned(link) for link in fresh][::-1]

    def _drift(self, link: Link[Statement]) -> Drift | None:
        """The drift record behind a verdict; None where there is none that can be read."""
        data = self._evidence(link, DRIFT)
        try:
            return None if data is None else records.decode(data, Drift, source=DRIFT)
        except RecordError:
            return None

    def _granted(self, link: Link[Statement]) -> HoldoutParams | None:
        """The holdout budget that the suite declared; None where that cannot be read."""
        data = self._evidence(link, SUITE)
        try:
            plain = {} if data is None else records.decode(data, dict, source=SUITE)
            return msgspec.convert(plain.get("holdout"), HoldoutParams)
        except (RecordError, msgspec.ValidationError):
            return None

    def _evidence(self, link: Link[Statement], name: str) -> bytes | None:
        """The evidence of this name; None where there is none, or not the one that is named."""
        kept = link.statement.predicate.evidence
        named = next((e for e in kept if f"/{e.name}".endswith(f"/{name}")), None)
        held = _held(self.source, evidence_key(named.sha256)) if named else None
        if named is None or held is None:
            return None
        return held.data if hashlib.sha256(held.data).hexdigest() == named.sha256 else None

    def _put(self, key: str, make: Callable[[Stored | None], bytes]) -> None:
        """Write what ``make`` makes over what was there before it was made, or make it again."""
        for _ in range(_ATTEMPTS):
            held = _held(self.target, key)
            with contextlib.suppress(PreconditionFailed):
                _replace(self.target, key, held, make(held))
                return
        raise _contested(self.target, key)


def update(store: Store, environment: str, suite: str) -> None:
    """Bring the dashboard up to the newest verdict of a suite.

    NoVerdict if the chain is broken, other TitleholderErrors if the dashboard is damaged, lags too
    far behind, or cannot be written; what has been published stands whatever becomes of this.
    """
    shelf = Shelf(store, store, environment, suite)
    tip = shelf.chain.tip()
    if tip is None:
        return
    known = shelf.overview().sequence
    if known > tip.sequence:
        raise StoreError(
            f"the dashboard of {suite} knows of verdict {known}, and the chain ends with "
            f"{tip.sequence}",
            cure=f"find out what became of the others; then {ANEW}",
        )
    if tip.sequence - known > LONGEST_WALK:
        raise StoreError(
            f"the dashboard of {suite} lags by {tip.sequence - known} verdicts", cure=ANEW
        )
    fresh = list(takewhile(lambda link: link.sequence > known, shelf.chain.back_from(tip)))
    months = shelf.take_in(reversed(fresh))
    shelf.show(months or {tip.statement.predicate.logical_date[:7]})


def rebuild(source: Store, target: Store) -> dict[tuple[str, str], int]:
    """Make every page again from the chains alone; how many verdicts each suite has.

    What is published meanwhile is not lost. NoVerdict where a chain is broken.
    """
    target.prepare()
    _mend_index(target)
    found = {}
    for environment, suite in suites_of(source):
        shelf = Shelf(source, target, environment, suite)
        tip = shelf.chain.tip()
        if tip is None:
            continue
        months = shelf.take_in(shelf.chain.back_from(tip, EVERYTHING), beyond=tip.sequence)
        shelf.show(sorted(months))
        found[environment, suite] = tip.sequence
    return found


def _mend_index(target: Store) -> None:
    """Begin the index anew; suites that are no more are not in it again."""
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(PreconditionFailed):
            _replace(target, INDEX, _held(target, INDEX), encode(Index()))
            return
    raise _contested(target, INDEX)


def bring_along(source: Store, target: Store) -> None:
    """Copy the verdicts and their evidence, which the pages of runs lead to."""
    for environment, suite in suites_of(source):
        shelf = Shelf(source, target, environment, suite)
        tip = shelf.chain.tip()
        for link in shelf.chain.back_from(tip, EVERYTHING) if tip else ():
            _put_once(target, link.key, link.data)
            for evidence in link.statement.predicate.evidence:
                key = evidence_key(evidence.sha256)
                held = _held(source, key)
                if held is not None:
                    _put_once(target, key, held.data)


def _put_once(target: Store, key: str, data: bytes) -> None:
    with contextlib.suppress(PreconditionFailed):  # it lies there already
        target.put_new(key, data)


def suites_of(store: Store) -> list[tuple[str, str]]:
    """Every environment and suite that a verdict was published for."""
    parts = (key.split("/") for key in store.keys("verdicts/"))
    return sorted({(part[1], part[2]) for part in parts if len(part) == 4})


def index_in(held: Stored | None) -> Index:
    """The index in an object; empty where there is none."""
    return Index() if held is None else _read(held, Index, INDEX)


def _always(data: bytes) -> Callable[[Stored | None], bytes]:
    return lambda _: data


def _held(store: Store, key: str) -> Stored | None:
    try:
        return store.get(key)
    except (ObjectNotFound, StoreMissing):
        return None


def _read(held: Stored, as_type: type[T], key: str) -> T:
    try:
        return records.decode(held.data, as_type, source=key)
    except RecordError as error:
        raise _damaged(key, error) from error


def _replace(store: Store, key: str, held: Stored | None, data: bytes) -> None:
    """Write over exactly what was held; nothing where it is the same."""
    if held is None:
        store.put_new(key, data)
    elif held.data != data:
        store.put_if(key, data, held.tag)


def _damaged(key: str, error: RecordError) -> StoreError:
    return StoreError(f"the dashboard is damaged: {key}: {error.message}", cure=ANEW)


def _contested(store: Store, key: str) -> StoreError:
    return StoreError(f"{store.url}: others keep writing {key}", cure=f"run it again, or {ANEW}")
