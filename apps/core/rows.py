"""Rows that every turn writes, without building their statements anew each time.

A query set puts its SQL together from parts at each call, which for one row takes several times as long as running it.
Here the text of a statement is built once a process; values pass through the model's fields where a driver
would not take them as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from django.db import connection
from django.db.models import AutoField, BooleanField, CharField, FloatField, IntegerField, Model, TextField


def insert(row: Model, *, unless_there: bool = False) -> bool:
    """Inserts the row as it stands: no signal is sent, and a key that the database counts is not read back.

    With `unless_there` a row that breaks a unique constraint is left out, and the answer is False.
    """
    names, sql = _insert_statement(type(row), unless_there, 1)
    prepared = _prepared(type(row))
    values = [prepared[name](getattr(row, name)) for name in names]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return bool(cursor.rowcount)


def insert_all(rows: Sequence[Model]) -> None:
    """Inserts rows of one model in one statement; like `insert` otherwise."""
    if not rows:
        return
    names, sql = _insert_statement(type(rows[0]), False, len(rows))
    prepared = _prepared(type(rows[0]))
    values = [prepared[name](getattr(row, name)) for row in rows for name in names]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def update(model: type[Model], *, where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """Sets `values` in the rows that hold what `where` says; both by column attribute, as `user_id`. How many rows."""
    present = {name: value for name, value in where.items() if value is not None}
    absent = tuple(name for name, value in where.items() if value is None)
    sql = _update_statement(model, tuple(values), tuple(present), absent)
    prepared = _prepared(model)
    given = [prepared[name](value) for name, value in (*values.items(), *present.items())]
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return int(cursor.rowcount)


@cache
def _insert_statement(model: type[Model], unless_there: bool, n_rows: int) -> tuple[tuple[str, ...], str]:
    """The attributes whose values it takes, in order, and the statement; a key that counts up is the database's."""
    names = tuple(name for name, field in _fields(model).items() if not isinstance(field, AutoField))
    columns = ", ".join(_column(model, name) for name in names)
    marks = ", ".join([f"({', '.join(['%s'] * len(names))})"] * n_rows)
    end = " ON CONFLICT DO NOTHING" if unless_there else ""
    return names, f"INSERT INTO {_table(model)} ({columns}) VALUES {marks}{end}"  # noqa: S608  names of models


@cache
def _update_statement(
    model: type[Model], names: tuple[str, ...], present: tuple[str, ...], absent: tuple[str, ...]
) -> str:
    changes = ", ".join(f"{_column(model, name)} = %s" for name in names)
    tests = [f"{_column(model, name)} = %s" for name in present]
    tests += [f"{_column(model, name)} IS NULL" for name in absent]
    return f"UPDATE {_table(model)} SET {changes} WHERE {' AND '.join(tests)}"  # noqa: S608  names of models


@cache
def _fields(model: type[Model]) -> dict[str, Any]:
    return {field.attname: field for field in model._meta.concrete_fields}


#: What a database driver takes as it is.
PLAIN = (BooleanField, CharField, FloatField, IntegerField, TextField)


@cache
def _prepared(model: type[Model]) -> dict[str, Callable[[Any], Any]]:
    """How each attribute's value is made fit for the database; most pass as they are."""
    return {
        name: _as_it_is if isinstance(field, PLAIN) else partial(_through, field)
        for name, field in _fields(model).items()
    }


def _as_it_is(value: Any) -> Any:
    return value


def _through(field: Any, value: Any) -> Any:
    return field.get_db_prep_save(value, connection)


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(model: type[Model], name: str) -> str:
    return connection.ops.quote_name(_fields(model)[name].column)
