"""The checklists that every installation begins with, as plain data; points and shares in hundredths, as everywhere.

The article names 两栏四有四上墙 and the programmes 双强六好 and 三亮, and defines none of them; no text of the others was at hand
either. What stands here is a reasonable reading, with the frequencies of the national rules (《中国共产党支部工作条例（试行）》,
《中国共产党党员教育管理工作条例》). So all but the one that was always shipped come as drafts, and each says that the office
has to confirm it.
"""

from dataclasses import dataclass

from models import BranchKind, Scoring
from services.checklists.outline import GroupOutline, ItemOutline, Outline, parse_steps

VENUE_STANDARD = "两栏四有四上墙"
TO_CONFIRM = "参考示例，使用前请按市委组织部门的正式标准核对修改。"
COMPANY_KINDS = (BranchKind.COMMITTEE, BranchKind.GENERAL_BRANCH, BranchKind.BRANCH, BranchKind.JOINT_BRANCH)
BRANCH_KINDS = (BranchKind.BRANCH, BranchKind.JOINT_BRANCH)
GRADES = "好=100%；较好=80%；一般=60%；差=0%"
EACH_MONTH, EACH_QUARTER = "0=0%；6=50%；9=75%；12=100%", "0=0%；2=50%；3=75%；4=100%"
OF_ALL, SATISFIED = "0=0%；60=60%；80=80%；100=100%", "60=60%；80=80%；90=100%"


@dataclass(frozen=True)
class Seed:
    """A checklist as it is shipped.

    Attributes:
        since: the version of the reference data that brought it.
        published: whether it can be used at once; the others the office confirms first.
    """

    name: str
    note: str
    outline: Outline
    since: int
    published: bool = False


def _met(
    code: str, text: str, points: int, how: str, evidence: str | None = None, *, always: bool = False
) -> ItemOutline:
    """All or nothing; ``always``: nothing excuses from it."""
    return ItemOutline(
        code, text, points, Scoring.PASS_FAIL, can_be_left_out=not always, how_checked=how, evidence=evidence
    )


def _graded(
    code: str, text: str, points: int, how: str, evidence: str | None = None, steps: str = GRADES
) -> ItemOutline:
    return ItemOutline(
        code, text, points, Scoring.GRADED, parse_steps(steps, Scoring.GRADED), how_checked=how, evidence=evidence
    )


def _counted(
    code: str, text: str, points: int, counts: str, steps: str, how: str, evidence: str | None = None
) -> ItemOutline:
    return ItemOutline(
        code, text, points, Scoring.NUMBER, parse_steps(steps, Scoring.NUMBER, counts), counts=counts, how_checked=how,
        evidence=evidence,
    )  # fmt: skip


def _deducted(
    code: str, text: str, points: int, off_each: int, counts: str, how: str, at_most: int | None = None
) -> ItemOutline:
    return ItemOutline(
        code, text, points, Scoring.DEDUCTION, off_each=off_each, off_at_most=at_most, counts=counts, how_checked=how
    )


def _bonus(code: str, text: str, at_most: int, how: str, evidence: str) -> ItemOutline:
    return ItemOutline(code, text, at_most, Scoring.BONUS, how_checked=how, evidence=evidence)


def _veto(code: str, text: str, how: str) -> ItemOutline:
    return ItemOutline(code, text, 0, Scoring.VETO, can_be_left_out=False, how_checked=how)


def _plain(number: int, name: str, *texts: str) -> GroupOutline:
    """A group of items of ten points each, met, partly met or not."""
    items = (ItemOutline(f"{number}.{place}", text) for place, text in enumerate(texts, start=1))
    return GroupOutline(name, tuple(items))


# Installed systems hold this one: its wording, codes and points stay.
VENUE = Outline("2026 版", (
    _plain(1, "两栏", "党务公开栏", "宣传栏"),
    _plain(2, "四有", "有场所", "有设施", "有标志（党旗）", "有制度"),
    _plain(3, "四上墙", "组织机构上墙", "入党誓词上墙", "党员权利义务上墙", "工作制度上墙"),
))  # fmt: skip

SIX_HAVES = Outline("六有 2026 版（待确认）", (
    GroupOutline("有场所", (
        _graded("1.1", "有相对固定的党员活动场所，能满足支部开会、学习的需要", 1_200, "实地查看；与别的单位合用的，看使用安排。", "场所照片"),
        _graded("1.2", "场所有人管理，保持整洁，不挪作他用", 800, "实地查看，询问党员和职工。"),
    )),
    GroupOutline("有设施", (
        _graded("2.1", "有会议桌椅、文件柜等学习和议事需要的设施", 1_000, "实地查看。"),
        _met("2.2", "有投影、电视或电脑等播放设备，能正常使用", 1_000, "实地查看，开机试用。"),
    )),
    GroupOutline("有标志", (
        _graded("3.1", "门口有党支部标牌，名称与上级批复一致；室内标志规范、完好", 1_000, "实地查看，对照批复。", "标牌照片"),
        _graded("3.2", "党员参加活动佩戴党员徽章", 500, "现场查看。"),
    )),
    GroupOutline("有党旗", (
        _met("4.1", "活动室悬挂党旗，规格和挂法符合《中国共产党党徽党旗条例》", 1_000, "实地查看。", always=True),
    )),
    GroupOutline("有书报", (
        _counted("5.1", "订阅党报党刊", 800, "种", "0=0%；1=60%；2=80%；3=100%", "查看订单或报刊。", "订阅单据"),
        _graded("5.2", "有党建图书和学习资料，及时更新，方便借阅", 700, "实地查看，看借阅登记。"),
    )),
    GroupOutline("有制度", (
        _graded("6.1", "“三会一课”、主题党日、组织生活会、民主评议党员、党费收缴等制度齐全，符合本支部实际", 1_000, "查看制度文本。", "制度文本"),
        _deducted("6.2", "制度执行有记录，没有缺漏（每缺漏 1 处扣 2 分）", 1_000, 200, "处", "抽查近一年的记录。"),
    )),
))  # fmt: skip

TWO_STRONG_SIX_GOOD = Outline("双强六好 2026 版（待确认）", (
    GroupOutline("党建强", (
        _graded("1.1", "党组织的地位和作用写入企业章程或管理制度，企业支持党组织开展工作", 500, "查看章程、制度，与企业负责人交谈。", "章程或制度摘页"),
        _counted("1.2", "党组织负责人参加或列席企业讨论重大事项的会议", 500, "次", "0=0%；2=60%；4=100%", "查看会议记录。", "会议记录"),
        _met("1.3", "按期换届，没有软弱涣散的情形", 500, "查看换届批复；未到换届时间的，看成立批复。", "换届批复"),
        _counted("1.4", "每月开展 1 次主题党日（全年次数）", 500, "次", EACH_MONTH, "查看活动记录。", "活动记录"),
    )),
    GroupOutline("发展强", (
        _graded("2.1", "生产经营平稳，主要经营指标不低于上年", 600, "查看企业年度报表或说明；受行业整体影响的，说明情况。"),
        _met("2.2", "依法纳税，没有欠税", 600, "查看纳税证明。", "纳税证明"),
    )),
    GroupOutline("生产经营好", (
        _graded("3.1", "设立党员先锋岗、责任区或攻关项目，党员在关键岗位和急难任务中发挥作用", 600, "实地查看，询问职工。"),
        _deducted("3.2", "安全生产和产品、服务质量没有问题（一般问题每起扣 1 分）", 400, 100, "起", "向主管部门了解，查看检查记录。"),
    )),
    GroupOutline("企业文化好", (
        _graded("4.1", "党组织参与企业文化建设，有阵地、有队伍、有内容", 600, "实地查看，查看资料。"),
        _counted("4.2", "全年组织职工文体活动", 400, "次", "0=0%；1=50%；2=75%；4=100%", "查看活动记录。", "活动记录"),
    )),
    GroupOutline("劳动关系好", (
        _graded("5.1", "依法签订劳动合同、缴纳社会保险，按时足额发放工资", 800, "抽查合同、缴费和工资发放记录。"),
        _graded("5.2", "工会、共青团、妇女组织按规定建立并开展工作", 300, "查看批复和活动记录；人数不够建立条件的，按不适用。"),
        _deducted("5.3", "没有属于企业责任的劳动争议（每起扣 1 分）", 300, 100, "起", "向人社部门、工会了解。"),
    )),
    GroupOutline("党组织班子好", (
        _graded("6.1", "班子健全，分工明确，团结协作，与企业管理层沟通顺畅", 600, "个别谈话，查看分工。"),
        _met("6.2", "书记每年至少参加 1 次集中培训", 300, "查看培训通知或证书。", "培训通知或证书"),
        _graded("6.3", "书记按时述职并接受评议，党员和职工认可", 300, "查看述职报告和评议结果。", "述职报告"),
    )),
    GroupOutline("党员队伍好", (
        _graded("7.1", "有计划地培养入党积极分子、发展党员，程序规范", 400, "查看发展党员材料。"),
        _deducted("7.2", "党员按月足额交纳党费（未按期交纳的，每人次扣 0.5 分）", 400, 50, "人次", "查看党费收缴记录。"),
        _counted("7.3", "党员全年集中学习培训（人均学时）", 400, "学时", "0=0%；16=50%；24=75%；32=100%", "查看学习记录；一般不少于 32 学时。", "学习记录"),
    )),
    GroupOutline("社会评价好", (
        _counted("8.1", "党员、职工对党组织工作的满意率", 600, "%", SATISFIED, "随机询问或发放测评表。", "测评汇总"),
        _graded("8.2", "参加公益事业、志愿服务、结对帮扶", 400, "查看活动记录，向所在社区了解。"),
    )),
    GroupOutline("加分项和否决项", (
        _bonus("9.1", "当年党组织或企业受到市级以上表彰（每项加 1 分，最多加 5 分）", 500, "查看表彰文件。", "表彰文件"),
        _veto("9.2", "全年没有发生负有责任的较大以上安全生产、环境污染、食品药品安全事故", "向主管部门了解。"),
        _veto("9.3", "全年没有恶意拖欠职工工资、偷税骗税等严重失信行为", "向人社、税务部门了解，查询信用信息。"),
        _veto("9.4", "党组织班子成员全年没有发生严重违纪违法问题", "向纪检监察机关了解。"),
    )),
), bonus_percent=5, audiences=COMPANY_KINDS)  # fmt: skip

THREE_SHOWN = Outline("三亮 2026 版（待确认）", (
    GroupOutline("亮身份", (
        _graded("1.1", "党员在岗时佩戴党员徽章", 1_000, "现场查看；岗位上不便佩戴的除外。"),
        _graded("1.2", "党员的工位、柜台、车辆等处有党员标牌", 1_000, "现场查看。", "标牌照片"),
        _deducted("1.3", "公开栏公布党员名单，没有漏登、错登（每人扣 1 分）", 1_000, 100, "人", "对照党员名册。"),
    )),
    GroupOutline("亮职责", (
        _graded("2.1", "党员的岗位职责和服务内容公开，看得见、说得清", 1_500, "现场查看，询问党员。"),
        _graded("2.2", "划分党员责任区或设立党员先锋岗，每名党员有具体任务", 1_500, "查看名单和任务，现场核对。", "责任区或先锋岗名单"),
    )),
    GroupOutline("亮承诺", (
        _counted("3.1", "作出公开承诺的党员占比（年老体弱、长期在外的不计算在内）", 1_500, "%", OF_ALL, "查看承诺书或公开栏。", "承诺书或公开栏照片"),
        _graded("3.2", "承诺结合岗位，具体、能做到、能检查", 1_000, "抽查承诺内容。"),
        _counted("3.3", "年底对照承诺评议，承诺事项兑现率", 1_500, "%", OF_ALL, "查看评议记录，抽查兑现情况。", "评议记录"),
    )),
    GroupOutline("加分项", (
        _bonus("4.1", "党员事迹受到市级以上表彰或宣传（每人次加 1 分，最多加 3 分）", 300, "查看文件或报道。", "文件或报道"),
    )),
), bonus_percent=5)  # fmt: skip

SIX_GOOD_RETIRED = Outline("六好离退休干部党支部 2026 版（待确认）", (
    GroupOutline("组织设置好", (
        _met("1.1", "支部设置规范：正式党员 3 人以上的成立支部，不足 3 人的联合成立，方便党员就近参加活动", 600, "查看成立批复和党员名册。", "成立批复", always=True),
        _graded("1.2", "按期换届，委员空缺及时增补", 500, "查看换届批复。", "换届批复", "按期=100%；延期不超过 1 年=60%；延期超过 1 年=0%"),
        _deducted("1.3", "党员组织关系清楚，名册与实际相符（每错漏 1 人扣 1 分）", 400, 100, "人", "对照名册询问。"),
    )),
    GroupOutline("班子建设好", (
        _graded("2.1", "书记政治素质好、热心支部工作、身体能胜任；班子团结，分工明确", 600, "个别谈话，查看分工。"),
        _counted("2.2", "每月召开 1 次支委会（全年次数）", 500, "次", EACH_MONTH, "查看会议记录；不设支委会的，按不适用。", "会议记录"),
        _met("2.3", "书记每年至少参加 1 次集中培训", 400, "查看培训通知或记录；因病不能参加的，按不适用。"),
    )),
    GroupOutline("党员队伍好", (
        _graded("3.1", "党员政治坚定，遵守党章党规，坚持正确的政治方向", 600, "了解日常表现，查看民主评议结果。"),
        _deducted("3.2", "党员按月足额交纳党费（未按期交纳的，每人次扣 0.5 分）", 400, 50, "人次", "查看党费收缴记录。"),
        _counted("3.3", "走访慰问高龄、生病、困难和长期在外党员的覆盖率", 500, "%", OF_ALL, "对照慰问名单。", "慰问名单"),
    )),
    GroupOutline("学习活动好", (
        _counted("4.1", "每月开展 1 次主题党日（全年次数）", 600, "次", EACH_MONTH, "查看活动记录。", "活动记录"),
        _counted("4.2", "每季度上 1 次党课（全年次数）", 500, "次", EACH_QUARTER, "查看党课记录和讲稿。", "党课记录"),
        _graded("4.3", "有年度学习计划，按计划组织学习，形式适合老同志", 400, "查看计划和学习记录。", "学习计划"),
        _counted("4.4", "能参加活动的党员到会率", 500, "%", "0=0%；60=60%；80=100%", "查看到会记录；异地、重病、失能的不计算在内，送学上门的算参加。"),
    )),
    GroupOutline("作用发挥好", (
        _counted("5.1", "围绕中心工作建言献策、开展调研（全年条数）", 600, "条", "0=0%；1=60%；3=100%", "查看建议和调研报告。", "建议或调研报告"),
        _graded("5.2", "担任党建指导员，参加关心下一代、政策宣讲、志愿服务等", 800, "查看活动记录，向服务对象了解。", "活动记录"),
        _graded("5.3", "与企业、社区等党支部结对共建，有计划、有活动", 600, "查看结对协议和活动记录。"),
    )),
    GroupOutline("制度坚持好", (
        _graded("6.1", "坚持“三会一课”、组织生活会、民主评议党员、谈心谈话等制度", 700, "查看记录，询问党员。"),
        _deducted("6.2", "支部台账齐全，没有缺漏（每缺漏 1 处扣 0.5 分，最多扣 3 分）", 500, 50, "处", "抽查近一年的台账。", at_most=300),
        _met("6.3", "按规定公开党务，每年向党员公布党费收缴情况", 300, "查看公开栏或记录。"),
    )),
    GroupOutline("加分项和否决项", (
        _bonus("7.1", "当年支部或党员受到市级以上表彰，经验得到推广（每项加 1 分，最多加 5 分）", 500, "查看文件。", "表彰或推广文件"),
        _veto("7.2", "支部党员全年没有发生严重违纪违法问题", "向纪检监察机关和原单位了解。"),
        _veto("7.3", "支部党员没有参加非法组织、邪教组织的活动", "向有关部门了解。"),
    )),
), bonus_percent=5, audiences=BRANCH_KINDS)  # fmt: skip

STANDARD_BRANCH = Outline("党支部标准化建设考评 2026 版（待确认）", (
    GroupOutline("组织设置", (
        _met("1.1", "支部设置规范：正式党员 3 人以上的成立支部，不足 3 人的成立联合支部", 400, "查看成立批复和党员名册。", "成立批复", always=True),
        _graded("1.2", "按期换届，选举程序规范，材料齐全", 400, "查看换届请示、批复和选举材料。", "换届批复", "按期=100%；延期不超过 1 年=60%；延期超过 1 年=0%"),
        _graded("1.3", "党小组划分合理，组长职责清楚", 200, "查看党小组名单；不设党小组的，按不适用。"),
        _graded("1.4", "党员名册、组织关系等基本资料齐全准确", 200, "查看资料。", "党员名册"),
    )),
    GroupOutline("班子建设", (
        _graded("2.1", "支委会成员齐备、分工明确；正式党员不足 7 人的，设书记，必要时设副书记", 500, "查看分工，个别谈话。"),
        _graded("2.2", "书记每年述职并接受评议，问题得到整改", 400, "查看述职报告、评议结果。", "述职报告"),
        _counted("2.3", "书记和委员全年集中学习培训（人均学时）", 500, "学时", "0=0%；28=50%；42=75%；56=100%", "查看培训记录；不少于 56 学时，至少参加 1 次集中培训。", "培训记录"),
        _counted("2.4", "每月召开 1 次支委会（全年次数）", 400, "次", EACH_MONTH, "查看会议记录；不设支委会的，按不适用。", "会议记录"),
    )),
    GroupOutline("党员管理", (
        _deducted("3.1", "发展党员程序规范、材料齐全（每缺漏 1 处扣 1 分）", 500, 100, "处", "抽查发展党员档案；当年没有发展对象的，按不适用。"),
        _deducted("3.2", "组织关系接转及时，没有“口袋党员”（每人扣 1 分）", 400, 100, "人", "对照名册和介绍信，了解未接转情况。"),
        _deducted("3.3", "党员按月足额交纳党费（未按期交纳的，每人次扣 0.5 分）", 400, 50, "人次", "查看党费收缴记录。"),
        _counted("3.4", "党员全年集中学习培训（人均学时）", 400, "学时", "0=0%；16=50%；24=75%；32=100%", "查看学习记录；一般不少于 32 学时。", "学习记录"),
        _graded("3.5", "关心关爱党员：谈心、过政治生日、帮扶困难党员和老党员", 300, "查看记录，询问党员。"),
    )),
    GroupOutline("组织生活", (
        _counted("4.1", "每季度召开 1 次党员大会（全年次数）", 400, "次", EACH_QUARTER, "查看会议记录。", "会议记录"),
        _counted("4.2", "每月召开 1 次党小组会（全年次数）", 300, "次", EACH_MONTH, "查看会议记录；不设党小组的，按不适用。", "会议记录"),
        _counted("4.3", "每季度上 1 次党课（全年次数）", 400, "次", EACH_QUARTER, "查看党课记录和讲稿。", "党课记录"),
        _counted("4.4", "每月开展 1 次主题党日（全年次数）", 500, "次", EACH_MONTH, "查看活动记录。", "活动记录"),
        _met("4.5", "每年至少召开 1 次组织生活会，开展批评和自我批评，查摆的问题得到整改", 400, "查看会议记录和整改情况。", "会议记录", always=True),
        _met("4.6", "每年开展 1 次民主评议党员，“优秀”不超过三分之一", 300, "查看评议结果。", "评议结果", always=True),
        _graded("4.7", "支委之间、支委与党员、党员之间每年至少谈心谈话 1 次", 300, "查看记录，询问党员。"),
    )),
    GroupOutline("阵地建设", (
        _graded("5.1", "有相对固定的党员活动场所，设施能用、够用", 300, "实地查看。", "场所照片"),
        _graded("5.2", "标牌、党旗规范，组织机构、入党誓词、党员权利义务和工作制度上墙", 300, "实地查看。"),
        _deducted("5.3", "支部台账齐全，没有缺漏（每缺漏 1 处扣 0.5 分，最多扣 3 分）", 400, 50, "处", "抽查近一年的台账。", at_most=300),
    )),
    GroupOutline("作用发挥", (
        _graded("6.1", "设岗定责、承诺践诺，党员在岗位上起带头作用", 500, "实地查看，询问群众。"),
        _counted("6.2", "为群众、职工办实事（全年件数）", 500, "件", "0=0%；1=60%；3=100%", "查看记录，向受益群众了解。", "办实事记录"),
        _counted("6.3", "党员、群众对支部工作的满意率", 400, "%", SATISFIED, "随机询问或发放测评表。", "测评汇总"),
    )),
    GroupOutline("加分项和否决项", (
        _bonus("7.1", "当年支部或党员受到市级以上表彰（每项加 1 分，最多加 5 分）", 500, "查看表彰文件。", "表彰文件"),
        _bonus("7.2", "工作经验在市级以上推广，或承办市级以上现场会（每项加 1 分，最多加 3 分）", 300, "查看文件或报道。", "文件或报道"),
        _veto("7.3", "支部班子成员全年没有发生严重违纪违法问题", "向纪检监察机关了解。"),
        _veto("7.4", "考评材料真实，没有弄虚作假", "核对原始记录。"),
    )),
), bonus_percent=5, audiences=BRANCH_KINDS)  # fmt: skip

SEEDS = (
    Seed(VENUE_STANDARD, f"阵地建设标准。{TO_CONFIRM}已发布的版本不能改，要修改请另做一个新版本。", VENUE, since=1, published=True),
    Seed("六有", f"党员活动阵地“六有”标准。{TO_CONFIRM}", SIX_HAVES, since=4),
    Seed("双强六好", f"非公企业党组织“双强六好”标准。{TO_CONFIRM}", TWO_STRONG_SIX_GOOD, since=4),
    Seed("三亮", f"党员亮身份、亮职责、亮承诺。{TO_CONFIRM}", THREE_SHOWN, since=4),
    Seed("六好离退休干部党支部", f"离退休干部党支部“六好”标准。{TO_CONFIRM}", SIX_GOOD_RETIRED, since=4),
    Seed("党支部标准化建设考评", f"党支部标准化建设年度考评。{TO_CONFIRM}", STANDARD_BRANCH, since=4),
)  # fmt: skip
