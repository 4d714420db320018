// Small conveniences. Every page works without them.
(() => {
  // Bulk actions show once rows are chosen.
  document.querySelectorAll("form[data-bulk]").forEach((form) => {
    const boxes = [...form.querySelectorAll('input[name="rowid"]')];
    const all = form.querySelector("[data-check-all]");
    const bar = form.querySelector(".bulk");
    if (!bar) return;
    const show = () => {
      const chosen = boxes.filter((one) => one.checked).length;
      bar.hidden = chosen === 0;
      bar.closest(".list-foot").classList.toggle("has-chosen", chosen > 0);
      bar.querySelector("[data-chosen]").textContent = chosen ? ` ${chosen} 条` : "";
      if (!all) return;
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    };
    form.addEventListener("change", (event) => {
      if (event.target === all) boxes.forEach((one) => { one.checked = all.checked; });
      show();
    });
    // Going back in the browser brings the ticks back after this script has run.
    window.addEventListener("pageshow", show);
    show();
  });

  // Filters left empty stay out of the address.
  document.querySelectorAll("form.filters").forEach((form) => {
    const empty = () => [...form.elements].filter((one) => one.name && one.value === "");
    form.addEventListener("submit", () => empty().forEach((one) => { one.disabled = true; }));
    window.addEventListener("pageshow", () => empty().forEach((one) => { one.disabled = false; }));
  });

  document.querySelectorAll("[data-copy]").forEach((button) => {
    const words = button.textContent;
    const done = () => {
      button.textContent = "已复制";
      setTimeout(() => { button.textContent = words; }, 3000);
    };
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => {
      const box = document.getElementById(button.dataset.copy);
      box.select();
      // Without https the browser has no clipboard object; the old command still works there.
      const copyOldWay = () => { if (document.execCommand("copy")) done(); };
      if (navigator.clipboard) navigator.clipboard.writeText(box.value).then(done, copyOldWay);
      else copyOldWay();
    });
  });

  document.querySelectorAll("form[data-guard-changes]:not([data-draft])").forEach((form) => {
    // A form that came back with errors holds what was typed and isn't saved yet.
    let changed = "changed" in form.dataset;
    const mark = () => { changed = true; };
    form.addEventListener("input", mark);
    form.addEventListener("change", mark);
    form.addEventListener("submit", () => { changed = false; });
    window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  });

  // Said before sending: a phone would take minutes over what is then refused.
  document.querySelectorAll("input[data-most-bytes]").forEach((input) => {
    input.addEventListener("change", () => {
      const bytes = [...input.files].reduce((sum, file) => sum + file.size, 0);
      input.setCustomValidity(bytes > Number(input.dataset.mostBytes) ? input.dataset.tooMuch : "");
      input.reportValidity();
    });
  });

  document.querySelector("[data-focus]")?.focus();

  window.addEventListener("beforeprint", () => {
    const day = new Date().toLocaleDateString("zh-CN", { year: "numeric", month: "long", day: "numeric" });
    document.querySelectorAll("[data-print-day]").forEach((place) => { place.textContent = day; });
  });
})();
