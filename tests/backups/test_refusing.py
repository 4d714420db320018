"""What is refused before anything is touched: a broken or forged backup, and a place that it must not go to."""

import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from models.encryption import new_key, use_key
from policy import Refused
from services import backups
from services.backups.archive import MANIFEST, SEAL, Manifest, Writer, opened
from tests.backups.places import Place
from tests.conftest import DATA_KEY

pytestmark = pytest.mark.slow


def refuses(place: Place, path: Path, words: str = "备份文件") -> None:
    """Both checking and restoring say no."""
    with place.app.app_context(), pytest.raises(Refused, match=words):
        backups.check(path)
    with pytest.raises(Refused, match=words):
        place.restore(path, replace=True)


def test_a_flipped_bit_in_any_member(target: Place, backup: Path, tmp_path: Path) -> None:
    content = backup.read_bytes()
    with tarfile.open(backup) as tar:
        members = [(member.name, member.offset_data, member.size) for member in tar]
    assert {MANIFEST, SEAL} < {name for name, *_ in members}
    for name, begin, size in members:
        spot = begin + size // 2
        broken = tmp_path / "broken.tar"
        broken.write_bytes(content[:spot] + bytes([content[spot] ^ 1]) + content[spot + 1 :] if size else content)
        if size:
            refuses(target, broken)
        else:
            assert name.startswith("tables/"), "only a table may be empty"


def test_a_flipped_bit_in_the_head_of_any_member(target: Place, backup: Path, tmp_path: Path) -> None:
    content = backup.read_bytes()
    with tarfile.open(backup) as tar:
        heads = [member.offset for member in tar]
    broken = tmp_path / "broken.tar"
    for head in heads:
        broken.write_bytes(content[:head] + bytes([content[head] ^ 1]) + content[head + 1 :])
        refuses(target, broken)


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_off(share: float, target: Place, backup: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar"
    cut.write_bytes(backup.read_bytes()[: int(backup.stat().st_size * share)])
    refuses(target, cut)


def test_a_file_that_was_cut_off_in_its_blank_end_or_has_something_behind_it(
    target: Place, backup: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.tar"
    for content in (backup.read_bytes()[:-1], backup.read_bytes() + b"more"):
        changed.write_bytes(content)
        refuses(target, changed)


def test_a_file_that_was_cut_off_just_before_its_seal(target: Place, backup: Path, tmp_path: Path) -> None:
    with tarfile.open(backup) as tar:
        end = tar.getmember(SEAL).offset
    cut = tmp_path / "cut.tar"
    cut.write_bytes(backup.read_bytes()[:end])
    refuses(target, cut)


def test_a_file_that_is_no_tar_at_all(target: Place, tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    other.write_bytes(b"PK\x03\x04 something else" * 100)
    refuses(target, other)
    refuses(target, tmp_path / "absent.tar", "打不开")


def test_another_key(target: Place, backup: Path) -> None:
    use_key(new_key())
    try:
        refuses(target, backup, "另一把 DATA_KEY")
    finally:
        use_key(DATA_KEY)


LIES: dict[str, tuple[str, Callable[[Manifest], Manifest]]] = {
    "an unknown migration": ("本程序不认识", lambda one: replace(one, revision="9999")),
    "a format of the future": ("格式", lambda one: replace(one, format=2)),
    "another product": ("不是本系统", lambda one: replace(one, product="another")),
    "the other kind of database": (
        "同一种数据库|不支持",
        lambda one: replace(one, database="mysql" if one.database == "sqlite" else "sqlite"),
    ),
    "rows that aren't in it": (
        "清单不符",
        lambda one: replace(one, tables={**one.tables, "branch": replace(one.tables["branch"], count=1)}),
    ),
    "a member that isn't in it": (
        "不是本系统",
        lambda one: replace(one, members={**one.members, "files/" + "0" * 32: one.members[next(iter(one.members))]}),
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_file_of_our_own_making_that_tells_of(lie: str, target: Place, backup: Path, tmp_path: Path) -> None:
    words, change = LIES[lie]
    with target.app.app_context(), opened(backup) as archive:
        forged = rewritten(archive, change, tmp_path / "forged.tar")
    with pytest.raises(Refused, match=words):
        target.restore(forged, replace=True)


def rewritten(archive: Any, change: Callable[[Manifest], Manifest], path: Path) -> Path:
    """The same members under a changed manifest, sealed as if it were true."""
    writer = Writer(path)
    for name in archive.manifest.members:
        part = path.with_name("part")
        archive.unpack(name, part)
        with part.open("rb") as source:
            writer.add(name, source)
    writer.finish(change(archive.manifest))
    writer.close()
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


HOSTILE = {
    "climbs out of its folder": entry("../evil"),
    "climbs out from within": entry("files/../../evil"),
    "stands at the root": entry("/evil"),
    "is a symbolic link": entry("files/" + "a" * 32, tarfile.SYMTYPE, "/etc/passwd"),
    "is a hard link": entry("files/" + "a" * 32, tarfile.LNKTYPE, MANIFEST),
    "is a folder": entry("files/" + "a" * 32, tarfile.DIRTYPE),
    "is a device": entry("files/" + "a" * 32, tarfile.CHRTYPE),
    "isn't in the manifest": entry("files/" + "a" * 32),
    "comes twice": entry(MANIFEST),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_with_a_member_that(what: str, target: Place, backup: Path, tmp_path: Path) -> None:
    hostile = shutil.copy(backup, tmp_path / "hostile.tar")
    with tarfile.open(hostile, "a") as tar:
        tar.addfile(HOSTILE[what])
    refuses(target, hostile, "不是本系统")
    assert not list(tmp_path.rglob("evil"))


def test_data_in_its_place_unless_it_may_be_replaced(target: Place, backup: Path) -> None:
    with pytest.raises(Refused, match="--replace"):
        target.restore(backup)


def test_a_place_that_somebody_works_in(target: Place, backup: Path) -> None:
    other = create_engine(target.url)
    with other.connect() as connection:
        connection.execute(text("SELECT 1 FROM branch"))
        with pytest.raises(Refused, match="停止服务器"):
            target.restore(backup, replace=True)
    other.dispose()


def test_a_disk_without_room(target: Place, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(100, 90, 10))
    with pytest.raises(Refused, match="磁盘空间不够"):
        target.restore(backup, replace=True)
