// Returns what a page does wrong for people who read it by ear, by keyboard or with weak eyes: a list of sentences.
(() => {
  const wrong = [], all = (selector) => [...document.querySelectorAll(selector)];
  const isShown = (node) => node.checkVisibility({ visibilityProperty: true });
  const brief = (node) => node.outerHTML.slice(0, 90);
  const seen = new Set();
  for (const node of all("[id]")) { if (seen.has(node.id)) wrong.push(`id twice: ${node.id}`); seen.add(node.id); }
  if (!/^(zh-Hans|en)$/.test(document.documentElement.lang)) wrong.push(`lang: ${document.documentElement.lang}`);
  if (!document.title.trim()) wrong.push("no title");
  for (const [selector, n] of [["main", 1], ["h1", 1], ["header nav", 1]])
    if (all(selector).filter(isShown).length !== n) wrong.push(`${selector}: ${all(selector).length}`);
  const textOf = (node) => (node.innerText ?? node.textContent ?? "").trim();
  const named = (node) => (node.getAttribute("aria-label") ?? "").trim()
    || (node.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean).map((id) => textOf(document.getElementById(id) ?? node)).join("")
    || [...(node.labels ?? [])].map(textOf).join("") || (node.matches("input, select, textarea, progress") ? "" : textOf(node));
  for (const node of all("a[href], button, input, select, textarea, summary, [role=button], nav, aside, progress, form[role=search] input"))
    if (isShown(node) && !named(node)) wrong.push(`no name: ${brief(node)}`);
  for (const node of all("img, svg")) if (!node.hasAttribute("alt") && !named(node)) wrong.push(`no alt: ${brief(node)}`);
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "for", "list"])
    for (const node of all(`[${attribute}]`)) for (const id of node.getAttribute(attribute).split(/\s+/))
      if (!document.getElementById(id)) wrong.push(`${attribute} leads nowhere: ${id}`);
  let before = 0;
  for (const node of all("h1, h2, h3, h4, h5, h6, [role=heading]")) {
    if (!isShown(node)) continue;
    const level = Number(node.getAttribute("aria-level") ?? node.tagName[1]);
    if (level > before + 1) wrong.push(`heading ${level} after ${before}: ${brief(node)}`);
    if (!textOf(node)) wrong.push(`empty heading: ${brief(node)}`);
    before = level;
  }
  for (const node of all("[tabindex]")) if (node.tabIndex > 0) wrong.push(`tabindex: ${brief(node)}`);
  for (const node of all("[role=button]")) if (!node.hasAttribute("tabindex")) wrong.push(`no focus: ${brief(node)}`);
  for (const node of all("ul > *, ol > *")) if (node.tagName !== "LI") wrong.push(`in a list: ${brief(node)}`);
  for (const node of all("dl > *")) if (!/^(DIV|DT|DD)$/.test(node.tagName)) wrong.push(`in a dl: ${brief(node)}`);
  for (const node of all("table")) if (!node.caption || !node.querySelector("th[scope=col]")) wrong.push("table without caption or th");
  for (const node of all("*")) for (const { name } of node.attributes) if (/^on/.test(name)) wrong.push(`handler: ${brief(node)}`);

  const parse = (color) => { const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  function ground(node) {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0, 1] : [255, 255, 255, 1]);
  }
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0);
  const pairs = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !isShown(node) || node.closest(".hidden, .skip, :disabled, script, option, datalist")) continue;
    const style = getComputedStyle(node), below = ground(node);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const [x, y] = [light(over(parse(style.color), below)), light(below)].sort((a, b) => b - a);
    const ratio = (x + 0.05) / (y + 0.05);
    if (ratio < (large ? 3 : 4.5)) pairs.set(`${style.color} on ${below}`, `contrast ${ratio.toFixed(2)}: ${brief(node)}`);
  }
  return [...wrong, ...pairs.values()];
})()
