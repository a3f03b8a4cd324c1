// Inlined by topic_view.py. Texts reach the page through textContent only, so nothing in a report is ever markup.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = id => document.getElementById(id);
let lang = data.lang, topic = 0, asked = "";

function make(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}
const say = (key, values = {}) => data.say[lang][key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const percent = share => (100 * share).toFixed(share < 0.0995 ? 1 : 0) + "%";
function bar(share, className) {
  const made = make("i", undefined, className);
  made.style.width = 100 * Math.min(1, share) + "%";
  return made;
}

// Relevance (Sievert & Shirley 2014): lambda log p(word | topic) + (1 - lambda) log of its lift over the corpus.
function relevant(one, lambda, n) {
  const score = ([, p, corpus]) => lambda * Math.log(p) + (1 - lambda) * Math.log(p / corpus);
  return one.words.slice().sort((a, b) => score(b) - score(a) || (a[0] < b[0] ? -1 : 1)).slice(0, n);
}

// Longest words first, so that a word inside a longer one does not cut it.
function marked(text, words) {
  const made = make("p");
  const sought = [...words, ...(asked ? [asked] : [])].sort((a, b) => b.length - a.length);
  const plain = sought.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  let last = 0;
  for (const hit of plain ? text.matchAll(new RegExp(plain, "gi")) : []) {
    made.append(text.slice(last, hit.index));
    made.append(make("mark", hit[0], asked && hit[0].toLowerCase().includes(asked) ? "found" : ""));
    last = hit.index + hit[0].length;
  }
  made.append(text.slice(last));
  return made;
}

function drawTopics() {
  const largest = Math.max(...data.topics.map(one => one.share));
  at("topics").replaceChildren(...data.topics.map((one, place) => {
    const button = make("button"), head = make("b"), track = make("span", undefined, "track");
    head.append(make("span", one.name[lang]), make("span", percent(one.share)));
    track.append(bar(one.share / largest));
    button.append(head, track, make("span", relevant(one, 1, 6).map(row => row[0]).join(" "), "few"));
    button.type = "button";
    button.setAttribute("aria-current", place === topic);
    button.addEventListener("click", () => { topic = place; draw(); });
    const row = make("li");
    row.append(button);
    return row;
  }));
}

function draw() {
  document.documentElement.lang = lang === "zh" ? "zh-Hans" : "en";
  document.title = say("view.title");
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = say(each.dataset.say);
  at("about").textContent = say("view.about", data.about);
  at("search").placeholder = say("view.search.hint");
  [...at("topics").querySelectorAll("button")].forEach((button, place) =>
    button.setAttribute("aria-current", place === topic));
  const one = data.topics[topic], lambda = +at("lambda").value;
  at("value").textContent = lambda.toFixed(2);
  at("name").textContent = one.name[lang];
  at("size").textContent = say("view.size", { share: percent(one.share), items: one.main });
  at("note").textContent = one.note || "";
  const words = relevant(one, lambda, data.n_words), top = Math.max(...words.map(row => Math.max(row[1], row[2])));
  at("words").replaceChildren(...words.map(([word, p, corpus]) => {
    const row = make("li"), pair = make("span", undefined, "pair");
    pair.append(bar(corpus / top), bar(p / top));
    row.append(make("span", word), pair, make("span", percent(p), "n"));
    row.title = say("view.word", { p: percent(p), corpus: percent(corpus), lift: (p / corpus).toFixed(1) });
    if (asked && !word.includes(asked)) row.className = "off";
    return row;
  }));
  const shown = one.items.map(row => data.items[row[0]].concat(row[1]))
    .filter(([name, text]) => !asked || (name + text).toLowerCase().includes(asked));
  at("items").replaceChildren(...shown.map(([name, text, share]) => {
    const row = make("li");
    row.append(make("span", percent(share) + " · " + name, "who"), marked(text, words.map(each => each[0])));
    return row;
  }));
  at("shown").textContent = say(shown.length ? "view.shown" : "view.none", { n: shown.length, all: data.about.items });
}

at("lambda").addEventListener("input", draw);
at("search").addEventListener("input", event => { asked = event.target.value.trim().toLowerCase(); draw(); });
at("switch").addEventListener("click", () => { lang = lang === "zh" ? "en" : "zh"; drawTopics(); draw(); });
document.addEventListener("keydown", event => {
  if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  topic = (topic + step + data.topics.length) % data.topics.length;
  draw();
  at("topics").querySelectorAll("button")[topic].focus();
});
drawTopics();
draw();
