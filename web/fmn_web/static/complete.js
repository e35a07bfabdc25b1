// Proposes names while somebody types; in a list, for what stands behind the last comma.
"use strict";

const BEFORE_ASKING = 150;
let asking = 0;

async function propose(field) {
  const before = "list" in field.dataset ? field.value.slice(0, field.value.lastIndexOf(",") + 1) : "";
  const typed = field.value.slice(before.length).trim();
  const written = field.value;
  let names = [];
  try {
    const answer = await fetch(`${field.dataset.completes}?${new URLSearchParams({ q: typed })}`);
    if (!answer.ok) return;
    names = await answer.json();
  } catch (error) {
    return; // without a connection nothing is proposed
  }
  if (field.value !== written) return;
  field.list.replaceChildren(...names.map((name) => new Option("", before ? `${before} ${name}` : name)));
}

function later(field) {
  if (!field.dataset.completes) return;
  clearTimeout(asking);
  asking = setTimeout(propose, BEFORE_ASKING, field);
}

document.addEventListener("input", (event) => later(event.target));
later(document.activeElement); // somebody may have been typing before this script came
