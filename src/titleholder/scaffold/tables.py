"""Foreign tables brought into titleholder's names, where they have others.

Copies, never edits: the user's own tables stay as they are.
"""

from typing import TYPE_CHECKING

from titleholder.errors import UsageError
from titleholder.scaffold.roles import Roles
from titleholder.scaffold.survey import Survey, Table, answer_name

if TYPE_CHECKING:
    import pandas as pd

ROW_ID = "row_id"


def fits(survey: Survey, roles: Roles) -> bool:
    """Whether every table can be read as it lies."""
    return roles.row_id is not None and all(
        roles.row_id in table.columns and _answers_fit(table) for table in _answers(survey, roles)
    )


def by_order(survey: Survey, roles: Roles) -> bool:
    """Whether rows have to be told apart by their place, since nothing else does."""
    tables = _answers(survey, roles)
    return roles.row_id is None or any(roles.row_id not in t.columns for t in tables)


def current(survey: Survey, roles: Roles, path: str) -> "pd.DataFrame":
    """The rows of a data table with a ``row_id``, and without a model's answers."""
    table = survey.table(path)
    if table is None:
        raise UsageError(f"{path}: is no table")
    frame = table.frame.drop(columns=[c for c in table.columns if answer_name(c)])
    if roles.row_id is None:
        frame.insert(0, ROW_ID, [str(i) for i in range(len(frame))])
    return frame


def answers(survey: Survey, roles: Roles, table: Table) -> "pd.DataFrame":
    """A model's answers under titleholder's names, with the panel's row ids.

    UsageError where rows have neither an id nor the panel's number of rows.
    """
    panel = survey.table(roles.current)
    if panel is None:
        raise UsageError(f"{roles.current}: is no table")
    named = {c: answer_name(c) for c in table.columns if answer_name(c)}
    frame = table.frame[list(named)].rename(columns=named)
    if len(set(frame.columns)) < len(frame.columns):
        raise UsageError(
            f"{table.path}: several columns could be the answer: {', '.join(named)}",
            cure="leave one, named y_pred or y_score",
        )
    row_id = roles.row_id or ROW_ID
    if roles.row_id is not None and roles.row_id in table.columns:
        frame.insert(0, row_id, table.frame[roles.row_id].to_numpy())
        return frame
    if len(frame) != len(panel.frame):
        raise UsageError(
            f"{table.path} has {len(frame)} rows and {roles.current} has {len(panel.frame)}, "
            "and no column tells which belongs to which",
            cure="give both a row_id, or name the column that is one: --row-id COLUMN",
        )
    ids = [str(i) for i in range(len(frame))]
    frame.insert(0, row_id, ids if roles.row_id is None else panel.frame[row_id].to_numpy())
    return frame


def _answers(survey: Survey, roles: Roles) -> list[Table]:
    found = (survey.table(path) for path in roles.models)
    return [table for table in found if table is not None]


def _answers_fit(table: Table) -> bool:
    return all(answer_name(c) in (None, c) for c in table.columns)
