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

  // A browser writes on its own button in its own language, which needn't be the page's: ours lies under it.
  document.querySelectorAll("input[type=file].form-control").forEach((input) => {
    const choice = document.createElement("span"), face = document.createElement("span");
    const button = document.createElement("span"), names = document.createElement("span");
    choice.className = "file-choice";
    choice.classList.toggle("w-auto", input.classList.contains("w-auto"));
    face.className = "form-control file-face";
    face.setAttribute("aria-hidden", "true");  // the input itself tells what is chosen
    button.className = "file-button";
    button.textContent = input.multiple ? "选择文件（可多选）" : "选择文件";
    const tell = () => {
      const chosen = [...input.files].map((file) => file.name);
      names.textContent = chosen.length > 2 ? `已选 ${chosen.length} 个` : chosen.join("、") || "还没有选";
    };
    input.replaceWith(choice);
    face.append(button, names);
    choice.append(input, face);
    input.addEventListener("change", tell);
    tell();
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
