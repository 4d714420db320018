// Small conveniences. Every page works without them.
(() => {
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
