// The day on which a remembered phone is used, sent once a day: a page that is looked at writes nothing by itself.
(() => {
  const note = document.querySelector("form[data-note-use]");
  if (note) fetch(note.action, { method: "POST", body: new FormData(note) }).catch(() => {});
})();
