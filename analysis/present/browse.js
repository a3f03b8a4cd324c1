// In: a table as JSON. Out: it can be sorted, searched and paged through. Cells only ever become text nodes.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent), say = data.words;
const collator = new Intl.Collator("zh-Hans", { numeric: true });
const el = (tag, attributes = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), attributes);
  node.append(...children);
  return node;
};
// A whole number is written whole; of others four digits are seen, all of them in the cell's title.
function written(value, [, , grouped]) {
  if (typeof value !== "number") return value ?? "";
  const digits = Number.isInteger(value) || Math.abs(value) >= 1 ? { maximumFractionDigits: 4 } : { maximumSignificantDigits: 4 };
  return value.toLocaleString("en", { useGrouping: grouped, ...digits });
}
const folded = data.rows.map((row) => row.map((value, at) => `${value ?? ""} ${written(value, data.columns[at])}`).join("\n").toLowerCase());
const input = el("input", { type: "search", id: "search", autocomplete: "off" });
const status = el("p", { role: "status" }), body = el("tbody"), table = el("table");
const turns = [-1, 1].map((by) => el("button", { type: "button", textContent: by < 0 ? say.previous : say.next, onclick: () => { page += by; draw(); } }));
let page = 0, sorted = -1, down = false;
const heads = data.columns.map(([name, numeric], at) => {
  const head = el("th", { scope: "col", className: numeric ? "num" : "" }, el("button", { type: "button", textContent: name || "#", onclick() {
    if (sorted !== at) [sorted, down] = [at, false];
    else if (!down) down = true;
    else sorted = -1; // the third click: as it was
    page = 0;
    draw();
  } }));
  return head;
});

function found() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const at = data.rows.map((_, index) => index).filter((index) => words.every((word) => folded[index].includes(word)));
  if (sorted < 0) return at;
  const value = (index) => data.rows[index][sorted];
  return at.sort((a, b) => {
    const [x, y] = [value(a), value(b)], empty = (x === null) - (y === null);
    const order = typeof x === "number" && typeof y === "number" ? x - y : collator.compare(String(x), String(y));
    return empty || (down ? -order : order) || a - b;
  });
}

function cell(value, column) {
  const text = written(value, column), node = el("td", { className: typeof value === "number" ? "num" : "" });
  if (typeof value === "number") { node.title = String(value); node.textContent = text; return node; }
  const inner = el("div", { textContent: text, className: text.length > 30 ? "long" : "" });
  if (inner.className) {
    inner.tabIndex = 0;
    inner.onclick = () => { if (getSelection().isCollapsed) inner.classList.toggle("open"); };
    inner.onkeydown = (event) => { if (event.key === "Enter") inner.classList.toggle("open"); };
  }
  node.append(inner);
  return node;
}

function draw() {
  const rows = found(), pages = Math.max(1, Math.ceil(rows.length / data.page));
  page = Math.max(0, Math.min(page, pages - 1));
  const shown = rows.slice(page * data.page, (page + 1) * data.page);
  body.replaceChildren(...shown.map((index) => el("tr", {}, ...data.rows[index].map((value, at) => cell(value, data.columns[at])))));
  heads.forEach((head, at) => head.setAttribute("aria-sort", at !== sorted ? "none" : down ? "descending" : "ascending"));
  const told = { from: page * data.page + 1, to: page * data.page + shown.length, n: rows.length, of: data.rows.length };
  status.textContent = rows.length ? say.count.replace(/\{(\w+)\}/g, (_, key) => told[key].toLocaleString("en"))
    : data.rows.length ? say.none_match : say.none;
  turns[0].disabled = page === 0;
  turns[1].disabled = page >= pages - 1;
}
input.addEventListener("input", () => { page = 0; draw(); });
table.append(el("caption", { className: "hidden", textContent: document.title }), el("thead", {}, el("tr", {}, ...heads)), body);
const bar = el("div", { id: "bar" }, el("label", { htmlFor: "search", textContent: say.filter }), input, ...turns, status);
document.body.prepend(el("main", {}, bar, table));
draw();
