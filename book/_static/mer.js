// Makes the book's tables sortable and searchable. Without it they are plain tables, and links into them work as anchors.
// merTables comes from datatables.js, which the build writes beside this file from the installed itables package.

// Ids that the address asks for: page.html?show=id,id or page.html#id. A cell stands for all its folds and seeds.
function askedFor() {
  const listed = new URLSearchParams(window.location.search).get("show");
  const anchor = decodeURIComponent(window.location.hash.slice(1));
  return (listed || anchor).split(",").filter(Boolean);
}

function idOf(row) {
  return row.id || row.querySelector("[id]")?.id || "";
}

// Shows only the rows that were asked for, with a way back to all.
function showAsked(table, element, asked) {
  const repeats = /^(\.(fold|init)=\d+)*\.seed\d+$/;
  const wanted = (id) => asked.some((name) => id === name || (id.startsWith(name) && repeats.test(id.slice(name.length))));
  const found = table.rows().nodes().toArray().filter((row) => wanted(idOf(row)));
  if (!found.length) return;
  table.search.fixed("asked", (text, data, index) => wanted(idOf(table.row(index).node()))).draw();
  const note = document.createElement("p");
  note.className = "mer-asked";
  note.setAttribute("role", "status");
  note.textContent = found.length === 1 ? "One row was asked for. " : `${found.length} rows were asked for. `;
  const all = document.createElement("button");
  all.type = "button";
  all.textContent = "Show all";
  all.addEventListener("click", () => {
    table.search.fixed("asked", null).draw();
    note.remove();
  });
  note.append(all);
  const wrapper = element.closest(".dt-container") || element;
  wrapper.before(note);
  note.scrollIntoView();
}

// The theme's arrows in the side bar have no name for those who cannot see them.
function nameArrows() {
  for (const arrow of document.querySelectorAll("details > summary")) {
    if (arrow.textContent.trim()) continue;
    const parent = arrow.closest("li")?.querySelector("a")?.textContent.trim();
    arrow.setAttribute("aria-label", `Pages under ${parent || "this one"}`);
  }
}

// A folded table or figure says what it is: by its caption, cut at a word.
function nameFolds() {
  for (const fold of document.querySelectorAll("details.hide")) {
    const caption = fold.querySelector("caption .caption-text, figcaption")?.textContent.trim();
    if (!caption) continue;
    const name = caption.length > 90 ? `${caption.slice(0, 90).replace(/\s+\S*$/, "")} …` : caption;
    for (const [kind, verb] of [["collapsed", "Show"], ["expanded", "Hide"]]) {
      const title = fold.querySelector(`summary > .${kind}`);
      if (title) title.textContent = `${verb}: ${name}`;
    }
    fold.querySelector("summary")?.setAttribute("aria-label", `Show or hide: ${name}`);
  }
}

// A long reason of a verdict shows its beginning; the rest is one click away, and in print.
function shortenReasons() {
  for (const cell of document.querySelectorAll("table.mer-verdicts tbody td:nth-child(3)")) {
    const box = document.createElement("div");
    box.className = "mer-reason";
    box.append(...cell.childNodes);
    cell.append(box);
    if (box.scrollHeight < box.clientHeight + 24) {
      box.classList.add("open");
      continue;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "mer-more";
    const show = (open) => {
      box.classList.toggle("open", open);
      button.setAttribute("aria-expanded", open);
      button.textContent = open ? "less" : "more";
    };
    button.addEventListener("click", () => show(!box.classList.contains("open")));
    // A link with the keyboard must not land in text that nobody sees.
    box.addEventListener("focusin", () => show(true));
    cell.append(button);
    show(false);
  }
}

// Whoever prints gets everything; whoever follows a link into a fold finds it open.
function openFolds() {
  const shut = () => [...document.querySelectorAll("details.hide:not([open])")];
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = shut();
    opened.forEach((fold) => (fold.open = true));
  });
  window.addEventListener("afterprint", () => opened.forEach((fold) => (fold.open = false)));
  const openAsked = () => {
    const target = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
    const fold = target?.closest("details.hide:not([open])");
    if (!fold) return;
    fold.open = true;
    target.scrollIntoView();
  };
  openAsked();
  window.addEventListener("hashchange", openAsked);
}

// A picture of which the reader chooses a part shows its control; without scripts its first part is there.
function exploreFigures() {
  for (const figure of document.querySelectorAll("figure.mer-explorer")) {
    const line = figure.querySelector(".mer-control");
    const control = line.querySelector("select, input");
    const said = line.querySelector("output");
    const names = (control.dataset.names || "").split("|");
    const show = () => {
      for (const part of figure.querySelectorAll(".mer-choice")) {
        part.style.display = part.dataset.choice === control.value ? "" : "none";
      }
      if (!said) return;
      said.textContent = names[Number(control.value)];
      control.setAttribute("aria-valuetext", said.textContent);
    };
    control.addEventListener("input", show);
    line.hidden = false;
    show();
  }
}

function save(name, address) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

const pageName = () => window.location.pathname.split("/").pop().replace(/\.html$/, "") || "index";

function tool(text, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", act);
  return button;
}

// Every figure has an address and can be kept as a file.
function offerFigures() {
  document.querySelectorAll("figure.mer-figure").forEach((figure, index) => {
    figure.id ||= `figure-${index + 1}`;
    const tools = document.createElement("span");
    tools.className = "mer-tools";
    const anchor = document.createElement("a");
    anchor.href = `#${figure.id}`;
    anchor.textContent = "link";
    const picture = () => {
      const text = new XMLSerializer().serializeToString(figure.querySelector("svg"));
      return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    };
    tools.append(anchor, tool("SVG", () => save(`${pageName()}-${figure.id}.svg`, picture())));
    (figure.querySelector(".mer-note") || figure.querySelector("figcaption")).append(tools);
  });
}

// The rows of a table as CSV, those of other pages and hidden columns of phones included.
function asCsv(table, rows) {
  const quoted = (cell) => {
    const words = [...cell.childNodes].filter((node) => !node.classList?.contains("mer-more"));
    const text = words.map((node) => node.textContent).join("").trim().replace(/\s+/g, " ");
    return `"${text.replace(/"/g, '""')}"`;
  };
  const lines = [table.tHead?.rows[0], ...rows].filter(Boolean);
  return lines.map((row) => [...row.cells].map(quoted).join(",")).join("\r\n");
}

function offerTable(table, rows) {
  const caption = table.querySelector("caption");
  if (!caption) return;
  const tools = document.createElement("span");
  tools.className = "mer-tools";
  const text = () => `data:text/csv;charset=utf-8,${encodeURIComponent("\ufeff" + asCsv(table, rows()))}`;
  tools.append(tool("CSV", () => save(`${pageName()}-${table.id || "table"}.csv`, text())));
  caption.append(tools);
}

// Tables that fit keep their heads in sight; others, and pictures, show that they go on, and scroll with the keyboard.
function fitTables() {
  for (const box of document.querySelectorAll(".pst-scrollable-table-container, .mer-scroll, .dt-layout-table > .dt-layout-full, .mer-picture")) {
    box.classList.remove("mer-fits");
    if (!box.clientWidth) continue;
    const fits = box.scrollWidth <= box.clientWidth;
    box.classList.toggle("mer-fits", fits);
    box.classList.toggle("mer-goes-on", !fits);
    if (!fits) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

// On a phone a row is a card: each of its cells says what it is.
function labelCells() {
  for (const table of document.querySelectorAll("table.mer-stack")) {
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, index) => {
        cell.dataset.label = heads[index];
        cell.classList.toggle("mer-is-verdict", heads[index] === "verdict");
      });
    }
  }
}

// The bibliography is marked as a list; screen readers look for list items in it.
function markReferences() {
  for (const entry of document.querySelectorAll(".citation-list > .citation")) entry.setAttribute("role", "listitem");
}

window.addEventListener("DOMContentLoaded", () => {
  nameArrows();
  nameFolds();
  openFolds();
  labelCells();
  shortenReasons();
  markReferences();
  exploreFigures();
  offerFigures();
  const plain = [...document.querySelectorAll("table.mer-table:not(.searchable, .mer-card)")];
  plain.forEach((table) => offerTable(table, () => [...table.tBodies].flatMap((body) => [...body.rows])));
  fitTables();
  window.addEventListener("resize", fitTables);
  document.querySelectorAll("details").forEach((fold) => fold.addEventListener("toggle", fitTables));
  if (!window.merTables) return;
  const tables = [...document.querySelectorAll("table.mer-table.searchable")].map((element) => {
    const caption = element.querySelector(".caption-text")?.textContent.trim() || "this table";
    const table = new window.merTables.DataTable(element, {
      pageLength: 10,
      lengthMenu: [10, 25, 100, { label: "all", value: -1 }],
      order: [],
      autoWidth: false,
      language: { search: "Search:", searchPlaceholder: "" },
    });
    const wrapper = element.closest(".dt-container");
    wrapper?.querySelector('input[type="search"]')?.setAttribute("aria-label", `Search ${caption}`);
    wrapper?.querySelector(".dt-length select")?.setAttribute("aria-label", `Rows a page of ${caption}`);
    offerTable(element, () => table.rows().nodes().toArray());
    return [table, element];
  });
  const showAll = () => {
    const asked = askedFor();
    if (asked.length) tables.forEach(([table, element]) => showAsked(table, element, asked));
  };
  fitTables();
  showAll();
  window.addEventListener("hashchange", () => {
    document.querySelectorAll(".mer-asked").forEach((note) => note.remove());
    showAll();
  });
});
