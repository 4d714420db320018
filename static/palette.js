// The palette: what is found drops down under the box as one types. Without this, the form opens the page of results.
(() => {
  const form = document.querySelector("form[data-palette]");
  if (!form) return;
  const box = form.elements.q;
  const list = document.getElementById(box.getAttribute("aria-controls"));
  const status = form.querySelector("[data-palette-status]");
  const PAUSE = 180;
  let options = [], active = -1, timer = 0, asking = null, shown = "";

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-expanded", "false");

  const key = document.createElement("span");
  key.className = "palette-key";
  key.dataset.key = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ K" : "Ctrl K";
  key.setAttribute("aria-hidden", "true");
  box.after(key);

  const point = (place) => {
    options[active]?.setAttribute("aria-selected", "false");
    active = place;
    const option = options[active];
    if (!option) return box.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", option.id);
  };

  const close = () => {
    asking?.abort();
    clearTimeout(timer);
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    point(-1);
    status.textContent = "";
    shown = "";
  };

  const option = (hit) => {
    const link = document.createElement("a");
    link.id = `palette-${options.length}`;
    link.href = hit.url;
    link.textContent = hit.title;
    if (hit.note) {
      const note = document.createElement("small");
      note.textContent = hit.note;
      link.append(" ", note);
    }
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
    options.push(link);
    return link;
  };

  const part = (group) => {
    const place = document.createElement("div");
    const head = document.createElement("div");
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", group.title);
    head.setAttribute("role", "presentation");
    head.textContent = group.title;
    place.append(head, ...group.hits.map(option));
    return place;
  };

  const show = (groups, text) => {
    options = [];
    point(-1);
    list.replaceChildren(...groups.map(part));
    list.hidden = options.length === 0;
    list.scrollTop = 0;
    box.setAttribute("aria-expanded", String(!list.hidden));
    status.textContent = options.length ? `找到 ${options.length} 项，用上下键选择` : "没有找到，换个词试试";
    shown = text;
  };

  const ask = () => {
    const text = box.value.trim();
    if (!text) return close();
    if (text === shown) return;
    asking?.abort();
    asking = new AbortController();
    fetch(`${form.dataset.palette}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" }, signal: asking.signal })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)))
      .then((groups) => show(groups, text))
      .catch((reason) => { if (reason.name !== "AbortError") close(); });
  };

  box.addEventListener("input", (event) => {
    clearTimeout(timer);
    // While pinyin is being turned into characters there is nothing to look for yet.
    if (!event.isComposing) timer = setTimeout(ask, PAUSE);
  });
  box.addEventListener("compositionend", () => { timer = setTimeout(ask, PAUSE); });

  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); return close(); }
    if (event.key === "Enter" && options[active]) { event.preventDefault(); return options[active].click(); }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (list.hidden) return ask();
    const step = event.key === "ArrowDown" ? 1 : -1;
    const turn = active < 0 && step < 0 ? options.length : active;
    point((turn + step + options.length) % options.length);
  });

  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) close(); });
  // A click on an option must not take the focus, or the list would be gone before the click is over.
  list.addEventListener("mousedown", (event) => event.preventDefault());

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
})();
