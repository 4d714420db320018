// What is filled in on a phone is kept in the phone first and sent in order: without a network it waits, and outlives
// the page. An entry leaves the phone only once the server has it. Sent again it is the same: a photo by its key, an
// answer by what it says. Entries belong to one account; nobody else sees or sends them.
(() => {
  const root = document.querySelector("[data-queue]");
  if (!root) return;
  const { account, assessment, side } = root.dataset;
  const form = root instanceof HTMLFormElement ? root : null;
  const bar = document.querySelector("[data-queue-bar]");
  const FIRST_PAUSE = 2000;
  const LONGEST_PAUSE = 60000;
  const AFTER_TYPING = 700;
  const AFTER_A_GAP = 500; // a network that has just come back carries nothing yet
  const PATIENCE = { answer: 20000, photo: 120000 };
  const SAY = {
    waiting: "等待上传",
    away: "没有网络，已存在手机里",
    saved: "已保存",
    busy: "系统正忙，过几秒会自动再试。",
    ended: "登录已经结束，内容还在手机里，登录后接着上传。",
    stranger: "现在登录的是另一个账号，不能用它上传。内容还在手机里，请换回原来的账号。",
    password: "请先修改密码，再回来上传。内容还在手机里。",
    large: "这张照片太大，请缩小后再选。",
    strange: "没有保存，请刷新页面再试。",
    full: "手机的空间不够，没有存下。请先腾出空间。",
  };

  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const button = (words, act, css = "btn btn-sm") => {
    const made = make("button", { class: css, type: "button" }, words);
    made.addEventListener("click", act);
    return made;
  };
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  // In the phone

  let database = null;
  const openDatabase = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open("office-queue", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("entries", { keyPath: "id", autoIncrement: true }).createIndex("account", "account");
      asked.result.createObjectStore("photos");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const within = (mode, work) => new Promise((resolve, reject) => {
    const deal = database.transaction(["entries", "photos"], mode, { durability: "strict" });
    const asked = work(deal.objectStore("entries"), deal.objectStore("photos"));
    deal.oncomplete = () => resolve(asked?.result);
    deal.onabort = () => reject(deal.error);
  });

  let entries = []; // this account's, in their order
  const pending = () => entries.filter((entry) => entry.state === "waiting");
  const troubled = () => entries.filter((entry) => entry.state !== "waiting");
  const ofThisPage = (entry) => entry.assessment === assessment && (entry.kind === "photo" || entry.side === side);
  const answersOf = (item) => entries.filter((entry) => entry.kind === "answer" && ofThisPage(entry) && entry.item === item);

  // Store an entry as it is now, after what was asked of it before.
  const keep = (entry, bytes) => {
    entry.stored = (entry.stored || Promise.resolve()).then(() => entry.gone ? null : within("readwrite", (list, photos) => {
      const { stored, gone, ...record } = entry;
      const asked = list.put(record);
      asked.onsuccess = () => {
        entry.id = asked.result;
        if (bytes) photos.put(bytes, entry.id);
      };
      return asked;
    }));
    return entry.stored;
  };
  const drop = (entry) => {
    entry.gone = true;
    entries = entries.filter((one) => one !== entry);
    return (entry.stored || Promise.resolve()).catch(() => null).then(() => entry.id && within("readwrite", (list, photos) => {
      photos.delete(entry.id);
      return list.delete(entry.id);
    }));
  };
  // What another window of the same account has added is sent by whichever comes first.
  const look = async () => {
    const found = await within("readonly", (list) => list.index("account").getAll(account));
    const known = new Set(entries.map((entry) => entry.key));
    entries.push(...found.filter((entry) => !known.has(entry.key)));
    entries.sort((one, other) => (one.id || Infinity) - (other.id || Infinity));
  };
  const isStillThere = async (entry) => Boolean(await within("readonly", (list) => list.get(entry.id)));

  // On the page

  const FIELDS = side === "review" ? "reason" : "note";
  const partOf = (item) => form?.querySelector(`[data-evidence="${item}"]`);
  const inputsOf = (item) => [...form.querySelectorAll(`[name="answer-${item}"]`)];
  const saved = new Map(); // by item: what the server has, as far as this page knows
  const read = (item) => ({
    answer: inputsOf(item).find((input) => input.checked)?.value || "",
    number: form.elements[`number-${item}`]?.value.trim() || "",
    text: form.elements[`${FIELDS}-${item}`]?.value.trim() || "",
  });
  const write = (item, values) => {
    inputsOf(item).forEach((input) => { input.checked = input.value === values.answer; });
    const number = form.elements[`number-${item}`];
    const text = form.elements[`${FIELDS}-${item}`];
    if (number) number.value = values.number;
    if (text) text.value = values.text;
  };
  const alike = (one, other) => ["answer", "number", "text"].every((name) => one[name] === other[name]);
  const inWords = (item, values) => {
    const label = inputsOf(item).find((input) => input.value === values.answer)?.closest("label");
    const words = values.number || label?.textContent.trim() || "未填写";
    return values.text ? `${words}，${values.text}` : words;
  };

  let trouble = null; // why nothing is sent at the moment: a word of SAY
  const sayOfItem = (item) => {
    const place = partOf(item)?.querySelector("[data-item-state]");
    if (!place) return;
    const entry = answersOf(item).find((one) => one.state !== "waiting") || answersOf(item)[0];
    place.classList.toggle("trouble", Boolean(entry) && entry.state !== "waiting");
    if (!entry) {
      if (place.textContent) place.replaceChildren(SAY.saved);
    } else if (entry.state === "waiting") place.replaceChildren(trouble === "away" ? SAY.away : SAY.waiting);
    else if (entry.state === "refused") place.replaceChildren(`被拒绝：${entry.message}`);
    else {
      const by = entry.theirs.by ? `（${entry.theirs.by}）` : "";
      const theirs = entry.theirs.text ? `${entry.theirs.words}，${entry.theirs.text}` : entry.theirs.words;
      place.replaceChildren(
        `刚才有人改过这一项。现在保存的是：${theirs}${by}；您填的是：${inWords(item, entry.values)}。`,
        button("用我填的", () => insist(entry)), button("用现在保存的", () => giveIn(entry)),
      );
    }
  };

  const sayOfPhoto = (entry) => {
    const list = partOf(entry.item)?.querySelector("[data-photo-list]");
    if (!list) return;
    let row = list.querySelector(`[data-waiting="${entry.key}"]`);
    if (!row) {
      row = make(
        "li", { class: "photo", "data-waiting": entry.key },
        make("img", { src: entry.small, alt: "还没有上传的照片", width: "96", height: "96" }),
        make("div", { class: "photo-words" }, make("span", { role: "status" }), make("span", { class: "photo-tools" }, button("不要了", () => {
          drop(entry);
          row.remove();
          paint();
        }))),
      );
      list.append(row);
    }
    const words = entry.state === "refused" ? `被拒绝：${entry.message}` : trouble === "away" ? SAY.away : SAY.waiting;
    const place = row.querySelector("[role=status]");
    if (place.textContent !== words) place.textContent = words;
    place.classList.toggle("trouble", entry.state === "refused");
  };

  const showPhoto = (entry, told) => {
    partOf(entry.item)?.querySelector(`[data-waiting="${entry.key}"]`)?.remove();
    told.items.forEach((item) => {
      const part = partOf(item);
      const list = part?.querySelector("[data-photo-list]");
      if (!list || list.querySelector(`[data-photo="${told.id}"]`)) return;
      const row = part.querySelector("template[data-photo-row]").content.firstElementChild.cloneNode(true);
      row.dataset.photo = told.id;
      row.querySelector("img").src = told.small;
      row.querySelector("img").alt = told.name;
      row.querySelectorAll("a").forEach((link) => { link.href = link.hasAttribute("data-open-photo") ? told.url : `${link.getAttribute("href")}${told.id}`; });
      row.querySelector("[data-photo-name]").textContent = told.name;
      const used = row.querySelector("[data-used-before]");
      used.hidden = !told.used_before;
      used.querySelector("span").textContent = `这张照片以前用过：${told.used_before}`;
      list.append(row);
      part.querySelector("[data-unproven]")?.setAttribute("hidden", "");
    });
  };

  const sayOfAll = () => {
    if (!bar) return;
    // Two changes of one answer are one thing to whoever made them.
    const left = new Set(pending().map((entry) => entry.kind === "photo" ? entry.key : `${entry.assessment} ${entry.side} ${entry.item}`)).size;
    const wrong = troubled();
    const elsewhere = [...new Set(wrong.filter((entry) => !ofThisPage(entry)).map((entry) => entry.assessment))];
    const parts = [];
    if (left) parts.push(`还有 ${left} 项没有上传。`);
    if (left && trouble) parts.push(SAY[trouble] + (SAY[trouble].endsWith("。") ? "" : "。"));
    if (wrong.length > 0) parts.push(`有 ${wrong.length} 项没有保存，请处理。`);
    if (!parts.length && !bar.hidden) parts.push("全部已上传。");
    const words = bar.querySelector("[data-queue-words]");
    if (words.textContent !== parts.join("")) words.textContent = parts.join("");
    const tools = bar.querySelector("[data-queue-tools]");
    tools.replaceChildren(...elsewhere.map((key) => make("a", { class: "btn btn-sm", href: `${root.dataset.assessUrl}?id=${encodeURIComponent(key)}` }, "打开那份检查表")));
    if (left && trouble === "ended") tools.append(window.office?.signInAgain ? button("重新登录", askToSignIn) : make("a", { class: "btn btn-sm", href: "/sign-in" }, "重新登录"));
    bar.classList.toggle("trouble", wrong.length > 0);
    bar.hidden = !parts.length;
  };

  const paint = () => {
    if (form) {
      saved.forEach((_values, item) => sayOfItem(item));
      entries.filter((entry) => entry.kind === "photo" && ofThisPage(entry)).forEach(sayOfPhoto);
    }
    sayOfAll();
  };

  // Answers

  // It is sent all the same, as long as the page stays.
  const sayFull = (entry) => {
    entry.onlyHere = true;
    entry.stored = Promise.resolve();
    if (!form.querySelector(".queue-full")) bar.after(make("p", { class: "alert alert-danger queue-full", role: "alert" }, SAY.full));
  };
  const changed = (item) => {
    const values = read(item);
    const mine = answersOf(item);
    const last = mine.at(-1);
    if (!last && alike(values, saved.get(item))) return;
    if (last?.state === "conflict") {
      last.values = values;
      keep(last).catch(() => null);
    } else if (last && (!last.tried || last.state === "refused")) {
      Object.assign(last, { values, state: "waiting", tried: false, message: "", behalf: form.elements.on_behalf_of?.value || "" });
      keep(last).catch(() => null);
    } else if (!last || !alike(last.values, values)) {
      // What is on its way already may be there: what is written now stands on it.
      const entry = {
        key: newKey(), account, kind: "answer", assessment, side, item, values, seen: last ? last.values : saved.get(item),
        behalf: form.elements.on_behalf_of?.value || "", state: "waiting", tried: false, message: "",
      };
      entries.push(entry);
      keep(entry).catch(() => sayFull(entry));
    }
    paint();
  };
  const insist = (entry) => {
    const { answer, number, text } = entry.theirs;
    Object.assign(entry, { seen: { answer, number, text }, state: "waiting", tried: false });
    keep(entry);
    paint();
    soon(0);
  };
  const giveIn = (entry) => {
    const { answer, number, text } = entry.theirs;
    saved.set(entry.item, { answer, number, text });
    write(entry.item, entry.theirs);
    drop(entry);
    paint();
  };

  // A later entry for the same item stood on this one, which came to nothing.
  const mergeInto = (entry) => {
    const later = answersOf(entry.item).find((one) => one !== entry && one.id > entry.id);
    if (!later) return false;
    later.seen = entry.seen;
    keep(later);
    drop(entry);
    return true;
  };

  const takeOver = (entry, told) => {
    saved.set(entry.item, entry.values);
    for (const one of ["self", "review"]) {
      const place = document.querySelector(`[data-score="${one}"]`);
      if (place) place.textContent = told[`${one}_score`];
    }
    Object.entries(told.answers || {}).forEach(([item, values]) => {
      if (!saved.has(item) || answersOf(item).length > 0 || alike(values, saved.get(item))) return;
      saved.set(item, values);
      write(item, values);
    });
    if (form.elements.version_seen) form.elements.version_seen.value = told.version;
  };

  // Photos

  const addPhoto = async (item, bytes, small) => {
    const entry = { key: newKey(), account, kind: "photo", assessment, side, item, small, state: "waiting", tried: false, message: "" };
    await keep(entry, bytes);
    entries.push(entry);
    paint();
    soon(0);
  };

  // Sending

  const token = () => document.querySelector('input[name="csrf_token"]')?.value || "";
  const bodyOf = async (entry) => {
    const body = new FormData();
    const add = (fields) => Object.entries(fields).forEach(([name, value]) => body.set(name, value));
    add({ csrf_token: token(), account, id: entry.assessment, item: entry.item });
    if (entry.kind === "photo") {
      const bytes = await within("readonly", (_list, photos) => photos.get(entry.id));
      body.set("upload_key", entry.key);
      body.set("photo", new Blob([bytes], { type: "image/jpeg" }), "photo.jpg");
      return body;
    }
    add({ side: entry.side, on_behalf_of: entry.behalf, ...entry.values });
    Object.entries(entry.seen).forEach(([name, value]) => body.set(`seen-${name}`, value));
    if (ofThisPage(entry)) body.set("version_seen", form?.elements.version_seen?.value || "");
    return body;
  };

  const post = async (entry) => {
    entry.tried = true;
    const body = await bodyOf(entry);
    if (!entry.onlyHere) await keep(entry);
    const answer = await fetch(entry.kind === "photo" ? root.dataset.photoUrl : root.dataset.answerUrl, {
      method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual",
      signal: AbortSignal.timeout?.(PATIENCE[entry.kind]),
    });
    if (answer.type === "opaqueredirect") return ["password"];
    if (answer.status >= 500 || answer.status === 429) return ["busy"];
    const told = await answer.json().catch(() => null);
    if (answer.ok && told?.ok) return ["done", told];
    if (answer.status === 401 || answer.status === 400) return ["who"];
    if (answer.status === 409) return told?.stored ? ["conflict", told] : ["busy"];
    if (answer.status === 413) return ["refused", { message: SAY.large }];
    return answer.ok ? ["busy"] : ["refused", told || { message: SAY.strange }];
  };

  // One entry, sent; after a sign-in in another window once more with its token.
  const send = async (entry) => {
    try {
      const outcome = await post(entry);
      if (outcome[0] !== "who") return outcome;
      const who = window.office ? await window.office.whoIsSignedIn(root) : "ended";
      if (who !== "same") return [who];
      const second = await post(entry);
      return second[0] === "who" ? ["refused", { message: SAY.strange }] : second;
    } catch {
      return ["away"];
    }
  };

  // Returns whether the next entry may follow.
  const settle = (entry, outcome, told) => {
    if (entry.gone) return true;
    if (outcome === "done") {
      drop(entry);
      if (form && ofThisPage(entry)) {
        if (entry.kind === "photo") showPhoto(entry, told);
        else takeOver(entry, told);
      }
    } else if (outcome === "refused" || outcome === "conflict") {
      if (entry.kind === "photo" || !mergeInto(entry)) {
        Object.assign(entry, { state: outcome, message: told.message, theirs: told.stored });
        keep(entry);
      }
    } else {
      trouble = outcome;
      return false;
    }
    trouble = null;
    pause = FIRST_PAUSE;
    return true;
  };

  let sending = false;
  let pause = FIRST_PAUSE;
  let timer = null;
  const soon = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(sendAll, delay);
  };
  const alone = (work) => navigator.locks
    ? navigator.locks.request(`office-queue-${account}`, { ifAvailable: true }, (lock) => lock ? work() : true)
    : work();
  const sendInOrder = async () => {
    await look();
    for (;;) {
      const entry = entries.find((one) => one.state === "waiting");
      if (!entry) return;
      await entry.stored;
      if (entry.gone) continue;
      if (!entry.onlyHere && !await isStillThere(entry)) { // another window has sent it
        drop(entry);
        if (form && entry.kind === "answer" && ofThisPage(entry)) saved.set(entry.item, entry.values);
        continue;
      }
      const [outcome, told] = await send(entry);
      if (!settle(entry, outcome, told)) return;
      paint();
    }
  };
  const sendAll = async () => {
    if (sending) return;
    sending = true;
    await Promise.resolve(alone(sendInOrder)).catch(() => { trouble = "busy"; });
    sending = false;
    paint();
    goOn();
    if (pending().length === 0) return;
    if (!["ended", "stranger", "password"].includes(trouble)) soon(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };
  const askToSignIn = () => window.office.signInAgain(root, () => soon(0), () => null);

  // The whole form is sent once nothing of it waits.
  let waiting = null; // the button that was pressed
  let leaving = false;
  const goOn = () => {
    if (!waiting) return;
    const mine = entries.filter(ofThisPage);
    const wrong = mine.find((entry) => entry.state !== "waiting");
    if (mine.length === 0) {
      leaving = true;
      form.requestSubmit(waiting);
    } else if (wrong) partOf(wrong.item)?.scrollIntoView({ block: "center" });
    else if (trouble === "ended") askToSignIn();
    else if (!trouble) return;
    waiting = null;
  };

  const mindForm = () => {
    form.querySelectorAll("[data-evidence]").forEach((part) => {
      if (part.dataset.stored) saved.set(part.dataset.evidence, JSON.parse(part.dataset.stored));
    });
    // What waited in the phone when the page was left stands in the form again.
    saved.forEach((_values, item) => {
      const last = answersOf(item).at(-1);
      if (last) write(item, last.values);
    });
    const itemOf = (target) => target.name?.match(/^(?:answer|number|note|reason)-(\d+)$/)?.[1];
    const note = (delay) => (event) => {
      const item = itemOf(event.target);
      if (!item || !saved.has(item)) return;
      // Of an item that is counted, a number and "not applicable" exclude each other.
      if (event.target.type === "checkbox" && event.target.checked) form.elements[`number-${item}`].value = "";
      if (event.target.name.startsWith("number-") && event.target.value.trim()) inputsOf(item).forEach((input) => { input.checked = false; });
      changed(item);
      if (pending().length > 0) soon(delay);
    };
    form.addEventListener("input", note(AFTER_TYPING));
    form.addEventListener("change", note(0));
    form.addEventListener("submit", (event) => {
      if (leaving) return;
      event.preventDefault();
      waiting = event.submitter || form.querySelector('button[type="submit"]');
      soon(0);
    });
    form.addEventListener("click", async (event) => {
      const link = event.target.closest("[data-remove-photo]");
      if (!link) return;
      event.preventDefault();
      if (!window.confirm(link.dataset.removePhoto)) return;
      const row = link.closest("[data-photo]");
      const body = new URLSearchParams({ csrf_token: token(), account, id: row.dataset.photo });
      const answer = await fetch(root.dataset.removeUrl, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
      if (answer?.ok) form.querySelectorAll(`[data-photo="${row.dataset.photo}"]`).forEach((one) => {
        const part = one.closest("[data-evidence]");
        one.remove();
        if (!part.querySelector("[data-photo]")) part.querySelector("[data-unproven]")?.removeAttribute("hidden");
      });
      else row.querySelector("[data-photo-name]").textContent = (await answer?.json().catch(() => null))?.message || "没有删除：没有网络，连上后再试。";
    });
    window.addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
    window.addEventListener("beforeunload", (event) => {
      if (!leaving && (entries.filter(ofThisPage).length > 0 || window.office?.shrinking > 0)) event.preventDefault();
    });
  };

  const start = async () => {
    try {
      database = await openDatabase();
      await look();
    } catch {
      if (form) window.office.mind(form); // a browser that keeps nothing: drafts on the server instead
      return;
    }
    if (form) mindForm();
    window.office = Object.assign(window.office || {}, { addPhoto, isFull: SAY.full });
    document.dispatchEvent(new Event("queue-ready"));
    window.addEventListener("online", () => {
      pause = FIRST_PAUSE;
      soon(AFTER_A_GAP);
    });
    window.addEventListener("offline", () => {
      trouble = "away";
      paint();
    });
    document.addEventListener("visibilitychange", () => { if (!document.hidden && pending().length > 0) soon(0); });
    paint();
    if (pending().length > 0) soon(0);
  };
  document.addEventListener("DOMContentLoaded", start);
})();
