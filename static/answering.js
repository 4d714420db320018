// The form of a checklist whose answers are saved one by one: what is chosen and written goes into the queue, and each
// item says whether it is saved, waits, was refused, or was changed by somebody else meanwhile.
(() => {
  const AFTER_TYPING = 700;
  const itemOf = (field) => field.name?.match(/^(?:answer|number|note|reason)-(\d+)$/)?.[1];
  const early = new Set(); // what was touched before the queue was ready
  const noteEarly = (event) => early.add(itemOf(event.target));
  for (const kind of ["input", "change"]) document.addEventListener(kind, noteEarly);

  const begin = () => {
    for (const kind of ["input", "change"]) document.removeEventListener(kind, noteEarly);
    const queue = window.office.queue;
    const { SAY, make, button } = queue;
    if (!queue.root.matches("form")) return;
    const form = queue.root;
    const TEXT = queue.side === "review" ? "reason" : "note";
    const saved = new Map(); // by item: what the server has, as far as this page knows
    const partOf = (item) => form.querySelector(`[data-evidence="${item}"]`);
    const answersOf = (item) => queue.mine().filter((entry) => entry.kind === "answer" && entry.item === item);

    // The fields of an item

    const choicesOf = (item) => [...form.querySelectorAll(`[name="answer-${item}"]`)];
    const numberOf = (item) => form.elements[`number-${item}`];
    const textOf = (item) => form.elements[`${TEXT}-${item}`];
    const read = (item) => ({
      answer: choicesOf(item).find((input) => input.checked)?.value || "",
      number: numberOf(item)?.value.trim() || "",
      text: textOf(item)?.value.trim() || "",
    });
    const write = (item, values) => {
      choicesOf(item).forEach((input) => { input.checked = input.value === values.answer; });
      if (numberOf(item)) numberOf(item).value = values.number;
      if (textOf(item)) textOf(item).value = values.text;
    };
    const alike = (one, other) => ["answer", "number", "text"].every((name) => one[name] === other[name]);
    const inWords = (item, values) => {
      const label = choicesOf(item).find((input) => input.value === values.answer)?.closest("label");
      const words = values.number || label?.textContent.trim() || "未填写";
      return values.text ? `${words}，${values.text}` : words;
    };
    const fieldsOf = ({ answer, number, text }) => ({ answer, number, text });

    // Changes

    const changed = (item) => {
      const values = read(item);
      const last = answersOf(item).at(-1);
      const behalf = form.elements.on_behalf_of?.value || "";
      if (!last) {
        if (!alike(values, saved.get(item))) queue.addAnswer({ item, values, behalf, seen: saved.get(item) });
      } else if (last.state === "conflict") {
        last.values = values;
        queue.keep(last);
      } else if (!last.tried || last.state === "refused") {
        Object.assign(last, { values, behalf, state: "waiting", tried: false, message: "" });
        queue.keep(last);
      } else if (!alike(last.values, values)) {
        // What is on its way may be there already: what is written now stands on it.
        queue.addAnswer({ item, values, behalf, seen: last.values });
      }
      queue.paint();
    };
    const insist = (entry) => {
      Object.assign(entry, { seen: fieldsOf(entry.theirs), state: "waiting", tried: false });
      queue.keep(entry);
      queue.paint();
      queue.soon(0);
    };
    const giveIn = (entry) => {
      saved.set(entry.item, fieldsOf(entry.theirs));
      write(entry.item, entry.theirs);
      queue.drop(entry);
      queue.paint();
    };

    // What is shown

    const bothAnswers = (entry) => {
      const by = entry.theirs.by ? `（${entry.theirs.by}）` : "";
      const theirs = entry.theirs.text ? `${entry.theirs.words}，${entry.theirs.text}` : entry.theirs.words;
      return [
        `刚才有人改过这一项。现在保存的是：${theirs}${by}；您填的是：${inWords(entry.item, entry.values)}。`,
        button("用我填的", () => insist(entry)), button("用现在保存的", () => giveIn(entry)),
      ];
    };
    const sayOfItem = (item) => {
      const place = partOf(item).querySelector("[data-item-state]");
      const entry = answersOf(item).find((one) => one.state !== "waiting") || answersOf(item)[0];
      place.classList.toggle("trouble", Boolean(entry) && entry.state !== "waiting");
      const say = (words) => { if (place.textContent !== words) place.replaceChildren(words); };
      if (!entry) say(place.textContent && SAY.saved);
      else if (entry.state === "conflict") place.replaceChildren(...bothAnswers(entry));
      else if (entry.state === "refused") say(`被拒绝：${entry.message}`);
      else say(queue.trouble() === "away" ? SAY.away : SAY.waiting);
    };
    const waitingRow = (entry) => {
      const row = make(
        "li", { class: "photo", "data-waiting": entry.key },
        make("img", { src: entry.small, alt: "还没有上传的照片", width: "96", height: "96" }),
        make("div", { class: "photo-words" }, make("span", { role: "status" }), make("span", { class: "photo-tools" }, button("不要了", () => {
          queue.drop(entry);
          row.remove();
          queue.paint();
        }))),
      );
      return row;
    };
    const sayOfPhoto = (entry) => {
      const list = partOf(entry.item)?.querySelector("[data-photo-list]");
      if (!list) return;
      const there = list.querySelector(`[data-waiting="${entry.key}"]`);
      const row = there || waitingRow(entry);
      if (!there) list.append(row);
      const words = entry.state === "refused" ? `被拒绝：${entry.message}` : queue.trouble() === "away" ? SAY.away : SAY.waiting;
      const place = row.querySelector("[role=status]");
      if (place.textContent !== words) place.textContent = words;
      place.classList.toggle("trouble", entry.state === "refused");
    };
    const showPhoto = (item, told) => {
      const part = partOf(item);
      const list = part?.querySelector("[data-photo-list]");
      if (!list || list.querySelector(`[data-photo="${told.id}"]`)) return;
      const row = part.querySelector("template[data-photo-row]").content.firstElementChild.cloneNode(true);
      row.dataset.photo = told.id;
      row.querySelector("img").src = told.small;
      row.querySelector("img").alt = told.name;
      row.querySelectorAll("a").forEach((link) => {
        link.href = link.hasAttribute("data-open-photo") ? told.url : `${link.getAttribute("href")}${told.id}`;
      });
      row.querySelector("[data-photo-name]").textContent = told.name;
      const used = row.querySelector("[data-used-before]");
      used.hidden = !told.used_before;
      used.querySelector("span").textContent = `这张照片以前用过：${told.used_before}`;
      list.append(row);
      part.querySelector("[data-unproven]")?.setAttribute("hidden", "");
    };

    // What the server has said

    const takeOver = (entry, told) => {
      for (const one of ["self", "review"]) {
        const place = document.querySelector(`[data-score="${one}"]`);
        if (place) place.textContent = told[`${one}_score`];
      }
      // What others have written meanwhile, where nothing of one's own is on its way.
      Object.entries(told.answers || {}).forEach(([item, values]) => {
        if (!saved.has(item) || answersOf(item).length > 0 || alike(values, saved.get(item))) return;
        saved.set(item, values);
        write(item, values);
      });
      if (form.elements.version_seen) form.elements.version_seen.value = told.version;
    };
    const arrived = (entry, told) => {
      if (entry.kind === "answer") saved.set(entry.item, entry.values);
      else partOf(entry.item)?.querySelector(`[data-waiting="${entry.key}"]`)?.remove();
      if (told && entry.kind === "answer") takeOver(entry, told);
      else if (told) told.items.forEach((item) => showPhoto(item, told));
    };

    // Where items are shown one at a time, the address names the one to be seen.
    const show = (item) => {
      const part = partOf(item);
      const hidden = part?.closest("[hidden]");
      if (hidden?.id) window.location.hash = hidden.id;
      part?.scrollIntoView({ block: "center" });
    };

    // The whole form is sent once nothing of it waits.
    let pressed = null;
    let leaving = false;
    const rested = () => {
      if (!pressed) return;
      const mine = queue.mine();
      const wrong = mine.find((entry) => entry.state !== "waiting");
      if (mine.length > 0 && !wrong && !queue.trouble()) return;
      const submitter = pressed;
      pressed = null;
      if (mine.length === 0) {
        leaving = true;
        form.requestSubmit(submitter);
      } else if (wrong) show(wrong.item);
      else if (queue.trouble() === "ended") queue.askToSignIn();
    };

    const removePhoto = async (link) => {
      const row = link.closest("[data-photo]");
      const body = new URLSearchParams({ csrf_token: queue.token(), account: queue.account, id: row.dataset.photo });
      const asked = fetch(form.dataset.removeUrl, { method: "POST", body, headers: { Accept: "application/json" } });
      const answer = await asked.catch(() => null);
      if (!answer?.ok) {
        const told = await answer?.json().catch(() => null);
        row.querySelector("[data-photo-name]").textContent = told?.message || "没有删除：没有网络，连上后再试。";
        return;
      }
      form.querySelectorAll(`[data-photo="${row.dataset.photo}"]`).forEach((one) => {
        const part = one.closest("[data-evidence]");
        one.remove();
        if (!part.querySelector("[data-photo]")) part.querySelector("[data-unproven]")?.removeAttribute("hidden");
      });
    };

    const note = (delay) => (event) => {
      const item = itemOf(event.target);
      if (!item || !saved.has(item)) return;
      // Of an item that is counted, a number and "not applicable" exclude each other.
      if (event.target.type === "checkbox" && event.target.checked) numberOf(item).value = "";
      if (event.target === numberOf(item) && event.target.value.trim()) choicesOf(item).forEach((input) => { input.checked = false; });
      changed(item);
      if (queue.pending().length > 0) queue.soon(delay);
    };

    form.querySelectorAll("[data-evidence][data-stored]").forEach((part) => saved.set(part.dataset.evidence, JSON.parse(part.dataset.stored)));
    // What waited in the phone when the page was left stands in the form again. Some browsers fill in a reloaded form
    // as it was left: what is saved since has precedence, but not over what was typed and came back unsaved.
    saved.forEach((values, item) => {
      const last = answersOf(item).at(-1);
      if (last && !early.has(item)) write(item, last.values);
      else if (!early.has(item) && !("changed" in form.dataset)) write(item, values);
    });
    queue.page = {
      arrived, rested,
      versionSeen: () => form.elements.version_seen?.value,
      paint: () => {
        saved.forEach((_values, item) => sayOfItem(item));
        queue.mine().filter((entry) => entry.kind === "photo").forEach(sayOfPhoto);
      },
    };
    [...early].filter((item) => saved.has(item)).forEach(changed);
    form.addEventListener("input", note(AFTER_TYPING));
    form.addEventListener("change", note(0));
    form.addEventListener("submit", (event) => {
      if (leaving) return;
      event.preventDefault();
      pressed = event.submitter || form.querySelector('button[type="submit"]');
      queue.soon(0);
    });
    form.addEventListener("click", (event) => {
      const link = event.target.closest("[data-remove-photo]");
      if (!link) return;
      event.preventDefault();
      if (window.confirm(link.dataset.removePhoto)) removePhoto(link);
    });
    window.addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });
    window.addEventListener("beforeunload", (event) => {
      if (!leaving && (queue.mine().length > 0 || window.office.shrinking > 0)) event.preventDefault();
    });
  };

  document.addEventListener("queue-ready", begin);
})();
