// Narrows the list of rules to those whose text holds every word that is typed; opens the rule a link points to.
"use strict";

const search = document.getElementById("search");
const rules = [...document.querySelectorAll(".rule")];

function narrow() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const rule of rules) {
    const text = rule.textContent.toLowerCase();
    rule.hidden = !words.every((word) => text.includes(word));
  }
  for (const group of document.querySelectorAll(".rule-group")) {
    group.hidden = !group.querySelector(".rule:not([hidden])");
  }
  document.getElementById("nothing").hidden = rules.some((rule) => !rule.hidden);
}

function openTarget() {
  const rule = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (rule && rule.classList.contains("rule")) rule.open = true;
}

search.addEventListener("input", narrow);
window.addEventListener("hashchange", openTarget);
narrow(); // words may have been typed before this script came
openTarget();
