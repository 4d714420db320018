"""What offices call the columns of their assessment sheets."""

from services.checklists.workbook.form import COLUMNS
from services.tables.importing.fields import Field

# In this order people are told what was looked for.
_ALSO = {
    "group": "项目 考核项目 考评项目 检查项目 评价项目 创建项目 建设项目 一级指标 一级项目 类别 考核类别 指标类别 大项 分类 板块 模块",
    "text": "考评内容 检查内容 评价内容 测评内容 考察内容 评分内容 创建内容 建设内容 指标内容 考核指标 评价指标 考核事项 考核内容及要求 "
    "考核内容和要求 考核内容与要求 考核内容及标准 考核项目及内容 内容及要求 内容和要求 主要内容 重点任务 工作任务 内容 指标 事项 任务",
    "points": "标准分 标准分值 考核分值 单项分值 满分 满分值 分数 基本分 基准分 应得分 赋分 配分 权重 最高分",
    "rule": "评分标准 评分细则 评分办法 评分方法 评分说明 评分依据 考评办法 考核办法 考评细则 考核细则 计分办法 计分方法 计分标准 计分规则 "
    "扣分标准 加分标准 加扣分标准 得分标准 赋分标准 打分标准 评定标准 评价标准 评价办法 考核评分标准 考核评分办法 评分标准及办法 "
    "评分标准和办法 考核标准及评分办法 考核办法及评分标准 考评标准及办法 评分标准及扣分办法",
    "how_checked": "检查方式 检查办法 考核方式 考核方法 考评方式 考评方法 评价方式 验收方式",
    "evidence": "佐证资料 印证材料 印证资料 支撑材料 证明材料 备查资料 备查材料 查阅资料 查看资料 所需材料 资料清单 台账资料 资料",
    "upper": "二级指标 二级项目 子项目 分项 小项 考核分项",
    "point": "考核要点 三级指标 三级项目 考核要求 具体要求 标准要求 规范要求 工作要求 基本要求 目标要求 考核目标 工作目标 考核点 观测点 "
    "评价要点 检查要点 考评要点 具体内容 具体指标 要点 要求",
    "standard": "考核标准 考评标准 检查标准 工作标准 创建标准 建设标准 达标标准 标准",
    "code": "编号 指标编号 项目编号",
    "counts": "计量单位", "scoring": "", "steps": "", "off_each": "", "off_at_most": "", "can_be_left_out": "",
    "origins": "",
    "self_score": "自评得分 自评 自查得分 自评情况",
    "review_score": "考评得分 考核得分 考核分 得分 实得分 评分 检查得分 核定分 复评得分 评定分 最终得分 上级评分 考核评分",
    "note": "备注说明 说明",
}  # fmt: skip
_LABELS = {
    "upper": "二级指标", "point": "考核要点", "standard": "考核标准", "rule": "评分标准", "self_score": "自评分",
    "review_score": "考评分", "note": "备注",
}  # fmt: skip
# A head that is only nearly one of these means something else; heads of scores are never taken for near.
_EXACT = ("points", "scoring", "self_score", "review_score")
FIELDS = tuple(
    Field(
        name, _LABELS[name] if name in _LABELS else COLUMNS[name].label, tuple(also.split()),
        "score" if name in _EXACT else "text",
    )
    for name, also in _ALSO.items()
)  # fmt: skip
"""As which the columns are read; ``standard`` becomes ``rule`` or ``point``, by which others there are."""
IGNORED = ("self_score", "review_score", "note")
"""What belongs to an assessment, and not to the checklist."""
WORDING = ("upper", "text", "point")
"""What an item says, from the wider to the narrower."""
