// In: rows that data/*.js hand over by evidence(name, rows). Out: lists one can filter, sort and page through, the
// language, the keyboard and the search. Text of reports only ever becomes text nodes, never markup.
"use strict";
const store = {}, redraw = [];
let takeChunk = null;
function evidence(name, rows) {
  if (name === "text" && takeChunk) takeChunk(rows);
  else if (!Array.isArray(rows)) store[name] = rows;
  else { const kept = (store[name] ??= []); for (const row of rows) kept.push(row); }
}

// ------------------------------------------------------------------------------------------------ language and words
const root = document.documentElement;
const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a locked-down browser */ } };
const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
const asked = new URLSearchParams(location.search);
const first = asked.get("lang") ?? recall("evidence-lang") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
const inChinese = () => root.lang.startsWith("zh");
root.lang = first === "en" ? "en" : "zh-Hans";
root.classList.add("live");

function say(key, values = {}) {
  const pair = store.words[key];
  if (!pair) return key;
  return pair[inChinese() ? 0 : 1].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function setLanguage(lang) {
  root.lang = lang === "en" ? "en" : "zh-Hans";
  remember("evidence-lang", lang);
  for (const button of document.querySelectorAll("[data-lang]"))
    button.setAttribute("aria-pressed", String(button.dataset.lang === lang));
  const title = document.querySelector("title");
  document.title = title.dataset[lang];
  for (const draw of redraw) draw();
}

// ------------------------------------------------------------------------------------------------ small makers
let made = 0;
const newId = () => `x${++made}`;
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((one) => one != null && one !== ""));
  return node;
}
const zh = (text) => el("span", { lang: "zh-Hans" }, text ?? "");
const en = (text) => el("span", { lang: "en" }, text ?? "");
const tell = (text) => { document.getElementById("live").textContent = text; };
const up = () => document.body.dataset.up;
const format = (value) => (value == null ? "" : value.toLocaleString("en", { maximumFractionDigits: 10 }));
const SIGN = { at_least: "≥ ", at_most: "≤ ", about: "≈ ", exact: "" };
const amount = (value, unit, qualifier) => el("span", { class: "amount", title: say(`evidence.qualifier.${qualifier}`) },
  SIGN[qualifier] + format(value), " ", zh(unit));

// ------------------------------------------------------------------------------------------------ what rows mean
const REPORT = Object.fromEntries(["id", "stem", "name", "year", "level", "province", "published", "quantities",
  "indicators", "problems", "plans", "review", "title"].map((name, index) => [name, index]));
const levelName = (level) => say(level ? `level.${level}` : "unknown");
const reportLink = (row, anchor = "") => row
  ? el("a", { href: `${up()}reports/${encodeURIComponent(row[REPORT.stem])}.html${anchor && "#" + anchor}`, lang: "zh-Hans" },
    row[REPORT.name]) : "";
const codeRow = (code) => (store.byCode ??= new Map(store.codes.map((row) => [row[0], row]))).get(code);
const codeName = (code) => codeRow(code)?.[inChinese() ? 1 : 2] ?? code;
function indicatorLink(code, stem = "") {
  const row = codeRow(code);
  if (!row) return el("code", {}, code);
  return el("a", { href: `${up()}indicators/${encodeURIComponent(row[5])}.html${stem && "#" + encodeURIComponent("r-" + stem)}` }, codeName(code));
}
const named = (prefix) => (value) => (value == null || value === "" ? "" : say(`${prefix}.${value}`));
const count = (key, at) => ({ key, num: true, value: (row) => row[at] });
const level = (of) => ({ key: "level", filter: true, value: (row) => of(row)?.[REPORT.level] ?? "", name: levelName });
const year = (of) => ({ key: "year", filter: true, num: true, value: (row) => of(row)?.[REPORT.year] ?? "", name: String });
const doubt = { key: "kind", filter: true, name: named("evidence.kind") };
const whatToDo = (kind, message, suggestion) => el("div", {}, say(`evidence.todo.${kind}`),
  el("div", { class: "small", lang: "en" }, [message, suggestion].filter(Boolean).join(" — ")));

const reportOf = (row) => store.reports?.[row[0]];
const LISTS = {
  reports: { rows: () => store.reports, id: (row) => `r-${row[REPORT.stem]}`, columns: [
    { key: "report", value: (row) => row[REPORT.name], more: (row) => `${row[REPORT.title] ?? ""} ${row[REPORT.id]}`,
      show: (row) => reportLink(row), zh: true },
    year((row) => row), level((row) => row),
    { key: "province", filter: true, value: (row) => row[REPORT.province] ?? "", zh: true },
    { key: "published", value: (row) => row[REPORT.published] ?? "" },
    count("quantities", REPORT.quantities), count("indicators", REPORT.indicators), count("problems", REPORT.problems),
    count("plans", REPORT.plans), count("doubts", REPORT.review)] },
  indicators: { rows: () => store.listed, id: (row) => row[0], size: 300, columns: [
    { key: "area", filter: true, value: (row) => codeRow(row[0])[3], name: named("area"),
      show: (row) => named("area")(codeRow(row[0])[3]) },
    { key: "indicator", value: (row) => codeName(row[0]), show: (row) => indicatorLink(row[0]), more: (row) => row[0] },
    { key: "code", value: (row) => row[0], show: (row) => el("code", {}, row[0]) },
    { key: "unit", value: (row) => codeRow(row[0])[4], zh: true },
    { key: "tier", filter: true, value: (row) => row[4], name: named("evidence.tier") },
    count("reports", 1), count("values", 2)] },
  stated: { rows: () => store.values ?? [], id: (row) => `r-${reportOf(row)[REPORT.stem]}`, columns: [
    { key: "report", value: (row) => reportOf(row)[REPORT.name], show: (row) => reportLink(reportOf(row), row[1]), zh: true },
    year(reportOf), level(reportOf),
    { key: "value", num: true, value: (row) => row[2], show: (row) => amount(row[2], row[3], row[4]) },
    { key: "unit", filter: true, hidden: true, value: (row) => row[3] ?? "" },
    { key: "qualifier", filter: true, value: (row) => row[4], name: named("evidence.qualifier") },
    { key: "basis", filter: true, value: (row) => row[5], name: named("basis") },
    { key: "scope", filter: true, value: (row) => row[6], name: named("evidence.scope") },
    { key: "sentence", value: (row) => row[7] + row[8] + row[9], wide: true, fixed: true,
      show: (row) => el("q", { lang: "zh-Hans" }, row[7], row[8] && el("mark", { class: "n" }, row[8]), row[9]) }] },
  review: { rows: () => store.review ?? [], columns: [
    { ...doubt, value: (row) => row[3], rank: (row) => Object.keys(store.words).indexOf(`evidence.kind.${row[3]}`) },
    { key: "report", value: (row) => reportOf(row)?.[REPORT.name] ?? row[1], zh: true,
      show: (row) => (row[0] < 0 ? row[1] : reportLink(reportOf(row), row[2])) },
    { key: "place", value: (row) => row[6], zh: true, fixed: true, wide: true },
    { key: "todo", value: (row) => `${row[4]} ${row[5] ?? ""}`, fixed: true, wide: true,
      show: (row) => whatToDo(row[3], row[4], row[5]) }] },
  search: { custom: (node) => drawSearch(node) },
};

// ------------------------------------------------------------------------------------------------ a list
const collator = new Intl.Collator("zh-Hans", { numeric: true });
function makeList(node, spec) {
  if (spec.custom) { spec.custom(node); return null; }
  const rows = spec.rows(), filters = {};
  let text = "", sort = null, page = 0, size = spec.size ?? 50, target = null, known = [];
  const tools = el("div", { class: "tools" }), status = el("p", { class: "count", role: "status" });
  const table = el("table"), pager = el("div", { class: "pager" });
  node.append(tools, status, el("div", { class: "scroll" }, table), pager);

  const written = (column, row) => (column.name ? column.name(column.value(row)) : String(column.value(row) ?? ""));
  function matching() {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let found = rows.map((row, index) => [row, index]).filter(([row]) =>
      spec.columns.every((column) => !filters[column.key] || String(column.value(row)) === filters[column.key]));
    if (words.length) found = found.filter(([row]) => {
      const all = spec.columns.map((column) => `${written(column, row)} ${column.more?.(row) ?? ""}`).join(" ").toLowerCase();
      return words.every((word) => all.includes(word));
    });
    if (sort) {
      const { column, down } = sort, value = column.rank ?? column.value;
      found.sort(([a], [b]) => {
        const [x, y] = [value(a), value(b)], empty = (x == null || x === "") - (y == null || y === "");
        const order = typeof x === "number" && typeof y === "number" ? x - y : collator.compare(String(x), String(y));
        return empty || (down ? -order : order);
      });
    }
    return found;
  }

  function drawTools() {
    const search = newId();
    tools.replaceChildren(el("div", {}, el("label", { for: search }, say("evidence.filter")),
      el("input", { id: search, type: "search", value: text, autocomplete: "off",
        oninput: (event) => { text = event.target.value; page = 0; drawRows(); } })));
    for (const column of spec.columns.filter((one) => one.filter)) {
      const values = [...new Set(rows.map((row) => String(column.value(row))))].sort(collator.compare);
      if (values.length < 2) continue;
      const id = newId();
      tools.append(el("div", {}, el("label", { for: id }, say(`evidence.${column.key}`)),
        el("select", { id, onchange: (event) => { filters[column.key] = event.target.value; page = 0; drawRows(); } },
          el("option", { value: "" }, say("evidence.all")), ...values.filter(Boolean).map((value) =>
            el("option", { value, selected: filters[column.key] === value }, column.name ? column.name(value) : value)))));
    }
  }

  function drawRows() {
    known = matching();
    const pages = Math.max(1, Math.ceil(known.length / size));
    page = Math.min(page, pages - 1);
    const shown = known.slice(page * size, (page + 1) * size), columns = spec.columns.filter((one) => !one.hidden);
    const head = el("tr", {}, ...columns.map((column) => {
      const name = say(`evidence.${column.key}`);
      if (column.fixed) return el("th", { scope: "col" }, name);
      const mine = sort?.column === column, direction = mine ? (sort.down ? "descending" : "ascending") : "none";
      return el("th", { scope: "col", "aria-sort": direction, class: column.num ? "num" : null },
        el("button", { type: "button", class: "sort", onclick: () => {
          sort = mine && sort.down === !!column.num ? { column, down: !sort.down } : mine ? null : { column, down: !!column.num };
          drawRows();
          table.querySelectorAll("th")[columns.indexOf(column)].querySelector("button").focus();
        } }, name));
    }));
    const body = shown.map(([row, index]) => el("tr", { "data-row": index, class: index === target ? "target" : null, tabindex: index === target ? "-1" : null },
      ...columns.map((column) => el("td", { "data-label": say(`evidence.${column.key}`),
        class: [column.num && "num", column.wide && "wide", column.filter && "short"].filter(Boolean).join(" ") || null, lang: column.zh ? "zh-Hans" : null },
        column.show ? column.show(row) : written(column, row)))));
    table.replaceChildren(el("caption", { class: "hidden" }, document.querySelector("h1").innerText),
      el("thead", {}, head), el("tbody", {}, ...body));
    status.textContent = known.length
      ? say("evidence.count", { from: format(page * size + 1), to: format(page * size + shown.length), n: format(known.length), of: format(rows.length) })
      : say(rows.length ? "evidence.none_match" : "evidence.none");
    const turn = (by, key) => el("button", { type: "button", disabled: page + by < 0 || page + by >= pages,
      onclick: () => { page += by; drawRows(); node.scrollIntoView(); tell(status.textContent); } }, say(key));
    pager.replaceChildren();
    if (pages > 1) pager.append(turn(-1, "evidence.previous"), turn(1, "evidence.next"));
  }

  const draw = () => { drawTools(); drawRows(); };
  redraw.push(draw);
  draw();
  addEventListener("beforeprint", () => { size = 1000; drawRows(); });
  addEventListener("afterprint", () => { size = spec.size ?? 50; drawRows(); });
  return { reveal(id) {
    const index = spec.id ? rows.findIndex((row) => spec.id(row) === id) : -1;
    if (index < 0) return false;
    text = ""; target = index; sort = null;
    for (const key of Object.keys(filters)) delete filters[key];
    page = Math.floor(index / size);
    draw();
    const row = table.querySelector(".target");
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    return true;
  } };
}

// ------------------------------------------------------------------------------------------------ search in all texts
const WIDE = /[\uFF01-\uFF5E\u3000\u00A0A-Z]/g; // one character for one: places stay what they are
const fold = (text) => text.replace(WIDE, (c) => (c === "\u3000" || c === "\u00A0" ? " "
  : c < "a" ? c.toLowerCase() : String.fromCharCode(c.charCodeAt(0) - 0xFEE0).toLowerCase()));
const points = (text) => { let n = 0; for (const _ of text) n++; return n; };

function loadChunk(number) {
  return new Promise((done, fail) => {
    const script = el("script", { src: `data/text-${number}.js` });
    let rows = [];
    takeChunk = (found) => { rows = found; };
    script.onload = () => { script.remove(); done(rows); };
    script.onerror = () => fail(new Error(script.src));
    document.head.append(script);
  });
}

function hits(text, words) {
  const folded = fold(text);
  if (!words.every((word) => folded.includes(word))) return [];
  const found = [];
  for (const word of words)
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) found.push([at, word.length]);
  return found.sort((a, b) => a[0] - b[0]);
}

function drawSearch(node) {
  const query = (asked.get("q") ?? "").trim(), words = fold(query).split(/\s+/).filter(Boolean);
  const chunks = Number(document.body.dataset.texts), LIMIT = 100;
  const status = el("p", { class: "count", role: "status" }), bar = el("progress", { max: chunks, value: 0 });
  const found = el("ol", { class: "found" }), more = el("button", { type: "button", hidden: true });
  node.append(status, bar, found, more);
  document.getElementById("find-text").value = query;
  let chunk = 0, queue = [], reports = 0, total = 0, done = false;
  function draw() {
    bar.hidden = done || !words.length;
    bar.setAttribute("aria-label", say("evidence.searching"));
    status.textContent = !words.length ? say("evidence.search.ask")
      : say(done ? "evidence.search.found" : "evidence.search.so_far", { n: format(total), reports: format(reports), query });
    more.textContent = say("evidence.search.more");
  }
  function show([number, text]) {
    const places = hits(text, words);
    if (!places.length) return 0;
    const report = store.reports[number];
    const lines = places.slice(0, 5).map(([at, length]) => {
      const start = points(text.slice(0, at)), end = start + points(text.slice(at, at + length));
      const from = Math.max(0, at - 40);
      const before = text.slice(from, at).split(/[\r\n]/).pop(), after = text.slice(at + length, at + length + 60).split(/[\r\n]/)[0];
      return el("li", {}, el("a", { href: reportLink(report, `c${start}-${end}`).getAttribute("href"), lang: "zh-Hans" },
        before, el("mark", { class: "n" }, text.slice(at, at + length)), after));
    });
    found.append(el("li", {}, el("h2", { lang: "zh-Hans" }, reportLink(report)), el("ul", {}, ...lines),
      places.length > 5 ? el("p", { class: "note" }, `+ ${places.length - 5}`) : ""));
    total += places.length;
    reports += 1;
    return places.length;
  }
  async function run() {
    more.hidden = true;
    for (let shown = 0; shown < LIMIT;) {
      if (!queue.length) {
        if (chunk >= chunks) { done = true; break; }
        queue = await loadChunk(++chunk);
        bar.value = chunk;
      }
      while (queue.length && shown < LIMIT) shown += show(queue.shift()) ? 1 : 0;
      draw();
    }
    more.hidden = done;
    draw();
  }
  more.addEventListener("click", run);
  redraw.push(draw);
  draw();
  if (words.length) run();
}

// ------------------------------------------------------------------------------------------------ every page
function stepRows(by) {
  const links = [...document.querySelectorAll("main td a, main .found a")];
  const at = links.indexOf(document.activeElement), next = links[at < 0 ? 0 : at + by];
  next?.focus();
}

document.addEventListener("DOMContentLoaded", () => {
  const kind = document.body.dataset.page;
  const step = kind === "report" ? startReading() : stepRows;
  const lists = [...document.querySelectorAll("[data-list]")].map((node) => makeList(node, LISTS[node.dataset.list]));
  for (const button of document.querySelectorAll("[data-lang]"))
    button.addEventListener("click", () => setLanguage(button.dataset.lang));
  document.getElementById("find").addEventListener("submit", (event) => {
    event.preventDefault();
    location.href = `${up()}search.html?q=${encodeURIComponent(document.getElementById("find-text").value)}`;
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const by = { j: 1, k: -1 }[event.key];
    if (event.key === "/") { event.preventDefault(); document.getElementById("find-text").focus(); }
    else if (by) { event.preventDefault(); step(by); }
  });
  const go = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* a broken link: the page's top */ }
    if (id && !lists.some((list) => list?.reveal(id)) && kind === "report") goTo(id);
  };
  setLanguage(inChinese() ? "zh" : "en");
  addEventListener("hashchange", go);
  if (document.readyState === "complete") go();
  else addEventListener("load", () => setTimeout(go)); // after the browser's own jump, which would take the focus away
});
