"""Fail where a statement goes past the guards: bulk statements, Table selects and text().

The read guard and the write guard work on objects of the ORM. Statements that go around it are allowed in
the folders below, where they carry the scope themselves, and in few files that give their reason here.
Besides, it looks at the one rule of imports that import-linter can't: it doesn't take single files.
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOOKED_AT = ["models", "policy", "services", "admin", "commands.py", "app.py"]

# Folders whose code carries the scope in the statement, and writes its audit entry where it writes.
FREE = ["services/reports/", "services/tables/"]

# File or folder -> what it may use, and why.
ALLOWED = {
    "models/": ({"text"}, "conditions of indexes and checks are written as SQL"),
    "models/database.py": ({"exec_driver_sql"}, "BEGIN IMMEDIATE and PRAGMAs of SQLite"),
    "services/backups/": ({"text", "connection"}, "a backup holds every row of every table, whosever it is"),
    "policy/write_guard.py": (
        {"connection", "__table__"},
        "many new or changed records at once, checked and logged as a flush is",
    ),
    "policy/audit.py": ({"connection", "__table__"}, "the audit's own multi-row insert inside after_flush"),
}

# The command line and the screens don't lean on each other.
MAY_NOT_IMPORT = {"commands.py": {"admin", "flask_admin"}}

STATEMENTS = {"insert", "update", "delete", "text"}
METHODS = {
    "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings", "exec_driver_sql", "from_statement",
    "connection",
}  # fmt: skip
TABLE_STATEMENTS = {"select", "insert", "update", "delete"}
TABLES = {"__table__", "local_table"}


class Finder(ast.NodeVisitor):
    def __init__(self):
        self.functions = {}  # local name -> sqlalchemy's statement function
        self.modules = set()  # local names of sqlalchemy itself, and `db`, which offers the same functions
        self.tables = set()  # local names that stand for a model's table
        self.found = []  # (line, what, words)

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name.split(".")[0] == "sqlalchemy":
                self.modules.add(alias.asname or "sqlalchemy")

    def visit_ImportFrom(self, node):
        module = node.module or ""
        for alias in node.names:
            local = alias.asname or alias.name
            if module.split(".")[0] == "sqlalchemy" and alias.name in STATEMENTS:
                self.functions[local] = alias.name
            elif module == "sqlalchemy" or alias.name == "db":
                self.modules.add(local)  # from sqlalchemy import sql; from models import db

    def visit_Assign(self, node):
        if isinstance(node.value, ast.Attribute) and node.value.attr in TABLES:
            self.tables |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        self.generic_visit(node)

    def visit_Call(self, node):
        called = node.func
        if isinstance(called, ast.Name) and called.id in self.functions:
            self.note(node, self.functions[called.id], f"{called.id}(…)")
        elif isinstance(called, ast.Attribute):
            self.look_at_method(node, called)
        of_text = isinstance(getattr(called, "value", None), ast.Constant)  # ", ".join(…)
        if self.name_of(called) in TABLE_STATEMENTS | {"exists", "select_from", "join"} and not of_text:
            for argument in node.args:
                if any(self.is_table(part) for part in ast.walk(argument)):
                    self.note(node, "__table__", "a statement over .__table__")
        self.generic_visit(node)

    def look_at_method(self, node, called):
        owner = called.value
        if called.attr in METHODS:
            self.note(node, called.attr, f".{called.attr}(…)")
        elif called.attr in STATEMENTS and self.root_of(owner) in self.modules and not has_call(owner):
            if not is_session(owner):  # db.session.delete(row) goes through the guards
                self.note(node, called.attr, f".{called.attr}(…)")
        elif called.attr in {"connect", "begin"} and self.name_of(owner) in {"engine", "get_engine"}:
            self.note(node, "connection", f"engine.{called.attr}(…)")
        elif called.attr in TABLE_STATEMENTS and self.is_table(owner):
            self.note(node, "__table__", f".__table__.{called.attr}(…)")
        elif called.attr in {"update", "delete"} and has_query(owner):
            self.note(node, called.attr, f"query….{called.attr}(…)")

    def note(self, node, what, words):
        self.found.append((node.lineno, what, words))

    def is_table(self, node):
        """Model.__table__, or a local name that was set to one."""
        return getattr(node, "attr", None) in TABLES or (isinstance(node, ast.Name) and node.id in self.tables)

    @staticmethod
    def name_of(called):
        return called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")

    @staticmethod
    def root_of(node):
        while isinstance(node, ast.Attribute):
            node = node.value
        return node.id if isinstance(node, ast.Name) else None


def has_call(node):
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def is_session(node):
    return isinstance(node, ast.Attribute) and node.attr == "session"


def has_query(node):
    """Company.query….delete() or session.query(Company)….update(…)"""
    return any(isinstance(part, ast.Attribute) and part.attr == "query" for part in ast.walk(node))


def findings(source):
    """[(line, what, words)] of one file's source."""
    finder = Finder()
    finder.visit(ast.parse(source))
    return sorted(set(finder.found))


def permits(path, what):
    """The entry of ALLOWED that lets this file use it, or None."""
    return next((name for name, (kinds, _) in ALLOWED.items() if what in kinds and applies(name, path)), None)


def applies(name, path):
    return path.startswith(name) if name.endswith("/") else path == name


def files():
    for name in LOOKED_AT:
        place = ROOT / name
        yield from sorted(place.rglob("*.py")) if place.is_dir() else [place] * place.exists()


def wrong_imports(path, source):
    """Lines of the file that import what it may not."""
    banned = MAY_NOT_IMPORT.get(path, set())
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if name.split(".")[0] in banned:
                yield f"{path}:{node.lineno}: may not import {name}"


def main():
    listed, wrong, used = [], [], set()
    for file in files():
        path = file.relative_to(ROOT).as_posix()
        source = file.read_text(encoding="utf-8")
        wrong += wrong_imports(path, source)
        if any(path.startswith(folder) for folder in FREE):
            continue
        for line, what, words in findings(source):
            entry = permits(path, what)
            used.add((entry, what))
            if entry:
                listed.append(f"{path}:{line}: {words}: {ALLOWED[entry][1]}")
            else:
                wrong.append(f"{path}:{line}: {words} goes past the guards")
    for name, (kinds, _) in ALLOWED.items():
        wrong += [f"scripts/lint_bulk.py: {name} uses no {what} any more" for what in kinds if (name, what) not in used]
    if wrong:
        print("\n".join(wrong))
        print("Such statements belong in services/reports or services/tables, with the scope in the statement;")
        print("a file that must use one is listed with its reason in scripts/lint_bulk.py.")
        return 1
    print("\n".join(listed))
    print(f"Statements past the guards: {len(listed)}, each with its reason.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
