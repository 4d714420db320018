// Naming somebody to review is choosing that way, too.
(() => {
  const person = document.querySelector("select#reviewer");
  const one = document.querySelector("#reviewing-one");
  if (person && one) person.addEventListener("change", () => { if (person.value) one.checked = true; });
})();

// Choosing who is assessed: search, all or none of what is found, the number chosen; another checklist at once.
(() => {
  const form = document.querySelector("form[data-round]");
  if (!form) return;
  const choosers = [...form.querySelectorAll("[data-chooser]")];
  const boxesOf = (part) => [...part.querySelectorAll('input[type="checkbox"]')];

  const count = () => {
    let all = 0;
    choosers.forEach((chooser) => {
      const picked = boxesOf(chooser).filter((box) => box.checked).length;
      chooser.querySelector("[data-picked-here]").textContent = picked;
      all += picked;
    });
    form.querySelectorAll("[data-picked]").forEach((place) => { place.textContent = all; });
  };

  const find = (chooser, words) => {
    let found = 0;
    chooser.querySelectorAll("[data-group]").forEach((group) => {
      const ofGroup = group.querySelector("legend").textContent.toLowerCase();
      let shown = 0;
      group.querySelectorAll("label").forEach((label) => {
        const text = `${label.textContent} ${label.dataset.spelt}`.toLowerCase();
        label.hidden = !words.every((word) => text.includes(word) || ofGroup.includes(word));
        shown += label.hidden ? 0 : 1;
      });
      group.hidden = !shown;
      found += shown;
    });
    chooser.querySelector("[data-nothing]").hidden = found > 0;
  };

  choosers.forEach((chooser) => {
    const search = chooser.querySelector("[data-find-here]");
    if (search) {
      search.hidden = false;
      search.addEventListener("input", () => find(chooser, search.value.trim().toLowerCase().split(/\s+/).filter(Boolean)));
      search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    }
    chooser.querySelectorAll("[data-tick]").forEach((button) => {
      button.addEventListener("click", (event) => {
        event.preventDefault();
        boxesOf(chooser).filter((box) => !box.closest("[hidden]")).forEach((box) => { box.checked = button.dataset.tick === "all"; });
        count();
      });
    });
  });
  form.addEventListener("change", count);
  count();

  const version = form.querySelector('select[name="checklist_version"]');
  const button = form.querySelector('button[name="do"][value="version"]');
  if (version && button) {
    version.addEventListener("change", () => { if (version.value) form.requestSubmit(button); });
    form.querySelector("[data-version-button]").hidden = true;
  }
})();
