// Small conveniences. Every page works without them.
(() => {
  document.querySelectorAll("select[data-lookup]").forEach((select) => {
    if (!window.TomSelect) return;
    const address = select.dataset.lookup;
    new TomSelect(select, {
      valueField: "id", labelField: "title", searchField: [], maxOptions: 20, shouldLoad: () => true,
      score: () => () => 1,
      load(query, done) {
        this.clearOptions();
        const joint = address.includes("?") ? "&" : "?";
        fetch(address + joint + "query=" + encodeURIComponent(query), { headers: { Accept: "application/json" } })
          .then((answer) => answer.json())
          .then((rows) => done(rows.map(([id, title]) => ({ id, title }))))
          .catch(() => done());
      },
      render: {
        no_results: () => '<div class="no-results">没有找到，换个词试试</div>',
        loading: () => '<div class="no-results">正在查找</div>',
      },
    });
  });
  document.querySelectorAll("[data-check-all]").forEach((box) => {
    box.addEventListener("change", () => {
      box.closest("form").querySelectorAll('input[name="rowid"]').forEach((one) => { one.checked = box.checked; });
    });
  });
  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.addEventListener("click", () => {
      const box = document.getElementById(button.dataset.copy);
      box.select();
      const done = () => { button.textContent = "已复制"; };
      if (navigator.clipboard) navigator.clipboard.writeText(box.value).then(done, () => document.execCommand("copy") && done());
      else if (document.execCommand("copy")) done();
    });
  });
  const narrow = window.matchMedia("(max-width: 767px)");
  document.querySelectorAll(".menu-fold").forEach((fold) => { if (narrow.matches) fold.open = false; });
  document.querySelectorAll("form[data-guard-changes]").forEach((form) => {
    let changed = false;
    form.addEventListener("input", () => { changed = true; });
    form.addEventListener("submit", () => { changed = false; });
    window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  });
})();
