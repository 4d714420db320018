"""The signed page (签字页): the photo of a printed document finds its record by the code that is printed on it."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image, ImageFilter, ImageOps
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assessment, Attachment, AttachmentKind, Rectification
from policy.actions import resource_of
from policy.errors import Refused
from services.attachments import PICTURE_TYPES, Examined, store_attachment
from services.documents.seals import find_seal, record_of

_KEY_AT_END = re.compile(r"/p/([A-Za-z0-9_-]{1,32})$")
_SMALLER = (1, 2, 3, 4)
"""By what a large photo is divided: blur and noise vanish in a smaller copy, while the squares still can be told."""
_TURNS = (20, 45, 70)
"""Degrees by which a photo is turned at last; right angles make no difference to the reader."""
_ENOUGH = 900
"""Pixels of the shorter side, below which a copy isn't made smaller."""

NO_PICTURE = "签字页要拍成照片（JPEG、PNG、WebP）再交；PDF 等文件请到记录的“附件”里上传。"
NO_CODE = "照片里没有找到二维码。请把纸铺平，光线亮一些，整页拍进去，左下角的方块要清楚、不反光、不挡住，再拍一次。"
SEVERAL = "照片里有几张不同的纸。请一张纸拍一张照片。"
NOTHING_FOUND = "这张纸上的二维码找不到对应的记录。请确认是本系统打印的、您能看到的考核表或整改通知书。"
OF_ROUND = "这是考核批次的汇总表，汇总表不收签字页。请交考核表或整改通知书的照片。"
NOT_YOURS = "您不能给这条记录添加签字页。"
THERE_ALREADY = "这张照片已经归到这条记录，不用再交。"


def keys_in(content: bytes) -> set[str]:
    """The keys of prints in a photo; the harder to read it is, the longer this takes: from a tenth of a second to some."""
    with Image.open(BytesIO(content)) as opened:
        grey = opened.convert("L")
    for picture in _easier(grey):
        codes = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode, try_invert=False)
        keys = {found[1] for code in codes if (found := _KEY_AT_END.search(code.text))}
        if keys:
            return keys
    return set()


def _easier(picture: Image.Image) -> Iterator[Image.Image]:
    """The photo as it is, smaller, sharpened, with its shades stretched, turned."""
    copies = [picture.reduce(by) for by in _SMALLER if by == 1 or min(picture.size) // by >= _ENOUGH]
    yield from copies
    last = copies[-1]
    stretched = ImageOps.autocontrast(last.filter(ImageFilter.MedianFilter(3)), cutoff=2)
    yield stretched
    yield copies[0].filter(ImageFilter.UnsharpMask(radius=4, percent=200))
    yield from (
        stretched.rotate(turn, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC) for turn in _TURNS
    )


def read_page(file: Examined) -> set[str]:
    """The keys in an examined file; Refused where it is no picture or there is no code in it. Needs no database."""
    if file.content_type not in PICTURE_TYPES:
        raise Refused(NO_PICTURE)
    keys = keys_in(file.content)
    if not keys:
        raise Refused(NO_CODE)
    return keys


def file_page(session: Session, file: Examined, keys: set[str], folder: Path) -> Assessment | Rectification:
    """Keep the photo of a signed page with the record that it shows; raises Refused with the reason, and keeps nothing."""
    record = _record(session, keys)
    if not session.info["actor"].permits("attachment:create", record.branch_id):
        raise Refused(NOT_YOURS)
    if _is_there(session, record, file):
        raise Refused(THERE_ALREADY)
    store_attachment(session, record, file, folder, AttachmentKind.SIGNED_PAGE)
    return record


def _record(session: Session, keys: set[str]) -> Any:
    """The one record that the codes lead to within the actor's sight."""
    seals = [found for key in sorted(keys) if (found := find_seal(session, key))]
    records = {(resource_of(type(one)), one.id): one for one in map(record_of, seals) if one is not None}
    if not records:
        raise Refused(NOTHING_FOUND)
    if len(records) > 1:
        raise Refused(SEVERAL)
    (record,) = records.values()
    if not isinstance(record, Assessment | Rectification):
        raise Refused(OF_ROUND)
    return record


def _is_there(session: Session, record: Any, file: Examined) -> bool:
    """Whether the very photo is kept with the record as a signed page already."""
    of = getattr(Attachment, f"{resource_of(type(record))}_id")
    kept = select(Attachment.id).where(
        of == record.id, Attachment.sha256 == file.sha256, Attachment.kind == AttachmentKind.SIGNED_PAGE
    )
    return session.scalar(kept.limit(1)) is not None
