"""Days, months and years as people write them."""

import pytest

from models.column_types import PartialDate

WRITTEN = {
    "1949": ["1949", "1949年", "１９４９"],
    "1949-10": ["1949-10", "1949.10", "1949/10", "194910", "1949年10月", "1949。10", "１９４９．１０"],
    "1949-10-01": [
        "1949-10-01", "1949.10.1", "1949/10/1", "19491001", "1949年10月1日", "1949年10月1号", " 1949 年 10 月 1 日 ",
        "1949。10。1", "1949、10、1",
    ],
    "1899-12-31": ["1899.12.31"],
    "2150-02-28": ["2150-2-28"],
}  # fmt: skip


@pytest.mark.parametrize(("iso", "written"), [(iso, text) for iso, texts in WRITTEN.items() for text in texts])
def test_a_date_is_read_with_the_precision_it_was_written_with(iso: str, written: str) -> None:
    assert PartialDate.parse(written).iso == iso


@pytest.mark.parametrize("written", ["", "49.10", "2019111", "20191", "2026-13", "2026-02-31", "去年", "2026-11-24x"])
def test_what_is_no_date_or_could_be_two_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"date|month|day"):
        PartialDate.parse(written)
