"""登录卡和手机: cards that let an account's phone in, and the phones that are remembered. Of one's own people, or one's own."""

from typing import Any

import segno
from flask import flash, redirect, request, url_for
from flask_admin import BaseView, expose
from markupsafe import Markup
from sqlalchemy import select

from admin.addresses import public_url
from admin.pages.common import one_row, save
from models import Account, SignIn, SignInCard, db
from policy import Refused, the_actor
from services import sign_in_cards
from services.sign_in_cards import CARD_TIME


class AccessPage(BaseView):
    """/access/?id=…: an account in sight; without an id one's own."""

    def __init__(self) -> None:
        super().__init__(name="登录卡和手机", category="系统", endpoint="access", url="/access")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return True  # everybody has an account of his own

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("start", "用登录卡进入")]

    @expose("/")
    def index(self) -> Any:
        account = _account(request.args.get("id") or str(the_actor().account_id))
        permits, own = the_actor().permits, account.id == the_actor().account_id
        may_make = permits("sign_in_card:create", account.branch_id)
        return self.render(
            "admin/pages/access.html",
            account=account,
            own=own,
            may_make=may_make,
            password_only=sign_in_cards.password_only_roles(account) if may_make else [],
            cards=sign_in_cards.open_cards(db.session, account) if may_make else [],
            phones=sign_in_cards.phones_of(db.session, account),
            may_forget=own or permits("sign_in:forget", account.branch_id),
        )

    @expose("/card/", methods=("POST",))
    def card_view(self) -> Any:
        """Make a card and show it for printing: only now is its key known."""
        account = _account(request.form.get("id", ""))
        try:
            card, key = sign_in_cards.make_card(db.session, account)
        except Refused as reason:
            return self._refused(account, reason)
        save()
        code = segno.make(f"{public_url()}{url_for('auth.card', key=key)}", error="m", micro=False)
        return self.render(
            "admin/pages/card.html",
            account=account,
            card=card,
            minutes=CARD_TIME.seconds // 60,
            code=Markup(code.svg_inline(omitsize=True)),
        )

    @expose("/carry/", methods=("POST",))
    def carry_view(self) -> Any:
        """Take the sign-in from WeChat to the phone's own browser: it opens the address to which this leads."""
        account = _account(str(the_actor().account_id))
        try:
            _card, key = sign_in_cards.make_card(db.session, account)
        except Refused as reason:
            return self._refused(account, reason)
        save()
        return redirect(url_for("auth.card", key=key, next=request.form.get("next", "/")))

    @expose("/revoke/", methods=("POST",))
    def revoke_view(self) -> Any:
        card = one_row(select(SignInCard), SignInCard, request.form.get("id", ""))
        account = card.account
        try:
            sign_in_cards.revoke_card(db.session, card)
        except Refused as reason:
            return self._refused(account, reason)
        save()
        flash("登录卡已作废。", "success")
        return redirect(self.get_url(".index", id=account.id))

    @expose("/forget/", methods=("POST",))
    def forget_view(self) -> Any:
        phone = one_row(select(SignIn).where(SignIn.device.is_not(None)), SignIn, request.form.get("id", ""))
        account_id = phone.account_id
        sign_in_cards.forget_phone(db.session, phone)
        save()
        flash("这部手机已退出，再用要凭新的登录卡。", "success")
        return redirect(self.get_url(".index", id=account_id))

    @expose("/forget-all/", methods=("POST",))
    def forget_all_view(self) -> Any:
        account = _account(request.form.get("id", ""))
        count = sign_in_cards.forget_phones(db.session, account)
        save()
        flash(f"{count} 部手机已退出，再用要凭新的登录卡。" if count else "没有记住的手机。", "success")
        return redirect(self.get_url(".index", id=account.id))

    def _refused(self, account: Account, reason: Refused) -> Any:
        key = account.id
        db.session.rollback()
        flash(reason.message, "error")
        return redirect(self.get_url(".index", id=key))


def _account(key: str) -> Account:
    return one_row(select(Account), Account, key)
