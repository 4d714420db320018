// A checklist that is filled in: all items on one page, or one after the other for a thumb.
(() => {
  const form = document.querySelector("form[data-one-by-one]");
  const items = form ? [...form.querySelectorAll("[data-item]")] : [];
  if (items.length < 2) return;
  const KEPT = "assess-one-by-one";
  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const kept = (value) => {
    try {
      if (value === undefined) return localStorage.getItem(KEPT) === "1";
      localStorage.setItem(KEPT, value ? "1" : "0");
    } catch { /* a browser that keeps nothing shows all items each time */ }
    return false;
  };

  const change = make("button", { class: "btn", type: "button" });
  const back = make("button", { class: "btn", type: "button" }, "上一项");
  const on = make("button", { class: "btn btn-primary", type: "button" }, "下一项");
  const place = make("span", { role: "status", class: "one-place" });
  const bar = make("div", { class: "one-bar", hidden: "" }, back, place, on);
  form.prepend(make("div", { class: "mb-3" }, change));
  form.querySelector(".form-buttons").before(bar);
  let single = false;
  let at = 0;

  const show = (moved) => {
    items.forEach((item, number) => { item.hidden = single && number !== at; });
    form.querySelectorAll(".card").forEach((card) => {
      const own = [...card.querySelectorAll("[data-item]")];
      card.hidden = own.length > 0 && own.every((item) => item.hidden);
    });
    bar.hidden = !single;
    change.textContent = single ? "全部显示" : "一项一项填";
    place.textContent = `第 ${at + 1} 项，共 ${items.length} 项`;
    back.disabled = at === 0;
    on.disabled = at === items.length - 1;
    if (moved) items[at].scrollIntoView({ block: "center" });
  };
  const go = (to) => {
    at = Math.min(Math.max(to, 0), items.length - 1);
    show(true);
  };
  // A link to an item, and a field that the browser finds wrong, must be seen.
  const uncover = (element) => {
    const number = items.indexOf(element?.closest("[data-item]"));
    if (single && number >= 0 && number !== at) go(number);
  };

  change.addEventListener("click", () => {
    single = !single;
    kept(single);
    show(false);
  });
  back.addEventListener("click", () => go(at - 1));
  on.addEventListener("click", () => go(at + 1));
  form.addEventListener("invalid", (event) => uncover(event.target), true);
  window.addEventListener("hashchange", () => uncover(document.getElementById(location.hash.slice(1))));
  const wrong = items.findIndex((item) => item.querySelector(".invalid-feedback"));
  const wanted = items.findIndex((item) => `#${item.id}` === location.hash);
  at = Math.max(wrong, wanted, 0);
  single = kept() && wrong < 0;
  show(false);
})();
