// Phones and cards: printing a card, and the day on which a remembered phone is used. Every page works without it.
(() => {
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  const note = document.querySelector("form[data-note-use]");
  if (note) fetch(note.action, { method: "POST", body: new FormData(note) }).catch(() => {});
})();
