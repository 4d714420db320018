// What makes a list nicer. Without it everything can be done too, editing a value on the record's own page.
(() => {
  const made = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // Filters: of several values one entry in the address; what is empty stays out of it.
  document.querySelectorAll("form.filters, form[data-columns]").forEach((form) => {
    let joined = [];
    let disabled = [];
    const disable = (input) => { input.disabled = true; disabled.push(input); };
    form.addEventListener("submit", () => {
      const several = new Map();
      [...form.elements].filter((one) => one.name && !one.disabled).forEach((input) => {
        const boxes = input.type === "checkbox" || input.multiple || input.name === "cols";
        if (!boxes) {
          if (input.value === "") disable(input);
          return;
        }
        const values = input.multiple ? [...input.selectedOptions].map((one) => one.value)
          : input.type !== "checkbox" || input.checked ? [input.value] : [];
        several.set(input.name, [...(several.get(input.name) || []), ...values]);
        disable(input);
      });
      several.forEach((values, name) => {
        if (values.length) joined.push(made("input", { type: "hidden", name, value: values.join(",") }));
      });
      form.append(...joined);
    });
    // Going back in the browser shows the page as it was left.
    window.addEventListener("pageshow", () => {
      joined.forEach((one) => one.remove());
      disabled.forEach((one) => { one.disabled = false; });
      [joined, disabled] = [[], []];
    });
  });

  // A choice of several: made when the filters are first opened, which most visits never do.
  const chooseSeveral = (select) => {
    const address = select.dataset.find;
    let chosen = false;
    const box = new TomSelect(select, {
      valueField: "id", labelField: "title", searchField: address ? [] : ["title"], maxOptions: 60, hideSelected: true,
      closeAfterSelect: true, refreshThrottle: 0,
      onItemAdd() {
        chosen = true;
        this.setTextboxValue("");
      },
      onType() { chosen = false; },
      onDropdownOpen() { chosen = false; },
      placeholder: address ? "可输汉字或拼音首字母" : "不限，可选几项",
      ...(address && {
        preload: "focus", shouldLoad: () => true, score: () => () => 1,
        load(_query, done) {
          this.clearOptions();
          // What is asked for waits a moment, and its answer as well. When the choice was made meanwhile, the list may
          // not open again: it would cover the buttons.
          const show = (rows) => {
            const settled = chosen;
            done(rows);
            if (settled) this.close(false);
          };
          fetch(`${address}&query=${encodeURIComponent(this.inputValue())}`, { headers: { Accept: "application/json" } })
            .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)))
            .then((rows) => show(rows.map(([id, title]) => ({ id, title }))))
            .catch(() => show());
        },
      }),
      render: {
        item: (row, escape) => `<div><span>${escape(row.title)}</span> <span class="drop-item" role="button" aria-label="去掉 ${escape(row.title)}">✕</span></div>`,
        no_results: () => '<div class="no-results">没有找到，换个词试试</div>',
        loading: () => '<div class="no-results">正在查找</div>',
      },
    });
    // It is only what the form sends; its label now belongs to the box.
    select.setAttribute("aria-hidden", "true");
    box.control.addEventListener("click", (event) => {
      if (!event.target.matches(".drop-item")) return;
      event.stopPropagation();
      box.removeItem(event.target.closest("[data-value]").dataset.value);
    });
  };
  document.querySelectorAll(".filter-fold").forEach((fold) => {
    const prepare = () => {
      if (window.TomSelect) fold.querySelectorAll("select[data-several]:not(.tomselected)").forEach(chooseSeveral);
    };
    fold.addEventListener("toggle", prepare);
    if (fold.open) prepare();
  });

  // The choice of columns closes like a menu.
  document.querySelectorAll(".column-fold").forEach((fold) => {
    document.addEventListener("click", (event) => { if (!fold.contains(event.target)) fold.open = false; });
    fold.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      fold.open = false;
      fold.querySelector("summary").focus();
    });
  });

  // Bulk actions show once rows are chosen; with all of the page chosen, all of the list is offered.
  document.querySelectorAll("form[data-bulk]").forEach((form) => {
    const boxes = [...form.querySelectorAll('input[name="rowid"]')];
    const all = form.querySelector("[data-check-all]");
    const bar = form.querySelector(".bulk");
    const matching = form.querySelector("[data-all-matching]");
    const tooMany = form.querySelector("[data-too-many]");
    if (!bar) return;
    const show = () => {
      const chosen = boxes.filter((one) => one.checked).length;
      const wholePage = chosen > 0 && chosen === boxes.length;
      bar.hidden = chosen === 0;
      bar.closest(".list-foot").classList.toggle("has-chosen", chosen > 0);
      if (matching) {
        if (!wholePage) matching.checked = false;
        matching.closest("label").hidden = !wholePage;
      }
      if (tooMany) tooMany.hidden = !wholePage;
      const number = matching?.checked ? matching.value : chosen;
      bar.querySelector("[data-chosen]").textContent = chosen ? ` ${number} 条` : "";
      if (!all) return;
      all.checked = wholePage;
      all.indeterminate = chosen > 0 && !wholePage;
    };
    form.addEventListener("change", (event) => {
      if (event.target === all) boxes.forEach((one) => { one.checked = all.checked; });
      show();
    });
    // Going back in the browser brings the ticks back after this script has run.
    window.addEventListener("pageshow", show);
    show();
  });

  // A page of few things opens over the list; where that fails, its link leads there.
  document.querySelectorAll("a[data-panel]").forEach((link) => {
    if (!window.HTMLDialogElement) return;
    link.setAttribute("aria-haspopup", "dialog");
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      fetch(link.href, { headers: { Accept: "text/html" } })
        .then((answer) => (answer.ok && !answer.redirected ? answer.text() : Promise.reject(answer)))
        .then((text) => {
          const page = new DOMParser().parseFromString(text, "text/html");
          const content = page.querySelector("[data-panel-content]");
          if (!content) throw new Error("no such part");
          const close = made("button", { type: "button", className: "btn btn-sm", textContent: "关闭" });
          const head = made("div", { className: "panel-head" }, made("h2", { textContent: page.querySelector("h1").textContent.trim() }), close);
          const panel = made("dialog", { className: "panel" }, head, content);
          panel.setAttribute("aria-label", head.firstChild.textContent);
          close.addEventListener("click", () => panel.close());
          panel.addEventListener("click", (click) => { if (click.target === panel) panel.close(); });
          panel.addEventListener("close", () => panel.remove());
          document.body.append(panel);
          panel.showModal();
        })
        .catch(() => { location.href = link.href; });
    });
  });

  // Editing in the list: each value is sent by itself, and what came of it is said at its cell.
  document.querySelectorAll("button[data-edit-in-list]").forEach((button) => {
    const address = button.dataset.editInList;
    const form = document.querySelector("form[data-bulk]");
    const table = form?.querySelector("table.records");
    if (!table) return;
    const token = form.querySelector('[name="csrf_token"]').value;
    const said = form.querySelector("[data-said]");
    const headCells = [...table.tHead.rows[0].cells];
    const places = new Map(headCells.map((cell, place) => [cell.dataset.name, place]).filter(([name]) => name));
    const words = button.textContent;
    const rows = new Map([...table.tBodies[0].rows].map((row) => [new URL(row.querySelector("td.main a").href).searchParams.get("id"), row]));
    let fields = {};
    button.hidden = false;

    const troubles = {
      401: "登录已过期，没有保存。请刷新页面，重新登录后再改。", 403: "没有保存：您没有修改它的权限。",
      404: "没有保存：这条记录已经不在了。", 413: "没有保存：内容太长。",
    };
    const unreachable = "没有保存：网络没有连上。请稍后再改一次。";

    const write = (cell, text) => {
      const place = cell.querySelector("a") || cell.firstElementChild;
      place.textContent = text || "—";
      if (!cell.matches(".main")) cell.classList.toggle("blank", !text);
    };

    const showTexts = (row, texts) => {
      Object.entries(texts).forEach(([name, text]) => {
        const cell = row.cells[places.get(name)];
        if (cell && !cell.editor) write(cell, text);
        else if (cell) cell.editor.text = text;
      });
    };

    const tell = (editor, text, kind) => {
      editor.note.textContent = text;
      editor.note.className = `cell-note ${kind}`;
      editor.input.setAttribute("aria-invalid", String(kind === "bad"));
      said.textContent = text ? `${editor.name}：${text}` : "";
    };

    const send = async (row, editor) => {
      const value = editor.input.type === "checkbox" ? (editor.input.checked ? "y" : "") : editor.input.value;
      if (value === editor.saved) { tell(editor, "", ""); return; }
      tell(editor, "正在保存", "");
      const body = new URLSearchParams({ csrf_token: token, id: row.key, name: editor.column, value, version_seen: row.version });
      let answer, read;
      try {
        answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
        read = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
      } catch {
        tell(editor, unreachable, "bad");
        return;
      }
      if (answer.ok && !answer.redirected && !read.gone) {
        row.version = read.version;
        editor.saved = value;
        showTexts(row.element, read.texts);
        tell(editor, "已保存", "good");
      } else if (answer.status === 409) {
        row.version = read.version;
        showTexts(row.element, read.texts);
        askWhich(row, editor, read);
      } else {
        tell(editor, read.message || (answer.redirected ? troubles[401] : troubles[answer.status]) || "没有保存，请稍后再试。", "bad");
      }
    };

    // One after the other within a row: each save makes a new version of it.
    const queue = (row, editor) => { row.last = row.last.then(() => send(row, editor)); };

    const setValue = (input, value) => {
      if (input.type === "checkbox") input.checked = value !== "";
      else input.value = value;
    };

    const askWhich = (row, editor, read) => {
      tell(editor, `${read.message}没有保存您填的。`, "bad");
      const theirs = made("button", { type: "button", className: "btn btn-sm", textContent: "用别人的" });
      const mine = made("button", { type: "button", className: "btn btn-sm", textContent: "改成我填的" });
      editor.saved = read.value;
      theirs.addEventListener("click", () => { setValue(editor.input, read.value); tell(editor, "", ""); editor.input.focus(); });
      mine.addEventListener("click", () => { queue(row, editor); editor.input.focus(); });
      editor.note.append(made("span", { className: "cell-choice" }, theirs, mine));
    };

    const inputOf = (field) => {
      if (field.kind === "select") {
        return made("select", { className: "form-select form-select-sm" },
          ...field.options.map(([value, text]) => made("option", { value, textContent: text })));
      }
      if (field.kind === "checkbox") return made("input", { type: "checkbox", className: "form-check-input" });
      if (field.kind === "textarea") return made("textarea", { className: "form-control form-control-sm", rows: 2 });
      const input = made("input", { type: "text", className: "form-control form-control-sm", autocomplete: "off" });
      if (field.kind === "number") input.inputMode = "numeric";
      if (field.kind === "date") input.dataset.datePick = "";
      return input;
    };

    const openCell = (row, column, value) => {
      const cell = row.element.cells[places.get(column)];
      if (!cell) return;
      const field = fields[column];
      const title = row.element.querySelector("td.main").textContent.trim();
      const input = inputOf(field);
      const note = made("div", { id: `note-${row.key}-${places.get(column)}` });
      const editor = { column, input, note, saved: value, text: "", name: `${title} ${field.label}` };
      setValue(input, value);
      input.setAttribute("aria-label", editor.name);
      input.setAttribute("aria-describedby", note.id);
      editor.text = cell.textContent.trim() === "—" ? "" : cell.textContent.trim();
      input.addEventListener("change", (event) => { event.stopPropagation(); queue(row, editor); });
      input.addEventListener("keydown", (event) => {
        if (event.key === "Escape") { setValue(input, editor.saved); tell(editor, "", ""); }
        // Enter would send the form of the bulk actions.
        if (event.key === "Enter" && input.tagName !== "TEXTAREA") { event.preventDefault(); input.blur(); input.focus(); }
      });
      cell.editor = editor;
      cell.classList.remove("blank");
      cell.firstElementChild.hidden = true;
      cell.append(made("div", { className: "cell-editor" }, input, note));
    };

    const open = (read) => {
      ({ fields } = read);
      Object.entries(read.rows).forEach(([key, { version, values }]) => {
        const row = { key, version, element: rows.get(key), last: Promise.resolve() };
        if (row.element) Object.entries(values).forEach(([column, value]) => openCell(row, column, value));
      });
      table.classList.add("editing");
      button.textContent = "改完了";
      said.textContent = "可以在表中修改了；每改一处，自动保存。";
      table.querySelector(".cell-editor input, .cell-editor select, .cell-editor textarea")?.focus();
    };

    const close = () => {
      [...table.tBodies[0].rows].forEach((row) => [...row.cells].forEach((cell) => {
        if (!cell.editor) return;
        const { text } = cell.editor;
        cell.querySelector(".cell-editor").remove();
        cell.firstElementChild.hidden = false;
        delete cell.editor;
        write(cell, text);
      }));
      table.classList.remove("editing");
      button.textContent = words;
      said.textContent = "";
    };

    button.addEventListener("click", async () => {
      if (table.classList.contains("editing")) { close(); return; }
      button.disabled = true;
      try {
        const query = new URLSearchParams([...rows.keys()].map((key) => ["id", key]));
        const answer = await fetch(`${address}?${query}`, { headers: { Accept: "application/json" } });
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        const read = await answer.json();
        if (Object.keys(read.rows).length) open(read);
        else said.textContent = "本页没有您能修改的记录。";
      } catch {
        // The page may be old, or nobody is signed in any more: made anew it says which.
        location.reload();
      } finally {
        button.disabled = false;
        button.focus();
      }
    });
  });
})();
