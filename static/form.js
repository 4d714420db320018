// Record forms: what is typed is kept on the server as a draft, and a form is sent only once it can arrive.
(() => {
  const BETWEEN_DRAFTS = 5000;
  const FIRST_DRAFT = 1000;
  const PATIENCE = 15000;
  const AFTER_A_GAP = 1000; // a network that has just come back carries nothing yet
  const TELLS = navigator.onLine; // a machine without a network calls itself away though this page came to it
  const KEEPALIVE_LIMIT = 60000; // what browsers send of a page that is going away
  const SAY = {
    away: "网络断了，内容还在；连上后会自动再试。",
    busy: "系统正忙，内容还在；过几秒会自动再试。",
    ended: "登录已经结束，内容还在。",
    stranger: "现在登录的是另一个账号，不能用它保存。内容还在这一页，请换回原来的账号登录。",
    password: "请先在新窗口修改密码，再回来保存。内容还在。",
    refused: "现在不能保存：您可能已经不能修改这条记录，或它已被删除。内容还在这一页，可以先复制下来。",
    sending: "正在保存……",
  };

  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const ask = (address, options = {}) =>
    fetch(address, { headers: { Accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout?.(PATIENCE), ...options });

  const useToken = (token) => {
    document.querySelectorAll('input[name="csrf_token"]').forEach((input) => { input.value = token; });
  };

  // Whoever signed in meanwhile, in this window or another, must be the one whose form it is.
  const whoIsSignedIn = async (form) => {
    const state = await (await ask(form.dataset.signIn)).json();
    if (state.account !== null && state.account !== Number(form.dataset.account)) return "stranger";
    if (!state.signed_in) return "ended";
    useToken(state.token);
    return "same";
  };

  // What stands in the form; files and passwords are never kept.
  const typed = (form) => {
    const secret = new Set([...form.querySelectorAll('input[type="password"]')].map((input) => input.name));
    const entries = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !secret.has(name));
    return new URLSearchParams(entries);
  };

  // One try to keep the draft; what became of it in one word of SAY, or "kept".
  const keepOnce = async (form) => {
    const body = typed(form);
    const keepalive = document.hidden && String(body).length < KEEPALIVE_LIMIT;
    const answer = await ask(form.dataset.draft, { method: "POST", body, keepalive });
    if (answer.ok) return ["kept", `草稿已自动保存 ${(await answer.json()).saved}`];
    if (answer.status === 413) return ["kept", (await answer.json().catch(() => ({}))).message || ""];
    if (answer.type === "opaqueredirect") return ["password"];
    if (answer.status === 401 || answer.status === 400) return [await whoIsSignedIn(form)];
    return [answer.status >= 500 || answer.status === 409 ? "busy" : "refused"];
  };

  const keep = async (form) => {
    try {
      const outcome = await keepOnce(form);
      // The same person signed in again elsewhere: with the new token it goes through.
      return outcome[0] === "same" ? await keepOnce(form) : outcome;
    } catch {
      return ["away"];
    }
  };

  // Sign in again on top of the form, which stays as it is.
  const signInAgain = (form, done, given) => {
    const message = make("p", { class: "invalid-feedback d-block", role: "alert", id: "again-message" });
    const password = make("input", {
      class: "form-control", type: "password", id: "again-password", autocomplete: "current-password", required: "",
      "aria-describedby": "again-message",
    });
    const elsewhere = make("a", { href: "/sign-in", target: "_blank", rel: "noopener" }, "在新窗口登录");
    const stop = make("button", { class: "btn", type: "button" }, "先不登录");
    const inner = make(
      "form", {},
      make("h2", { id: "again-title" }, "请重新登录"),
      make("p", {}, "登录已经结束。您填写的内容还在，登录后接着保存。"),
      make("p", {}, `账号：${form.dataset.accountName}`),
      make("label", { class: "form-label", for: "again-password" }, "密码"), password, message,
      make("div", { class: "form-buttons" }, make("button", { class: "btn btn-primary", type: "submit" }, "登录并继续"), stop),
      make("p", { class: "form-hint mt-3 mb-0" }, "不用密码登录的，请", elsewhere, "，再回到这里。"),
    );
    const dialog = make("dialog", { class: "sign-in-again", "aria-labelledby": "again-title" }, inner);

    const close = (signedIn) => {
      window.removeEventListener("focus", look);
      dialog.close();
      dialog.remove();
      (signedIn ? done : given)();
    };
    const look = async () => {
      const who = await whoIsSignedIn(form).catch(() => "away");
      if (who === "same") close(true);
      else if (who !== "ended") message.textContent = SAY[who];
      return who;
    };
    inner.addEventListener("submit", async (event) => {
      event.preventDefault();
      message.textContent = "";
      try {
        if (await look() !== "ended") return;
        const { token, account } = await (await ask(form.dataset.signIn)).json();
        if (account === null) { message.textContent = "请点“在新窗口登录”，登录后再回到这里。"; return; }
        const body = new URLSearchParams({ password: password.value, csrf_token: token });
        const answer = await ask(form.dataset.signIn, { method: "POST", body });
        const state = await answer.json();
        if (!answer.ok) {
          message.textContent = state.message;
          password.select();
          return;
        }
        useToken(state.token);
        close(true);
      } catch {
        message.textContent = "没有连上，请稍后再试。";
      }
    });
    stop.addEventListener("click", () => close(false));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(false); });
    window.addEventListener("focus", look);
    document.body.append(dialog);
    dialog.showModal();
    password.focus();
  };

  const mind = (form) => {
    const place = form.querySelector("[data-draft-state]");
    let changed = form.hasAttribute("data-changed"); // since it was stored
    let ahead = false; // of the draft
    let keeping = false;
    let kept = 0; // when
    let timer = null;
    let waiting = null; // the button that was pressed while the form couldn't be sent
    let pressed = null; // that button, as it is sent along
    let leaving = false;
    let doubted = false; // the browser calls itself away although the server has just answered

    const say = (words, ...more) => {
      place.replaceChildren(words, ...more);
      place.classList.toggle("trouble", Object.values(SAY).includes(words) && words !== SAY.sending);
    };
    const later = (delay) => {
      clearTimeout(timer);
      timer = setTimeout(keepNow, delay);
    };

    const go = () => {
      leaving = true;
      clearTimeout(timer);
      if (waiting.name) pressed = make("input", { type: "hidden", name: waiting.name, value: waiting.value });
      if (pressed) form.append(pressed);
      HTMLFormElement.prototype.submit.call(form);
    };

    const askToSignIn = () => signInAgain(form, keepNow, () => {
      waiting = null;
      sayEnded();
    });
    const sayEnded = () => {
      const button = make("button", { class: "btn btn-sm", type: "button" }, "重新登录");
      button.addEventListener("click", askToSignIn);
      say(SAY.ended, button);
    };

    const keepNow = async () => {
      if (keeping || leaving) return;
      clearTimeout(timer);
      timer = null;
      keeping = true;
      ahead = false;
      const [outcome, words] = await keep(form);
      keeping = false;
      kept = Date.now();
      if (outcome === "kept") {
        if (waiting && (navigator.onLine || !TELLS || doubted)) go();
        else if (waiting) {
          doubted = true; // answered once more, the server is there whatever the browser says
          say(SAY.away);
          later(AFTER_A_GAP);
        } else {
          say(words);
          if (ahead) later(BETWEEN_DRAFTS);
        }
        return;
      }
      ahead = true;
      doubted = false;
      if (outcome === "ended") {
        if (waiting) askToSignIn();
        else sayEnded();
        return;
      }
      say(SAY[outcome]);
      if (outcome === "away" || outcome === "busy") later(BETWEEN_DRAFTS);
      else waiting = null;
    };

    const touched = (event) => {
      if (!event.target.name) return; // somebody searches in a list
      changed = ahead = true;
      if (timer === null && !keeping) later(Math.max(FIRST_DRAFT, kept + BETWEEN_DRAFTS - Date.now()));
    };
    form.addEventListener("input", touched);
    form.addEventListener("change", touched);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (waiting) return;
      waiting = event.submitter || form.querySelector('button[type="submit"]');
      say(SAY.sending);
      keepNow();
    });
    window.addEventListener("online", () => { if (ahead || waiting) later(AFTER_A_GAP); });
    document.addEventListener("visibilitychange", () => { if (document.hidden && ahead) keepNow(); });
    window.addEventListener("pagehide", () => {
      if ((ahead || keeping) && changed && !leaving) navigator.sendBeacon(form.dataset.draft, typed(form));
    });
    window.addEventListener("beforeunload", (event) => { if (changed && !leaving) event.preventDefault(); });
    // Back in the browser brings a form that was sent: it is a form to fill in again.
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      leaving = false;
      waiting = null;
      pressed?.remove();
      pressed = null;
      say("");
    });
  };

  // What a form needs whose answers are saved one by one (queue.js), which falls back on drafts where it can't.
  window.office = Object.assign(window.office || {}, { mind, signInAgain, whoIsSignedIn });
  document.querySelectorAll("form[data-draft]:not([data-queue])").forEach(mind);

  // From the list of errors to the field itself, also where a search box stands in its place.
  document.querySelectorAll('.error-list a[href^="#"]').forEach((link) => {
    link.addEventListener("click", (event) => {
      const field = document.getElementById(link.hash.slice(1));
      if (!field) return;
      event.preventDefault();
      (field.tomselect || field).focus();
    });
  });
})();
