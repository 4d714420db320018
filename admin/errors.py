"""Errors as people see them: in Chinese, with what to do, and without anything of the machine."""

from typing import Any

from flask import Flask, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from models import db
from policy import Changed, NotAllowed, OutOfSight, Refused

WORDS = {
    400: ("没有看懂这次请求", "提交的内容不完整，或页面已经过期。", "请返回上一页，刷新后再试。"),
    401: ("请重新登录", "登录已经结束。", "请重新登录后再试。"),
    403: ("没有权限", "您的角色不能做这件事。", "如有需要，请联系本支部的管理员。"),
    404: ("没有找到", "这个页面或记录不存在，或不在您的可见范围内。", "请检查地址，或回到首页重新查找。"),
    405: ("不能这样打开", "这个地址不能直接打开。", "请回到首页，从菜单进入。"),
    409: ("记录已被别人修改", "您打开页面以后，有人保存过这条记录。", "请刷新后查看新内容，再修改。"),
    413: ("内容太大", "提交的内容或文件超过了上限。", "请减少内容，或把文件压缩后再试。"),
    500: ("系统出错了", "这次操作没有完成，没有保存任何内容。", "请稍后再试；如果一直这样，请告诉系统管理员。"),
}


def page(code: int, message: str | None = None) -> tuple[str, int]:
    """The error page of a status code."""
    title, usual, hint = WORDS.get(code, WORDS[500 if code >= 500 else 400])
    body = render_template("error.html", code=code, title=title, message=message or usual, hint=hint, home_url="/")
    return body, code


def register(app: Flask) -> None:
    """Answer every error with a page of our own."""

    def rolled_back(code: int, message: str | None = None) -> Any:
        db.session.rollback()
        return page(code, message)

    app.register_error_handler(OutOfSight, lambda _error: rolled_back(404))
    app.register_error_handler(NotAllowed, lambda error: rolled_back(403, str(error) or None))
    app.register_error_handler(Changed, lambda _error: rolled_back(409))
    app.register_error_handler(Refused, lambda error: rolled_back(400, error.message))
    app.register_error_handler(CSRFError, lambda _error: rolled_back(400))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, lambda error: _unexpected(app, error))


def _http_error(error: HTTPException) -> Any:
    if error.code is not None and error.code < 400:
        return error.get_response()
    db.session.rollback()
    return page(error.code or 500)


def _unexpected(app: Flask, error: Exception) -> Any:
    app.logger.exception("unexpected error", exc_info=error)
    db.session.rollback()
    return page(500)
