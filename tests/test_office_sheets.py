"""The assessment sheets that offices have are read as checklists."""

import io

import pytest
import xlsxwriter

from policy import Refused
from services.checklists.outline import faults_of, steps_in_words
from services.checklists.workbook import read_book
from tests.office_sheets import NO, Rows, items_in, office_sheet, places_of, said_of
from tests.sheets_made import workbook

MESSY: Rows = [
    ["附件 2", NO, NO, NO, NO, NO, NO, NO],
    ["某市党支部标准化建设考核表（2026年度）", NO, NO, NO, NO, NO, NO, NO],
    ["被考核单位：", NO, NO, NO, "考核时间：", NO, NO, NO],
    ["项目", "序号", "考核内容", "分值", "评分标准", "考核得分", NO, "备注"],
    [NO, NO, NO, NO, NO, "自评分", "考评分", NO],
    ["组织\n建设\n（30分）", 1, "班子健全", 10, "好得10分，较好得8分，一般得5分，差的不得分", NO, NO, NO],
    [NO, 2, "按期换届", "10分", "未按期换届扣5分，程序不规范酌情扣分", NO, NO, NO],
    [NO, 3, "三会一课", "（10分）", "每缺一次扣0.5分，扣完为止", 9, NO, NO],
    ["组织生活", 4, "主题党日", 12.5, "每少1次扣2分，最多扣6分", NO, NO, NO],
    [NO, 5, "党费收缴", 7.5, "好…7.5分、较好…5分", NO, NO, NO],
    ["一票否决", 6, "发生违纪违法案件", "—", "出现即否决", NO, NO, NO],
    ["加分项", 7, "受到市级以上表彰", 5, "市级加2分，省级加3分，最多加5分", NO, NO, NO],
    ["合计", NO, NO, 50, NO, NO, NO, NO],
    ["注：本表一式两份。", NO, NO, NO, NO, NO, NO, NO],
    ["填表人：", NO, NO, "审核人：", NO, NO, NO, NO],
]
MESSY_MERGED = (
    (1, 0, 1, 7), (3, 0, 4, 0), (3, 1, 4, 1), (3, 2, 4, 2), (3, 3, 4, 3), (3, 4, 4, 4), (3, 5, 3, 6), (3, 7, 4, 7),
    (5, 0, 7, 0), (8, 0, 9, 0), (12, 0, 12, 2), (13, 0, 13, 7),
)  # fmt: skip


def test_an_office_sheet_with_titles_merged_groups_a_two_row_head_a_total_and_footers_is_read() -> None:
    read = office_sheet(MESSY, *MESSY_MERGED)
    assert items_in(read) == {
        "组织建设": [("班子健全", "10", "分档得分"), ("按期换届", "10", "分档得分"), ("三会一课", "10", "按次扣分")],
        "组织生活": [("主题党日", "12.5", "按次扣分"), ("党费收缴", "7.5", "分档得分")],
        "一票否决": [("发生违纪违法案件", "0", "一票否决")],
        "加分项": [("受到市级以上表彰", "5", "加分")],
    }
    assert [item.code for item in read.outline.items()] == [*"1234567"]
    assert (read.template_name, read.outline.name) == ("某市党支部标准化建设考核表（2026年度）", "2026 版")
    assert read.faults == [] and faults_of(read.outline) == []


def test_how_points_are_earned_is_told_from_the_words_which_stay_as_they_are() -> None:
    read = office_sheet(MESSY, *MESSY_MERGED)
    assert steps_in_words(said_of(read, "班子健全").steps) == "好=100%；较好=80%；一般=50%；差=0%"
    third = said_of(read, "三会一课")
    assert (third.off_each, third.off_at_most, third.counts) == (50, None, "次")
    fourth = said_of(read, "主题党日")
    assert (fourth.off_each, fourth.off_at_most, fourth.counts) == (200, 600, "次")
    assert fourth.how_checked == "每少1次扣2分，最多扣6分"
    assert said_of(read, "按期换届").steps == said_of(read, "党费收缴").steps[2:] == ()


def test_what_was_assumed_or_left_out_is_said() -> None:
    said = office_sheet(MESSY, *MESSY_MERGED).guesses
    for words in (
        "没有读入这些列：考核得分 · 自评分、考核得分 · 考评分、备注。",
        "没有读入第 14、15 行",
        "没有“得分办法”一列，从文字判断：第 6、10 行按“分档得分（档次取自评分标准）”",
        "第 8、9 行按“按次扣分”",
        "第 11 行按“一票否决（不计分）”",
        "第 12 行按“加分”",
        "第 7 行有几种扣法",
        "暂定为“2026 版”",
        "达标线按 90%",
    ):
        assert any(words in one for one in said), words
    assert not any("合计" in one for one in said)


def test_points_that_do_not_come_to_the_total_are_said() -> None:
    rows = [*MESSY[:5], ["组织建设（30分）", *MESSY[5][1:]], *MESSY[6:12], ["合计", NO, NO, 100, *[NO] * 4]]
    rows[7] = [NO, 3, "三会一课", 8, "每缺一次扣0.5分", NO, NO, NO]
    said = office_sheet(rows, *MESSY_MERGED[:-2]).guesses
    assert "分组“组织建设”写的是 30 分，各项加起来是 28 分，请核对。" in said
    assert "第 13 行的合计是 100 分，各项加起来是 48 分，请核对。" in said


def test_groups_that_stand_in_rows_of_their_own_are_read() -> None:
    read = office_sheet(
        [
            ["支部考核", NO, NO, NO],
            ["序号", "考核内容", "标准分", "考评办法"],
            ["一、组织生活（30分）", NO, NO, NO],
            [1, "三会一课", 15, "查记录，缺一次扣2分"],
            [2, "主题党日", 15, "查记录，每少一次扣1分，累计不超过10分"],
            ["二、党员管理（20分）", NO, NO, NO],
            [1, "党费", 20, "未按月缴纳，每人次扣0.5分"],
            ["合计", NO, "50分", NO],
        ],
        (0, 0, 0, 3), (2, 0, 2, 3), (5, 0, 5, 3),
    )  # fmt: skip
    assert items_in(read) == {
        "一、组织生活": [("三会一课", "15", "按次扣分"), ("主题党日", "15", "按次扣分")],
        "二、党员管理": [("党费", "20", "按次扣分")],
    }
    assert [item.code for item in read.outline.items()] == ["1.1", "1.2", "2.1"]
    assert said_of(read, "主题党日").off_at_most == 1000
    assert (said_of(read, "党费").counts, read.template_name, read.faults) == ("人次", "支部考核", [])


def test_groups_that_are_numbered_otherwise_than_their_items_are_read() -> None:
    read = office_sheet(
        [
            ["序号", "考核项目", "满分", "评分细则"],
            ["一", "组织建设", 20, NO],
            [1, "班子健全", 12, "好的得12分，较好的得9分，差的不得分"],
            [2, "按期换届", 8, "按期换届得8分，未按期不得分"],
            ["二", "阵地建设", 10, NO],
            [1, "有场所", 10, "实地查看"],
            ["三", "一票否决", NO, NO],
            [1, "违纪违法", NO, "发生一起即否决"],
            [NO, "合计", 30, NO],
        ]
    )
    assert items_in(read) == {
        "组织建设": [("班子健全", "12", "分档得分"), ("按期换届", "8", "达到得分")],
        "阵地建设": [("有场所", "10", "分档得分")],
        "一票否决": [("违纪违法", "0", "一票否决")],
    }
    assert steps_in_words(said_of(read, "班子健全").steps) == "好=100%；较好=75%；差=0%"
    assert read.faults == [] and not any("核对" in one for one in read.guesses)


def test_three_levels_of_heads_make_groups_and_items() -> None:
    read = office_sheet(
        [
            ["一级指标", "二级指标", "考核要点", "标准分", "评分细则", "检查方法", "佐证资料"],
            ["组织建设", "班子建设（12分）", "按期换届", 6, "未按期不得分", "查文件", "批复"],
            [NO, NO, "支委会健全", 6, "每缺一名委员扣1分", NO, "无"],
            [NO, "制度建设", "制度上墙", 8, "每少1项扣2分，扣完为止", "实地查看", NO],
            ["作用发挥", "亮身份", "佩戴党徽", 10, "好：10分；较好：8分；一般：5分；差：0分", NO, NO],
            ["加减分项", "加分", "获得表彰", NO, "市级每次加2分，最多加5分", NO, NO],
        ],
        (1, 0, 3, 0), (1, 1, 2, 1),
    )  # fmt: skip
    assert items_in(read) == {
        "组织建设": [
            ("班子建设：按期换届", "6", "分档得分"),
            ("班子建设：支委会健全", "6", "按次扣分"),
            ("制度建设：制度上墙", "8", "按次扣分"),
        ],
        "作用发挥": [("亮身份：佩戴党徽", "10", "分档得分")],
        "加减分项": [("加分：获得表彰", "5", "加分")],
    }
    first = said_of(read, "班子建设：按期换届")
    assert (first.how_checked, first.evidence) == ("未按期不得分\n查文件", "批复")
    second = said_of(read, "班子建设：支委会健全")
    assert (second.counts, second.evidence) == ("名", None)
    assert "考核内容由这几列合成：二级指标、考核要点。" in read.guesses


def test_a_gbk_csv_that_lost_its_merged_cells_is_read() -> None:
    text = (
        "支部考核表,,,\n考核项目,考核内容,分值,评分标准\n组织生活,三会一课,10,每缺1次扣1分\n"
        ",主题党日,10,每缺1次扣0.5分，最多扣5分\n,,5,没有记录的不得分\n阵地,有场所,10,\n,有制度,5,\n合计,,40,\n"
    )
    read = read_book(text.encode("gb18030"), "2027年考核.csv")
    assert items_in(read) == {
        "组织生活": [("三会一课", "10", "按次扣分"), ("主题党日", "10", "按次扣分"), ("主题党日", "5", "分档得分")],
        "阵地": [("有场所", "10", "分档得分"), ("有制度", "5", "分档得分")],
    }
    assert (read.template_name, read.outline.name, read.faults) == ("支部考核表", "2027 版", [])


def test_an_old_workbook_whose_points_stand_in_the_texts_is_read() -> None:
    pytest.importorskip("xlwt")
    from tests.sheets.make import xls

    rows = [
        ["项目", "具体要求", "检查方法"],
        ["组织建设（20分）", "班子健全（10分）", "看台账"],
        [NO, "按期换届（满分10分）", "看文件"],
        ["活动 11分", "主题党日", NO],
        [NO, "党课", NO],
    ]
    book = xls([{"name": "考核", "rows": rows, "merged": [(1, 0, 2, 0), (3, 0, 4, 0)]}])
    read = read_book(book, "考核.xls", "2026 版")
    assert items_in(read) == {
        "组织建设": [("班子健全", "10", "分档得分"), ("按期换届", "10", "分档得分")],
        "活动": [("主题党日", "5.5", "分档得分"), ("党课", "5.5", "分档得分")],
    }
    assert "第 4、5 行合用一个分值（11 分），平均分到了各行。" in read.guesses
    assert (read.outline.name, read.faults) == ("2026 版", [])


def test_points_merged_over_several_items_are_divided_and_rules_over_several_rows_are_joined() -> None:
    read = office_sheet(
        [
            ["项目", "考核内容", "分值", "评分标准"],
            ["生活", "三会一课", 10, "①缺一次扣1分"],
            [NO, NO, NO, "②记录不全每处扣0.5分"],
            [NO, "主题党日", 20, "看记录"],
            [NO, "党课", NO, "看教案"],
        ],
        (1, 0, 4, 0), (1, 1, 2, 1), (1, 2, 2, 2), (3, 2, 4, 2),
    )  # fmt: skip
    assert items_in(read) == {
        "生活": [("三会一课", "10", "分档得分"), ("主题党日", "10", "分档得分"), ("党课", "10", "分档得分")]
    }
    assert said_of(read, "三会一课").how_checked == "①缺一次扣1分\n②记录不全每处扣0.5分"
    assert "第 4、5 行合用一个分值（20 分），平均分到了各行。" in read.guesses


def test_a_list_without_points_and_groups_is_read_and_said_to_be() -> None:
    read = office_sheet(
        [["序号", "内容", "标准"], [1, "有场所", "不少于20平方米"], [2, "有制度", "上墙"], [3, "审核有记录", "每月"]]
    )
    assert items_in(read) == {"考核内容": [(text, "10", "分档得分") for text in ("有场所", "有制度", "审核有记录")]}
    assert {"没有分值，每项按 10 分。", "没有分组，全部放在“考核内容”一组。"} <= {*read.guesses}


def test_weights_in_percent_become_points() -> None:
    read = office_sheet(
        [["考核项目", "考核标准", "权重"], ["组织建设", "每缺一次扣1分", 0.3], ["阵地建设", "有场所", 0.7]]
    )
    assert [item.points for item in read.outline.items()] == [3000, 7000]


def test_an_item_that_begins_like_a_footer_is_an_item() -> None:
    read = office_sheet(
        [
            ["项目", "考核内容", "考核标准", "分值", "评分办法", "自评分", "考评分", "备注"],
            ["组织", "按期换届", NO, 5, NO, NO, NO, NO],
            [NO, "审核发展对象材料", NO, 5, NO, NO, NO, NO],
            [NO, "参加分组讨论", NO, 5, NO, NO, NO, NO],
        ],
        (1, 0, 3, 0),
    )
    assert items_in(read) == {
        "组织": [(text, "5", "分档得分") for text in ("按期换届", "审核发展对象材料", "参加分组讨论")]
    }


def test_wrong_cells_of_an_office_sheet_are_named_with_sheet_row_and_column() -> None:
    read = office_sheet(
        [
            ["考核表", NO, NO, NO],
            ["项目", "考核要点", "分值", "评分标准"],
            ["组织", "班子", 10, "长" * 501],
            ["组织", "换届", "十分", NO],
            ["组织", "长" * 501, 5, NO],
            ["组织", "缺分", NO, NO],
            ["组织", NO, 5, NO],
            ["很长的组名" * 9, "倒扣", "-5", NO],
        ],
        (0, 0, 0, 3),
    )
    assert places_of(read) == [
        ("考核", 3, "评分标准"), ("考核", 4, "分值"), ("考核", 5, "考核要点"), ("考核", 6, "分值"), ("考核", 7, "考核要点"),
        ("考核", 8, "分值"), ("考核", 8, "项目"),
    ]  # fmt: skip
    assert "“十分”看不明白" in read.faults[1].message


def test_a_sentence_over_all_columns_is_not_lost_in_silence() -> None:
    read = office_sheet(
        [
            ["序号", "考核内容", "分值", "评分标准"],
            ["一、活动", NO, NO, NO],
            [1, "三会一课", 10, "看记录"],
            ["有下列情形之一的，实行一票否决", NO, NO, NO],
        ],
        (1, 0, 1, 3), (3, 0, 3, 3),
    )  # fmt: skip
    assert items_in(read) == {"一、活动": [("三会一课", "10", "分档得分")]}
    assert "没有读入第 4 行（标题、表尾、说明或示例）。" in read.guesses


def test_the_other_sheets_are_named_that_could_have_been_meant() -> None:
    rows = [["考核内容", "分值", "评分标准"], ["有场所", 5, "看"], ["有制度", 5, "看"]]
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    for name in ("甲", "乙"):
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    assert "只读了工作表“甲”；“乙”也像考核表，没有读入。" in read_book(file.getvalue(), "a.xlsx").guesses


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        (b"", "文件是空的"),
        (b"\x00\x01\x02", "不是 Excel 表格"),
        (workbook(["姓名", "性别", "备注"], ["张示例", "男", "无"]), "没有“考核内容”这一列"),
        (workbook(["日期", "地点"], ["2026-01-01", "示例"]), "没有找到表头"),
        (workbook(["考核内容", "分值", "评分标准"]), "只有表头"),
        (workbook(["考核内容", "分值"], *([f"第{n}项", 1] for n in range(3_001))), "一个清单最多 300 项"),
    ],
)
def test_what_is_no_checklist_is_refused_in_plain_words(contents: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        read_book(contents, "a.xlsx")
