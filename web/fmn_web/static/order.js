// Lets the filters of a card be put in order: dragged by a handle (mouse, finger), or by their buttons without a new page.
"use strict";

const EDGE = 60; // pixels from the edge of the window, within which dragging scrolls it
const STEP = 8;
const KEYS = { up: "previousElementSibling", down: "nextElementSibling" };

function keepInOrder(list) {
  const told = document.getElementById(list.dataset.told);
  const token = document.querySelector("[name=csrf_token]").value;
  const items = () => [...list.querySelectorAll("[data-filter]")];
  let saved = items();
  let saving = Promise.resolve();

  async function post(order) {
    const form = new FormData();
    form.append("csrf_token", token);
    for (const one of order) form.append("filter", one.dataset.filter);
    try {
      return (await fetch(list.dataset.order, { method: "POST", body: form })).ok;
    } catch (error) {
      return false; // there is no connection
    }
  }

  async function save(item) {
    const order = items();
    if (order.every((one, place) => one === saved[place])) return;
    if (await post(order)) {
      saved = order;
      told.textContent = `“${item.dataset.name}” is number ${order.indexOf(item) + 1} of ${order.length} now.`;
    } else {
      list.append(...saved);
      told.textContent = "The order could not be saved, so it is as it was. Load the page again.";
    }
  }

  // one after the other, so that the last move is the one that stays
  const moved = (item) => { saving = saving.then(() => save(item)); };

  function drag(event) {
    const handle = event.target.closest(".handle");
    if (!handle || event.button || list.querySelector(".is-dragged")) return;
    event.preventDefault();
    const item = handle.closest("[data-filter]");
    const behind = item.nextElementSibling;
    let height = event.clientY;
    item.classList.add("is-dragged");
    list.setPointerCapture(event.pointerId); // the list's: the item is taken out for a moment when it moves

    function put() {
      const others = items().filter((one) => one !== item);
      const middle = (box) => box.top + box.height / 2;
      const next = others.find((one) => height < middle(one.getBoundingClientRect())) ?? null;
      if (next !== item.nextElementSibling) list.insertBefore(item, next);
    }

    function follow(turn) {
      height = turn.clientY;
      put();
    }

    function scroll() {
      if (!item.classList.contains("is-dragged")) return;
      const by = height < EDGE ? -STEP : height > innerHeight - EDGE ? STEP : 0;
      if (by) {
        scrollBy({ top: by, behavior: "instant" });
        put();
      }
      requestAnimationFrame(scroll);
    }

    function end() {
      item.classList.remove("is-dragged");
      ended.abort();
      moved(item);
    }

    function giveUp() {
      list.insertBefore(item, behind);
      end();
    }

    const ended = new AbortController();
    const until = { signal: ended.signal };
    list.addEventListener("pointermove", follow, until);
    list.addEventListener("pointerup", end, until);
    list.addEventListener("pointercancel", giveUp, until);
    document.addEventListener("keydown", (key) => key.key === "Escape" && giveUp(), until);
    requestAnimationFrame(scroll);
  }

  function step(event) {
    const way = event.target.dataset.move;
    const item = event.target.closest("[data-filter]");
    const other = way && item[KEYS[way]];
    if (!other) return;
    event.preventDefault();
    if (way === "up") other.before(item);
    else other.after(item);
    // at an end one of the buttons is not there
    const button = event.target.querySelector("button");
    (button.offsetParent ? button : item.querySelector("[data-move]:not([data-move='" + way + "']) button")).focus();
    moved(item);
  }

  for (const one of list.querySelectorAll(".handle")) one.hidden = false;
  list.addEventListener("pointerdown", drag);
  list.addEventListener("submit", step);
}

document.querySelectorAll("[data-order]").forEach(keepInOrder);
