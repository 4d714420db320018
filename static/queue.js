// What is filled in on a phone is kept in the phone first and sent in order: without a network it waits, and outlives
// the page. An entry leaves the phone only once the server has it. Sent again it is the same: a photo by its key, an
// answer by what it says. Entries belong to one account; nobody else sees or sends them. What stands in the form of a
// checklist is minded by answering.js, once "queue-ready" is told.
(() => {
  const root = document.querySelector("[data-queue]");
  if (!root) return;
  const { account, assessment, side } = root.dataset;
  const bar = document.querySelector("[data-queue-bar]");
  const FIRST_PAUSE = 2000;
  const LONGEST_PAUSE = 60000;
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
    full: "手机的空间不够，没有存下。请先腾出空间，再离开这一页。",
  };
  const NEEDS_SOMEBODY = ["ended", "stranger", "password"];

  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const button = (words, act) => {
    const made = make("button", { class: "btn btn-sm", type: "button" }, words);
    made.addEventListener("click", act);
    return made;
  };
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const token = () => document.querySelector('input[name="csrf_token"]')?.value || "";

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
  const ofThisPage = (entry) => entry.assessment === assessment && (entry.kind === "photo" || entry.side === side);

  // Store an entry as it is now, after what was asked of it before.
  const keep = (entry, bytes) => {
    entry.stored = (entry.stored || Promise.resolve()).then(() => entry.gone || entry.onlyHere ? null : within("readwrite", (list, photos) => {
      const { stored, gone, onlyHere, ...record } = entry;
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
  const begun = (kind, more) => ({ key: newKey(), account, kind, assessment, side, state: "waiting", tried: false, message: "", ...more });
  const addAnswer = (more) => {
    const entry = begun("answer", more);
    entries.push(entry);
    keep(entry).catch(() => {
      // It is sent all the same, as long as the page stays.
      entry.onlyHere = true;
      entry.stored = Promise.resolve();
      if (!document.querySelector(".queue-full")) bar.after(make("p", { class: "alert alert-danger queue-full", role: "alert" }, SAY.full));
    });
  };
  const addPhoto = async (item, bytes, small) => {
    const entry = begun("photo", { item, small });
    await keep(entry, bytes);
    entries.push(entry);
    paint();
    soon(0);
  };
  // What another window of the same account has added is sent by whichever comes first.
  const look = async () => {
    const found = await within("readonly", (list) => list.index("account").getAll(account));
    const known = new Set(entries.map((entry) => entry.key));
    entries.push(...found.filter((entry) => !known.has(entry.key)));
    entries.sort((one, other) => (one.id || Infinity) - (other.id || Infinity));
  };
  const isStillThere = async (entry) => entry.onlyHere || Boolean(await within("readonly", (list) => list.get(entry.id)));

  // How much waits

  let trouble = null; // why nothing is sent at the moment: a word of SAY
  const wordsOfAll = (wrong) => {
    // Two changes of one answer are one thing to whoever made them.
    const left = new Set(pending().map((entry) => entry.kind === "photo" ? entry.key : `${entry.assessment} ${entry.side} ${entry.item}`)).size;
    const words = left ? [`还有 ${left} 项没有上传。`] : [];
    if (left && trouble) words.push(SAY[trouble] + (SAY[trouble].endsWith("。") ? "" : "。"));
    if (wrong.length > 0) words.push(`有 ${wrong.length} 项没有保存，请处理。`);
    if (!words.length && !bar.hidden) words.push("全部已上传。");
    return words.join("");
  };
  const paint = () => {
    queue.page?.paint();
    const wrong = entries.filter((entry) => entry.state !== "waiting");
    const words = wordsOfAll(wrong);
    const place = bar.querySelector("[data-queue-words]");
    bar.hidden = !words;
    if (place.textContent !== words) place.textContent = words; // read out once, not at each try
    bar.classList.toggle("trouble", wrong.length > 0);
    const elsewhere = [...new Set(wrong.filter((entry) => !ofThisPage(entry)).map((entry) => entry.assessment))];
    const tools = elsewhere.map((key) => make("a", { class: "btn btn-sm", href: `${root.dataset.assessUrl}?id=${encodeURIComponent(key)}` }, "打开那份检查表"));
    if (trouble === "ended" && pending().length > 0) {
      tools.push(window.office.signInAgain ? button("重新登录", askToSignIn) : make("a", { class: "btn btn-sm", href: "/sign-in" }, "重新登录"));
    }
    bar.querySelector("[data-queue-tools]").replaceChildren(...tools);
  };

  // Sending

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
    if (ofThisPage(entry)) body.set("version_seen", queue.page?.versionSeen() || "");
    return body;
  };

  const post = async (entry) => {
    entry.tried = true;
    const body = await bodyOf(entry);
    await keep(entry);
    const answer = await fetch(entry.kind === "photo" ? root.dataset.photoUrl : root.dataset.answerUrl, {
      method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual",
      signal: AbortSignal.timeout?.(PATIENCE[entry.kind]),
    });
    if (answer.type === "opaqueredirect") return ["password"];
    if (answer.status >= 500 || answer.status === 429) return ["busy"];
    const told = await answer.json().catch(() => null);
    if (answer.ok) return told?.ok ? ["done", told] : ["busy"];
    if (answer.status === 401 || answer.status === 400) return ["who"];
    if (answer.status === 409) return told?.stored ? ["conflict", told] : ["busy"];
    if (answer.status === 413) return ["refused", { message: SAY.large }];
    return ["refused", told || { message: SAY.strange }];
  };

  // One entry, sent; after a sign-in in another window once more with its token.
  const send = async (entry) => {
    try {
      const outcome = await post(entry);
      if (outcome[0] !== "who") return outcome;
      const who = window.office.whoIsSignedIn ? await window.office.whoIsSignedIn(root) : "ended";
      if (who !== "same") return [who];
      const second = await post(entry);
      return second[0] === "who" ? ["refused", { message: SAY.strange }] : second;
    } catch {
      return ["away"];
    }
  };

  // A later entry for the same answer stood on this one, which came to nothing.
  const mergeIntoLater = (entry) => {
    const later = entries.find((one) => one.kind === "answer" && one !== entry && one.item === entry.item && one.side === entry.side && one.assessment === entry.assessment);
    if (!later) return false;
    later.seen = entry.seen;
    keep(later);
    drop(entry);
    return true;
  };

  // Returns whether the next entry may follow.
  const settle = (entry, outcome, told) => {
    if (outcome === "done") {
      drop(entry);
      if (ofThisPage(entry)) queue.page?.arrived(entry, told); // also what was taken back too late: it can be deleted
    } else if (outcome === "refused" || outcome === "conflict") {
      if (entry.kind === "photo" || !mergeIntoLater(entry)) {
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
    ? navigator.locks.request(`office-queue-${account}`, { ifAvailable: true }, (lock) => lock ? work() : null)
    : work();
  const sendInOrder = async () => {
    await look();
    for (;;) {
      const entry = entries.find((one) => one.state === "waiting");
      if (!entry) return;
      await entry.stored;
      if (entry.gone) continue;
      if (!await isStillThere(entry)) { // another window has sent it
        await drop(entry);
        if (ofThisPage(entry)) queue.page?.arrived(entry, null);
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
    queue.page?.rested();
    if (pending().length === 0 || NEEDS_SOMEBODY.includes(trouble)) return;
    soon(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };
  const askToSignIn = () => window.office.signInAgain(root, () => soon(0), () => null);

  const queue = {
    root, account, assessment, SAY, page: null, make, button, token, keep, drop, addAnswer, addPhoto, soon, paint, pending, askToSignIn,
    side: side || "", trouble: () => trouble, mine: () => entries.filter(ofThisPage),
  };

  const start = async () => {
    window.office = window.office || {};
    try {
      database = await openDatabase();
      await look();
    } catch {
      if (root.matches("form")) window.office.mind(root); // a browser that keeps nothing: drafts on the server instead
      return;
    }
    window.office.queue = queue;
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
