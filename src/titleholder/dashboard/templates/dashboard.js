// How old the page is, and charts that can be walked through.
const HOUR = 3600e3, DAY = 24 * HOUR;

function span(ms) {
  const hours = Math.floor(ms / HOUR);
  if (hours < 1) return "less than an hour";
  const count = hours < 48 ? hours : Math.floor(ms / DAY);
  const unit = hours < 48 ? "hour" : "day";
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

const troubled = [];
for (const age of document.querySelectorAll("[data-published]")) {
  const now = Date.now();
  const published = Date.parse(age.dataset.published), expires = Date.parse(age.dataset.expires);
  const usual = Number(age.dataset.gap) * DAY;
  const said = [];
  if (now - published > usual * 1.5) {
    const rhythm = usual === DAY ? "night" : span(usual);
said.push(`Stale: no verdict for ${span(now - published)}, where one comes every ${rhythm}.`);
  }
  if (now >= expires) said.push(`Expired ${span(now - expires)} ago: the gate lets nothing through on it.`);
  if (now < published - 5 * 60e3) said.push("Published in the future: a clock is wrong.");
  else age.querySelector(".ago").textContent = `, ${span(Math.max(now - published, 0))} ago`;
  if (said.length > 0) {
    const alarm = age.nextElementSibling;
    alarm.textContent = said.join(" ");
    alarm.hidden = false;
    troubled.push(age.dataset.suite);
  }
}
const front = document.querySelector(".alarm.all");
if (front && troubled.length > 0) {
  front.textContent = `Look after ${troubled.slice(0, 5).join(", ")}${troubled.length > 5 ? ` and ${troubled.length - 5} more` : ""}: no verdict that holds tonight.`;
  front.hidden = false;
}

for (const figure of document.querySelectorAll("[data-history]")) {
  const area = figure.querySelector(".area"), cross = figure.querySelector(".cross");
  const rows = [...figure.querySelectorAll("tr[data-x]")];
  const read = figure.querySelector(".read");
  let at = rows.length;
  const show = (number) => {
    at = Math.min(Math.max(number, 0), rows.length - 1);
    const cells = [...rows[at].cells].map((cell) => cell.textContent.trim());
    cross.style.left = `${rows[at].dataset.x}%`;
    cross.hidden = false;
    read.textContent = `${cells[0]}: ${cells[1]}, ${cells[2]} ${cells[3]}, asked ${cells[4]}`;
  };
  const nearest = (x) => {
    let best = 0;
    rows.forEach((row, i) => {
      if (Math.abs(row.dataset.x - x) < Math.abs(rows[best].dataset.x - x)) best = i;
    });
    return best;
  };
  area.addEventListener("pointermove", (event) => {
    const box = area.getBoundingClientRect();
    show(nearest(((event.clientX - box.left) / box.width) * 100));
  });
  area.addEventListener("pointerleave", () => { cross.hidden = true; read.textContent = ""; });
  area.addEventListener("click", () => { if (at < rows.length) rows[at].querySelector("a").click(); });
  area.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); show(to); }
    else if (event.key === "Enter" && at < rows.length) rows[at].querySelector("a").click();
  });
}
