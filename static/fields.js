// What inputs gain with script: look-ups and long lists are searched by typing, days are picked from a calendar.
(() => {
  const WORDS = {
    no_results: () => '<div class="no-results">没有找到，换个词试试</div>',
    loading: () => '<div class="no-results">正在查找</div>',
  };

  // What a screen reader is told of the select box must be told of the search box in its place.
  const describe = (select, box) => {
    for (const name of ["aria-describedby", "aria-invalid", "aria-label"]) {
      if (select.hasAttribute(name)) box.control_input.setAttribute(name, select.getAttribute(name));
    }
    // The select box itself stays in the page to be sent, out of sight for everybody.
    select.setAttribute("aria-hidden", "true");
    if (select.required) box.control_input.setAttribute("aria-required", "true");
  };

  const searchable = (select, more) => {
    const box = new TomSelect(select, {
      maxOptions: null, placeholder: "可输汉字或拼音首字母", allowEmptyOption: !select.required, hidePlaceholder: true,
      render: WORDS, ...more,
    });
    describe(select, box);
    return box;
  };

  const lookUp = (select) => {
    const address = select.dataset.lookup + (select.dataset.lookup.includes("?") ? "&" : "?") + "query=";
    const nothing = select.required ? [] : [{ value: "", text: "不选" }];
    searchable(select, {
      searchField: [], preload: "focus", shouldLoad: () => true, score: () => () => 1,
      load(query, done) {
        this.clearOptions();
        fetch(address + encodeURIComponent(query), { headers: { Accept: "application/json" } })
          .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)))
          .then((rows) => done([...(query ? [] : nothing), ...rows.map(([value, text]) => ({ value, text }))]))
          .catch(() => done());
      },
    });
  };

  if (window.TomSelect) {
    document.querySelectorAll("select[data-lookup]").forEach(lookUp);
    document.querySelectorAll("select[data-search]").forEach((select) => {
      searchable(select, { searchField: ["text", "spelt"], refreshThrottle: 0 });
    });
  }

  // 2026.11.4, 2026年11月4日, 20261104: where the calendar opens. A year or a month opens at its first day.
  const asDay = (text) => {
    const parts = text.trim().match(/^(\d{4})(?:\D?(\d{1,2})(?:\D?(\d{1,2}))?)?\D?$/);
    return parts ? [parts[1], ...[parts[2], parts[3]].map((part) => (part || "1").padStart(2, "0"))].join("-") : "";
  };

  const labelOf = (input) => {
    const label = input.labels && input.labels[0];
    return (input.getAttribute("aria-label") || (label ? label.textContent : "")).replace("（必填）", "").trim();
  };

  document.querySelectorAll("input[data-date-pick]").forEach((input) => {
    if (!("showPicker" in HTMLInputElement.prototype)) return;
    const calendar = document.createElement("input");
    calendar.type = "date";
    calendar.className = "date-calendar";
    calendar.tabIndex = -1;
    calendar.setAttribute("aria-hidden", "true");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn date-button";
    button.append("选日期");
    button.setAttribute("aria-label", `选日期：${labelOf(input)}`);
    const line = document.createElement("div");
    line.className = "date-line";
    input.before(line);
    line.append(input, button, calendar);
    button.addEventListener("click", () => {
      calendar.value = asDay(input.value);
      try {
        calendar.showPicker();
      } catch {
        button.remove();
        input.focus();
      }
    });
    calendar.addEventListener("change", () => {
      if (!calendar.value) return;
      input.value = calendar.value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
      button.focus();
    });
  });
})();
