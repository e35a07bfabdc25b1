// Shows notifications as they come. All text is set as text, whatever it is.
"use strict";

const state = document.getElementById("state");
const events = document.getElementById("events");
const MOST = 200;

function show(event) {
  const said = JSON.parse(event.data);
  const item = document.createElement("li");
  const title = document.createElement(said.url ? "a" : "span");
  title.textContent = said.summary;
  title.className = "text-break";
  if (said.url && /^https?:/.test(said.url)) title.href = said.url;
  const when = document.createElement("span");
  when.className = "d-block small text-body-secondary";
  when.textContent = [said.date_time && new Date(said.date_time).toLocaleString(), said.filter].filter(Boolean).join(" · ");
  item.append(title, when);
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
