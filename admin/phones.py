"""What is known of the phone that asks: its kind, and whether the page stands in WeChat's own browser."""

from typing import Any

from flask import request

from admin.addresses import public_url

# Tried in this order: HarmonyOS says Android too, and only phones among those say Mobile.
_KINDS = {
    "iPad": "苹果平板", "iPhone": "苹果手机", "HarmonyOS": "华为手机", "OpenHarmony": "华为手机", "Mobile": "安卓手机",
    "Android": "安卓平板",
}  # fmt: skip


def in_wechat() -> bool:
    """Whether the page is shown by WeChat, which neither downloads nor prints."""
    return "MicroMessenger" in request.headers.get("User-Agent", "")


def describe_phone() -> str:
    """The phone in plain words, such as 安卓手机，微信; nothing by which it could be told from another of its kind."""
    told = request.headers.get("User-Agent", "")
    kind = next((words for mark, words in _KINDS.items() if mark in told), "电脑")
    return f"{kind}，{'微信' if in_wechat() else '浏览器'}"


def open_in_browser(view: Any, back: str) -> str:
    """In place of a file that WeChat couldn't take: how to open the page with the link in the phone's own browser.

    ``back``: the path of that page. The file itself would leave the browser on the page of the sign-in.
    """
    return view.render("admin/pages/open_in_browser.html", address=f"{public_url()}{back}", back=back)
