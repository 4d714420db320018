// The editor of a checklist: rows are added, moved and left out without a way to the server; the points are summed.
(() => {
  const form = document.querySelector(".checklist-editor");
  if (!form) return;
  const groups = form.querySelector("[data-groups]");
  const sum = form.querySelector("[data-sum]");
  const blank = (name) => document.querySelector(`template[data-blank="${name}"]`);

  const freshToken = () => {
    const used = [...form.querySelectorAll('input[name="row"]')].map((row) => row.value.slice(2)).filter((token) => token[0] === "n");
    return `n${1 + Math.max(0, ...used.map((token) => Number(token.slice(1))))}`;
  };

  // A copy of the empty row in which every "__" is its own token.
  const copyOf = (name) => {
    const holder = document.createElement("template");
    holder.innerHTML = blank(name).innerHTML.replaceAll("__", freshToken());
    return holder.content.firstElementChild;
  };

  // Only what the way of scoring asks for is shown.
  const show = (item) => {
    const way = item.querySelector("[data-scoring]").value;
    item.querySelectorAll("[data-for]").forEach((part) => { part.hidden = !part.dataset.for.split(" ").includes(way); });
    const points = item.querySelector('[name^="points-"]');
    if (way === "veto") points.value = "0";
    points.readOnly = way === "veto";
  };

  // These can't be saved without what is folded away.
  const unfold = (item) => {
    if (["number", "deduction"].includes(item.querySelector("[data-scoring]").value)) item.querySelector("details").open = true;
  };

  const add = () => {
    let full = 0;
    let bonus = 0;
    let count = 0;
    form.querySelectorAll("[data-item]").forEach((item) => {
      const way = item.querySelector("[data-scoring]").value;
      const points = Math.round(Number(item.querySelector('[name^="points-"]').value) * 100) || 0;
      if (way === "bonus") bonus += points;
      else if (way !== "veto") full += points;
      count += 1;
    });
    sum.textContent = `共 ${count} 项，满分 ${full / 100} 分${bonus ? `，最多加 ${bonus / 100} 分` : ""}`;
  };

  const changed = () => {
    form.dispatchEvent(new Event("input", { bubbles: true }));
    add();
  };

  const nextCode = (list) => {
    const before = [...list.querySelectorAll('[name^="code-"]')].at(-2)?.value || "";
    const found = before.match(/^(.*?)(\d+)$/);
    return found ? `${found[1]}${Number(found[2]) + 1}` : "";
  };

  const addItem = (list) => {
    const item = copyOf("item");
    list.append(item);
    item.querySelector('[name^="code-"]').value = nextCode(list);
    show(item);
    item.querySelector("textarea").focus();
    changed();
  };

  const move = (button) => {
    const row = button.closest("[data-item]") || button.closest("[data-group]");
    const verb = button.dataset.move;
    if (verb === "up" && row.previousElementSibling) row.previousElementSibling.before(row);
    if (verb === "down" && row.nextElementSibling) row.nextElementSibling.after(row);
    if (verb === "drop") {
      const next = row.nextElementSibling || row.previousElementSibling || form.querySelector("[data-add-group]");
      row.remove();
      (next.matches("button") ? next : next.querySelector("input:not([type=hidden]), textarea"))?.focus();
    } else button.focus();
    changed();
  };

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches("[data-add-item]")) {
      event.preventDefault();
      addItem(button.closest("[data-group]").querySelector("[data-items]"));
    } else if (button.matches("[data-add-group]")) {
      event.preventDefault();
      const group = copyOf("group");
      groups.append(group);
      group.querySelector("input:not([type=hidden])").focus();
      changed();
    } else if (button.matches("[data-move]")) {
      event.preventDefault();
      move(button);
    }
  });

  form.addEventListener("change", (event) => {
    if (!event.target.matches("[data-scoring]")) return;
    show(event.target.closest("[data-item]"));
    unfold(event.target.closest("[data-item]"));
  });
  form.addEventListener("input", add);
  form.querySelectorAll("[data-item]").forEach(show);
  add();
})();
