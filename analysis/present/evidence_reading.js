
// ------------------------------------------------------------------------------------------------ a report's page
// The text is #text; its marks name in data-a what was read there. Offsets are code points, as Python counts.
const COLUMNS = ["report_id", "indicator", "scope", "action", "old_value", "new_value", "unit", "start", "end", "reason"];
let read = null;
const paper = () => document.getElementById("text");
const marksOf = (anchor) => paper().querySelectorAll(`mark[data-a~="${anchor}"]`);
const plain = (value) => (value == null ? "" : String(value).includes("e") ? value.toFixed(10).replace(/\.?0+$/, "") : String(value));

function csvLine(fields) {
  return COLUMNS.map((name) => {
    const given = String(fields[name] ?? "");
    const number = /^[+-]?\d[\d,.]*%?$/.test(given); // as cells.inert: no program takes a cell for a formula
    const value = /^'*[=+\-@\t\r\n＝＋－＠]/.test(given) && !number ? `'${given}` : given;
    return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  }).join(",");
}

async function copy(line, shown) {
  shown.textContent = line;
  let there = false;
  try { await navigator.clipboard.writeText(line); there = true; } catch { /* no permission: the old way below */ }
  if (!there) {
    const box = el("textarea", { "aria-label": "corrections.csv" });
    box.value = line;
    document.body.append(box);
    box.select();
    there = document.execCommand("copy");
    box.remove();
  }
  tell(say(there ? "evidence.copied" : "evidence.copy_by_hand"));
}

function field(key, attributes, value = "") {
  const id = newId(), input = el("input", { id, autocomplete: "off", ...attributes });
  input.value = value;
  return [el("div", { class: "field" }, el("label", { for: id }, say(`evidence.${key}`)), input), input];
}

function complain(input, key) {
  input.setAttribute("aria-invalid", "true");
  input.focus();
  tell(say(key));
  input.parentNode.querySelector(".wrong")?.remove();
  const id = newId();
  input.parentNode.append(el("span", { class: "wrong", id }, say(key)));
  input.setAttribute("aria-describedby", id);
}
const isNumber = (text) => /^\d+(\.\d*)?$/.test(text);

function correction(row) {
  const [, code, value, , , , scope] = row;
  const [valueField, newValue] = field("new_value", { inputmode: "decimal" });
  const [reasonField, reason] = field("reason", {});
  const line = el("code", { class: "line" });
  const base = { report_id: read.report, indicator: code, scope, old_value: plain(value) };
  const set = () => {
    if (!isNumber(newValue.value)) return complain(newValue, "evidence.need_number");
    return copy(csvLine({ ...base, action: "set", new_value: newValue.value, reason: reason.value || say("evidence.reason.set") }), line);
  };
  const drop = () => copy(csvLine({ ...base, action: "drop", reason: reason.value || say("evidence.reason.drop") }), line);
  return el("details", { class: "correct" }, el("summary", {}, say("evidence.wrong_value")), valueField, reasonField,
    el("button", { type: "button", class: "set", onclick: set }, say("evidence.copy.set")),
    el("button", { type: "button", class: "drop", onclick: drop }, say("evidence.copy.drop")),
    el("output", { "aria-live": "off" }, line), el("p", { class: "note" }, say("evidence.append")));
}

function addition(start, end, said, value, unit) {
  const list = newId(), scopeId = newId(), line = el("code", { class: "line" });
  const [codeField, code] = field("indicator", { list, spellcheck: "false" });
  const [valueField, number] = field("value", { inputmode: "decimal" }, plain(value));
  const [unitField, unitInput] = field("unit", { lang: "zh-Hans" }, unit ?? "");
  const [reasonField, reason] = field("reason", {});
  const scope = el("select", { id: scopeId }, ...["own", "area", "lower", "departments"].map((one) =>
    el("option", { value: one }, say(`evidence.scope.${one}`))));
  const add = () => {
    if (!codeRow(code.value)) return complain(code, "evidence.need_code");
    if (!isNumber(number.value)) return complain(number, "evidence.need_number");
    if (!unitInput.value) return complain(unitInput, "evidence.need_unit");
    return copy(csvLine({ report_id: read.report, indicator: code.value, scope: scope.value, action: "add", new_value: number.value,
      unit: unitInput.value, start, end, reason: reason.value || say("evidence.reason.add") }), line);
  };
  return el("div", { class: "correct add" }, el("h3", {}, say("evidence.missed")),
    el("p", {}, el("q", { lang: "zh-Hans" }, said), ` ${start}–${end}`), codeField,
    el("datalist", { id: list }, ...store.codes.map((row) => el("option", { value: row[0] }, row[inChinese() ? 1 : 2]))),
    valueField, unitField, el("div", { class: "field" }, el("label", { for: scopeId }, say("evidence.scope")), scope), reasonField,
    el("button", { type: "button", class: "set", onclick: add }, say("evidence.copy.add")),
    el("output", { "aria-live": "off" }, line), el("p", { class: "note" }, say("evidence.append")));
}

// ------------------------------------------------------------------------------------------------ the panel
const facts = (...pairs) => el("dl", {}, ...pairs.filter(([, value]) => value !== "" && value != null)
  .map(([key, value]) => el("div", {}, el("dt", {}, say(`evidence.${key}`)), el("dd", {}, value))));

function describe(anchor) {
  const row = read.by.get(anchor);
  if (anchor[0] === "q") {
    const [, value, unit, qualifier, role, label] = row;
    return el("div", { class: "card q" }, el("h3", {}, say("evidence.quantity")), facts(["value", amount(value, unit, qualifier)],
      ["qualifier", say(`evidence.qualifier.${qualifier}`)], ["role", say(`evidence.role.${role}`)], ["label", zh(label)]));
  }
  if (anchor[0] === "n") {
    const [, code, value, unit, qualifier, basis, scope] = row;
    return el("div", { class: "card n" }, el("h3", {}, indicatorLink(code, document.body.dataset.stem)), facts(
      ["value", amount(value, unit, qualifier)], ["qualifier", say(`evidence.qualifier.${qualifier}`)],
      ["basis", say(`basis.${basis}`)], ["scope", say(`evidence.scope.${scope}`)], ["code", el("code", {}, code)]), correction(row));
  }
  const [, kind, message, suggestion] = row;
  return el("div", { class: "card r" }, el("h3", {}, `${say("evidence.doubt")}: ${say(`evidence.kind.${kind}`)}`),
    whatToDo(kind, message, suggestion));
}

function isBefore(anchor, mark) {
  const node = document.getElementById(anchor);
  return node && (node.contains(mark) || node.compareDocumentPosition(mark) & Node.DOCUMENT_POSITION_FOLLOWING);
}

function context(mark) {
  const section = read.s.findLast((row) => isBefore(row[0], mark)) ?? read.before;
  if (!section) return "";
  const [anchor, number, heading, role, area] = section;
  const item = mark.matches(".p, .l") && (read.i.findLast((row) => isBefore(row[0], mark))
    ?? read.i.find((row) => !document.getElementById(row[0]))); // it began in an earlier part
  return el("p", { class: "where" }, el("a", { href: `#${anchor}` }, number || heading ? zh((number ?? "") + (heading ?? "")) : say(`role.${role}`)),
    ` · ${say(`role.${role}`)}${area ? ` · ${say(`area.${area}`)}` : ""}${item && item[4] ? ` · ${typeNames(item[4])}` : ""}`);
}

function showMark(mark, lead = location.hash.slice(1)) {
  read.mark = mark;
  read.picked = null;
  read.shown = () => showMark(mark, lead);
  // of several things read at one place, what the page's address asks for comes first
  const rank = (anchor) => (anchor === lead ? -1 : "nqr".indexOf(anchor[0]));
  const anchors = mark.dataset.a.split(" ").sort((a, b) => rank(a) - rank(b));
  const cards = anchors.map(describe), number = anchors.find((one) => one[0] === "q");
  if (number && !anchors.some((one) => one[0] === "n")) {
    const [start, end] = placeOf(number), [, value, unit] = read.by.get(number);
    cards.push(addition(start, end, textOf(number), value, unit));
  }
  document.getElementById("panel-body").replaceChildren(el("p", { class: "said", lang: "zh-Hans" }, textOf(anchors[0])), context(mark), ...cards);
  document.getElementById("panel").classList.add("open");
}

const textOf = (anchor) => [...marksOf(anchor)].map((mark) => mark.textContent).join("");
function placeOf(anchor) {
  const range = document.createRange();
  range.setStart(paper(), 0);
  range.setEndBefore(marksOf(anchor)[0]);
  const start = points(range.toString()) + from();
  return [start, start + points(textOf(anchor))];
}

// ------------------------------------------------------------------------------------------------ a selection
const DIGITS = /(\d+(?:\.\d+)?)\s*([万亿]?)[余多]?\s*([^\d\s,。;]{0,4})/u;
function showSelection() {
  const selection = getSelection();
  if (selection.isCollapsed || !selection.rangeCount) return;
  const range = selection.getRangeAt(0);
  if (!paper().contains(range.startContainer) || !paper().contains(range.endContainer)) return;
  const before = document.createRange();
  before.setStart(paper(), 0);
  before.setEnd(range.startContainer, range.startOffset);
  const said = range.toString(), start = points(before.toString()) + from(), end = start + points(said);
  if (!said.trim() || end - start > 200) return;
  const node = range.startContainer.parentElement?.closest("[data-a]"); // a whole number that was read already
  if (node?.dataset.a.split(" ").some((one) => "nq".includes(one[0]) && textOf(one) === said)) return showMark(node);
  const [, digits, many, unit] = fold(said).replaceAll(",", "").match(DIGITS) ?? [];
  const value = digits === undefined ? null : Number(digits) * ({ 万: 1e4, 亿: 1e8 }[many] ?? 1);
  if (read.picked === `${start}-${end}`) return; // said again: what is being typed in the panel stays
  read.picked = `${start}-${end}`;
  read.mark = null;
  read.shown = () => document.getElementById("panel-body").replaceChildren(addition(start, end, said,
    value == null ? null : Number(value.toFixed(6)), unit));
  read.shown();
  document.getElementById("panel").classList.add("open");
}

function select(start, end) {
  const walker = document.createTreeWalker(paper(), NodeFilter.SHOW_TEXT), range = document.createRange();
  let at = from(), begun = false, done = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const characters = [...node.data], next = at + characters.length, place = (to) => characters.slice(0, to - at).join("").length;
    if (!begun && start < next) { range.setStart(node, place(start)); begun = true; }
    if (begun && end <= next) { range.setEnd(node, place(end)); done = true; break; }
    at = next;
  }
  if (!begun) return;
  if (!done) range.setEndAfter(paper().lastChild); // it goes on in the next part
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  (range.startContainer.parentElement ?? paper()).scrollIntoView({ block: "center" });
  const box = range.getBoundingClientRect();
  scrollBy(0, box.top - innerHeight / 2);
}

// ------------------------------------------------------------------------------------------------ steps and links
const isShown = (mark) => ["q", "n", "r"].some((kind) => mark.classList.contains(kind) && !paper().classList.contains(`no-${kind}`));
function focusMark(mark) {
  paper().querySelector('mark[tabindex="0"]')?.setAttribute("tabindex", "-1");
  mark.setAttribute("tabindex", "0");
  mark.focus({ preventScroll: true });
  mark.scrollIntoView({ block: "center" });
  showMark(mark);
}

function stepMarks(by) {
  const marks = [...paper().querySelectorAll("mark[tabindex]")].filter(isShown);
  let at = marks.indexOf(document.activeElement);
  if (at < 0) at = marks.findIndex((mark) => mark.getAttribute("tabindex") === "0");
  const entered = paper().contains(document.activeElement) || read.shown;
  const next = marks[entered ? at + by : Math.max(at, 0)];
  if (next) focusMark(next);
}

// A very long report has a page a part: which one holds an anchor, by the last run of numbers that begins before it.
const from = () => read.from ?? 0;
function partOf(id) {
  const [, kind, digits] = id.match(/^([a-z])(\d+)/) ?? [], number = Number(digits);
  if (!store.parts || !kind) return undefined;
  if (kind === "c") return Math.max(0, store.parts.starts.findLastIndex((start) => start <= number));
  return store.parts.at[kind]?.findLast(([begins]) => begins <= number)?.[1];
}

function goTo(id) {
  const part = partOf(id);
  if (part !== undefined && part !== read.at) return location.replace(`${encodeURIComponent(store.parts.files[part])}${location.search}#${id}`);
  const range = id.match(/^c(\d+)-(\d+)$/), node = document.getElementById(id);
  if (range) return select(Number(range[1]), Number(range[2]));
  const mark = /^[qnr]\d+$/.test(id) && marksOf(id)[0];
  if (mark) {
    for (const kind of ["q", "n", "r"]) if (mark.classList.contains(kind)) turn(kind, true);
    focusMark(mark);
  } else node?.scrollIntoView({ block: "start" });
  return undefined;
}

function turn(kind, on) {
  const box = document.querySelector(`[data-toggle="${kind}"]`);
  if (box) box.checked = on;
  paper().classList.toggle(`no-${kind}`, !on);
}

const typeNames = (types) => (types ?? "").split(";").filter(Boolean).map((one) => say(`type.${one}`)).join(", ");

function startReading() {
  read = JSON.parse(document.getElementById("data").textContent);
  read.by = new Map([...read.q, ...read.n, ...read.r].map((row) => [row[0], row]));
  const here = (anchor) => (marksOf(anchor).length ? el("a", { href: `#${anchor}`, lang: "zh-Hans" }, textOf(anchor)) : "");
  Object.assign(LISTS, {
    values: { rows: () => read.n, columns: [
      { key: "area", filter: true, value: (row) => codeRow(row[1])?.[3] ?? "", name: named("area") },
      { key: "indicator", value: (row) => codeName(row[1]), more: (row) => row[1], show: (row) => indicatorLink(row[1], document.body.dataset.stem) },
      { key: "value", num: true, value: (row) => row[2], show: (row) => amount(row[2], row[3], row[4]) },
      { key: "basis", filter: true, value: (row) => row[5], name: named("basis") },
      { key: "scope", filter: true, value: (row) => row[6], name: named("evidence.scope") },
      { key: "place", num: true, value: (row) => row[7], show: (row) => here(row[0]) }] },
    ratios: { rows: () => read.d, columns: [
      { key: "ratio", value: (row) => (store.words[`ratio.${row[0]}`] ? say(`ratio.${row[0]}`) : `${codeName(row[4])} ÷ ${codeName(row[5])}`) },
      { key: "recomputed", num: true, value: (row) => row[1], show: (row) => el("span", { class: "amount" }, format(Number(row[1].toPrecision(4)))) },
      { key: "numerator", num: true, value: (row) => row[2], show: (row) => el("span", {}, `${format(row[2])} `, indicatorLink(row[4], document.body.dataset.stem)) },
      { key: "denominator", num: true, value: (row) => row[3], show: (row) => el("span", {}, `${format(row[3])} `, indicatorLink(row[5], document.body.dataset.stem)) },
      { key: "printed", num: true, value: (row) => row[6], show: (row) => format(row[6]) },
      { key: "agrees", value: (row) => (row[7] == null ? "" : row[7] ? "yes" : "no"), name: (value) => (value ? say(`evidence.${value}`) : "") }] },
    items: { rows: () => read.i, columns: [
      { key: "role", filter: true, value: (row) => row[1], name: named("role") },
      { key: "place", value: (row) => (row[2] ?? "") + (row[3] ?? ""), fixed: true, wide: true,
        show: (row) => el("a", { href: `#${row[0]}`, lang: "zh-Hans" }, `${row[2] ?? ""}${row[3] ?? ""}` || row[0]) },
      { key: "type", value: (row) => typeNames(row[4]) },
      { key: "cause", value: (row) => row[5] ?? "", zh: true, wide: true }] },
    doubts: { rows: () => read.r, columns: [{ ...doubt, value: (row) => row[1] },
      { key: "place", value: (row) => row[4], fixed: true, show: (row) => here(row[0]) || zh((row[5] ?? "").slice(0, 60)) },
      { key: "todo", value: (row) => `${row[2]} ${row[3] ?? ""}`, fixed: true, wide: true, show: (row) => whatToDo(row[1], row[2], row[3]) }] },
  });
  const text = paper();
  text.querySelector("mark[tabindex]")?.setAttribute("tabindex", "0");
  for (const box of document.querySelectorAll("[data-toggle]"))
    box.addEventListener("change", () => turn(box.dataset.toggle, box.checked));
  text.addEventListener("focusin", (event) => { const mark = event.target.closest("mark"); if (mark && mark !== read.mark) showMark(mark); });
  text.addEventListener("click", (event) => {
    const mark = event.target.closest("mark");
    if (mark && getSelection().isCollapsed) focusMark(mark.hasAttribute("tabindex") ? mark : marksOf(mark.dataset.a.split(" ")[0])[0]);
  });
  text.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!event.target.closest("mark")) return;
    if (by) { event.preventDefault(); stepMarks(by); }
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); document.getElementById("panel-head").focus(); }
  });
  const panel = document.getElementById("panel"), back = () => text.querySelector('mark[tabindex="0"]')?.focus();
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") back(); });
  panel.querySelector(".close").addEventListener("click", () => { back(); panel.classList.remove("open"); });
  document.addEventListener("selectionchange", showSelection);
  redraw.push(() => read.shown?.());
  const part = document.querySelector(".parts [aria-current]");
  if (part) part.closest(".menu").scrollTop = part.offsetTop;
  if (matchMedia("(max-width: 60rem)").matches) document.querySelector(".menu details").open = false;
  return stepMarks;
}
