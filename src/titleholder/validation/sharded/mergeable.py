"""Which expectations can be answered shard by shard, and why the others cannot."""

from collections.abc import Iterator, Sequence

from titleholder.validation.suite_file import Declared

# Each row, or each value, is looked at alone: counts add, and `mostly` is judged on the totals.
ROW_BY_ROW = frozenset(
    {
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_to_be_in_set",
        "expect_column_value_lengths_to_be_between",
        "expect_column_value_lengths_to_equal",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_dateutil_parseable",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_be_json_parseable",
        "expect_column_values_to_be_null",
        "expect_column_values_to_match_json_schema",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_match_regex_list",
        "expect_column_values_to_match_strftime_format",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_not_match_regex",
        "expect_column_values_to_not_match_regex_list",
        "expect_multicolumn_sum_to_equal",
        "expect_multicolumn_values_to_be_equal",
        "expect_select_column_values_to_be_unique_within_record",
    }
)
# The columns' types, which all shards share; of values of no single type, counts add.
TYPES = frozenset(
    {
        "expect_column_type_to_be",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_be_of_type",
    }
)
# The table's columns: no row is looked at.
SCHEMA = frozenset(
    {
        "expect_column_to_exist",
        "expect_table_column_count_to_be_between",
        "expect_table_column_count_to_equal",
        "expect_table_columns_to_match_ordered_list",
        "expect_table_columns_to_match_set",
    }
)
ROW_COUNT, ROW_COUNT_EQUALS = (
    "expect_table_row_count_to_be_between",
    "expect_table_row_count_to_equal",
)
UNIQUE = "expect_column_values_to_be_unique"
MOMENTS = frozenset(
    f"expect_column_{figure}_to_be_between" for figure in ("min", "max", "mean", "sum", "stdev")
)
DISTINCT = frozenset(
    {
        "expect_column_distinct_values_to_be_in_set",
        "expect_column_distinct_values_to_contain_set",
        "expect_column_distinct_values_to_equal_set",
        "expect_column_proportion_of_unique_values_to_be_between",
        "expect_column_unique_value_count_to_be_between",
    }
)
NON_NULL = "expect_column_proportion_of_non_null_values_to_be_between"
MEASURED = MOMENTS | DISTINCT | {NON_NULL}
MOST_KEYS = 1 << 27  # rows of which each may have a hash in memory: a GiB

_WHY = {
    "expect_column_values_to_be_increasing": "it compares rows across shards",
    "expect_column_values_to_be_decreasing": "it compares rows across shards",
    "expect_column_value_z_scores_to_be_less_than": "each value is held against all others",
    "expect_column_values_to_not_be_outliers": "each value is held against all others",
    "expect_column_median_to_be_between": "quantiles do not add up",
    "expect_column_quantile_values_to_be_between": "quantiles do not add up",
    "expect_column_kl_divergence_to_be_less_than": "its bins do not add up",
}
_CURE = "name a single file under data.current"
_CURES = {
    "expect_column_median_to_be_between": "the drift stage watches quantiles",
    "expect_column_quantile_values_to_be_between": "the drift stage watches quantiles",
    "expect_column_kl_divergence_to_be_less_than": "the drift stage measures it",
    "expect_compound_columns_to_be_unique": "check a key of one column",
    "expect_column_most_common_value_to_be_in_set": "check the distinct values",
}


def problems(declared: Sequence[Declared], rows: int) -> list[str]:
    """What cannot be told of data in many files of so many rows together, each with its cure."""
    return [text for one in declared for text in _problems(one, rows)]


def by_engine(declared: Sequence[Declared]) -> tuple[Declared, ...]:
    """Those for which the engine looks at the rows of each shard."""
    return tuple(one for one in declared if one.type in ROW_BY_ROW | TYPES)


def of_schema(declared: Sequence[Declared]) -> tuple[Declared, ...]:
    """Those for which the engine looks at the columns alone, once."""
    return tuple(one for one in declared if one.type in SCHEMA)


def reads(declared: Sequence[Declared], columns: Sequence[str]) -> list[str]:
    """Which of the data's columns have to be read: all, where a condition may name any."""
    looked_at = [one for one in declared if one.type not in SCHEMA]
    if any(one.kwargs.get("row_condition") for one in looked_at):
        return list(columns)
    named = {name for one in looked_at for name in one.columns}
    return [name for name in columns if name in named]


def _problems(one: Declared, rows: int) -> Iterator[str]:
    known = ROW_BY_ROW | TYPES | SCHEMA | MEASURED | {ROW_COUNT, ROW_COUNT_EQUALS, UNIQUE}
    if one.type not in known:
        why = _WHY.get(one.type, "its answers for shards do not add up")
        other = f"{_CURES[one.type]}, or " if one.type in _CURES else ""
        yield f"{one.where} cannot be told from data in many files: {why} ({other}{_CURE})"
    elif one.kwargs.get("row_condition") and one.type not in ROW_BY_ROW:
        yield f"{one.where}: a row_condition on it cannot be had of data in many files ({_CURE})"
    elif one.type == UNIQUE and rows > MOST_KEYS:
        yield (
            f"{one.where}: {rows:,} rows are more than the {MOST_KEYS:,} whose keys are held in "
            "memory (check uniqueness where the data are made, and leave it out here)"
        )
