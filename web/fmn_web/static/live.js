// Shows notifications as they come. All text is set as text, whatever it is.
"use strict";

const state = document.getElementById("state");
const events = document.getElementById("events");
const MOST = 200;

function moment(text) {
  const when = new Date(text);
  if (!text || isNaN(when)) return "";
  const element = document.createElement("time");
  element.dateTime = when.toISOString();
  element.textContent = `${when.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return element;
}

function show(event) {
  const said = JSON.parse(event.data);
  const item = document.createElement("li");
  const leads = /^https?:/.test(said.url || "");
  const title = document.createElement(leads ? "a" : "span");
  title.textContent = said.summary;
  title.className = "text-break";
  if (leads) title.href = said.url;
  const about = document.createElement("span");
  about.className = "d-block small text-body-secondary text-break";
  const told = [moment(said.date_time), said.app, said.filter].filter(Boolean);
  about.append(...told.flatMap((one, place) => (place ? [" · ", one] : [one])));
  item.append(title, about);
  events.prepend(item);
  while (events.children.length > MOST) events.lastElementChild.remove();
}

for (const place of document.querySelectorAll("[data-stream]")) {
  const source = new EventSource(place.dataset.stream);
  source.onopen = () => { state.textContent = "Connected. What comes is shown here."; };
  source.onerror = () => {
    state.textContent = source.readyState === EventSource.CLOSED ? "The connection has ended. Load the page again." : "Connecting…";
  };
  for (const kind of ["notification", "notice", "digest"]) source.addEventListener(kind, show);
  source.addEventListener("gap", () => { state.textContent = "Something may be missing here; see the history."; });
}
