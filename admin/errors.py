"""Errors as people see them: in Chinese, with what to do, and without anything of the machine."""

from typing import Any

from flask import Flask, jsonify, render_template, request
from flask_wtf.csrf import CSRFError, validate_csrf
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from wtforms import ValidationError

from admin.signing_in_again import again_page, by_script, former_account
from models import db
from models.database import Trouble, trouble_of
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
TROUBLES = {
    Trouble.BUSY: ("系统正忙", "有别的操作正在保存，等了一会儿还没有轮到。这次操作没有保存任何内容。", "请稍等片刻，再试一次。"),
    Trouble.AWAY: ("暂时连不上数据库", "这次操作多半没有完成，也可能刚好已经保存。", "请稍等片刻，先看看内容是否已经保存，再决定是否重做。"),
}  # fmt: skip
RETRY_SECONDS = {Trouble.BUSY: 5, Trouble.AWAY: 15}


def page(code: int, message: str | None = None) -> tuple[Any, int]:
    """The error page of a status code; for a script its words alone."""
    title, usual, hint = WORDS.get(code, WORDS[500 if code >= 500 else 400])
    if by_script():
        return jsonify(message=message or f"{usual}{hint}"), code
    body = render_template("error.html", code=code, title=title, message=message or usual, hint=hint, home_url="/")
    return body, code


def trouble_page(trouble: Trouble) -> tuple[str, int, dict[str, str]]:
    """The page that asks for patience; what was posted can be sent again from it as it was typed."""
    title, message, hint = TROUBLES[trouble]
    posted = _posted()
    again = request.full_path.rstrip("?") if posted or request.method == "GET" else None
    words = {"title": title, "message": message, "hint": hint, "home_url": "/"}
    body = render_template("error.html", code=503, again=again, posted=posted, **words)
    return body, 503, {"Retry-After": str(RETRY_SECONDS[trouble])}


def ended_page() -> tuple[Any, int]:
    """The page for whoever's session has ended: what was posted stays, and can be sent once he has signed in again."""
    kept = [] if by_script() else _posted()
    account = former_account() if kept else None
    if account is None:
        return page(401)
    return again_page(account, kept, request.full_path.rstrip("?")), 401


def _posted() -> list[tuple[str, str]]:
    """The form to keep on the page: none with passwords or files in it, and none that came from another site."""
    if request.method != "POST" or request.blueprint == "auth" or request.files:
        return []
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return []
    return [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]


def register(app: Flask) -> None:
    """Answer every error with a page of our own."""

    def rolled_back(code: int, message: str | None = None) -> Any:
        end_transaction()
        return page(code, message)

    app.register_error_handler(OutOfSight, lambda _error: rolled_back(404))
    app.register_error_handler(NotAllowed, lambda error: rolled_back(403, str(error) or None))
    app.register_error_handler(Changed, lambda _error: rolled_back(409))
    app.register_error_handler(Refused, lambda error: rolled_back(400, error.message))
    app.register_error_handler(CSRFError, lambda _error: rolled_back(400))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, lambda error: _unexpected(app, error))
    app.teardown_request(end_transaction)


def end_transaction(_error: BaseException | None = None) -> None:
    """Roll back, even on a connection that has broken: an answer that is ready must not fail on that."""
    try:
        db.session.rollback()
    except DBAPIError:
        db.session().invalidate()


def _http_error(error: HTTPException) -> Any:
    if error.code is not None and error.code < 400:
        return error.get_response()
    end_transaction()
    return ended_page() if error.code == 401 else page(error.code or 500)


def _unexpected(app: Flask, error: Exception) -> Any:
    end_transaction()
    trouble = trouble_of(error)
    if trouble is not None:
        app.logger.warning("the database is %s: %s", trouble.name.lower(), str(error).splitlines()[0])
        return trouble_page(trouble)
    app.logger.exception("unexpected error", exc_info=error)
    return page(500)
