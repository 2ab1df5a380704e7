"use strict";
// The leaderboard's script: sorting, filtering, choosing columns, comparing, plots. Data stands in the page itself or in
// scripts beside it, so that everything works from a file. Strangers' words only ever become text nodes.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const PAGE = 100;
  const byId = (id) => document.getElementById(id);
  const root = document.body.dataset.root;

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  function draw(tag, attributes = {}, text) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  const say = (words) => { byId("said").textContent = words; };
  const data = byId("data") ? JSON.parse(byId("data").textContent) : null;

  // Theme: what the system says, until the button is used.
  const kept = (value) => {
    try {
      if (value) localStorage.setItem("theme", value);
      return localStorage.getItem("theme");
    } catch { return null; }
  };
  const setTheme = (name) => { if (name === "dark" || name === "light") document.documentElement.dataset.theme = name; };
  setTheme(kept());
  byId("theme").addEventListener("click", () => {
    const now = document.documentElement.dataset.theme
      || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    setTheme(next);
    kept(next);
    say(`${next} colours`);
  });

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const source = byId(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent);
      } catch {
        // Without permission for the clipboard (as from a file): select it, and let the browser copy.
        const range = document.createRange();
        range.selectNodeContents(source);
        const selection = getSelection();
        selection.removeAllRanges();
        selection.addRange(range);
        document.execCommand("copy");
      }
      button.dataset.copied = "yes";
      say("Copied");
    });
  }

  function axis(low, high) {
    if (low === high) { low -= 0.5; high += 0.5; }
    const pad = (high - low) * 0.06;
    return [low - pad, high + pad];
  }

  // ---- A task's board ----
  function board() {
    const { metrics, rising, rows, line } = data;
    const place = new Map(metrics.map((name, index) => [name, index]));
    const chosen = new Set();
    const fixed = [
      { key: "pick", title: "Compare", shown: true },
      { key: "rank", title: "#", shown: true, number: true, value: (row) => row.rank, text: (row) => String(row.rank) },
      { key: "model", title: "Model", shown: true, value: (row) => row.name.toLowerCase() },
      { key: "group", title: "Group", shown: true, value: (row) => row.group || "~", text: (row) => row.group },
      { key: "bar", title: `${metrics[0]}, 95 %`, shown: true },
    ];
    const measured = metrics.map((name, index) => ({
      key: name, title: name, shown: index < 6, number: true, metric: index,
      value: (row) => row.means[index],
      text: (row) => row.means[index] === null ? "" : row.means[index].toFixed(4)
        + (row.spread && row.spread[index] != null ? ` ± ${row.spread[index].toFixed(4)}` : ""),
    }));
    const columns = [...fixed, ...measured,
      { key: "seeds", title: "Seeds", shown: false, number: true, value: (row) => row.seeds, text: (row) => String(row.seeds) },
      { key: "status", title: "Status", shown: true, value: (row) => row.status, text: (row) => row.status },
      { key: "date", title: "Date", shown: false, value: (row) => row.date, text: (row) => row.date.slice(0, 10) },
    ];
    rows.forEach((row, index) => {
      row.rank = index + 1;
      row.words = `${row.name} ${row.version} ${row.group ? `group ${row.group}` : ""} ${row.baseline ? "baseline" : ""} ${row.status}`.toLowerCase();
    });
    let order = rows.slice();
    let visible = order;
    let limit = PAGE;
    let sorted = { key: "rank", down: false };
    const table = byId("board");

    const edges = (index) => {
      const known = rows.filter((row) => row.means[index] !== null);
      return [Math.min(0, ...known.map((row) => row.means[index])), Math.max(...known.map((row) => row.means[index] + 2 * (row.errors[index] || 0)))];
    };
    const [low, high] = rows.length ? edges(0) : [0, 1];
    const at = (value) => 150 * (value - low) / ((high - low) || 1);

    function bar(row) {
      const mean = row.means[0], error = row.errors[0];
      if (mean === null) return "";
      const words = error === null ? mean.toFixed(4) : `${mean.toFixed(4)}, 95 % interval ${(mean - 1.96 * error).toFixed(4)} to ${(mean + 1.96 * error).toFixed(4)}`;
      const svg = draw("svg", { viewBox: "0 0 150 14", preserveAspectRatio: "none", role: "img", "aria-label": words });
      svg.append(draw("title", {}, words), draw("rect", { class: "mean", x: 0, y: 2, width: Math.max(at(mean), 0), height: 10 }));
      if (error) svg.append(draw("line", { class: "error", x1: Math.max(at(mean - 1.96 * error), 0), x2: Math.min(at(mean + 1.96 * error), 150), y1: 7, y2: 7 }));
      if (line !== null) svg.append(draw("line", { class: "base", x1: at(line), x2: at(line), y1: 0, y2: 14 }));
      const holder = make("span", { class: "bar" });
      holder.append(svg);
      return holder;
    }

    function cell(row, column) {
      if (column.key === "model") {
        return make("th", { scope: "row" }, make("a", { href: `${root}model/${row.page}.html#${row.id}` }, `${row.name} ${row.version}`));
      }
      if (column.key === "bar") return make("td", {}, bar(row));
      if (column.key === "pick") {
        const box = make("input", { type: "checkbox", "aria-label": `Compare ${row.name} ${row.version}`, disabled: !row.values });
        box.checked = chosen.has(row.id);
        box.addEventListener("change", () => {
          if (box.checked) chosen.add(row.id); else chosen.delete(row.id);
          byId("compare").disabled = chosen.size !== 2;
        });
        return make("td", {}, box);
      }
      return make("td", column.number ? { class: "number" } : {}, column.text(row));
    }

    function body() {
      const shown = columns.filter((column) => column.shown);
      const part = document.createDocumentFragment();
      for (const row of visible.slice(0, limit)) {
        part.append(make("tr", row.baseline ? { class: "trivial" } : {}, ...shown.map((column) => cell(row, column))));
      }
      table.tBodies[0].replaceChildren(part);
      byId("more").hidden = visible.length <= limit;
      byId("count").textContent = `${visible.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
    }

    function head() {
      const cells = columns.filter((column) => column.shown).map((column) => {
        const node = make("th", { scope: "col", class: column.number ? "number" : null });
        if (!column.value) { node.append(column.title); return node; }
        if (sorted.key === column.key) node.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
        const button = make("button", { type: "button", "data-sort": column.key }, column.title);
        button.addEventListener("click", () => {
          sort(column);
          table.tHead.querySelector(`[data-sort="${CSS.escape(column.key)}"]`).focus();
        });
        node.append(button);
        return node;
      });
      table.tHead.rows[0].replaceChildren(...cells);
    }

    function sort(column) {
      performance.mark("sort-start");
      const falls = column.metric !== undefined && rising[column.metric];
      const down = sorted.key === column.key ? !sorted.down : falls;
      sorted = { key: column.key, down };
      const sign = down ? -1 : 1;
      // What is missing comes last, whichever way.
      order = rows.map((row) => [column.value(row), row]).sort(([a, one], [b, other]) => {
        if (a === null || b === null) return (a === null) - (b === null) || one.rank - other.rank;
        return a < b ? -sign : a > b ? sign : one.rank - other.rank;
      }).map(([, row]) => row);
      filter();
      head();
      say(`Sorted by ${column.title}, ${down ? "descending" : "ascending"}`);
      performance.measure("sort", "sort-start");
    }

    function filter() {
      const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
      visible = words.length ? order.filter((row) => words.every((word) => row.words.includes(word))) : order;
      limit = PAGE;
      body();
    }

    const fieldset = byId("choose").querySelector("fieldset");
    for (const column of columns) {
      const box = make("input", { type: "checkbox" });
      box.checked = column.shown;
      box.dataset.column = column.key;
      box.addEventListener("change", () => { column.shown = box.checked; head(); body(); });
      fieldset.append(make("label", {}, box, column.title));
    }
    byId("filter").addEventListener("input", () => {
      performance.mark("filter-start");
      filter();
      performance.measure("filter", "filter-start");
    });
    byId("more").addEventListener("click", () => { limit += PAGE; body(); });
    byId("compare").addEventListener("click", () => {
      location.href = `${root}compare.html?task=${encodeURIComponent(data.slug)}&a=${[...chosen].join("&b=")}`;
    });
    byId("controls").hidden = false;
    head();
    body();
    performance.mark("board-ready");

    // Plots come after what is read first.
    requestAnimationFrame(() => setTimeout(() => { plane(place); past(); }, 0));
  }

  // ---- One metric against another, with the Pareto front ----
  function plane() {
    const { metrics, rising, rows } = data;
    if (metrics.length < 2 || !rows.length) return;
    const beyond = metrics.findIndex((name) => /coverage|epc|information|diversity|serendip|popularity/i.test(name));
    const selects = ["across", "up"].map(byId);
    selects.forEach((select, which) => {
      metrics.forEach((name, index) => select.append(make("option", { value: index }, name)));
      select.value = which ? 0 : Math.max(beyond, 1);
      select.addEventListener("change", update);
    });
    byId("axes").hidden = false;
    function update() {
      const [x, y] = selects.map((select) => Number(select.value));
      const known = rows.filter((row) => row.means[x] !== null && row.means[y] !== null);
      const better = (index, value) => rising[index] ? value : -value;
      const ranked = known.slice().sort((one, other) => better(x, other.means[x]) - better(x, one.means[x]) || better(y, other.means[y]) - better(y, one.means[y]));
      const front = [];
      for (const row of ranked) {
        if (!front.length || better(y, row.means[y]) > better(y, front[front.length - 1].means[y])) front.push(row);
      }
      const on = new Set(front);
      const limits = [x, y].map((index) => axis(Math.min(...known.map((row) => row.means[index])), Math.max(...known.map((row) => row.means[index]))));
      const to = [(value) => 60 + 640 * (value - limits[0][0]) / (limits[0][1] - limits[0][0]), (value) => 330 - 310 * (value - limits[1][0]) / (limits[1][1] - limits[1][0])];
      const svg = draw("svg", { viewBox: "0 0 720 370", role: "img", "aria-label": `${metrics[y]} against ${metrics[x]}; on the front: ${front.slice(0, 20).map((row) => row.name).join(", ")}` });
      svg.append(draw("line", { class: "axis", x1: 60, y1: 330, x2: 700, y2: 330 }), draw("line", { class: "axis", x1: 60, y1: 20, x2: 60, y2: 330 }));
      svg.append(draw("text", { x: 380, y: 362, "text-anchor": "middle" }, metrics[x]), draw("text", { x: 14, y: 175, transform: "rotate(-90 14 175)", "text-anchor": "middle" }, metrics[y]));
      for (const [index, side] of [[0, limits[0]], [1, limits[1]]]) {
        for (const share of [0.05, 0.5, 0.95]) {
          const value = side[0] + share * (side[1] - side[0]);
          svg.append(index ? draw("text", { x: 56, y: to[1](value) + 4, "text-anchor": "end" }, value.toPrecision(3)) : draw("text", { x: to[0](value), y: 346, "text-anchor": "middle" }, value.toPrecision(3)));
        }
      }
      svg.append(draw("path", { class: "trace", d: front.map((row, step) => `${step ? "L" : "M"}${to[0](row.means[x]).toFixed(1)} ${to[1](row.means[y]).toFixed(1)}`).join("") }));
      for (const row of known) {
        const dot = draw("circle", { class: on.has(row) ? "dot front" : "dot", cx: to[0](row.means[x]).toFixed(1), cy: to[1](row.means[y]).toFixed(1), r: on.has(row) ? 5 : 3 });
        dot.append(draw("title", {}, `${row.name} ${row.version}: ${row.means[x].toPrecision(4)}, ${row.means[y].toPrecision(4)}`));
        svg.append(dot);
      }
      for (const row of front.slice(0, 12)) svg.append(draw("text", { class: "name", x: to[0](row.means[x]) - 8, y: to[1](row.means[y]) - 8, "text-anchor": "end" }, row.name.slice(0, 30)));
      byId("pareto").replaceChildren(svg);
    }
    update();
  }

  // ---- The best so far ----
  function past() {
    const { metrics, rising, rows } = data;
    const known = rows.filter((row) => row.means[0] !== null)
      .map((row) => ({ time: Date.parse(row.date), value: row.means[0], name: row.name })).sort((a, b) => a.time - b.time);
    const steps = [];
    for (const each of known) {
      const last = steps[steps.length - 1];
      if (!last || (rising[0] ? each.value > last.value : each.value < last.value)) steps.push(each);
    }
    if (!steps.length) return;
    const end = known[known.length - 1].time;
    const [left, right] = axis(steps[0].time, end);
    const [low, high] = axis(Math.min(...steps.map((each) => each.value)), Math.max(...steps.map((each) => each.value)));
    const x = (time) => 60 + 640 * (time - left) / (right - left);
    const y = (value) => 190 - 170 * (value - low) / (high - low);
    const svg = draw("svg", { viewBox: "0 0 720 230", role: "img", "aria-label": `Best ${metrics[0]} by date: ${steps.map((each) => `${new Date(each.time).toISOString().slice(0, 10)} ${each.name} ${each.value.toFixed(4)}`).join("; ")}` });
    svg.append(draw("line", { class: "axis", x1: 60, y1: 190, x2: 700, y2: 190 }));
    let path = "";
    steps.forEach((each, step) => { path += step ? `H${x(each.time).toFixed(1)}V${y(each.value).toFixed(1)}` : `M${x(each.time).toFixed(1)} ${y(each.value).toFixed(1)}`; });
    svg.append(draw("path", { class: "trace", d: `${path}H${x(end).toFixed(1)}` }));
    for (const each of steps) {
      const dot = draw("circle", { class: "dot front", cx: x(each.time).toFixed(1), cy: y(each.value).toFixed(1), r: 4 });
      dot.append(draw("title", {}, `${each.name}: ${each.value.toFixed(4)}`));
      svg.append(dot);
    }
    for (const each of new Set([steps[0], steps[steps.length - 1]])) {
      svg.append(draw("text", { x: 56, y: y(each.value) + 4, "text-anchor": "end" }, each.value.toFixed(3)));
    }
    svg.append(draw("text", { x: x(steps[0].time), y: 210 }, new Date(steps[0].time).toISOString().slice(0, 10)));
    if (end - steps[0].time > 864e5) svg.append(draw("text", { x: x(end), y: 210, "text-anchor": "end" }, new Date(end).toISOString().slice(0, 10)));
    byId("past").replaceChildren(svg);
  }

  // ---- Two models, user by user ----
  function compare() {
    const asked = new URLSearchParams(location.search);
    const values = new Map();
    window.recdataValues = (texts) => {
      for (const [id, text] of Object.entries(texts)) {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        values.set(id, new Float32Array(bytes.buffer));
      }
    };
    window.recdataSlices = (slug, text) => { values.set(slug, Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))); };
    const get = (key, path) => new Promise((resolve) => {
      if (values.has(key)) { resolve(values.get(key)); return; }
      const script = make("script", { src: `${root}data/values/${path}.js` });
      script.onload = () => resolve(values.get(key) || null);
      script.onerror = () => resolve(null);
      document.head.append(script);
    });
    const [task, a, b] = ["task", "a", "b"].map(byId);
    data.boards.forEach((each) => task.append(make("option", { value: each.slug }, each.task)));
    if (data.boards.some((each) => each.slug === asked.get("task"))) task.value = asked.get("task");

    function fill() {
      const chosen = data.boards.find((each) => each.slug === task.value);
      [a, b].forEach((select, which) => {
        select.replaceChildren(...chosen.rows.map((row) => make("option", { value: row[0] }, row[1])));
        const wanted = asked.get(which ? "b" : "a");
        if (chosen.rows.some((row) => row[0] === wanted)) select.value = wanted;
        else if (chosen.rows.length > which) select.selectedIndex = which;
      });
      show();
    }

    const summary = (list) => {
      const n = list.length;
      const mean = list.reduce((sum, value) => sum + value, 0) / n;
      const spread = Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(n - 1, 1) / n);
      return { n, mean, low: mean - 1.96 * spread, high: mean + 1.96 * spread };
    };

    async function show() {
      const chosen = data.boards.find((each) => each.slug === task.value);
      const file = (id) => `${chosen.slug}-${(chosen.rows.find((row) => row[0] === id) || [])[2]}`;
      const [first, second, slices] = await Promise.all([get(a.value, file(a.value)), get(b.value, file(b.value)), get(chosen.slug, chosen.slug)]);
      const names = [a, b].map((select) => select.selectedOptions[0] ? select.selectedOptions[0].textContent : "");
      byId("command").textContent = `recdata compare ${a.value} ${b.value}`;
      if (!first || !second || first.length !== second.length) {
        byId("outcome").replaceChildren(make("p", {}, "These two have no values of the same users."));
        byId("slices").replaceChildren();
        return;
      }
      const difference = Array.from(first, (value, user) => value - second[user]);
      const sign = chosen.rising ? 1 : -1;
      const count = (list) => [list.filter((value) => sign * value > 0).length, list.filter((value) => value === 0).length, list.filter((value) => sign * value < 0).length];
      const whole = summary(difference);
      const [wins, ties, losses] = count(difference);
      const verdict = whole.low > 0 || whole.high < 0 ? `${names[(sign * whole.mean > 0) ? 0 : 1]} is better` : "No difference is shown";
      byId("outcome").replaceChildren(
        make("h2", {}, verdict),
        make("p", {}, `${chosen.primary} over ${whole.n.toLocaleString("en")} users: ${names[0]} ${summary(Array.from(first)).mean.toFixed(4)}, ${names[1]} ${summary(Array.from(second)).mean.toFixed(4)}; difference ${whole.mean.toFixed(4)} (95 % interval ${whole.low.toFixed(4)} to ${whole.high.toFixed(4)}). ${names[0]} is better for ${wins.toLocaleString("en")} users, as good for ${ties.toLocaleString("en")}, worse for ${losses.toLocaleString("en")}.`));
      const parts = [["all", whole, [wins, ties, losses]]];
      if (slices && slices.length === difference.length) {
        data.slices.forEach((name, place) => {
          const list = difference.filter((_, user) => slices[user] === place);
          if (list.length) parts.push([name, summary(list), count(list)]);
        });
      }
      const [low, high] = axis(Math.min(0, ...parts.map((part) => part[1].low)), Math.max(0, ...parts.map((part) => part[1].high)));
      const x = (value) => 130 + 380 * (value - low) / (high - low);
      const svg = draw("svg", { viewBox: `0 0 720 ${40 + 34 * parts.length}`, role: "img", "aria-label": parts.map(([name, each]) => `${name}: ${each.mean.toFixed(4)}, ${each.low.toFixed(4)} to ${each.high.toFixed(4)}`).join("; ") });
      svg.append(draw("line", { class: "zero", x1: x(0), x2: x(0), y1: 8, y2: 12 + 34 * parts.length }));
      parts.forEach(([name, each, [won, same, lost]], step) => {
        const y = 28 + 34 * step;
        svg.append(draw("text", { class: "name", x: 8, y: y + 4 }, `${name} (${each.n.toLocaleString("en")})`), draw("line", { class: "trace", x1: x(each.low), x2: x(each.high), y1: y, y2: y }), draw("circle", { class: "dot front", cx: x(each.mean), cy: y, r: 5 }), draw("text", { x: 712, y: y + 4, "text-anchor": "end" }, `${won} / ${same} / ${lost}`));
      });
      svg.append(draw("text", { x: 712, y: 30 + 34 * parts.length, "text-anchor": "end" }, "wins / ties / losses"), draw("text", { x: x(0), y: 30 + 34 * parts.length, "text-anchor": "middle" }, "0"));
      byId("slices").replaceChildren(svg);
    }

    task.addEventListener("change", fill);
    a.addEventListener("change", show);
    b.addEventListener("change", show);
    if (data.boards.length) fill();
  }

  const page = document.body.dataset.page;
  if (page === "task") board();
  if (page === "compare") compare();
})();
