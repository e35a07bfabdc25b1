// Fetches the forecast of a filter again whenever the form has changed and the typing has paused.
"use strict";

const form = document.getElementById("filter");
const place = document.getElementById("forecast");
const PAUSE = 400;
let waiting = 0;
let latest = 0;

async function forecast() {
  const turn = ++latest;
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.dataset.forecast, { method: "POST", body: new FormData(form) });
    const text = await answer.text();
    if (turn === latest && answer.ok) place.innerHTML = text;
  } catch (error) {
    // without a connection the old forecast stays
  }
  if (turn === latest) place.removeAttribute("aria-busy");
}

function later(event) {
  if (event.target.id === "search") return;
  clearTimeout(waiting);
  waiting = setTimeout(forecast, PAUSE);
}

document.getElementById("show-forecast").hidden = true;
form.addEventListener("input", later);
if (form.querySelector(".rule-use")) forecast();
